"""Write the reference: a page for each public module, made from signatures and docstrings.

    python tools/reference.py FOLDER   writes the pages, as reStructuredText for Sphinx
    python tools/reference.py --check  counts the public names that have no docstring, and says which they are

A docstring of this package is prose with a line for each parameter (`name: what it is`), "Returns ...", "Raises ..."
and an example. It is no markup, so all that Sphinx would take for markup is escaped; names in backticks are code.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import chainrule

MODULES = """
    nn nn.functional nn.init nn.utils nn.utils.rnn nn.utils.prune nn.utils.parametrize optim optim.lr_scheduler autograd
    autograd.functional autograd.forward_ad autograd.graph func linalg special fft signal distributions
    distributions.constraints distributions.transforms distributions.kl utils.data random serialization amp accelerator
    backends cuda jit masked types compiler plot
""".split()
GATHERED = {
    "nn",
    "nn.functional",
    "optim",
    "func",
    "linalg",
    "special",
    "distributions",
    "utils.data",
    "autograd",
    "plot",
}
WORK = {  # of the package's own, what is beyond PyTorch: pages of their own, with what is returned
    "Formulas, stories, checks": """
        derive explain picture check exercise page language see.exercise.ask:Exercise see.exercise.ask:Answer
        see.derive.derivation:Derivation see.derive.steps:Step
        see.explain.story:Explanation see.picture.drawing:Picture see.check.checking:Check see.check.checking:Row
        see.check.by_hand:Term see.page:Page
    """,
    "Descents and sweeps": "minimize sweep descend.result:Result descend.sweep:Sweep descend.minimize:Diverged",
    "Fits": "fit fitting.result:Fit",
    "Compiled functions": "compile compiler.function:Compiled value_and_grad vmap stand_in",
}
KINDS = {  # what the functions of a file of `api` are
    "arithmetic": "Arithmetic", "complexes": "Complex numbers", "converting": "From and to others",
    "creation": "Making tensors", "cumulative": "Running sums and products", "indexing": "Indexing",
    "joining": "Joining and splitting", "masking": "Masks", "matrices": "Matrices", "parts": "Parts of tensors",
    "products": "Products", "random": "Random numbers", "ranges": "Ranges", "reductions": "Reductions",
    "scattering": "Gathering and scattering", "shaping": "Shapes", "sorting": "Sorting", "statistics": "Statistics",
    "operators": "Operations", "factorizations": "Factorisations",
    "fast": "Operations", "public": "Operations",
}  # fmt: skip
REST = "Everything else"


class Name(NamedTuple):
    """A public name: where it is said, what it is called there, and what it is."""

    module: str
    name: str
    what: Any

    @property
    def path(self) -> str:
        """As a program says it, below the package."""
        return f"{self.module}.{self.name}".lstrip(".")

    @property
    def doc(self) -> str:
        """Its docstring, or that of what it overrides."""
        return _doc(self.what)


def public() -> Iterator[Name]:
    """All public names, methods and properties of classes among them."""
    for module in ("", *MODULES):
        home = importlib.import_module("chainrule.see.plots" if module == "plot" else f"chainrule.{module}".rstrip("."))
        for name in sorted(getattr(home, "__all__", None) or dir(home)):
            what = getattr(home, name)
            if not name.startswith("_") and not inspect.ismodule(what) and _belongs(what, module, home):
                yield Name(module, name, what)
    for module, name in (w.split(":") for words in WORK.values() for w in words.split() if ":" in w):
        found = importlib.import_module(f"chainrule.{module}")
        yield Name(module, name, getattr(found, name))


def members(cls: type) -> Iterator[tuple[str, Any]]:
    """The public methods and properties of a class that are written in it, a descriptor each."""
    for name, what in sorted(vars(cls).items()):
        shown = callable(_function(what)) or isinstance(what, property)
        if shown and not name.startswith("_") and not isinstance(what, type):
            yield name, what


def undocumented() -> list[str]:
    """Public names without a docstring."""
    found = []
    for n in public():
        if not (inspect.isclass(n.what) or inspect.isroutine(n.what)):
            continue
        found += [n.path] if not n.doc else []
        if inspect.isclass(n.what):
            found += [f"{n.path}.{m}" for m, what in members(n.what) if not _inherited(n.what, m, what)]
    return found


def _belongs(what: Any, module: str, home: Any) -> bool:
    """Whether a name is at home in a module, rather than imported there for its own use."""
    of = getattr(what, "__module__", None)
    if (isinstance(of, str) and not of.startswith("chainrule")) or type(what).__module__ in ("typing", "__future__"):
        return False
    if module in GATHERED or not module or hasattr(home, "__all__"):
        return True
    return of is not None and of.startswith(home.__name__)


def _function(what: Any) -> Any:
    return what.fget if isinstance(what, property) else getattr(what, "__func__", what)


def _doc(what: Any) -> str:
    if inspect.isclass(what):
        return inspect.cleandoc(what.__doc__ or "")
    return inspect.getdoc(what) or ""


def _inherited(cls: type, name: str, what: Any) -> str:
    """The docstring of a method, or of the one that it overrides."""
    own = inspect.cleandoc(getattr(_function(what), "__doc__", None) or "")
    return (
        own
        or inspect.getdoc(getattr(cls, name))
        or next(
            (
                d
                for base in cls.__mro__[1:]
                if name in vars(base) and (d := inspect.getdoc(_function(vars(base)[name])))
            ),
            "",
        )
    )


# ------------------------------------------------------------------------------------------------- from prose to markup


def markup(doc: str) -> str:
    """A docstring as reStructuredText: parameters as a list of fields, examples as they are, prose escaped."""
    blocks = [_block(block) for block in re.split(r"\n\s*\n(?=\S)", doc) if block.strip()]
    return "\n\n".join(b for b in blocks if b)


PARAMETER = re.compile(r"(\*{0,2}\w+(?:, \*{0,2}\w+)*): (.*)", re.DOTALL)


def _block(block: str) -> str:
    if block.lstrip().startswith(">>>"):
        return textwrap.dedent(block)
    if not all(len(line) - len(line.lstrip()) in (0, 4) for line in block.split("\n")):
        return "::\n\n" + textwrap.indent(block, "    ")
    lines = re.split(r"\n(?=\S)", block)
    if PARAMETER.fullmatch(lines[0]):
        fields = [PARAMETER.fullmatch(line) for line in _gathered(lines)]
        return "\n".join(f":param {_names(f[1])}: {_prose(f[2])}" for f in fields if f)
    found = re.match(r"(Returns|Raises) ", block)
    return f":{found[1].lower()}: {_prose(block[found.end() :])}" if found else _prose(block)


def _gathered(lines: list[str]) -> list[str]:
    """The lines of parameters; one that goes on without an indent belongs to the one before."""
    found: list[str] = []
    for line in lines:
        if PARAMETER.fullmatch(line):
            found.append(line)
        else:
            found[-1] += " " + line
    return found


def _names(names: str) -> str:
    return names.replace("*", r"\*")


def _prose(text: str) -> str:
    """Words in one line, in which nothing is markup but code in backticks, set off by a space that prints as none."""
    parts = re.split(r"`([^`]+)`", " ".join(text.split()))
    found = [rf"\ ``{p}``\ " if i % 2 else re.sub(r"([\\*|_`])", r"\\\1", p) for i, p in enumerate(parts)]
    return "".join(found).strip()


class _Said(str):
    """An annotation that is written without quotes."""

    def __repr__(self) -> str:
        return str(self)


def signature(what: Any) -> str:
    """The parameters in brackets, with what their annotations say."""
    try:
        found = inspect.signature(what)
    except (ValueError, TypeError):
        return "()"
    shown = [p.replace(annotation=_said(p.annotation)) for p in found.parameters.values() if p.name != "self"]
    result = found.empty if inspect.isclass(what) else _said(found.return_annotation)
    text = " ".join(str(found.replace(parameters=shown, return_annotation=result)).split())
    return re.sub(r"= ?<[^<>]*>", "=...", text)


def _said(annotation: Any) -> Any:
    return _Said(annotation) if isinstance(annotation, str) and annotation != "Any" else inspect.Parameter.empty


# -------------------------------------------------------------------------------------------------------------- pages


def pages() -> dict[str, str]:
    """The text of each page, by its file's name."""
    names = [n for n in once(public()) if n.what is not chainrule.Tensor]
    own = {n.path: n for n in names}
    found: dict[str, str] = {}
    for title, words in WORK.items():
        found[_file(title)] = _page(
            title, [own[w.replace(":", ".")] for w in words.split() if w.replace(":", ".") in own]
        )
    ours = {w.replace(":", ".") for words in WORK.values() for w in words.split()}
    kinds: dict[str, list[Name]] = {}
    for n in names:
        if n.path not in ours:
            kinds.setdefault(n.module or _kind(n.what), []).append(n)
    for title in [*dict.fromkeys(KINDS.values()), REST]:
        found[_file(title)] = _page(title, kinds.pop(title, []))
    found["tensor"] = _page("Tensor", [Name("", "Tensor", chainrule.Tensor)])
    for module in MODULES:
        home = "see.plots" if module == "plot" else module
        lead = _doc(importlib.import_module(f"chainrule.{home}")).split("\n\n")[0]
        found[_file(module)] = _page(f"chainrule.{module}", kinds.get(module, []), lead)
    return {name: text for name, text in found.items() if text}


