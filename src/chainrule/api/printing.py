"""How a tensor looks in print: character for character as PyTorch prints it, from the NumPy data alone.

Three steps. *Choose* what is shown: beyond `threshold` elements only the `edgeitems` at both ends of each dimension,
picked out before anything else happens, so that a large tensor costs no more than a small one. *Write* each shown
number in one common style (integers, fixed point or scientific), settled by the range of the shown finite, nonzero
numbers; the widest of those sets the column width. *Lay out* the texts from the innermost dimension outwards, and hang
the suffixes (`size=`, `dtype=`, `grad_fn=`, ...) on the last line while there is room.
"""

import math
import operator
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from numbers import Real
from typing import Any

import numpy as np

from chainrule.base import wide


@dataclass(frozen=True, slots=True)
class PrintOptions:
    """The settings of one print. Immutable: changing a setting replaces the object, so a print sees one state."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: float = 80
    sci_mode: bool | None = None


_PROFILES = {
    "default": PrintOptions(),
    "short": PrintOptions(precision=2, edgeitems=2),
    "full": PrintOptions(threshold=math.inf),
}
_options = PrintOptions()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: float | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Sets how tensors are printed, as `torch.set_printoptions` does. What is None keeps its value, except `sci_mode`.

    Args:
        precision: digits after the point (4 at first).
        threshold: tensors of more elements are summarised (1000 at first; `math.inf` shows everything).
        edgeitems: how many elements a summary shows at either end of each dimension (3 at first).
        linewidth: characters in a line before it is broken (80 at first).
        profile: "default", "short" or "full": starts from these settings; the other arguments come on top.
        sci_mode: True or False forces scientific notation on or off. None lets each tensor decide, and, as in
            PyTorch, every call that does not pass it goes back to None.

    Raises:
        TypeError: a setting is not a number of the right kind.
        ValueError: an unknown profile, a negative `precision` or `edgeitems`, or a setting that is NaN.

    >>> set_printoptions(precision=2)
    >>> tensor_text(np.array([1.12345]), dtype="float32")
    'tensor([1.12])'
    >>> set_printoptions(profile="default")
    """
    global _options
    if profile is not None and profile not in _PROFILES:
        raise ValueError(f"set_printoptions: unknown profile {profile!r}; choose one of {', '.join(_PROFILES)}")
    changes: dict[str, Any] = {
        "precision": _count("precision", precision),
        "threshold": _number("threshold", threshold),
        "edgeitems": _count("edgeitems", edgeitems),
        "linewidth": _number("linewidth", linewidth),
    }
    changes = {name: value for name, value in changes.items() if value is not None}
    start = _options if profile is None else _PROFILES[profile]
    _options = replace(start, **changes, sci_mode=None if sci_mode is None else bool(sci_mode))


def get_printoptions() -> dict[str, Any]:
    """Returns the print options in force, as keyword arguments for `set_printoptions`.

    >>> get_printoptions()["precision"]
    4
    """
    return asdict(_options)


@contextmanager
def printoptions(**kwargs: Any) -> Iterator[None]:
    """Changes the print options within a `with` block. Takes (and refuses) what `set_printoptions` does.

    >>> with printoptions(threshold=5, edgeitems=1):
    ...     tensor_text(np.arange(9), dtype="int64")
    'tensor([0,  ..., 8])'
    """
    global _options
    before = _options
    try:
        set_printoptions(**kwargs)
        yield
    finally:
        _options = before


def _count(name: str, value: int | None) -> int | None:
    if value is None:
        return None
    try:
        count = operator.index(value)
    except TypeError:
        raise TypeError(f"set_printoptions: {name} must be an integer, got {value!r}") from None
    if count < 0:
        raise ValueError(f"set_printoptions: {name} must not be negative, got {count}")
    return count


def _number(name: str, value: float | None) -> float | None:
    if value is None:
        return None
    if not isinstance(value, Real):
        raise TypeError(f"set_printoptions: {name} must be a number, got {value!r}")
    if math.isnan(value):
        raise ValueError(f"set_printoptions: {name} must not be NaN; use math.inf for no limit")
    return value


