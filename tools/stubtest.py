"""Hold the stubs against the package as it is when it runs, by mypy's stubtest; what differs is printed.

    python tools/stubtest.py

`tools/stubs.py` writes what was published; here another program reads both. It knows neither what a published function
takes besides (`out=`, NumPy's spellings) nor the options of a layer that is a function, whose code says `*args`: it is
told what they say they take. What is meant to differ stands in MEANT, each with its reason.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import re
import sys
import tempfile
from pathlib import Path

import stubs
from mypy import stubtest

import chainrule
from chainrule.api.public import FUNCTIONS
from chainrule.core.tensor import Tensor

SETTINGS = "[mypy]\nignore_missing_imports = True\nignore_errors = True\n[mypy-{}]\nfollow_imports = skip\n"
EXTRAS = "torch sympy mpmath scipy matplotlib IPython pandas nbformat hypothesis llvmlite dask distributed joblib tqdm"
MEANT = [
    (r".* stub parameter \"self\" differs from runtime parameter", "a method is the function, whose first is `input`"),
    (r".*Tensor\.(__new__|__repr__|__str__) ", "what Python alone calls"),
    (r"chainrule\.(\w+Tensor|finfo|iinfo|Generator) is not a function", "a constructor is an object that is called"),
    (r".*\b(max|min|median|nanmedian) .*\"(other|keepdims?|axis|dim)\"", "several signatures: by dim, axis or other"),
    (r"chainrule\.where .*default value of type None", "two signatures: with a condition alone there are no others"),
    (r"chainrule\.core\.tensor\.Operand is not a Union", "types alone have it"),
    (r"chainrule\.nn\.\w+\.forward ", "a layer is called with what its function takes"),
]  # fmt: skip


def tell() -> None:
    """Give functions the signature that they are published with."""
    rooms = [FUNCTIONS, vars(chainrule.linalg), vars(chainrule.special), vars(chainrule.nn.functional), vars(Tensor)]
    published = {f for room in rooms for f in room.values() if inspect.isfunction(f)}
    for f, signature in [(f, stubs.taken(f)) for f in published]:  # of all before any is told
        f.__signature__ = signature
    me = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    for cls in vars(chainrule.nn).values():
        if "__signature__" in getattr(cls, "__dict__", ()):
            s = cls.__signature__
            cls.__init__.__signature__ = s.replace(parameters=[me, *s.parameters.values()])


def differences() -> list[str]:
    """What stubtest says of the modules that have stubs, without what is meant."""
    package = stubs.ROOT.parent
    os.environ["MYPYPATH"] = str(package)
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "mypy.ini"
        skipped = ",".join(f"{name}.*" for name in EXTRAS.split())
        settings.write_text(SETTINGS.format(skipped))
        sys.argv = ["stubtest", "--concise", "--ignore-missing-stub", f"--mypy-config-file={settings}", "chainrule"]
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            stubtest.main()
    modules = {_dotted(p.relative_to(package)) for p in stubs.ROOT.rglob("*.py")}
    mine = {_dotted(p.relative_to(package)) for p in stubs.stubs()} | {"chainrule.core.tensor"}  # which has the methods
    lines = [x for x in said.getvalue().splitlines() if _home(x.split()[0], modules) in mine]
    return [x for x in lines if not any(re.match(pattern, x) for pattern, _ in MEANT)]


def _dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _home(name: str, modules: set[str]) -> str:
    """The module that a dotted name lies in; what is no name counts as the package's own."""
    while name and name not in modules:
        name = name.rpartition(".")[0]
    return name or "chainrule"


if __name__ == "__main__":
    tell()
    found = differences()
    print("\n".join(found) or "the stubs are what runs")
    sys.exit(bool(found))
