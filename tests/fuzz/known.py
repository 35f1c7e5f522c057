"""The differences that are meant to be: each with its reason, and a program that shows it.

The list is checked both ways: a difference that is not listed fails a run, and so does a listed one whose program shows
it no longer. `passing`: nothing is left behind by the difference, so a program goes on without the line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .compare import Finding


class Known(NamedTuple):
    """A class of differences: its kind and messages, as regular expressions."""

    name: str
    why: str
    kind: str
    line: str
    said: str
    program: tuple[str, ...]
    passing: bool = False
    mode: str = "reverse"

    def explains(self, found: Finding) -> bool:
        """Whether a finding is of this class."""
        said = found.ours + found.theirs
        return bool(
            re.fullmatch(self.kind, found.kind) and re.search(self.line, found.line) and re.search(self.said, said)
        )


KNOWN = (
    Known(
        "truth values that require a gradient",
        "what is no float takes no history; PyTorch lets a bool require a gradient after some writes",
        "requires_grad after a change",
        r"\] = |copy_",
        "FalseTrue",
        ("v0 = T.tensor([True, False])", "v1 = T.tensor(0.5, requires_grad=True)", "v0[v0 > 0] = v1"),
    ),
    Known(
        "strides of what is not contiguous",
        "as_strided counts in memory that lies in order, and asks for it",
        "ours refuses",
        "as_strided",
        "not contiguous",
        ("v0 = T.tensor([[1.0, 2.0], [3.0, 4.0]])", "v10 = v0.mT", "v11 = v10.as_strided((2,), (1,))"),
        passing=True,
    ),
    Known(
        "no kernel",
        "PyTorch has no kernel for some dtypes and shapes that NumPy computes as well as any other",
        "torch refuses", r"^v\d+ = ",
        "not implemented for|not support|[Nn]ot implemented|Expected [23]D|3D data|expected input|Bool|dtype|unsigned",
        ("v0 = T.tensor([1, 2])", "v1 = T.nn.functional.gelu(v0)"), passing=True,
    ),
    Known(
        "overlapping operands",
        "an in-place operation of ours reads its operands before it writes, so they may share memory",
        "torch refuses", "", "unsupported operation: some elements of the input tensor and the written-to",
        ("v0 = T.tensor([1.0, 2.0])", "v0.index_add_(0, T.tensor([0]), v0[1:])"),
    ),
    Known(
        "a value that was copied",
        "where PyTorch keeps a tensor that is changed before backward, we may have a copy, and the right value",
        "torch refuses the (second )?gradient", "", "modified by an inplace operation",
        ("v0 = T.tensor([1.0], dtype=T.float16, requires_grad=True)", "v10 = v0.exp()", "v10.mul_(2)"),
    ),
    Known(
        "one of several views is changed",
        "unbind, chunk and split give views like any other here, and histories follow",
        "torch refuses( the.*)?", "", "Output \\d of \\w+ is a view and",
        ("v0 = T.tensor([1.0, 2.0], requires_grad=True)", "v10 = v0 * 1", "v11 = v10.unbind(0)[0]", "v11.mul_(2)"),
    ),
    Known(
        "layouts",
        "results lie as NumPy lays them out: PyTorch keeps the order of a permuted operand where we make rows, or not",
        "strides", "", "",
        ("v0 = T.tensor([[1.0, 2.0], [3.0, 5.0]])", "v10 = T.linalg.inv(v0)"), passing=True,
    ),
    Known(
        "writing to repeated elements",
        "an expanded tensor is changed in no way, where PyTorch allows to fill it",
        "ours refuses", "", "more than one element of the written-to tensor refers to a single memory location",
        ("v0 = T.tensor([1.0])", "v10 = v0.expand([2])", "v10.zero_()"),
    ),
    Known(
        "shapes in place",
        "a tensor that has views does not change its shape in place, as their places in it would be lost",
        "ours refuses", "", "this tensor has views, whose places in it would be lost",
        ("v0 = T.tensor([1.0, 2.0])", "v10 = v0[:1]", "v0.unsqueeze_(0)"),
    ),
    Known(
        "places in nothing",
        "positions are checked against the dimension they index, also where the result is empty",
        "ours refuses", r"\[", "is out of bounds for dimension",
        ("v0 = T.tensor([], dtype=T.float64).reshape(2, 0, 2)", "v10 = v0[[3]]"), passing=True,
    ),
    Known(
        "factors of what is not finite",
        "LAPACK may hang on infinities, so they are refused as NaN are; PyTorch's may answer NaN",
        "ours refuses", "linalg", "contained non-finite values",
        ("v0 = T.tensor([[float('inf'), 0.0], [0.0, 1.0]])", "v10 = T.linalg.svdvals(v0)"), passing=True,
    ),
    Known(
        "derivatives that PyTorch lacks",
        "PyTorch's rule fails for these operands, or has no rule of its own for the second order or for tangents",
        "torch refuses.*", "", "the `-` operator, (on|with) a bool|new_grad_base|derivative for .* is not implemented"
        "|does not support (forward|automatic)|not implemented",
        ("v0 = T.tensor([0.5], requires_grad=True)", "v10 = T.nn.functional.hardsigmoid(v0 * v0)"), mode="second",
    ),
    Known(
        "bounds below what an unsigned number can be",
        "a bound that an unsigned dtype cannot hold is refused, as by PyTorch's clamp; its clamp_ lets it wrap",
        "ours refuses", "clamp_", "cannot be converted to type uint8 without overflow",
        ("v0 = T.tensor([1, 2], dtype=T.uint8)", "v0.clamp_(-1, 1)"),
    ),
    Known(
        "hardtanh of integers",
        "hardtanh and relu6 give floats, as every activation",
        "dtype", "hardtanh|relu6", "",
        ("v0 = T.tensor([1, 2])", "v10 = T.nn.functional.hardtanh(v0)"), passing=True,
    ),
    Known(
        "no kernel of ours",
        "of integers we refuse what PyTorch refuses in most shapes",
        "ours refuses",
        r"^v\d+ = ",
        "not implemented for|Low precision",
        ("v0 = T.tensor([True])", "v10 = v0 ** True"), passing=True,
    ),
    Known(
        "matrices on the edge of what can be factored",
        "rounding decides whether a matrix is singular",
        "(ours|torch) refuses", "linalg", "could not be completed|singular",
        (), passing=True,
    ),
    Known(
        "infinities in integers",
        "a tensor of one element that an integer cannot hold is converted as tensors are, not refused as a number",
        "torch refuses", r"\] = ", "cannot be converted to type int64_t without overflow",
        ("v0 = T.tensor([1, 2])", "v1 = T.tensor(float('inf'))", "v0[v0 > 0] = v1"),
    ),
    Known(
        "values of another dtype are converted",
        "`x[positions] = v` converts v as `x[slice] = v` does",
        "torch refuses", r"\] = ", "Index put requires the source and destination dtypes match",
        ("v0 = T.tensor([1.0, 2.0])", "v1 = T.tensor([3])", "v0[[0]] = v1"),
    ),
)  # fmt: skip


# Programs of the test suite whose difference has no line to tell it by, by their numbers.
PROGRAMS = {
    217: "second order: a slope of hardsigmoid, softshrink and an outer product differs beyond the eighth digit",
    404: "PyTorch's tangent of fmin is NaN beside a NaN that is not chosen",
}


def explain(found: Finding) -> Known | None:
    """The class that a finding belongs to, or None if it is news."""
    return next((k for k in KNOWN if k.explains(found)), None)