def tensor_text(
    array: np.ndarray | np.generic,
    *,
    dtype: str,
    default_float: str = "float32",
    requires_grad: bool = False,
    grad_fn: str | None = None,
    tangent: str | None = None,
    indent: int = 0,
    prefix: str = "tensor(",
    contents: str | None = None,
) -> str:
    """Returns the text of a tensor, as PyTorch's `repr` writes it.

    Args:
        array: the data, of any shape; booleans, integers, floats or complex numbers.
        dtype: the name of the tensor's dtype, without "torch."; shown where the numbers alone do not tell it.
        default_float: the float dtype that goes without saying.
        requires_grad: adds `requires_grad=True`, unless there is a `grad_fn`.
        grad_fn: the name of the node that made the tensor, such as "MulBackward0".
        tangent: the tangent of a dual tensor, as `format` writes it.
        indent: the column in which the prefix will stand; later lines align with it.
        prefix: what opens the text; if it has several lines the last one counts for the alignment.
        contents: written in place of the numbers, where the caller has a better picture of them.

    Raises:
        TypeError: the array's dtype has no printed form here (object, text, ...).

    >>> tensor_text(np.array([[18.0, 24.0], [30.0, 12.0]]), dtype="float32", grad_fn="MulBackward0")
    'tensor([[18., 24.],\\n        [30., 12.]], grad_fn=<MulBackward0>)'
    >>> tensor_text(np.empty((0, 3)), dtype="float64")
    'tensor([], size=(0, 3), dtype=torch.float64)'
    """
    array, options = np.asarray(array), _options
    suffixes = _shape_and_dtype(array, dtype, default_float, options)
    if grad_fn is not None:
        suffixes.append(f"grad_fn=<{grad_fn}>")
    elif requires_grad:
        suffixes.append("requires_grad=True")
    if tangent is not None:
        suffixes.append(f"tangent={tangent}")
    column = indent + _last_line(prefix)
    if contents is None:
        contents = _contents(array, column, options)
    # the values' line counts for two characters more than it has, lines of suffixes alone do not: torch's rule
    used = _last_line(contents) + 2 + (0 if "\n" in contents else column)
    return prefix + contents + _hang(suffixes, column, used, options.linewidth) + ")"


def _shape_and_dtype(array: np.ndarray, dtype: str, default_float: str, options: PrintOptions) -> list[str]:
    """The suffixes for what the printed numbers cannot say: a shape without elements, a dtype that is not obvious."""
    size_known = array.ndim == 1 if array.size == 0 else options.edgeitems > 0
    plain = (default_float, {"float32": "complex64", "float64": "complex128"}.get(default_float))
    obvious = plain[:1] if array.size == 0 else (*plain, "int64", "bool")
    suffixes = [] if size_known else [f"size={array.shape}"]
    return suffixes if dtype in obvious else [*suffixes, f"dtype=torch.{dtype}"]


def _last_line(text: str) -> int:
    return len(text) - (text.rfind("\n") + 1)


def _hang(suffixes: list[str], column: int, used: int, linewidth: float) -> str:
    """Joins the suffixes, each on the line so far (`used` characters long) if it fits, otherwise on a new one."""
    text = ""
    for suffix in suffixes:
        if used + 2 + len(suffix) > linewidth:
            text += ",\n" + " " * column + suffix
            used = column + len(suffix)
        else:
            text += ", " + suffix
            used += 2 + len(suffix)
    return text


