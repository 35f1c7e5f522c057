"""chainrule in torch's place: inside `stand_in()`, `import torch` gives chainrule.

Three things happen on the way in and are undone on the way out, in whatever way one leaves:

1. what `sys.modules` holds of torch is put aside, and a module named "torch" that hands every attribute on to
   chainrule takes its place;
2. a finder goes to the front of `sys.meta_path`: it answers `import torch.a.b` with chainrule's own module `a.b`, and
   refuses what chainrule does not have in one sentence;
3. public classes take torch's names, so that `type(x)` prints `<class 'torch.Tensor'>`.

`sys.modules` belongs to the whole process, so two threads (or two nested blocks) share one stand-in: the first one in
sets it up, the last one out takes it down.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from ..version import __version__

#: The release of torch whose names, messages and printing chainrule follows.
TORCH_VERSION = "2.13.0"

#: Packages made of torch: with chainrule underneath they could only fail later and less clearly.
RELATIVES = ("torchvision", "torchaudio", "torchtext", "torchdata")

#: Where torch keeps the classes whose names people print. Other classes keep chainrule's name.
TORCH_HOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "": {"torch": ("Tensor", "Size", "dtype", "device", "finfo", "iinfo"), "torch._C": ("Generator",)},
    "nn": {
        "torch.nn.parameter": ("Parameter",),
        "torch.nn.modules.module": ("Module",),
        "torch.nn.modules.container": ("Sequential", "ModuleList", "ModuleDict"),
        "torch.nn.modules.linear": ("Linear", "Identity"),
        "torch.nn.modules.activation": ("ReLU", "Sigmoid", "Tanh", "Softmax"),
        "torch.nn.modules.loss": ("MSELoss", "L1Loss", "CrossEntropyLoss", "BCELoss", "BCEWithLogitsLoss", "NLLLoss"),
    },
    "optim": {"torch.optim.sgd": ("SGD",), "torch.optim.adam": ("Adam",), "torch.optim.rmsprop": ("RMSprop",)},
}


class StandIn(ModuleType):
    """The module `torch` that is chainrule: every name but the few set here is looked up there."""

    def __init__(self) -> None:
        super().__init__("torch", "chainrule, standing in for torch.")
        self.__version__ = f"{TORCH_VERSION}+chainrule"
        self.__path__: list[str] = []  # a package, so that `import torch.nn` asks the finder
        self.__spec__ = ModuleSpec("torch", None, is_package=True)
        self.version = ModuleType("torch.version")
        vars(self.version).update(__version__=self.__version__, cuda=None, hip=None, git_version="chainrule")

    def __getattr__(self, name: str) -> Any:
        chainrule = importlib.import_module("chainrule")
        if name == "__all__":
            return [public for public, thing in vars(chainrule).items() if not _private(public, thing)]
        if name.startswith("_"):  # what asks for __file__ or _C wants to know about this very module
            raise AttributeError(f"module 'torch' has no attribute {name!r}")
        try:
            found = getattr(chainrule, name)
        except AttributeError as error:
            told = str(error).replace("module 'chainrule'", "module 'torch'")
            raise AttributeError(f"{told} (chainrule is standing in for torch)") from None
        if callable(found):  # functions and classes stay what they are: from now on they are found without this call
            vars(self)[name] = found
        return found

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(importlib.import_module("chainrule"))})

    def __repr__(self) -> str:
        return f"<module 'torch' (chainrule {__version__} standing in)>"


def _private(name: str, thing: object) -> bool:
    return name.startswith("_") or isinstance(thing, ModuleType)


class Finder(Loader):
    """Answers imports of `torch.*` with chainrule's modules; an import it cannot answer fails here, in one sentence."""

    def find_spec(self, fullname: str, path: Sequence[str] | None = None, target: Any = None) -> ModuleSpec | None:
        root, _, rest = fullname.partition(".")
        if root in RELATIVES:
            raise ModuleNotFoundError(f"{root} needs torch itself, and chainrule is standing in for torch")
        if root != "torch":
            return None
        if chainrule_module(rest) is None:
            raise ModuleNotFoundError(f"chainrule, standing in for torch, has no {fullname}")
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        # The import system takes what it finds in sys.modules after this call: chainrule's own module, untouched.
        sys.modules[module.__name__] = chainrule_module(module.__name__.partition(".")[2])


def chainrule_module(path: str) -> Any:
    """What `torch.<path>` is in chainrule: an attribute that is a namespace, or a module to be imported; else None."""
    found: Any = importlib.import_module("chainrule")
    for part in path.split("."):
        if not hasattr(found, part):
            break
        found = getattr(found, part)
    else:
        return None if callable(found) else found  # `import torch.tensor` does not work in torch either
    try:
        return importlib.import_module(f"chainrule.{path}")
    except ModuleNotFoundError as error:
        if error.name and f"chainrule.{path}.".startswith(f"{error.name}."):
            return None
        raise  # the module is there, something that it needs is not


_lock = threading.RLock()
_depth = 0
_finder = Finder()
_set_aside: dict[str, ModuleType] = {}
_renamed: list[tuple[type, str]] = []


def _torch_names() -> list[str]:
    return [name for name in sys.modules if name.partition(".")[0] in ("torch", *RELATIVES)]


def install() -> None:
    """Put chainrule in torch's place until `uninstall()` has been called as often; `stand_in()` pairs the two."""
    global _depth
    with _lock:
        if _depth == 0:
            importlib.import_module("chainrule")  # should it fail, nothing has been touched yet
            try:
                _set_up()
            except BaseException:
                _take_down()
                raise
        _depth += 1


def uninstall() -> None:
    """Undo one `install()`; the last one puts everything back."""
    global _depth
    with _lock:
        if _depth == 0:
            raise RuntimeError("uninstall() without install(): chainrule is not standing in for torch")
        _depth -= 1
        if _depth == 0:
            _take_down()


def _set_up() -> None:
    _set_aside.update({name: sys.modules.pop(name) for name in _torch_names()})
    torch = StandIn()
    sys.modules.update({"torch": torch, "torch.version": torch.version})
    sys.meta_path.insert(0, _finder)
    _take_torch_names()


def _take_down() -> None:
    sys.meta_path.remove(_finder)
    for name in _torch_names():
        del sys.modules[name]
    sys.modules.update(_set_aside)
    _set_aside.clear()
    while _renamed:
        cls, name = _renamed.pop()
        cls.__module__ = name


def _take_torch_names() -> None:
    """Let the classes of TORCH_HOMES print as torch's; what they were called is kept in `_renamed`."""
    for where, homes in TORCH_HOMES.items():
        namespace = importlib.import_module("chainrule") if not where else chainrule_module(where)
        for home, names in homes.items():
            for name in names:
                cls = getattr(namespace, name, None)
                if isinstance(cls, type) and cls.__module__.startswith("chainrule"):
                    _renamed.append((cls, cls.__module__))
                    cls.__module__ = home


@contextmanager
def stand_in() -> Iterator[ModuleType]:
    """Within the block `import torch` gives chainrule, as does `import torch.nn` and so on; then all is as before.

    Yields the module that stands in. What chainrule does not have (`torch.distributed`, `torchvision`) raises
    ModuleNotFoundError. Blocks may be nested and may be entered from several threads: they share one stand-in.

    >>> import chainrule
    >>> from chainrule.run import stand_in
    >>> with stand_in():
    ...     import torch
    ...     torch.tensor is chainrule.tensor
    True
    """
    install()
    try:
        yield sys.modules["torch"]
    finally:
        uninstall()
