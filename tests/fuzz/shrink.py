"""A failing program made small: lines are left out, and values made numbers, while the same difference is seen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .compare import KINDS, MAKES, NAME, Finding, Pair, numbers, play


def shrink(lines: list[str], mode: str, found: Finding, strict: bool = False) -> tuple[list[str], Finding]:
    """A short program with a difference of the same topic, and that difference.

    What does not come back without the lines that were left out on the way is given as it is.
    """

    def again(fewer: list[str]) -> tuple[list[str], Finding] | None:
        pair, seen = play(fewer, mode, strict)
        return (pair.lines, seen) if seen is not None and seen.topic == found.topic else None

    small = again(_needed(lines, found)) or again(lines)
    if small is None:
        return lines, found
    lines, found = _fewer(again, *small)
    for i in range(len(lines) - 2, -1, -1):
        pair, _ = play(lines[: i + 1], mode, strict=True)
        number = _as_numbers(pair, lines[i])
        if number is not None:
            lines, found = again([*lines[:i], number, *lines[i + 1 :]]) or (lines, found)
    return _fewer(again, lines, found)


def _needed(lines: list[str], found: Finding) -> list[str]:
    """The lines that the last one rests on."""
    wanted, kept = set(NAME.findall(found.line or lines[-1])), []
    for line in reversed(lines):
        made, names = MAKES.match(line), set(NAME.findall(line))
        if made[1] in wanted if made else names & wanted:
            kept.append(line)
            wanted |= names
    return kept[::-1]


def _fewer(
    again: Callable[[list[str]], tuple[list[str], Finding] | None], lines: list[str], found: Finding
) -> tuple[list[str], Finding]:
    size = max(len(lines) // 2, 1)
    while size:
        start = 0
        while start < len(lines):
            smaller = again(lines[:start] + lines[start + size :])
            if smaller is not None:
                lines, found = smaller
            else:
                start += size
        size //= 2
    return lines, found


def _as_numbers(pair: Pair, line: str) -> str | None:
    """A line that makes the value of this one of numbers; None where that is no simpler."""
    made = MAKES.match(line)
    if made is None or "T.tensor([" in line or made[1] not in pair.theirs or pair.theirs[made[1]].numel() > 12:
        return None
    x = pair.theirs[made[1]]
    text = str(np.asarray(numbers(x)).tolist()).replace("inf", "float('inf')").replace("nan", "float('nan')")
    return f"{made[1]} = T.tensor({text}, dtype=T.{KINDS[x.dtype]}{', requires_grad=True' * x.requires_grad})"


def text(lines: list[str], mode: str, found: Finding) -> str:
    """The program as code that can be run, with what was seen."""
    seen = [f"# {found.kind}: {found.line}", f"#   chainrule: {found.ours}", f"#   PyTorch:   {found.theirs}"]
    return "\n".join([*seen, f"# mode: {mode}", "import chainrule as T  # or: import torch as T", "", *lines])
