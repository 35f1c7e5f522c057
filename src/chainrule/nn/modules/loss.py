"""Losses as modules: `loss = MSELoss()(prediction, target)`."""

from __future__ import annotations

import math
from typing import Any

from chainrule.core.tensor import Tensor
from chainrule.nn.functional import loss as f
from chainrule.nn.functional.ctc import ctc_loss
from chainrule.nn.module import Module
from chainrule.nn.modules.function_module import function_module
from chainrule.nn.modules.linear import Linear

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CTCLoss", "CosineEmbeddingLoss", "CrossEntropyLoss", "GaussianNLLLoss",
    "HingeEmbeddingLoss", "HuberLoss", "KLDivLoss", "L1Loss", "LinearCrossEntropyLoss", "MSELoss", "MarginRankingLoss",
    "MultiLabelMarginLoss", "MultiLabelSoftMarginLoss", "MultiMarginLoss", "NLLLoss", "PoissonNLLLoss", "SmoothL1Loss",
    "SoftMarginLoss", "TripletMarginLoss", "TripletMarginWithDistanceLoss",
]  # fmt: skip

MSELoss = function_module("MSELoss", f.mse_loss, reduction="mean")
L1Loss = function_module("L1Loss", f.l1_loss, reduction="mean")
SmoothL1Loss = function_module("SmoothL1Loss", f.smooth_l1_loss, reduction="mean", beta=1.0)
HuberLoss = function_module("HuberLoss", f.huber_loss, reduction="mean", delta=1.0)
BCELoss = function_module("BCELoss", f.binary_cross_entropy, tensors=("weight",), weight=None, reduction="mean")
BCEWithLogitsLoss = function_module(
    "BCEWithLogitsLoss", f.binary_cross_entropy_with_logits, tensors=("weight", "pos_weight"), weight=None,
    reduction="mean", pos_weight=None,
)  # fmt: skip
CrossEntropyLoss = function_module(
    "CrossEntropyLoss", f.cross_entropy, tensors=("weight",), weight=None, ignore_index=-100, reduction="mean",
    label_smoothing=0.0,
)  # fmt: skip
NLLLoss = function_module(
    "NLLLoss", f.nll_loss, tensors=("weight",), weight=None, ignore_index=-100, reduction="mean"
)  # fmt: skip
KLDivLoss = function_module("KLDivLoss", f.kl_div, reduction="mean", log_target=False)
PoissonNLLLoss = function_module(
    "PoissonNLLLoss", f.poisson_nll_loss, log_input=True, full=False, eps=1e-8, reduction="mean"
)
GaussianNLLLoss = function_module("GaussianNLLLoss", f.gaussian_nll_loss, full=False, eps=1e-6, reduction="mean")
HingeEmbeddingLoss = function_module("HingeEmbeddingLoss", f.hinge_embedding_loss, margin=1.0, reduction="mean")
MarginRankingLoss = function_module("MarginRankingLoss", f.margin_ranking_loss, margin=0.0, reduction="mean")
CosineEmbeddingLoss = function_module("CosineEmbeddingLoss", f.cosine_embedding_loss, margin=0.0, reduction="mean")
TripletMarginLoss = function_module(
    "TripletMarginLoss", f.triplet_margin_loss, margin=1.0, p=2.0, eps=1e-6, swap=False, reduction="mean"
)
TripletMarginWithDistanceLoss = function_module(
    "TripletMarginWithDistanceLoss", f.triplet_margin_with_distance_loss, distance_function=None, margin=1.0,
    swap=False, reduction="mean",
)  # fmt: skip
SoftMarginLoss = function_module("SoftMarginLoss", f.soft_margin_loss, reduction="mean")
MultiMarginLoss = function_module(
    "MultiMarginLoss", f.multi_margin_loss, tensors=("weight",), p=1, margin=1.0, weight=None, reduction="mean"
)
MultiLabelMarginLoss = function_module("MultiLabelMarginLoss", f.multilabel_margin_loss, reduction="mean")
MultiLabelSoftMarginLoss = function_module(
    "MultiLabelSoftMarginLoss", f.multilabel_soft_margin_loss, tensors=("weight",), weight=None, reduction="mean"
)
CTCLoss = function_module("CTCLoss", ctc_loss, blank=0, reduction="mean", zero_infinity=False)


class LinearCrossEntropyLoss(Module):
    """A linear layer to `num_classes` (times `out_features`) and the cross entropy of what it gives.

    The input is (N, in_features), the target classes (N, *out_features) or probabilities (N, classes, *out_features).
    """

    def __init__(
        self, in_features: int, num_classes: int, *, out_features: tuple[int, ...] = (), bias: bool = False,
        device: Any = None, dtype: Any = None, reduction: str = "mean", weight: Tensor | None = None,
        ignore_index: int | None = None, label_smoothing: float = 0.0, options: Any = None,
    ) -> None:  # fmt: skip
        if weight is not None and weight.shape != (num_classes,):
            raise RuntimeError(f"expected weight shape to be {(num_classes,)}, got {tuple(weight.shape)}")
        if not 0 <= label_smoothing <= 1:
            raise RuntimeError(f"expected label_smoothing to be in range [0, 1], got {label_smoothing}")
        super().__init__()
        self.register_buffer("weight", weight)
        self.reduction, self.num_classes, self.out_features = reduction, num_classes, tuple(out_features)
        self.ignore_index, self.label_smoothing, self.options = ignore_index, label_smoothing, options
        self.linear = Linear(in_features, math.prod(out_features, start=num_classes), bias, dtype=dtype)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """The loss."""
        sizes, bias = (self.num_classes, *self.out_features), self.linear.bias
        return f.linear_cross_entropy(
            input, self.linear.weight.reshape(*sizes, self.linear.in_features), target, weight=self.weight,
            linear_bias=None if bias is None else bias.reshape(sizes), reduction=self.reduction,
            ignore_index=self.ignore_index, label_smoothing=self.label_smoothing, options=self.options,
        )  # fmt: skip

    def extra_repr(self) -> str:
        """The sizes and options."""
        names = ("num_classes", "out_features", "reduction", "ignore_index", "label_smoothing", "options")
        shown = [f"{name}={getattr(self, name)}" for name in names]
        shown.insert(2, f"bias={self.linear.bias is not None}")
        return f"in_features={self.linear.in_features}, {', '.join(shown)}"