def once(names: Iterator[Name]) -> Iterator[Name]:
    """Each class under its first name alone, so that what refers to it leads to one place."""
    seen = set()
    for n in names:
        if not inspect.isclass(n.what) or n.what not in seen:
            yield n
        seen |= {n.what} if inspect.isclass(n.what) else set()


def _kind(what: Any) -> str:
    return KINDS.get(getattr(what, "__module__", "").rpartition(".")[2], REST)


def _file(title: str) -> str:
    return re.sub(r"\W+", "_", title.lower())


def _page(title: str, names: list[Name], lead: str = "") -> str:
    if not names:
        return ""
    data = [n for n in names if not (inspect.isclass(n.what) or inspect.isroutine(n.what))]
    entries = [_entry(n) for n in names if n not in data]
    constants = "".join(f".. py:data:: chainrule.{n.path}\n   :value: {_value(n.what)}\n\n" for n in data)
    return "\n\n".join([f"{title}\n{'=' * len(title)}", _prose(lead), *entries, constants]).rstrip() + "\n"


def _value(what: Any) -> str:
    text = " ".join(repr(what).split())
    return text if len(text) < 60 and "0x" not in text else type(what).__name__


def _entry(n: Name) -> str:
    path = f"chainrule.{n.path}"
    if not inspect.isclass(n.what):
        return f".. py:function:: {path}{signature(n.what)}\n\n" + textwrap.indent(markup(n.doc), "   ")
    kind = "exception" if issubclass(n.what, BaseException) else "class"
    body = [markup(n.doc)]
    for name, what in members(n.what):
        doc = markup(
            _inherited(n.what, name, what).partition("\n\n>>>")[0] if n.module else _inherited(n.what, name, what)
        )
        if isinstance(what, property):
            body.append(f".. py:property:: {name}\n\n" + textwrap.indent(doc, "   "))
        else:
            static = "\n   :staticmethod:" if isinstance(what, (staticmethod, classmethod)) else ""
            body.append(f".. py:method:: {name}{signature(_function(what))}{static}\n\n" + textwrap.indent(doc, "   "))
    return f".. py:{kind}:: {path}{signature(n.what)}\n\n" + textwrap.indent("\n\n".join(body), "   ")


def write(folder: Path) -> None:
    """Write the pages, and the page of their contents, where they have changed."""
    folder.mkdir(parents=True, exist_ok=True)
    made = pages()
    lists = {"Beyond PyTorch": [*WORK], "Tensors": ["Tensor", *dict.fromkeys(KINDS.values()), REST], "Modules": MODULES}
    text = "Reference\n=========\n\nEvery public name, from its docstring.\n"
    for caption, files in lists.items():
        text += f"\n.. toctree::\n   :maxdepth: 1\n   :caption: {caption}\n\n"
        text += "".join(f"   {_file(f)}\n" for f in files if _file(f) in made)
    for name, content in {**made, "index": text}.items():
        path = folder / f"{name}.rst"
        if not path.exists() or path.read_text(encoding="utf-8") != content:  # Sphinx reads again what is newer
            path.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        missing = undocumented()
        print(f"{len(missing)} public names without a docstring", *missing, sep="\n")
        sys.exit(bool(missing))
    write(Path(sys.argv[1]))