def _contents(array: np.ndarray, column: int, options: PrintOptions) -> str:
    """The numbers with their brackets; the first bracket stands in `column`."""
    if array.dtype.kind not in "biufc":
        raise TypeError(
            f"cannot print an array of dtype {array.dtype} and shape {array.shape} as a tensor: "
            "only booleans, integers, floats and complex numbers have a printed form"
        )
    if array.size == 0:
        return "[]"
    edge = options.edgeitems
    elided = [array.size > options.threshold and n > 2 * edge for n in array.shape]
    if any(elided):
        if edge == 0:
            return "[...]"
        ends = [np.r_[:edge, n - edge : n] if cut else np.arange(n) for n, cut in zip(array.shape, elided)]
        array = array[np.ix_(*ends)]
    write = {"f": _write_floats, "c": _write_complex}.get(array.dtype.kind)
    texts, width = write(array, options) if write else _write_integers(array)
    if array.ndim == 0:
        return texts[0]
    if write is not _write_complex:
        texts = [text.rjust(width) for text in texts]
    return _lay_out(texts, array.shape, elided, width, column, options.linewidth)


def _write_integers(array: np.ndarray) -> tuple[list[str], int]:
    texts = [str(value) for value in array.ravel().tolist()]
    return texts, max(map(len, texts))


def _write_floats(array: np.ndarray, options: PrintOptions) -> tuple[list[str], int]:
    """The numbers in their common style, and the column width. Zeros, infs and NaNs have no say in either."""
    flat = array.ravel()
    counts = np.isfinite(flat) & (flat != 0)
    finite = flat[counts].astype(np.float64)
    whole = bool(np.all(np.ceil(finite) == finite))
    sci_mode = finite.size > 0 and (_wide_range(finite) if options.sci_mode is None else options.sci_mode)
    if sci_mode:
        style = f".{options.precision}e"
    else:
        style = ".0f" if whole else f".{options.precision}f"
    texts = [format(value, style) for value in flat.tolist()]
    if whole and not sci_mode:  # the bare point tells these from integers
        texts = [text if text in ("inf", "-inf", "nan") else text + "." for text in texts]
    return texts, max((len(texts[i]) for i in wide.flatnonzero(counts)), default=1)


def _write_complex(array: np.ndarray, options: PrintOptions) -> tuple[list[str], int]:
    """Both parts in their own styles; the real ones are aligned, the imaginary ones follow with their sign."""
    (real, w), (imag, v) = _write_floats(array.real, options), _write_floats(array.imag, options)
    signed = [x if x.startswith("-") else f"+{x}" for x in imag]
    return [f"{r.rjust(w)}{i}j" for r, i in zip(real, signed)], w + v + 1


def _wide_range(finite: np.ndarray) -> bool:
    """Whether fixed point would hide digits or waste them: too large, too small, or too far apart (torch's limits)."""
    magnitude = np.abs(finite)
    least, most = magnitude.min(), magnitude.max()
    with np.errstate(over="ignore"):  # an infinite ratio is a wide range too
        return bool(most / least > 1000.0 or most > 1.0e8 or least < 1.0e-4)


def _lay_out(
    texts: list[str], shape: tuple[int, ...], elided: list[bool], width: int, column: int, linewidth: float
) -> str:
    """Brackets the texts, innermost dimension first; each pass turns the parts of one dimension into one part."""
    last = len(shape) - 1
    for axis in range(last, -1, -1):
        n, margin = shape[axis], " " * (column + axis + 1)
        rows = [texts[i : i + n] for i in range(0, len(texts), n)]
        if elided[axis]:
            dots = " ..." if axis == last else "..."
            rows = [[*row[: n // 2], dots, *row[n // 2 :]] for row in rows]
        if axis == last:
            fitting = (linewidth - (column + axis)) / (width + 2)
            per_line = max(1, math.floor(min(fitting, n + 1)))  # no line holds more than the row and its dots
            texts = [_broken(row, per_line, ",\n" + margin) for row in rows]
        else:
            separator = "," + "\n" * (last - axis) + margin
            texts = ["[" + separator.join(row) + "]" for row in rows]
    return texts[0]


def _broken(row: list[str], per_line: int, separator: str) -> str:
    lines = (", ".join(row[i : i + per_line]) for i in range(0, len(row), per_line))
    return "[" + separator.join(lines) + "]"
