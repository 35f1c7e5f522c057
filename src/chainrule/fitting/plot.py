"""Plots of fits: the data with error bars, the curve with its band, and the residuals below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.base.language import say
from chainrule.core.tensor import Tensor
from chainrule.see.plots.style import finish, look, matplotlib

if TYPE_CHECKING:
    from chainrule.fitting.result import Fit


def draw(found: Fit, level: float, ax: Any, theme: str | None) -> Any:
    """Draw a fit of y over one x; returns the axes: the one given, or an array of two (curve and residuals)."""
    problem, _, at = found._given(None)
    name, column = next(iter(at.items())) if isinstance(at, dict) and len(at) == 1 else ("x", at)
    if not isinstance(column, Tensor) or column.ndim != 1 or problem.y is None or problem.y.ndim != 1:
        raise ValueError("plot() draws y over one x; plot fit.predict() or fit.residuals over what you choose instead")
    x, y = column.numpy(), problem.y.numpy()
    sigma = None if problem.sigma is None else np.broadcast_to(problem.sigma.numpy(), y.shape)
    fine = np.linspace(x.min(), x.max(), 400)
    there: Any = {name: fine} if isinstance(at, dict) else fine
    with look(theme, ax) as chosen:
        axes = [ax]
        if ax is None:
            ratios = {"sharex": True, "height_ratios": [3, 1]}
            axes = list(matplotlib().subplots(2, 1, **ratios)[1])
        bars = {"fmt": "o", "markersize": 3, "linewidth": 1, "color": chosen.ink}
        axes[0].errorbar(x, y, sigma, label=say("data"), **bars)
        axes[0].plot(fine, np.asarray(found.predict(there)), color=chosen.first, label=say("fit"))
        low, high = found.band(there, level)
        if np.isfinite(low).all():
            axes[0].fill_between(fine, low, high, color=chosen.first, alpha=0.25, linewidth=0)
        if ax is None:
            axes[1].errorbar(x, y - np.asarray(found.predict()), sigma, **bars)
            axes[1].axhline(0, color=chosen.first)
            axes[1].set_ylabel(say("residuals"))
        axes[-1].set_xlabel(name)
        finish(axes[0], chosen)
    return axes[0] if ax is not None else np.array(axes)
