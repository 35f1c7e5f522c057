"""Floor 6: fits of models to data, with errors: `fit`."""

from chainrule.fitting.fit import fit
from chainrule.fitting.result import Fit

__all__ = ["Fit", "fit"]
