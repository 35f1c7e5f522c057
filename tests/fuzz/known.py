"""The differences that are meant to be: each with its reason, and a program that shows it.

The list is checked both ways: a difference that is not listed fails a run, and so does a listed one whose program shows
it no longer. A program goes on without the line or the value that has shown a listed difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
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
    mode: str = "reverse"

    def explains(self, found: Finding, program: Iterable[str]) -> bool:
        """Whether a finding is of this class. A gradient is of no line: any line of the program may be meant.

        So is a tangent that is NaN on one side alone.
        """
        said = found.ours + found.theirs
        line = "\n".join(program) if re.search("gradient|alone", found.kind) else found.line
        return bool(re.fullmatch(self.kind, found.kind) and re.search(self.line, line) and re.search(self.said, said))


# Functions of the elements at the same place in each operand.
ELEMENTWISE = (
    r" = (T\.(where|add|sub|mul|true_divide|maximum|minimum|fmax|fmin|atan2|hypot|eq|ne|lt|le|gt|ge|logical_\w+"
    r"|floor_divide|copysign|logaddexp|xlogy)\(|v\d+ [-+*/>]|[-\d.T]\S* [-+*/]|v\d+\.(lerp|clamp|nan_to_num|pow"
    r"|masked_fill|float\d+|to|abs|neg|sin|cos|tanh|sigmoid|exp2|expm1|atan|asinh|erf|relu|square|reciprocal|sign|floor|ceil|trunc"
    r"|round|sqrt|log|log1p|rsqrt|sgn|is\w+|logical_not|signbit|positive)\(|T\.nn\.functional\.\w+\(v\d+\)"
    r"|T\.nn\.functional\.(\w+_loss|binary_\w+)\(|v\d+\.(index_\w+|scatter\w*)\()"
)

# Functions whose slope is 0 almost everywhere.
STEPS = r"\.(sign|sgn|floor|ceil|trunc|round|copysign)_?\(|floor_divide|//"

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
        "strides through gaps",
        "as_strided of a part with gaps reaches elements that are not the part's: no gradient is led there",
        "ours refuses", "as_strided", "has gaps in memory",
        ("v0 = T.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)", "v10 = v0[:, :1]",
         "v11 = v10.as_strided((2,), (1,))"),
    ),
    Known(
        "no kernel",
        "PyTorch has no kernel for integers and halves in functions that NumPy computes as well as any other",
        "torch refuses", r"^v\d+ = ", "not implemented for '(Bool|Byte|Char|Short|Int|Long|Half)'",
        ("v0 = T.tensor([1, 2])", "v1 = T.nn.functional.gelu(v0)"),
    ),
    Known(
        "no kernel for truth values",
        "truth values are 0 and 1 in activations; PyTorch refuses them in some",
        "torch refuses", r"^v\d+ = (T\.nn\.functional\.\w+|T.atan2|v\d+\.relu)\(",
        "Bool(ean)? inputs not supported|on a bool tensor is not|on an unsigned type with negative limits",
        ("v0 = T.tensor([True])", "v1 = v0.relu()"),
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
        "a value that PyTorch has copied",
        "products of stacks whose leading dimensions differ are made of copies in PyTorch",
        "ours refuses the (second )?gradient", "@", "modified by an inplace operation",
        ("v0 = T.ones(2, 3, 2)", "v1 = T.ones(1, 3, requires_grad=True)", "v10 = v1 @ v0", "v0.mul_(2)"),
    ),
    Known(
        "memory that was never asked for",
        "what one number was expanded to has one place; PyTorch's reductions keep room for more, which "
        "as_strided may read",
        "ours refuses", "as_strided", "out of bounds for storage of size",
        ("v0 = T.tensor([[4.0, 4.0], [4.0, 4.5]])", "v1 = T.tensor([[0.5, 0.75], [0.75, 0.5]])",
         "v2 = T.nn.functional.smooth_l1_loss(v1, v0, reduction='mean')", "v10 = v2.detach().expand([2]).squeeze()",
         "v11 = v10.as_strided((2,), (1,))"),
    ),
    Known(
        "what cancels",
        "where numbers are taken from others that are nearly equal, what is left is rounding: PyTorch itself says "
        "something else where its numbers are off by a last digit",
        "(value|gradient|second gradient).* of mere rounding", "", "",
        ("v20 = T.tensor([[49.12852478027344, 27.069395065307617], [27.069395065307617, 14.915003776550293]])",
         "v22 = T.linalg.det(v20)"),
    ),
    Known(
        "the determinant's slope at a singular matrix",
        "it is made of cofactors, which need no inverse; PyTorch's is 0 or rounding there",
        "tangent|gradient|second gradient", r"linalg\.det\(", "",
        ("v0 = T.tensor([[0.0, 0.2], [0.0, 0.32]], dtype=T.float64, requires_grad=True)", "v10 = T.linalg.det(v0)"),
        "forward",
    ),
    Known(
        "tangents that PyTorch's backward contradicts",
        "its gradients of the same program say what our tangent is: its tangent of what copy_ has written may be that "
        "of what was copied, and is changed with it",
        "tangent that PyTorch's backward contradicts", "", "",
        ("v2 = T.tensor([[1.02]], dtype=T.float64)", "v7 = T.tensor([0.5], dtype=T.float64, requires_grad=True)",
         "v10 = v7.dot(v7)", "v2.copy_(v10)", "v2[[0]] = 0"), "forward",
    ),
    Known(
        "a view that was changed without a history",
        "a view keeps what was written into it under no_grad; PyTorch refuses to use it afterwards",
        "torch refuses", "", "A view was created in no_grad mode and its base or another view of its base",
        ("v0 = T.tensor([1.0, 2.0], requires_grad=True)", "v1 = v0.dot(v0)", "v2 = T.tensor([3.0, 4.0])",
         "v10 = v2[...]", "v10[::2] = v1", "with T.no_grad(): v10.abs_()", "v11 = T.fmax(v10, v10)"), "forward",
    ),
    Known(
        "one of several views is changed",
        "unbind, chunk and split give views like any other here, and histories follow",
        "torch refuses( the.*)?", "", "Output \\d of \\w+ is a view and|a function that returns multiple views",
        ("v0 = T.tensor([1.0, 2.0], requires_grad=True)", "v10 = v0 * 1", "v11 = v10.unbind(0)[0]", "v11.mul_(2)"),
    ),
    Known(
        "order of dimensions that repeat",
        "of dimensions along which an operand is expanded, NumPy and PyTorch choose the inner one otherwise",
        "strides of what repeats", "", "",
        ("v0 = T.tensor([[1.0, 2.0], [3.0, 5.0]])", "v10 = v0.expand([2, 2, 2])", "v11 = v10.permute([2, 0, 1])",
         "v12 = v11 + 1"),
    ),
    Known(
        "channels of dimensions of one element",
        "where dimensions have one element PyTorch tells whether the channels are last by the strides of these, which "
        "say nothing in NumPy",
        "strides of channels", "", "",
        ("v0 = T.tensor([[[True], [True]], [[True], [True]]])", "v10 = v0.unfold(0, 2, 1)",
         "v11 = T.cat([v10, v10], 3)"),
    ),
    Known(
        "order of operands that lie differently",
        "NumPy weighs all operands where PyTorch follows the first that says anything",
        "strides of several", ELEMENTWISE, "",
        ("v0 = T.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1)", "v1 = T.arange(12.0).reshape(3, 4).mT[::2]",
         "v10 = T.where(v1 > 1, v1, v0)"),
    ),
    Known(
        "order of what an index picks",
        "what positions pick lies by rows; PyTorch's lies as the tensor that it is picked from",
        r"strides.*", r"= v\d+\[", "",
        ("v0 = T.tensor([[[1.0, 2.0], [3.0, 5.0]]])", "v10 = v0.mT", "v11 = v10[[0, 0]]"),
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
        ("v0 = T.tensor([], dtype=T.float64).reshape(2, 0, 2)", "v10 = v0[[3]]"),
    ),
    Known(
        "factors of what is not finite",
        "LAPACK may hang on infinities, so they are refused as NaN are; PyTorch's may answer NaN",
        "ours refuses", "linalg", "contained non-finite values",
        ("v0 = T.tensor([[float('inf'), 0.0], [0.0, 1.0]])", "v10 = T.linalg.svdvals(v0)"),
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
        "no kernel of ours",
        "of integers we refuse what PyTorch refuses in most shapes",
        "ours refuses",
        r"^v\d+ = ",
        "not implemented for|Low precision",
        ("v0 = T.tensor([True])", "v10 = v0 ** True"),
    ),
    Known(
        "matrices on the edge of what can be factored",
        "rounding decides whether a matrix is singular",
        "(ours|torch) refuses( the (second )?gradient)?", "linalg",
        "could not be completed|singular|not positive-definite",
        ("v0 = T.tensor([[0.2, -2.1], [0.02, -0.21]], dtype=T.float64)", "v10 = T.linalg.inv(v0)"),
    ),
    Known(
        "values of another dtype are converted",
        "`x[positions] = v` converts v as `x[slice] = v` does",
        "torch refuses", r"\] = ", "Index put requires the source and destination dtypes match",
        ("v0 = T.tensor([1.0, 2.0])", "v1 = T.tensor([3])", "v0[[0]] = v1"),
    ),
    Known(
        "tangents of nothing",
        "what is computed of no elements is constant: its tangent is 0 where PyTorch divides 0 by 0, or the other way",
        "tangent.*", r"_loss|logsumexp|std|var", "nan",
        ("v0 = T.tensor([], requires_grad=True).reshape(0, 2)", "v10 = v0.logsumexp(dim=0, keepdim=True)"),
        mode="forward",
    ),
    Known(
        "slopes that end in NaN",
        "PyTorch multiplies what is not finite by the 0 of a branch that was not taken or an operand not chosen",
        "(tangent|gradient|second gradient) that PyTorch loses", "", "",
        ("v0 = T.tensor([1.0], requires_grad=True)", "v10 = v0.std()", "v11 = T.fmin(v0, v10)"), mode="forward",
    ),
    Known(
        "nothing asks for nothing",
        "what no element came to has no history here; PyTorch's requires a gradient",
        "requires_grad.*", "scatter_add|index_add|index_put|cat|stack", "FalseTrue",
        ("v0 = T.tensor([], requires_grad=True)", "v1 = v0.detach()",
         "v10 = v1.scatter_add(0, T.zeros(0, dtype=T.int64), v0)"),
    ),
    Known(
        "medians of what repeats",
        "along a dimension that is expanded PyTorch's median gives numbers of memory that it has not written",
        "value", r"\.median\(", "",
        ("v0 = T.tensor([[[-0.9, 0.1], [0.9, -0.7]], [[0.6, -0.2], [0.3, 0.8]]], dtype=T.float64)",
         "v10 = v0.expand([2, 2, 2, 2])", "v11 = v10.median(dim=-4)[0]"),
    ),
    Known(
        "factors beside infinities",
        "a product of an infinity and 0 comes into these factors here or there, by the order of the steps",
        "value", r"linalg", "nan",
        ("v0 = T.tensor([[float('inf'), float('inf')], [float('inf'), float('inf')]])", "v10 = T.linalg.qr(v0)[1]"),
    ),
    Known(
        "tangents that are no memory",
        "PyTorch's tangent of a step function is a zero that cannot be changed in place",
        "torch refuses.*", "", "ZeroTensors are immutable",
        ("v0 = T.tensor([0.5], requires_grad=True)", "v10 = v0.sgn()", "v10.add_(-1)"), mode="forward",
    ),
    Known(
        "tangents that keep their shape",
        "of a view of a tensor whose shape is changed in place PyTorch's tangent stays as it was",
        "torch refuses.*", "", "Trying to set a forward gradient that has a different size",
        ("v0 = T.tensor([[0.5]], dtype=T.float64, requires_grad=True)", "v10 = v0.sin().unsqueeze(-1)",
         "v11 = v10[...]", "v10.squeeze_()", "v11.sin_()"), mode="forward",
    ),
    Known(
        "tangents of truth values",
        "PyTorch tries to write a tangent beside a truth value",
        "torch refuses", "", "Autograd not support dtype|new_grad_base",
        ("v0 = T.tensor(0.5, requires_grad=True)", "v1 = T.tensor([True, False])", "v1[v1 > 0] = v0"), mode="forward",
    ),
    Known(
        "dtypes of tangents",
        "PyTorch's tangents of mixed dtypes or halves are of another dtype in some functions, which others refuse",
        "torch refuses", "",
        "same dtype, but|Found dtype \\w+ but expected|dtype to be equal|(the same|expected) scalar type"
        "|dtypes match, got|itensor_view_from_dense expects",
        ("v0 = T.tensor(1.5, dtype=T.float16, requires_grad=True)", "v10 = v0.var(dim=0).reshape(-1)",
         "v1 = T.tensor([-2.5], dtype=T.float16, requires_grad=True)", "v11 = T.cat([v1, v10], 0)",
         "v12 = v11.take(T.tensor([1, 1]))", "v13 = v12.dot(v12)"), mode="forward",
    ),
    Known(
        "no derivative of a quotient rounded down",
        "is refused of whatever has a tangent, also where that is 0 by itself, as PyTorch may know",
        "ours refuses", "//|floor_divide", "derivative for aten::floor_divide is not implemented",
        ("v0 = T.tensor([1.0, 2.0], requires_grad=True)", "v1 = T.tensor([False, True])", "v10 = T.copysign(v1, v0)",
         "v11 = v10 // 2"), mode="forward",
    ),
    Known(
        "halves over almost nothing",
        "the bound that keeps PyTorch's normalize from dividing by 0 is 0 in halves; here it is computed in float32",
        "value", "normalize", "nan",
        ("v0 = T.tensor([[0.0, 0.0]], dtype=T.float16)", "v10 = T.nn.functional.normalize(v0, dim=-1)"),
    ),
    Known(
        "slopes of singular matrices",
        "factors of matrices without an inverse have no slope; what stands there is rounding, NaN or infinite",
        "(tangent|gradient|second gradient).*", r"linalg", r"nan|inf|e\+",
        ("v0 = T.tensor([[0.18975247619292884, 0.18975247619292884], [0.5590378176779642, 0.5590378176779642]],"
         " dtype=T.float64, requires_grad=True)",
         "v10 = T.linalg.qr(v0)[1]"), mode="forward",
    ),
    Known(
        "nothing written to places in nothing",
        "shapes that differ by leading dimensions fit where there is no element, as in NumPy",
        "torch refuses", r"\] = ", "cannot be broadcast to indexing result of shape",
        ("v0 = T.zeros(2, 0)", "v1 = T.zeros(2, 2, 0)", "v0[[1, 0]] = v1"),
    ),
    Known(
        "roots of minus infinity",
        "the square root is NaN in every dtype; PyTorch's `** 0.5` of halves is inf",
        "value", r"\*\* 0.5", "naninf|nan.*inf",
        ("v0 = T.tensor([-float('inf')], dtype=T.float16)", "v10 = v0 ** 0.5"),
    ),
    Known(
        "another name of memory that got a history",
        "PyTorch calls it a leaf, if it was made while the memory had no history",
        "torch refuses", r"", "a leaf Variable that requires grad is being used",
        ("v0 = T.tensor(0.5, dtype=T.float64, requires_grad=True)", "v1 = T.tensor([1.0, 2.0], dtype=T.float64)",
         "v10 = v1.transpose(0, -1)", "v1[[1, 0]] = v0", "v10.square_()"),
    ),
    Known(
        "normalising what is constant",
        "a mean that is rounded leaves differences of its last digit, which layer_norm divides by the root of 1e-5",
        "value", "layer_norm", r"e-0[3-9]|nan|inf",
        ("v0 = T.tensor([[0.99, 0.99, 0.99]], dtype=T.float32)", "v1 = v0 + 1",
         "v10 = T.nn.functional.layer_norm(v1, v1.shape[-1:])"),
    ),
    Known(
        "slopes that are known to be 0",
        "PyTorch marks what comes of constants and steps, which stays 0 in whatever follows; here 0 times infinity is "
        "NaN",
        "(tangent|gradient|second gradient) that is NaN here alone", STEPS, "",
        ("v0 = T.tensor([-1.5], requires_grad=True)", "v1 = T.tensor([1])", "v10 = T.copysign(v1, v0)",
         "v11 = v10.sqrt()"), mode="forward",
    ),
    Known(
        "xlogy beside NaN",
        "its tangent and second slope are NaN with the logarithm; PyTorch's is 0, as of x that does not move at all",
        "(tangent|second gradient) that is NaN here alone", r"xlogy\(", "",
        ("v0 = T.tensor([-0.38], dtype=T.float64, requires_grad=True)", "v7 = T.tensor([], dtype=T.bool)",
         "v13 = T.where(v7, v0, v7)", "v15 = T.nn.functional.elu(v13)", "v16 = v15.view(-1)",
         "v19 = T.tensor([], dtype=T.float64, requires_grad=True)",
         "v15.index_add_(0, T.zeros(0, dtype=T.int64), v19)",
         "v24 = T.tensor([[-0.38, -0.38]], dtype=T.float64, requires_grad=True)", "v26 = v16.mean(dim=-1)",
         "v28 = T.xlogy(v24, v26)"), mode="second",
    ),
    Known(
        "infinities that meet",
        "of the terms of a sum two are infinite, and the order of the steps decides whether they become NaN",
        "(tangent|gradient|second gradient) between NaN and infinity", "", "",
        ("v0 = T.tensor([0.77], dtype=T.float64, requires_grad=True)",
         "v1 = T.tensor([0.0], dtype=T.float64, requires_grad=True)", "v10 = v0 / v1"), mode="forward",
    ),
    Known(
        "products of NaN and 0",
        "the slope of a product has NaN or infinity times 0, which PyTorch takes for 0 where it looks for zeros",
        "(second )?gradient.*", r"prod\(", "nan",
        ("v0 = T.tensor([0.0, 0.0, -0.27, float('nan')], dtype=T.float64, requires_grad=True)", "v10 = v0.prod()"),
        mode="second",
    ),
    Known(
        "the spread of one number",
        "with no freedom left the slope of a variance is 0 over 0; the order of the steps decides what comes of NaN",
        ".*gradient.*|tangent.*", r"(var|std)\(", "nan",
        ("v0 = T.tensor(float('nan'), dtype=T.float64, requires_grad=True)", "v10 = v0.var(dim=0)"),
    ),
    Known(
        "faults that PyTorch reports",
        "PyTorch finds a state of its own that cannot be",
        "torch refuses.*", "", "INTERNAL ASSERT FAILED",
        ("v0 = T.tensor([0.0], dtype=T.float64, requires_grad=True)", "v10 = v0.sgn()", "v11 = v10.norm()"),
        mode="forward",
    ),
)  # fmt: skip


def explain(found: Finding, program: Iterable[str]) -> Known | None:
    """The class that a finding belongs to, or None if it is news."""
    return next((k for k in KNOWN if k.explains(found, program)), None)
