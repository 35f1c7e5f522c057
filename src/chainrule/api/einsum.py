"""Einstein summation: letters name dimensions, letters that the result does not name are summed.

Any number of operands becomes diagonals and sums of single ones, then products of pairs (`contract`), the pair that
leaves the fewest numbers first. `contract_all` takes labels instead of an equation; tensordot and its like use it.
"""

from __future__ import annotations

import itertools
import string
from collections.abc import Sequence
from typing import Any

from chainrule.api.public import named, public
from chainrule.base import dtypes
from chainrule.base.shapes import numel
from chainrule.core.tensor import Tensor
from chainrule.ops import contract as products
from chainrule.ops import reduce, views

Labels = list[Any]  # what a tensor's dimensions are called: letters, and numbers for those under an ellipsis


@public(method=False)
def einsum(equation: str, *operands: Any) -> Tensor:
    """Sum products of the operands' elements as the equation says.

    equation: letters for the dimensions of each operand, commas between operands, and after an arrow those of the
        result (without an arrow: the letters that occur once, in alphabetical order). `...` stands for dimensions that
        broadcast.
    operands: tensors of one dtype. A repeated letter takes a diagonal; a dimension of size 1 broadcasts.

    >>> import chainrule as cr
    >>> a = cr.tensor([[1., 2.], [3., 4.]])
    >>> cr.einsum("ij,jk->ik", a, a)
    tensor([[ 7., 10.],
            [15., 22.]])
    >>> cr.einsum("ii", a)
    tensor(5.)
    """
    xs = list(operands[0]) if len(operands) == 1 and isinstance(operands[0], (list, tuple)) else list(operands)
    for x in xs:
        if not isinstance(x, Tensor):
            raise TypeError(f"einsum(): expected the operands to be Tensors, but got {type(x).__name__}")
    labels, out = _parse(equation, [len(x._a.shape) for x in xs])
    return contract_all(xs, labels, out)


# -------------------------------------------------------------------------------------------------- reading an equation


def _parse(equation: str, ndims: Sequence[int]) -> tuple[list[Labels], Labels]:
    text = equation.replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(ndims):
        much = "fewer" if len(ndims) < len(terms) else "more"
        raise RuntimeError(f"einsum(): {much} operands were provided than specified in the equation")
    labels = [_labels(term, equation, n, i) for i, (term, n) in enumerate(zip(terms, ndims))]
    dots = sorted({c for names in labels for c in names if isinstance(c, int)})
    if not arrow:
        letters = sorted(c for names in labels for c in names if not isinstance(c, int))
        return labels, [*dots, *(c for c in letters if letters.count(c) == 1)]
    out: Labels = []
    for c in _tokens(right, equation):
        if c == "...":
            out.extend(dots)
        elif c in out:
            raise RuntimeError(f"einsum(): output subscript {c} appears more than once in the output")
        elif not any(c in names for names in labels):
            raise RuntimeError(
                f"einsum(): output subscript {c} does not appear in the equation for any input operand ({equation!r})"
            )
        else:
            out.append(c)
    return labels, out


def _labels(term: str, equation: str, ndim: int, i: int) -> Labels:
    """A term's labels; dimensions under the ellipsis are numbered from the right: ..., -2, -1."""
    tokens = _tokens(term, equation)
    letters = [c for c in tokens if c != "..."]
    if len(tokens) - len(letters) > 1:
        raise RuntimeError(f'einsum(): found "." for operand {i} for which an ellipsis was already found')
    if len(letters) == len(tokens) and len(letters) != ndim:
        raise RuntimeError(
            f"einsum(): the number of subscripts in the equation ({len(letters)}) does not match the number of "
            f"dimensions ({ndim}) for operand {i} and no ellipsis was given"
        )
    if len(letters) > ndim:
        raise RuntimeError(
            f"einsum(): the number of subscripts in the equation ({len(letters)}) is more than the number of "
            f"dimensions ({ndim}) for operand {i}"
        )
    hidden = range(len(letters) - ndim, 0)
    return [d for c in tokens for d in (hidden if c == "..." else (c,))]


def _tokens(term: str, equation: str) -> list[str]:
    tokens, i = [], 0
    while i < len(term):
        n = 3 if term.startswith("...", i) else 1
        c = term[i : i + n]
        if c != "..." and c not in string.ascii_letters:
            raise RuntimeError(
                f"einsum(): invalid subscript given at index {equation.find(c)} in the equation string, subscripts "
                f"must be in [a-zA-Z] ({equation!r})"
            )
        tokens.append(c)
        i += n
    return tokens


# ------------------------------------------------------------------------------------------------------------ computing


