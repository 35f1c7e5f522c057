"""Attention: a softmax of products says how much of each value goes into the result (Vaswani et al., 2017)."""

from __future__ import annotations

import math

import numpy as np

from chainrule.core.tensor import Tensor, wrap
from chainrule.nn.functional.dropouts import dropout

__all__ = ["scaled_dot_product_attention"]


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False,
) -> Tensor:  # fmt: skip
    """`softmax(query @ key.mT * scale + mask) @ value`, sizes (..., L, E), (..., S, E) and (..., S, V).

    `attn_mask`: booleans (True takes part) or numbers to add. `is_causal`: position i sees none after i. `scale`:
    1 / sqrt(E) unless given. `enable_gqa`: keys and values are repeated to as many heads (dimension -3) as queries.
    """
    if enable_gqa:
        key, value = (x.repeat_interleave(query.size(-3) // x.size(-3), -3) for x in (key, value))
    weight = query @ key.transpose(-2, -1) * (1 / math.sqrt(query.size(-1)) if scale is None else scale)
    if is_causal:
        if attn_mask is not None:
            raise RuntimeError("Explicit attn_mask should not be set when is_causal=True")
        attn_mask = wrap(np.tril(np.ones((query.size(-2), key.size(-2)), bool)))
    if attn_mask is not None:
        if attn_mask._a.dtype.kind == "b":
            weight = weight.masked_fill(~attn_mask, -math.inf)
        else:
            weight = weight + attn_mask
    share = weight.softmax(-1)
    if attn_mask is not None and attn_mask._a.dtype.kind == "b":
        share = share.masked_fill(~attn_mask.any(-1, keepdim=True), 0.0)  # a row that may see nothing gives zeros
    return dropout(share, dropout_p) @ value if dropout_p else share @ value
