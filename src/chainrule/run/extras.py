"""What `chainrule run` needs beyond NumPy, imported only when it is used."""

from __future__ import annotations

import importlib
from typing import Any


class MissingExtra(ImportError):
    """A package that `chainrule[run]` brings is not installed."""


def extra(module: str) -> Any:
    """Import `module`, one of the packages of the extra `run`; raises MissingExtra, which says what to install."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        # A broken installation of a package that is there is another matter, and its own message is the better one.
        if error.name and module.startswith(error.name):
            package = module.partition(".")[0]
            raise MissingExtra(f'this needs {package}: pip install "chainrule[run]"') from None
        raise
