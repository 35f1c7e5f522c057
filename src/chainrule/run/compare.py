"""Are two outputs the same? Pure functions on what a cell recorded and what it puts out now.

A cell's outputs are first boiled down to `Item`s: its standard output, each result or display as text, its figures, its
error. What says nothing about the answer is left out: warnings (standard error), progress bars, matplotlib's own reprs.

Two items' texts are then compared line by line. Text must be equal to the letter, save for what torch, NumPy and
Python themselves have printed differently over the years (`canonical`). Numbers must be equal as far as they were
printed (`same_number`).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

#: Numbers agree when they are this close, relatively: single precision carries seven digits, arithmetic wears off some.
TOLERANCE = 1e-5

FIGURES = ("image/png", "image/jpeg", "image/svg+xml", "image/gif", "application/pdf")
WIDGET = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True)
class Item:
    """One thing that a cell shows. `kind` is stdout, result, figure or error; an error's text is its type."""

    kind: str
    text: str
    cut: bool = False  #: does the text look cut off, as collections of notebooks do with long outputs?


@dataclass(frozen=True)
class Difference:
    """A line that is not as recorded; None stands for a line that one side does not have."""

    line: int
    recorded: str | None
    fresh: str | None


# --- from outputs to items -----------------------------------------------------------------------------------------


def items(outputs: Iterable[Any]) -> list[Item]:
    """What a cell's outputs (as in the notebook's file) show, in canonical form; what is not compared is left out."""
    found: list[Item] = []
    printed = ""
    for output in outputs:
        kind = output["output_type"]
        if kind == "stream" and output.get("name", "stdout") == "stdout":
            printed += _joined(output["text"])
        elif kind == "error":
            found.append(Item("error", output["ename"]))
        elif kind in ("execute_result", "display_data"):
            data = output["data"]
            if any(mime in data for mime in FIGURES):
                found.append(Item("figure", ""))
            elif WIDGET not in data:
                found.append(_text_item("result", _joined(data.get("text/plain", ""))))
    found.append(_text_item("stdout", printed))
    return [item for item in found if item.text or item.kind == "figure"]


def _text_item(kind: str, text: str) -> Item:
    cut = len(text) >= 1000 and len(text) % 1000 == 0 and not text.endswith("\n")
    return Item(kind, canonical(text), cut)


def as_far_as(recorded: Item, fresh: Item) -> tuple[Item, Item]:
    """Both items, down to the last whole line of a record that was cut off."""
    lines = recorded.text.count("\n")
    if not recorded.cut or fresh.text.count("\n") < lines:
        return recorded, fresh
    old, new = ("\n".join(item.text.split("\n")[:lines]) for item in (recorded, fresh))
    return Item(recorded.kind, old, cut=True), Item(fresh.kind, new)


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def numbered(found: list[Item]) -> dict[tuple[str, int], Item]:
    """The items by kind and place among their kind: what a recorded item and a fresh one have in common."""
    seen: Counter[str] = Counter()
    places = {}
    for item in found:
        places[item.kind, seen[item.kind]] = item
        seen[item.kind] += 1
    return places


# --- canonical text ------------------------------------------------------------------------------------------------

#: What a terminal does and what changes with every run, then what has been printed differently over the years.
REWRITES = [
    (r"\x1b\[[0-9;?]*[A-Za-z]", ""),  # colours
    (r"[^\n]*\r(?=[^\n])", ""),  # a carriage return starts the line again
    (r"\b0x[0-9a-fA-F]{4,}\b", "0x…"),  # addresses
    # Progress bars: tqdm's line, and the widget that old notebooks recorded as text.
    (r"(?m)^.*\d+%\|.*\| *\d+(?:\.\d+)?[kMG]?/.*\[.*\]\s*?(?:\n|\Z)", ""),
    (r"(?m)^.*\d(?:it|s)/(?:s|it)\]\s*?(?:\n|\Z)", ""),
    (r"(?m)^[HV]Box\(children=\(.*(?:\n|\Z)", ""),
    # IPython's timings.
    (r"(?m)^(?:CPU times: |Wall time: |Compiler *: |The slowest run took ).*(?:\n|\Z)", ""),
    (r"(?m)^.*\bper loop\b.*(?:\n|\Z)", ""),
    # matplotlib's objects: <matplotlib.lines.Line2D at 0x…>, <Axes: >, Text(0, 0.5, 'y'), <Figure size 640x480 …>
    (r"<(?:matplotlib\.|mpl_toolkits\.|Axes|Figure |a list of )[^<>\n]*>", "<matplotlib>"),
    (r"\bText\([^()\n]*\)", "<matplotlib>"),
    # grad_fn: ThMulBackward (0.4), MulBackward (1.0), MulBackward0 (1.1 and later) are one function.
    (r"<(?:Th(?=[A-Z])|S_)?(\w+?Backward)\d*(?: object)?( at 0x…)?>", r"<\1\2>"),
    (r"\bReshapeAliasBackward\b", "ViewBackward"),
    (r"\bThresholdBackward\b", "ReluBackward"),
    # The longer of those names may have pushed the end of a tensor's repr to a line of its own.
    (r",\s+(grad_fn=|requires_grad=True|dtype=torch\.)", r", \1"),
    (r",\s+device='cuda(?::\d+)?'", ""),  # where it was computed, not what
    # Options that optimisers have gained.
    (r"(?m)^ +(?:capturable|decoupled_weight_decay|differentiable|foreach|fused|maximize): .*\n", ""),
    # NumPy 2 names the type of a scalar.
    (r"\bnp\.(?:float|int|uint|complex)\d*\(([^()\n]*)\)", r"\1"),
    (r"\bnp\.(True|False)_", r"\1"),
]
_REWRITES = [(re.compile(pattern), replacement) for pattern, replacement in REWRITES]

