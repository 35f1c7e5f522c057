"""Attention: a softmax of products says how much of each value goes into the result (Vaswani et al., 2017)."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from chainrule.api.creation import full, full_like
from chainrule.api.joining import cat
from chainrule.base import dtypes
from chainrule.core.tensor import Tensor, wrap
from chainrule.nn.functional.dropouts import dropout
from chainrule.nn.functional.linear_maps import linear

__all__ = ["multi_head_attention_forward", "scaled_dot_product_attention"]


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


def multi_head_attention_forward(
    query: Tensor, key: Tensor, value: Tensor, embed_dim_to_check: int, num_heads: int, in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None, bias_k: Tensor | None, bias_v: Tensor | None, add_zero_attn: bool, dropout_p: float,
    out_proj_weight: Tensor, out_proj_bias: Tensor | None, training: bool = True,
    key_padding_mask: Tensor | None = None, need_weights: bool = True, attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False, q_proj_weight: Tensor | None = None, k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None, static_k: Tensor | None = None, static_v: Tensor | None = None,
    average_attn_weights: bool = True, is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:  # fmt: skip
    """What `nn.MultiheadAttention` computes, of sizes (L, N, E) or (L, E), with its weights as arguments.

    `static_k`, `static_v`: keys and values (N * num_heads, S, E / num_heads) for those that would be computed.
    """
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
            "`generate_square_subsequent_mask` to create this mask."
        )
    batched = query.ndim == 3
    if query.ndim not in (2, 3) or not query.ndim == key.ndim == value.ndim:
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor, and key and value like it, but received "
            f"{query.ndim}-D, {key.ndim}-D and {value.ndim}-D tensors"
        )
    head = size_of_heads(query.shape[-1], embed_dim_to_check, num_heads)
    xs: Any = [x.transpose(0, 1) if batched else x.unsqueeze(0) for x in (query, key, value)]
    n, length = xs[0].shape[:2]
    if xs[1].shape[:2] != xs[2].shape[:2] or (not use_separate_proj_weight and xs[1].shape != xs[2].shape):
        raise AssertionError(f"key shape {xs[1].shape} does not match value shape {xs[2].shape}")
    if key_padding_mask is not None and not batched:
        key_padding_mask = key_padding_mask.unsqueeze(0)
    weights: Any = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else (
        in_proj_weight.chunk(3))  # type: ignore[union-attr] # fmt: skip
    biases: Any = (None,) * 3 if in_proj_bias is None else in_proj_bias.chunk(3)
    q, k, v = map(linear, xs, weights, biases)
    if bias_k is not None and bias_v is not None:
        k, v = (cat([x, b.expand(n, 1, -1)], 1) for x, b in ((k, bias_k), (v, bias_v)))
    q, k, v = (x.unflatten(-1, (num_heads, head)).transpose(1, 2) for x in (q, k, v))
    k, v = (x if s is None else s.unflatten(0, (n, num_heads)) for x, s in ((k, static_k), (v, static_v)))
    if add_zero_attn:
        k, v = (cat([x, full_like(x[:, :, :1], 0.0)], 2) for x in (k, v))
    added = (bias_k is not None) + add_zero_attn  # which may always be seen
    mask = _masks(attn_mask, key_padding_mask, (n, num_heads, length, k.shape[2] - added), query.dtype)
    if mask is not None and added:
        mask = cat([mask, mask.new_zeros((*mask.shape[:-1], added))], -1)
    weight = (q * math.sqrt(1 / head)) @ k.transpose(-2, -1)
    share = (weight if mask is None else weight + mask).softmax(-1)
    if training and dropout_p:
        share = dropout(share, dropout_p)
    out = linear((share @ v).permute(2, 0, 1, 3).flatten(-2), out_proj_weight, out_proj_bias)
    if need_weights:
        share = share.mean(1) if average_attn_weights else share
    return (out if batched else out.squeeze(1)), (share if batched else share.squeeze(0)) if need_weights else None


def size_of_heads(size: int, expected: int, heads: int) -> int:
    """How many numbers each of the heads has."""
    if size != expected:
        raise AssertionError(f"was expecting embedding dimension of {expected}, but got {size}")
    if size % heads:
        raise AssertionError(f"embed_dim must be divisible by num_heads: {size} numbers are not {heads} equal heads")
    return size // heads


def _masks(attention: Tensor | None, padding: Tensor | None, sizes: tuple[int, ...], dtype: Any) -> Any:
    """Both masks as one to add, of a shape that fits (N, heads, L, S)."""
    n, heads, length, s = sizes
    if attention is not None and padding is not None and attention.dtype != padding.dtype:
        warnings.warn(
            "Support for mismatched key_padding_mask and attn_mask is deprecated. Use same type for both instead.",
            stacklevel=5,
        )
    total: Any = None
    if attention is not None:
        right = {2: (length, s), 3: (n * heads, length, s)}.get(attention.ndim)
        if right is None:
            raise RuntimeError(f"attn_mask's dimension {attention.ndim} is not supported")
        if attention.shape != right:
            raise RuntimeError(
                f"The shape of the {attention.ndim}D attn_mask is {attention.shape}, but should be {right}."
            )
        total = _added(attention, "attn_mask", dtype)
        total = total if attention.ndim == 2 else total.unflatten(0, (n, heads))
    if padding is not None:
        if padding.shape != (n, s):
            raise AssertionError(f"expecting key_padding_mask shape of {(n, s)}, but got {padding.shape}")
        unseen = _added(padding, "key_padding_mask", dtype)[:, None, None, :]
        total = unseen if total is None else total + unseen
    return total


def _added(mask: Tensor, name: str, dtype: Any) -> Any:
    """A mask as numbers to add to the logarithms of weights."""
    if mask.dtype == dtypes.ALL["bool"]:
        return full(mask.shape, 0.0, dtype=dtype).masked_fill(mask, -math.inf)
    if not mask.is_floating_point():
        raise AssertionError(f"only bool and floating types of {name} are supported, but got {mask.dtype}")
    return mask
