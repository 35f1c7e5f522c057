"""The kernel's process: `python -m chainrule.run.kernel OPTIONS -- KERNEL ARGUMENTS`.

An ordinary IPython kernel, but that chainrule stands in for torch before the first cell. Doing it here, rather than
in a cell, leaves no trace in the notebook: no cell, no execution count, no names.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import sys
from typing import Any


def main(argv: list[str]) -> None:
    """Start the kernel; returns when it is shut down."""
    split = argv.index("--")
    parser = argparse.ArgumentParser(prog="chainrule.run.kernel")
    parser.add_argument("--module", default="chainrule", help="what torch is to be: chainrule, or torch")
    parser.add_argument("--reseed", action="store_true", help="start torch's generator from the system's entropy")
    parser.add_argument("--script", help="the script being run, for __file__ and sys.argv")
    options = parser.parse_args(argv[:split])

    library = importlib.import_module(options.module)
    if options.module == "chainrule":
        from .standin import install

        install()
    if options.reseed:
        with contextlib.suppress(AttributeError):
            library.seed()

    app: Any = importlib.import_module("ipykernel.kernelapp").IPKernelApp.instance()
    app.initialize(argv[split + 1 :])
    if options.script:
        sys.argv = [options.script]
        app.shell.user_ns["__file__"] = options.script
    app.start()


if __name__ == "__main__":
    main(sys.argv[1:])
