"""A function that somebody wrote into a file of theirs: `lesson.py:loss`. The file is run, with chainrule for torch."""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chainrule.base.language import say
from chainrule.run import stand_in


class NoFunction(ValueError):
    """There is no such function: no such file, no such name in it, or the name of something else."""


def function_in(place: str) -> Callable[..., Any]:
    """The function at "path/of/file.py:name".

    The file is run, as `python file.py` would run it but for its `__name__`, which is the file's; `import torch` in it
    gives chainrule. What it raises is raised.

    Raises NoFunction where there is none.
    """
    path_text, colon, name = place.rpartition(":")
    if not colon or not path_text.endswith(".py"):
        raise NoFunction(say("a function in a file is given as FILE.py:NAME, but this is {place}", place=place))
    path = Path(path_text)
    if not path.is_file():
        raise NoFunction(say("there is no file {path}", path=path))
    names = vars(_run(path))
    if callable(names.get(name)):
        return names[name]  # type: ignore[no-any-return]
    if name in names:
        raise NoFunction(say("{name} in {path} is no function", name=name, path=path))
    functions = [k for k, v in names.items() if inspect.isfunction(v) and v.__module__ == path.stem]
    near = difflib.get_close_matches(name, functions, n=1) or functions
    there = ", ".join(near) or say("none")
    raise NoFunction(say("there is no {name} in {path}; functions there: {there}", name=name, path=path, there=there))


def _run(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.resolve().parent))  # for what the file imports from beside it
    try:
        with stand_in():
            spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.resolve().parent))
    return module
