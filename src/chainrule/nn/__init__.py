"""Networks in PyTorch's form: parameters, modules and containers, layers, activations, losses, initialisation."""

from chainrule.nn import functional

__all__ = ["functional"]
