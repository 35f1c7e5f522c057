"""What is published as source carries all that its tests read and its commands need."""

import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NOT_SHIPPED = (".ci/", ".git", ".github/")


def test_the_sdist_has_every_file_of_the_project(tmp_path, monkeypatch):
    build = pytest.importorskip("setuptools.build_meta")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this is no clone: what belongs to the project is not known")
    files = [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]
    for name in files:
        (tmp_path / "project" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / "project" / name)
    monkeypatch.chdir(tmp_path / "project")
    archive = build.build_sdist(str(tmp_path))
    with tarfile.open(tmp_path / archive) as tar:
        inside = {name.partition("/")[2] for name in tar.getnames()}
    assert [name for name in files if name not in inside and not name.startswith(NOT_SHIPPED)] == []
