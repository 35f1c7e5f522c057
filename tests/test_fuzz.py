"""Random programs, line by line as PyTorch has them, but for differences that are listed and explained.

The programs are in `fuzz/`; `make fuzz` runs many more. A failure prints a small program that shows it.
"""

from __future__ import annotations

import os

import pytest

pytest.importorskip("torch")

import torch

from fuzz.__main__ import LONG, SHORT
from fuzz.compare import MODES, play, random_program
from fuzz.known import KNOWN
from fuzz.shrink import shrink, text

COUNT = int(os.environ.get("CHAINRULE_FUZZ", "2000"))
PIECE = 50  # programs of a test


@pytest.mark.parametrize("first", range(0, COUNT, PIECE))
def test_programs_do_as_in_torch(first: int) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for seed in range(first, first + PIECE):
            mode = MODES[seed % 3]
            pair, found = random_program(seed, mode, LONG if seed % 10 == 9 else SHORT)
            if found is not None:
                small, found = shrink(pair.lines, mode, found)
                pytest.fail(f"program {seed}\n{text(small, mode, found)}")
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("known", KNOWN, ids=lambda k: k.name)
def test_what_is_listed_still_differs(known) -> None:
    pair, found = play(known.program, known.mode, strict=True)
    assert found is not None, "this difference is gone: take it off the list"
    assert known.explains(found, pair.lines)


def test_a_failing_program_is_made_small() -> None:
    lines = ["v0 = T.tensor([1.0, 2.0])", *(f"v{i} = v0 + {i}" for i in range(1, 20)), "v30 = v0[:1]",
             "v0.unsqueeze_(0)"]  # fmt: skip
    _, found = play(lines, "reverse", strict=True)
    small, again = shrink(lines, "reverse", found, strict=True)
    assert small == ["v0 = T.tensor([1.0, 2.0])", "v30 = v0[:1]", "v0.unsqueeze_(0)"]
    assert again.topic == found.topic == "ours refuses: unsqueeze_"
