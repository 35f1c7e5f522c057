"""Losses as modules: `loss = MSELoss()(prediction, target)`."""

from __future__ import annotations

from chainrule.nn.functional import loss as f
from chainrule.nn.functional.ctc import ctc_loss
from chainrule.nn.modules.function_module import function_module

__all__ = [
    "BCELoss", "BCEWithLogitsLoss", "CTCLoss", "CosineEmbeddingLoss", "CrossEntropyLoss", "GaussianNLLLoss",
    "HingeEmbeddingLoss", "HuberLoss", "KLDivLoss", "L1Loss", "MSELoss", "MarginRankingLoss", "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss", "MultiMarginLoss", "NLLLoss", "PoissonNLLLoss", "SmoothL1Loss", "SoftMarginLoss",
    "TripletMarginLoss", "TripletMarginWithDistanceLoss",
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
