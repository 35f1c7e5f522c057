"""Write constraints.txt, the versions that the tests passed with: run it in the environment where they did.

    python tools/constraints.py            # write it
    python tools/constraints.py --newer    # say what is installed in another version than it names

It names all that the extras and the comparisons with PyTorch need, directly or not. `pip install -c` takes from it
what it installs; the rest does no harm.
"""

import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

FILE = Path(__file__).parent.parent / "constraints.txt"
PYPROJECT = FILE.with_name("pyproject.toml")
LOWEST = "3.11.0"
BESIDE = ("torch", "expecttest", "jax")  # for the comparisons alone
HEAD = """\
# The versions that the tests passed with, for `pip install -c constraints.txt`; written by tools/constraints.py.
# `make newest` tries what has come out since, `make oldest` NumPy's lowest that is allowed.
"""


def asked() -> list[Requirement]:
    """What pyproject.toml asks for, in all extras."""
    import tomllib

    project = tomllib.loads(PYPROJECT.read_text())["project"]
    extras = project["optional-dependencies"].values()
    return [Requirement(r) for r in (*project["dependencies"], *(r for extra in extras for r in extra), *BESIDE)]


def installed(requirements: list[Requirement]) -> dict[str, str]:
    """The versions of these packages and of all that they need, as far as they are installed here."""
    found: dict[str, str] = {}
    done: set[tuple[str, frozenset[str]]] = set()
    while requirements:
        requirement = requirements.pop()
        name = canonicalize_name(requirement.name)
        key = name, frozenset(requirement.extras)
        if name == "chainrule" or key in done:
            continue
        done.add(key)
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue
        found[name] = package.version.partition("+")[0]  # 2.13.0+cpu is 2.13.0 on every index
        for needed in map(Requirement, package.requires or ()):
            if needed.marker is None or any(needed.marker.evaluate({"extra": e}) for e in ("", *requirement.extras)):
                requirements.append(needed)
    return found


def newer_python(packages: dict[str, str]) -> list[str]:
    """Which of them refuse the lowest Python that pyproject.toml allows: 3.11.0, not the one that runs here."""
    needs = {name: distribution(name).metadata["Requires-Python"] or "" for name in packages}
    return [
        f"{name} {packages[name]} needs Python {n}" for name, n in needs.items() if not SpecifierSet(n).contains(LOWEST)
    ]


def main() -> None:
    here = installed(asked())
    if "--newer" not in sys.argv:
        if refused := newer_python(here):
            sys.exit("\n".join([*refused, "install older versions of these first: some systems have no newer Python"]))
        FILE.write_text(HEAD + "".join(f"{name}=={version}\n" for name, version in sorted(here.items())))
        print(f"{FILE.name}: {len(here)} packages")
        return
    tested = dict(line.split("==") for line in FILE.read_text().splitlines() if not line.startswith("#"))
    for name, version in sorted(here.items()):
        if tested.get(name) != version:
            print(f"{name} {version}, tested with {tested.get(name, 'none')}")


if __name__ == "__main__":
    main()
