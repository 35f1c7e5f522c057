"""Arguments and results as trees: tuples, lists and dicts, nested, with anything else as leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

Spec = Any  # None for a leaf, else (type, keys or None, the children's specs)


def flatten(tree: Any) -> tuple[list[Any], Spec]:
    """The leaves from left to right, and the structure to put them back into."""
    leaves: list[Any] = []
    return leaves, _flatten(tree, leaves)


def _flatten(tree: Any, leaves: list[Any]) -> Spec:
    if isinstance(tree, dict):
        return type(tree), tuple(tree), tuple(_flatten(x, leaves) for x in tree.values())
    if isinstance(tree, (tuple, list)):
        return type(tree), None, tuple(_flatten(x, leaves) for x in tree)
    leaves.append(tree)
    return None


def unflatten(spec: Spec, leaves: Iterable[Any]) -> Any:
    """The tree of a structure and its leaves."""
    return _build(spec, iter(leaves))


def _build(spec: Spec, leaves: Iterator[Any]) -> Any:
    if spec is None:
        return next(leaves)
    kind, keys, children = spec
    built = [_build(c, leaves) for c in children]
    if keys is not None:
        return kind(zip(keys, built))
    return kind(*built) if hasattr(kind, "_fields") else kind(built)


def spread(prefix: Any, spec: Spec) -> list[Any] | None:
    """`prefix`, a tree that may stop early, as one value per leaf of `spec`; None if the two do not fit."""
    if not isinstance(prefix, (tuple, list, dict)):
        return [prefix] * _count(spec)
    if spec is None or (isinstance(prefix, dict) and set(prefix) != set(spec[1] or ())):
        return None
    parts = [prefix[k] for k in spec[1]] if isinstance(prefix, dict) else list(prefix)
    if isinstance(prefix, dict) != (spec[1] is not None) or len(parts) != len(spec[2]):
        return None
    found: list[Any] = []
    for part, child in zip(parts, spec[2]):
        got = spread(part, child)
        if got is None:
            return None
        found += got
    return found


def _count(spec: Spec) -> int:
    return 1 if spec is None else sum(_count(c) for c in spec[2])


def show(spec: Spec) -> str:
    """A structure as text, leaves as stars."""
    if spec is None:
        return "*"
    kind, keys, children = spec
    parts = [show(c) for c in children]
    if keys is not None:
        return "{" + ", ".join(f"{k!r}: {p}" for k, p in zip(keys, parts)) + "}"
    return f"[{', '.join(parts)}]" if kind is list else f"({', '.join(parts)}{',' * (len(parts) == 1)})"
