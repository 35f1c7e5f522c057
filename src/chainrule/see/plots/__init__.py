"""Plots of functions and of descents, on matplotlib: `chainrule.plot`.

Each function takes `ax=`, draws on it, or else on a figure that it makes, and returns the axes, so that they can be
labelled, laid over one another, and saved (`ax.figure.savefig("x.png")`).
"""

from chainrule.see.plots.animate import animate
from chainrule.see.plots.curve import curve
from chainrule.see.plots.descent import descent
from chainrule.see.plots.rates import losses, rates
from chainrule.see.plots.surface import arrows, contour

__all__ = ["animate", "arrows", "contour", "curve", "descent", "losses", "rates"]
