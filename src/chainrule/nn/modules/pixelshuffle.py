"""Channels and pixels rearranged, as modules."""

from __future__ import annotations

from chainrule.nn import functional as f
from chainrule.nn.modules.function_module import REQUIRED, function_module

__all__ = ["ChannelShuffle", "PixelShuffle", "PixelUnshuffle"]
PixelShuffle = function_module("PixelShuffle", f.pixel_shuffle, shown="*", upscale_factor=REQUIRED)
PixelUnshuffle = function_module("PixelUnshuffle", f.pixel_unshuffle, shown="*", downscale_factor=REQUIRED)
ChannelShuffle = function_module("ChannelShuffle", f.channel_shuffle, shown="*", groups=REQUIRED)
