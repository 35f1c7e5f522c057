"""Machine code on disk: found again by another process, whole or not at all, and only in a folder that is ours."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

import chainrule as cr
from chainrule.compiler import disk

pytest.importorskip("llvmlite")
pytestmark = pytest.mark.skipif(os.open not in os.supports_dir_fd, reason="folders have no handles here")

SCRIPT = """
import sys
from llvmlite import binding as llvm
compiled = []
emit = llvm.TargetMachine.emit_object
llvm.TargetMachine.emit_object = lambda self, module: compiled.append(1) or emit(self, module)
engine = llvm.create_mcjit_compiler
def made(module, machine):
    compiled.extend([1] * any(True for _ in module.functions))
    return engine(module, machine)
llvm.create_mcjit_compiler = made
import chainrule as cr
found = cr.minimize(lambda x: (x - 2).exp() - x, 5.0, lr=0.01, steps=3000)
print(len(compiled), found.how, found.x.hex(), sum(found.values.tolist()).hex())
"""


def run(folder: Path | None, script: str = SCRIPT) -> tuple[int, str]:
    """How often the process compiled, and what it computed."""
    env = {k: v for k, v in os.environ.items() if k != disk.VARIABLE}
    got = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True,
        env={**env, disk.VARIABLE: "off" if folder is None else str(folder)},
    )  # fmt: skip
    assert got.returncode == 0, got.stderr
    compiled, _, rest = got.stdout.partition(" ")
    return int(compiled), rest


def test_another_process_does_not_compile(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "cache"
    times, plain = run(None)
    assert times > 0 and "machine code" in plain
    assert run(folder) == (times, plain)
    assert folder.stat().st_mode & 0o777 == 0o700
    names = sorted(os.listdir(folder))
    assert names and all(len(n) == 64 and (folder / n).stat().st_mode & 0o777 == 0o600 for n in names)
    assert run(folder) == (0, plain)
    other = run(folder, SCRIPT.replace("(x - 2)", "(x - 3)"))
    assert other[0] > 0 and other[1] != plain
    assert set(names) < set(os.listdir(folder))


def test_it_is_kept_in_the_users_cache_folder(tmp_path: Path) -> None:
    env = {k: v for k, v in os.environ.items() if k not in (disk.VARIABLE, "XDG_CACHE_HOME")}
    found = []
    for more in ({"HOME": str(tmp_path)}, {"HOME": str(tmp_path)}, {"XDG_CACHE_HOME": str(tmp_path / "x")}):
        got = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, env={**env, **more})
        assert got.returncode == 0 and not got.stderr, got.stderr
        found.append(int(got.stdout.split()[0]))
    assert found[0] > 0 == found[1] and found[2] == found[0]
    if sys.platform == "linux":
        assert os.listdir(tmp_path / ".cache" / "chainrule") and os.listdir(tmp_path / "x" / "chainrule")


def test_a_home_that_cannot_be_written_is_no_reason_to_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(disk.VARIABLE, raising=False)
    monkeypatch.setattr(disk, "_unusable", [])
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    assert cr.compile(lambda x: (x * 1.25).cos())(cr.tensor(1.0)).item() == pytest.approx(math.cos(1.25))
    assert not disk.cached()


def test_what_was_not_used_for_long_makes_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(disk.VARIABLE, str(tmp_path))
    for i, name in enumerate("abc"):
        disk.save(name, bytes(100))
        os.utime(tmp_path / name, (i, i))
    assert disk.load("a") == bytes(100)  # it is used, so it is the newest now
    monkeypatch.setattr(disk, "MOST_BYTES", 3 * (100 + disk.SIZE))
    monkeypatch.setattr(disk, "_trimmed", set())
    disk.save("d", bytes(100))
    assert sorted(os.listdir(tmp_path)) == ["a", "c", "d"]


@pytest.mark.parametrize("harm", ["cut short", "a bit turned", "empty", "renamed"])
def test_what_is_damaged_is_compiled_anew(tmp_path: Path, harm: str) -> None:
    times, plain = run(tmp_path)
    names = os.listdir(tmp_path)
    run(tmp_path, SCRIPT.replace("(x - 2)", "(x - 3)"))
    (other,) = set(os.listdir(tmp_path)) - set(names)
    for name in names:
        whole = (tmp_path / name).read_bytes()
        turned = whole[:-9] + bytes([whole[-9] ^ 4]) + whole[-8:]
        harmed = {"cut short": whole[:-100], "a bit turned": turned, "empty": b"", "renamed": None}[harm]
        (tmp_path / name).write_bytes((tmp_path / other).read_bytes() if harmed is None else harmed)
    assert run(tmp_path) == (times, plain)
    assert run(tmp_path) == (0, plain)  # the damaged file was replaced


def test_processes_that_write_at_once(tmp_path: Path) -> None:
    env = {**os.environ, disk.VARIABLE: str(tmp_path)}
    command = [sys.executable, "-c", SCRIPT]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) for _ in range(3)]
    said = {p.communicate()[0].partition(" ")[2] for p in both}
    assert [p.returncode for p in both] == [0] * 3 and len(said) == 1
    assert not [n for n in os.listdir(tmp_path) if n.endswith(".part")]
    assert run(tmp_path) == (0, said.pop())


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_folder_that_others_can_write_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int) -> None:
    tmp_path.chmod(mode)
    monkeypatch.setenv(disk.VARIABLE, str(tmp_path))
    for use in (lambda: disk.load("x"), lambda: disk.save("x", b"code")):
        with pytest.raises(disk.Unsafe, match=f"mode {mode:04o}, so others can write.*chmod 700"):
            use()
    assert not os.listdir(tmp_path)
    tmp_path.chmod(0o755)  # to be read is no harm
    disk.save("x", b"code")
    assert disk.load("x") == b"code"


def test_a_folder_or_a_file_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(disk.VARIABLE, str(tmp_path))
    disk.save("x", b"code")
    user = os.geteuid()
    if user == 0:
        os.chown(tmp_path / "x", 12345, -1)
        assert disk.load("x") is None
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    with pytest.raises(disk.Unsafe, match="belongs to another user"):
        disk.load("x")


def test_a_link_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere, folder = tmp_path / "elsewhere", tmp_path / "cache"
    monkeypatch.setenv(disk.VARIABLE, str(folder))
    disk.save("x", b"code")
    (folder / "x").rename(elsewhere)
    (folder / "x").symlink_to(elsewhere)
    assert disk.load("x") is None


def test_the_key_tells_its_parts_apart() -> None:
    assert disk.key("ab", "c") != disk.key("a", "bc") != disk.key("a", "b", "c")
    assert disk.key("ab", "c") == disk.key("ab", "c")


def test_a_full_disk_is_no_reason_to_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(disk.VARIABLE, str(tmp_path))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    disk.save("x", b"code")
    assert not os.listdir(tmp_path) and disk.load("x") is None


@pytest.mark.parametrize("kind", ["a file", "others write"])
def test_a_cache_that_cannot_be_used_warns_once_and_all_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    folder = tmp_path / "cache"
    if kind == "a file":
        folder.write_text("")
    else:
        folder.mkdir()
        folder.chmod(0o777)
    monkeypatch.setenv(disk.VARIABLE, str(folder))
    with pytest.warns(UserWarning, match="not kept on disk") as caught:
        for rate in (1.0, 2.0):
            f = cr.compile(lambda x, rate=rate: (x * rate).sin())
            assert f(cr.tensor(1.0)).item() == pytest.approx(math.sin(rate))
    assert len(caught) == 1 and str(folder) in str(caught[0].message)