#: A result that is nothing but what matplotlib's calls return: [<matplotlib>, <matplotlib>], (<matplotlib>, …)
_ONLY_MATPLOTLIB = re.compile(r"[\s\[\](),]*(?:(?:array|dtype=object|<matplotlib>|…|\.\.\.)[\s\[\](),]*)*")


def canonical(text: str) -> str:
    """`text` without what changes from run to run or from release to release: see REWRITES.

    >>> canonical("tensor([75.], grad_fn=<ThMulBackward>)") == canonical("tensor([75.], grad_fn=<MulBackward0>)")
    True
    """
    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text)
    if "<matplotlib>" in text and _ONLY_MATPLOTLIB.fullmatch(text):
        return ""
    lines = [line.rstrip() for line in text.split("\n")]
    return "\n".join(lines).strip("\n")


# --- comparing -----------------------------------------------------------------------------------------------------

# A number stands by itself: not the 1 of x1, not the 32 of float32. The blanks beside it belong to it, because
# arrays are padded to the width of their widest number.
NUMBER = re.compile(r"[ ]*(?<![\w.])([-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|inf|nan))(?![\w])[ ]*")
VERSION = re.compile(r"\d+\.\d+\.\d+\+chainrule\b")  # torch.__version__, where chainrule stands in
WHOLE = re.compile(r"[-+]?\d+")


def same_number(recorded: str, fresh: str, tolerance: float = TOLERANCE) -> bool:
    """Do two printed numbers agree? Integers: exactly. Others: within `tolerance`, or one unit of the last place.

    The unit counts where both show three decimals or more: with fewer (0.5, 0.6) it would be no small difference.
    Where one shows more decimals, four or more, zeros were left off the other, and the smaller unit counts.

    >>> same_number("0.3679", "0.3678"), same_number("0.5", "0.6"), same_number("1.", "0.9999"), same_number("3", "4")
    (True, False, True, False)
    """
    if recorded == fresh:
        return True
    if WHOLE.fullmatch(recorded) or WHOLE.fullmatch(fresh):
        return bool(WHOLE.fullmatch(recorded) and WHOLE.fullmatch(fresh)) and int(recorded) == int(fresh)
    old, new = float(recorded), float(fresh)
    if not (math.isfinite(old) and math.isfinite(new)):
        return old == new or (math.isnan(old) and math.isnan(new))
    (decimals, unit), (others, other_unit) = _last_place(recorded), _last_place(fresh)
    counts = decimals >= 3 if decimals == others else max(decimals, others) >= 4
    allowed = min(unit, other_unit) * 1.000001 if counts else 0.0
    return abs(old - new) <= max(allowed, tolerance * max(abs(old), abs(new)))


def _last_place(number: str) -> tuple[int, float]:
    """How many decimals a printed number shows, and the unit of the last one."""
    mantissa, _, exponent = number.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    return decimals, 10.0 ** (int(exponent or 0) - decimals)


def same_line(recorded: str, fresh: str, tolerance: float = TOLERANCE) -> bool:
    """Do two lines agree: the same text to the letter, and the same numbers as far as they were printed?"""
    if recorded == fresh:
        return True
    if VERSION.search(fresh):  # any release of torch may have been recorded
        return bool(re.fullmatch(r"\d+\.\d+[\w.+]*".join(map(re.escape, VERSION.split(fresh))), recorded))
    old, new = NUMBER.split(recorded), NUMBER.split(fresh)  # text, number, text, number, ..., text
    return old[::2] == new[::2] and all(same_number(a, b, tolerance) for a, b in zip(old[1::2], new[1::2]))


def differences(recorded: str, fresh: str, tolerance: float = TOLERANCE) -> list[Difference]:
    """The lines of two canonical texts that do not agree."""
    both = zip_longest(recorded.split("\n"), fresh.split("\n"))
    return [
        Difference(number, old, new)
        for number, (old, new) in enumerate(both, start=1)
        if old is None or new is None or not same_line(old, new, tolerance)
    ]


def structure(text: str) -> list[list[str]]:
    """A text without its numbers, line by line: what must be the same even where the numbers are random."""
    return [NUMBER.split(line)[::2] for line in text.split("\n")]
