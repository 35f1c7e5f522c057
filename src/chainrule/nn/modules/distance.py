"""Distances as modules."""

from __future__ import annotations

from chainrule.nn import functional as f
from chainrule.nn.modules.function_module import function_module

__all__ = ["CosineSimilarity", "PairwiseDistance"]


CosineSimilarity = function_module("CosineSimilarity", f.cosine_similarity, dim=1, eps=1e-8)
PairwiseDistance = function_module("PairwiseDistance", f.pairwise_distance, p=2.0, eps=1e-6, keepdim=False)
