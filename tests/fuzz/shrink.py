"""A failing program made small: lines are left out, many at a time at first, while the same difference is seen."""

from __future__ import annotations

from .compare import Finding, play


def shrink(lines: list[str], mode: str, found: Finding) -> tuple[list[str], Finding]:
    """A short program with a difference of the same topic, and that difference."""
    lines, size = list(lines), max(len(lines) // 2, 1)
    while size:
        start = 0
        while start < len(lines):
            fewer = lines[:start] + lines[start + size :]
            pair, again = play(fewer, mode)
            if again is not None and again.topic == found.topic:
                lines, found = pair.lines, again
            else:
                start += size
        size //= 2
    return lines, found


def text(lines: list[str], mode: str, found: Finding) -> str:
    """The program as code that can be run, with what was seen."""
    seen = [f"# {found.kind}: {found.line}", f"#   chainrule: {found.ours}", f"#   PyTorch:   {found.theirs}"]
    return "\n".join([*seen, f"# mode: {mode}", "import chainrule as T  # or: import torch as T", "", *lines])
