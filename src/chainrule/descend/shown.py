"""Results as a notebook shows them: a table, and the values over the steps as a line."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from chainrule.base.language import say
from chainrule.descend.objective import Array

if TYPE_CHECKING:
    from chainrule.descend.result import Result
    from chainrule.descend.sweep import Sweep

WIDTH, HEIGHT, POINTS = 320, 90, 200


def result(run: Result) -> str:
    """A descent."""
    head, *lines = repr(run).split("\n")
    rows = [line.strip().partition("  ")[::2] for line in lines]
    return f"<p>{html.escape(head)}</p>{_table(rows)}{line(run.values)}"


def sweep(found: Sweep) -> str:
    """Many descents: how they ended, and the best of them."""
    head, *lines = repr(found).split("\n")
    best = "".join(f"<p>{html.escape(text.strip())}</p>" for text in lines)
    return f"<p>{html.escape(head)}</p>{best}{line(np.sort(found.value))}"


def line(values: Array) -> str:
    """Values from left to right as a small picture, on a logarithmic scale if they are positive and fall far."""
    y = np.asarray([] if values is None else values, dtype=float).reshape(-1)
    y = y[np.unique(np.linspace(0, len(y) - 1, POINTS).astype(int))] if len(y) > 1 else y
    y = y[np.isfinite(y)]
    if len(y) < 2 or np.ptp(y) == 0:
        return ""
    log = y.min() > 0 and y.max() > 100 * y.min()
    z = np.log(y) if log else y
    across, down = np.linspace(4, WIDTH - 4, len(y)), HEIGHT - 4 - (z - z.min()) / np.ptp(z) * (HEIGHT - 8)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across, down))
    said = say("values from {first} to {last}", first=f"{y[0]:.4g}", last=f"{y[-1]:.4g}")
    return (
        f'<svg role="img" aria-label="{html.escape(said)}" width="{WIDTH}" height="{HEIGHT}"><title>{html.escape(said)}'
        f'</title><polyline points="{points}" fill="none" stroke="#0072b2" stroke-width="2"/></svg>'
    )


def _table(rows: Iterable[Sequence[str]]) -> str:
    cells = ("".join(f"<td>{html.escape(cell.strip())}</td>" for cell in row) for row in rows)
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"
