"""Machine code kept on disk, for the next process: in the user's cache folder (`~/.cache/chainrule` on Linux).

The environment variable CHAINRULE_CACHE names another folder, or says `off`.

An object file is found by a digest of all that it depends on: the text of the graph in LLVM's language, the CPU and its
features, the versions of LLVM, llvmlite and chainrule. It is written beside its place and moved there, so processes may
write at once, and it carries a digest of its contents: what is damaged is compiled anew.

Whoever can write into the folder can run code as us. So the folder must be ours and closed to others' writing, or it is
left alone, with a warning if it was named; it is made with mode 0700 if it is not there. Of more than `MOST_BYTES`
those go that were not used for the longest time; the folder may be deleted at any time.
"""

from __future__ import annotations

import os
import stat
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

VARIABLE = "CHAINRULE_CACHE"
OFF = frozenset({"", "0", "off", "no", "false"})
SIZE = 32  # bytes of a digest
MOST_BYTES = 200_000_000  # bytes in the folder
_unusable: list[str] = []  # why the folder that nobody named is left alone
_trimmed: set[str] = set()  # folders that were looked through in this process
_warned: set[str] = set()


class Unsafe(PermissionError):
    """The folder is not ours alone."""


def place() -> str | None:
    """The folder in which machine code is kept; None if it is not kept."""
    given = os.environ.get(VARIABLE)
    if given is not None:
        return None if given.lower() in OFF else given
    if _unusable or os.open not in os.supports_dir_fd or sys.platform == "emscripten":
        return None
    home = os.path.expanduser("~")
    base = (
        f"{home}/Library/Caches" if sys.platform == "darwin" else os.environ.get("XDG_CACHE_HOME") or f"{home}/.cache"
    )
    return os.path.join(base, "chainrule") if os.path.isabs(base) else None


def cached() -> bool:
    """Whether machine code is kept on disk."""
    return place() is not None


def kept(do: Callable[..., Any], *args: Any) -> Any:
    """`load` or `save`; None, and a warning the first time, where the folder cannot be used: all goes on without it."""
    try:
        return do(*args)
    except OSError as error:
        folder = os.environ.get(VARIABLE)
        if folder is None:
            _unusable.append(str(error))
        elif folder not in _warned:
            _warned.add(folder)
            why = str(error) if isinstance(error, Unsafe) else f"{VARIABLE}={folder}: {error.strerror or error}"
            warnings.warn(f"{why}. Machine code is not kept on disk; all else goes on as usual", stacklevel=2)
        return None


def key(*parts: str) -> str:
    """The name of an object file that depends on these."""
    return _digest("\0".join(f"{len(p)}:{p}" for p in parts), b"").hex()


def load(name: str) -> bytes | None:
    """The contents of a file; None if it is not there or damaged."""
    with _folder() as folder:
        try:
            file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
        except OSError:
            return None
        with os.fdopen(file, "rb") as f:
            if os.fstat(file).st_uid != os.geteuid():
                return None
            contents = f.read()
            with suppress(OSError):
                os.utime(file)  # it was used
    digest, data = contents[:SIZE], contents[SIZE:]
    return data if digest == _digest(name, data) else None


def save(name: str, data: bytes) -> None:
    """Put a file there, whole or not at all; a full disk is no reason to stop."""
    with _folder() as folder:
        part = f"{name}.{os.urandom(8).hex()}.part"
        try:
            file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=folder)
            try:
                with os.fdopen(file, "wb") as f:
                    f.write(_digest(name, data) + data)
                os.replace(part, name, src_dir_fd=folder, dst_dir_fd=folder)
                _trim(folder)
            except BaseException:
                os.unlink(part, dir_fd=folder)
                raise
        except OSError:
            return


def _trim(folder: int) -> None:
    """Once in a process, remove what was not used for the longest time, if there is too much."""
    path = place() or ""
    if path in _trimmed:
        return
    _trimmed.add(path)
    found = []
    for name in os.listdir(folder):
        with suppress(OSError):
            known = os.stat(name, dir_fd=folder, follow_symlinks=False)
            found.append((known.st_mtime, known.st_size, name))
    total = sum(size for _, size, _ in found)
    for _, size, name in sorted(found):
        if total <= MOST_BYTES:
            return
        with suppress(OSError):
            os.unlink(name, dir_fd=folder)
        total -= size


def _digest(name: str, data: bytes) -> bytes:
    import hashlib  # here, as it takes a while to load

    return hashlib.sha256(name.encode() + data).digest()


@contextmanager
def _folder() -> Iterator[int]:
    """The folder, opened and found safe: what is done by this handle is done in the folder that was looked at."""
    path = place()
    if path is None:
        raise Unsafe(f"{VARIABLE}: no folder is kept")
    if os.open not in os.supports_dir_fd:
        raise Unsafe(f"{VARIABLE}: this system has no way to keep a folder of machine code safe; unset the variable")
    os.makedirs(path, mode=0o700, exist_ok=True)
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        found = os.fstat(folder)
        if found.st_uid != os.geteuid():
            raise Unsafe(f"{VARIABLE}={path}: the folder belongs to another user, who could have us run any code")
        if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            mode = stat.S_IMODE(found.st_mode)
            raise Unsafe(
                f"{VARIABLE}={path}: the folder has mode {mode:04o}, so others can write into it and have us run any "
                f"code. Do `chmod 700 {path}` if you trust what is in it, or name another folder"
            )
        yield folder
    finally:
        os.close(folder)