def contract_all(xs: Sequence[Tensor], labels: Sequence[Labels], out: Labels) -> Tensor:
    """The sum over all labels that are not in `out` of the product of `xs`, whose dimensions are called `labels`."""
    sizes = _sizes(xs, labels)
    parts = [_plain(x, names, sizes, i) for i, (x, names) in enumerate(zip(xs, labels))]
    while len(parts) > 1:
        i, j = _cheapest(parts, out, sizes) if len(parts) > 2 else (0, 1)
        rest = [x for k, x in enumerate(parts) if k not in (i, j)]
        if len(parts) == 2 and _kept(parts[1][1], parts[0][1], out) == out != _kept(parts[0][1], parts[1][1], out):
            i, j = 1, 0  # so that the product lies in the order that is asked for
        parts = [_pair(parts[i], parts[j], [*out, *(c for _, names in rest for c in names)]), *rest]
    x, names = parts[0]
    gone = tuple(i for i, c in enumerate(names) if c not in out)
    if gone:
        x, names = named(reduce.sum(x, dim=gone, keepdim=False), "SumBackward1"), [c for c in names if c in out]
    if names == out:
        return x if xs[0] is not x else views.alias(x)
    return views.permute(x, dims=tuple(names.index(c) for c in out))  # type: ignore[no-any-return]


def _sizes(xs: Sequence[Tensor], labels: Sequence[Labels]) -> dict[Any, int]:
    sizes: dict[Any, int] = {}
    for i, (x, names) in enumerate(zip(xs, labels)):
        for c, n in zip(names, x._a.shape):
            seen = sizes.get(c, 1)
            if seen != n and 1 not in (seen, n):
                if not isinstance(c, str):
                    raise RuntimeError(f"einsum(): operands do not broadcast: the ellipsis covers sizes {seen} and {n}")
                if names.count(c) > 1:
                    raise RuntimeError(_uneven(c, i, n, seen))
                raise RuntimeError(
                    f"einsum(): subscript {c} has size {n} for operand {i} which does not broadcast with previously "
                    f"seen size {seen} (operands of shapes {', '.join(str(list(x._a.shape)) for x in xs)})"
                )
            sizes[c] = n if seen == 1 else seen
    return sizes


def _uneven(c: str, i: int, one: int, two: int) -> str:
    return f"einsum(): subscript {c} is repeated for operand {i} but the sizes don't match, {one} != {two}"


def _plain(x: Tensor, names: Labels, sizes: dict[Any, int], at: int) -> tuple[Tensor, Labels]:
    """x with each label once, and without the dimensions of size 1 that broadcast."""
    names = list(names)
    for c in [c for c in dict.fromkeys(names) if names.count(c) > 1]:
        while names.count(c) > 1:
            i = names.index(c)
            j = names.index(c, i + 1)
            if x._a.shape[i] != x._a.shape[j]:
                raise RuntimeError(_uneven(c, at, x._a.shape[j], x._a.shape[i]))
            x = views.diagonal(x, offset=0, dim1=i, dim2=j)
            names = [d for k, d in enumerate(names) if k not in (i, j)] + [c]
    ones = [i for i, c in enumerate(names) if x._a.shape[i] == 1 != sizes[c]]
    if ones:
        x = views.reshape(x, shape=tuple(n for i, n in enumerate(x._a.shape) if i not in ones))
        names = [c for i, c in enumerate(names) if i not in ones]
    return x, names


def kind(dtype: Any) -> str:
    """An element type as PyTorch's product errors call it: Float, Double, Long, ..."""
    return dtypes.of(dtype).legacy.removesuffix("Tensor")


def _pair(one: tuple[Tensor, Labels], two: tuple[Tensor, Labels], wanted: Labels) -> tuple[Tensor, Labels]:
    (x, a), (y, b) = one, two
    if x._a.dtype != y._a.dtype:
        raise RuntimeError(f"expected scalar type {kind(x._a.dtype)} but found {kind(y._a.dtype)}")
    letter = dict(zip(dict.fromkeys([*a, *b]), string.ascii_letters))
    kept = _kept(a, b, wanted)
    equation = "{},{}->{}".format(*("".join(letter[c] for c in names) for names in (a, b, kept)))
    return products.contract(x, y, equation=equation), kept


def _kept(a: Labels, b: Labels, wanted: Labels) -> Labels:
    return [c for c in a if c in wanted] + [c for c in b if c in wanted and c not in a]


def _cheapest(parts: list[tuple[Tensor, Labels]], out: Labels, sizes: dict[Any, int]) -> tuple[int, int]:
    """The pair whose product is smallest against what it replaces."""

    def growth(pair: tuple[int, int]) -> int:
        i, j = pair
        others = {c for k, (_, names) in enumerate(parts) if k not in pair for c in names} | set(out)
        a, b = parts[i][1], parts[j][1]
        return numel(sizes[c] for c in {*a, *b} & others) - numel(sizes[c] for c in a) - numel(sizes[c] for c in b)

    return min(itertools.combinations(range(len(parts)), 2), key=growth)
