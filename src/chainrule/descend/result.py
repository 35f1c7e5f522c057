"""What a descent gives back: the point, the way to it, and the reason it ended, all printed in a few lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.base.columns import width
from chainrule.base.extras import extra
from chainrule.descend.objective import Array
from chainrule.descend.words import Words, words

if TYPE_CHECKING:
    from chainrule.descend.arrival import Ending
    from chainrule.descend.prices import Active


@dataclass
class Result:
    """The end of a descent.

    x: the point, in the structure of `x0`; of a module, the list of its parameters' values.
    value, grad_norm: the function and the norm of its gradient there; within bounds, of that part of it which does not
        lead out, and under constraints of the Lagrangian's. `active` lists what holds the point.
    steps: how many steps were made.
    reason: "steps done", "converged", "diverged" or "stopped"; `message` says more, in the language that is chosen.
    path: the recorded points, stacked along a first dimension, in the structure of `x0`; `values` and `grad_norms`: the
        function and the norm of its gradient there; `recorded`: their steps, of which the last is always one. None of
        them where nothing was recorded.
    nfev: how often the value and the gradient were computed for it.
    how: how the steps were run.
    """

    x: Any
    value: float
    grad_norm: float
    steps: int
    reason: str
    words: Words | str | None
    what: str
    nfev: int = 0
    how: str = ""
    path: Any = None
    values: Any = None
    grad_norms: Any = None
    recorded: Any = None
    extra: Any = field(default=None, repr=False)  # SciPy's own result, of its methods
    arrived: bool = field(default=False, repr=False)
    later: Callable[[], Ending] | None = field(default=None, repr=False, compare=False)  # looks at the end of all steps
    held: list[Active] | Callable[[], list[Active]] = field(default_factory=list, repr=False, compare=False)

    @property
    def success(self) -> bool:
        """Whether the descent arrived: it converged, or what is left to fall after all steps is next to nothing."""
        self._look()
        return self.arrived

    @property
    def message(self) -> str:
        """Why the descent ended, and what was measured there."""
        self._look()
        return "" if self.words is None else str(self.words)

    @property
    def active(self) -> list[Active]:
        """The bounds at which the point stands and the constraints that hold it, with multipliers; `print` says each.

        A multiplier tells what a bound costs: `active[0].multiplier` is by how much f gets lower, at first, for each 1
        by which it is relaxed.
        """
        if callable(self.held):
            self.held = self.held()
        return self.held

    @property
    def multipliers(self) -> dict[str, float]:
        """The multipliers of `active` by name."""
        return {one.name: one.multiplier for one in self.active}

    def _look(self) -> None:
        """Look at the place where all steps ended, when first asked: that may take longer than the steps."""
        if self.later is not None:
            later, self.later = self.later, None
            _, self.words, self.arrived = later()

    def __getstate__(self) -> dict[str, Any]:
        self._look()
        self.held = self.active
        return vars(self)

    def __repr__(self) -> str:
        from chainrule.base.language import say, say_count

        reason = str(words(self.reason))
        said = say_count("{reason} after {n} step of {what}", "{reason} after {n} steps of {what}", self.steps,
                         reason=reason, what=self.what)  # fmt: skip
        x, value = repr(self.x), f"{self.value:.6g}"
        if self.values is not None and len(self.values):
            value += "  (" + say("at the start {value:.6g}", value=self.values[0]) + ")"
        rows = {
            "x": x if len(x) <= 300 else x[:300] + " ...",
            say("value"): value,
            say("gradient"): f"{self.grad_norm:.3g} (" + say("norm") + ")",
        }
        wide = max(map(width, rows)) + 2
        lines = [
            f"  {name}{' ' * (wide - width(name))}{text}".replace("\n", "\n" + " " * (wide + 2))
            for name, text in rows.items()
        ]
        held = [f"  {one}" for one in self.active]
        return "\n".join([f"{said}: {self.message}" if self.message else said, *lines, *held])

    def _repr_html_(self) -> str:
        from chainrule.descend import shown

        return shown.result(self)

    def plot(self, axes: Any = None) -> Any:
        """Draw the values over the steps and, of one or two variables, the way; returns the matplotlib axes.

        axes: where to draw the values alone; else a figure is made.
        Raises ValueError if nothing was recorded, ImportError if matplotlib is not there.
        """
        if self.values is None or not len(self.values):
            raise ValueError("nothing was recorded: call minimize with record=1 (or every k-th step, record=k)")
        pyplot = extra("matplotlib.pyplot", "see", "plot()")
        track = _track(self.path)
        if axes is None:
            made = list(pyplot.subplots(1, 1 if track is None else 2, squeeze=False, layout="constrained")[1][0])
        else:
            made, track = [axes], None
        from chainrule.base.language import say

        made[0].plot(self.recorded, self.values)
        made[0].set(xlabel=say("step"), ylabel=say("value"), title=self.what)
        if self.values.min() > 0 and self.values.max() > 100 * self.values.min():
            made[0].set_yscale("log")
        if track is not None:
            one = track.shape[1] == 1
            made[1].plot(self.recorded if one else track[:, 0], track[:, -1], marker=".", markersize=3)
            made[1].set(xlabel=say("step") if one else "x[0]", ylabel="x" if one else "x[1]", title=say("way"))
        return made[0] if axes is not None else made


def _track(path: Any) -> Array | None:
    """The path of one or two variables as rows of numbers; None of more."""
    parts = list(path.values()) if isinstance(path, dict) else path if isinstance(path, (tuple, list)) else [path]
    if not all(hasattr(p, "shape") for p in parts):
        return None
    rows = np.concatenate([np.asarray(p).reshape(len(p), -1) for p in parts], axis=1)
    return rows if 1 <= rows.shape[1] <= 2 else None
