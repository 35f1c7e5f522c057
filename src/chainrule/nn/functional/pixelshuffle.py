"""Channels and pixels rearranged."""

from __future__ import annotations

from chainrule.api.layout import following
from chainrule.core.op import REGISTRY
from chainrule.core.tensor import Tensor

__all__ = ["channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """(..., C r r, H, W) rearranged to (..., C, H r, W r)."""
    *lead, c, h, w = input._a.shape
    r = upscale_factor
    if r <= 0 or c % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"but input.size(-3)={c} is not divisible by {r * r}"
        )
    k = len(lead)
    x = input.reshape(*lead, c // (r * r), r, r, h, w)
    x = REGISTRY["clone"](x.permute(*range(k), k, k + 3, k + 1, k + 4, k + 2))  # also where it would be a view
    return x.reshape(*lead, c // (r * r), h * r, w * r)


@following
def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """(..., C, H r, W r) rearranged to (..., C r r, H, W)."""
    *lead, c, h, w = input._a.shape
    r = downscale_factor
    if r <= 0 or h % r or w % r:
        raise RuntimeError(
            f"pixel_unshuffle expects height and width to be divisible by downscale_factor, but ({h}, {w}) is not "
            f"divisible by {r}"
        )
    k = len(lead)
    x = input.reshape(*lead, c, h // r, r, w // r, r)
    x = REGISTRY["clone"](x.permute(*range(k), k, k + 2, k + 4, k + 1, k + 3))
    return x.reshape(*lead, c * r * r, h // r, w // r)


@following
def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """The channels (dimension 1) of `groups` groups, interleaved."""
    n, c, *rest = input._a.shape
    if c % groups:
        raise RuntimeError(f"Number of channels must be divisible by groups. Got {c} channels and {groups} groups.")
    mixed = input.reshape(n, groups, c // groups, *rest).transpose(1, 2)
    return REGISTRY["clone"](mixed).reshape(n, c, *rest)  # type: ignore[no-any-return]
