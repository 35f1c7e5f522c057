"""Devices: there is one, the CPU, and it says so honestly."""

from __future__ import annotations

from typing import Any

from chainrule.base.language import say


class device:
    """A place for tensors. Only `device("cpu")` exists; asking for another raises when a tensor is to go there."""

    def __init__(self, type: Any = "cpu", index: int | None = None) -> None:
        if isinstance(type, device):
            type, index = type.type, type.index
        if isinstance(type, int):
            type, index = "cuda", type
        name, _, number = str(type).partition(":")
        if name not in _KNOWN:
            raise RuntimeError(f"Expected one of {', '.join(_KNOWN)} device type at start of device string: {name}")
        self.type: str = name
        self.index: int | None = int(number) if number else index

    def __repr__(self) -> str:
        tail = f", index={self.index}" if self.index is not None else ""
        return f"device(type='{self.type}'{tail})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index or 0) == (other.type, other.index or 0)

    def __hash__(self) -> int:
        return hash((self.type, self.index or 0))

    def __enter__(self) -> device:
        here(self)
        return self

    def __exit__(self, *_: Any) -> None:
        pass


_KNOWN = ("cpu", "cuda", "mps", "xpu", "meta")
CPU = device("cpu")


def here(d: Any) -> None:
    """Refuse a device that is not the CPU."""
    if d is not None and device(d).type != "cpu":
        raise RuntimeError(
            say(
                "chainrule computes on the CPU only, but device '{d}' was asked for. Write torch.device('cuda' if "
                "torch.cuda.is_available() else 'cpu'), which gives the CPU here.", d=d,
            )
        )  # fmt: skip
