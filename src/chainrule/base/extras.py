"""What the package needs beyond NumPy: extras, imported where they are first used, and what to install for them."""

from __future__ import annotations

import importlib
from typing import Any


class MissingExtra(ImportError):
    """A package of an extra is not installed."""


def extra(module: str, name: str, what: str = "this") -> Any:
    """Import `module`, of a package that the extra `name` brings.

    what: what needs it, in words.
    Raises MissingExtra, which says what to install.
    """
    package = module.partition(".")[0]
    try:
        importlib.import_module(package)
    except ModuleNotFoundError as error:
        # A broken installation of a package that is there is another matter, and its own message is the better one.
        if error.name == package:
            raise MissingExtra(f'{what} needs {package}: pip install "chainrule[{name}]"') from None
        raise
    return importlib.import_module(module)
