"""A small algebra of whole vectors and matrices, on SymPy's matrix expressions.

SymPy's own rewriting would expand, sort and flatten what a person wants to recognise, so expressions are built here,
unevaluated, in the order in which they were written. A vector is a column. Numbers made of matrices are traces: `a.b`
is Trace(a^T b), the squared length Trace(r^T r), the sum of all elements Trace(1^T v).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.base.language import say
from chainrule.see.derive.algebra import NoFormula, sp

Terms = list[tuple[Any, tuple[Any, ...]]]  # a sum of (coefficient, factors of a product of matrices)


def terms(e: Any) -> Terms:
    """A matrix as a sum of products."""
    if isinstance(e, sp.MatAdd):
        return [t for part in e.args for t in terms(part)]
    if isinstance(e, sp.ZeroMatrix):
        return []
    if isinstance(e, sp.MatMul):
        c = sp.Mul(*[a for a in e.args if not a.is_Matrix])
        return [(c, tuple(a for a in e.args if a.is_Matrix))]
    return [(sp.S.One, (e,))]


def together(parts: Terms, shape: Any) -> Any:
    """The sum of products, equal ones counted together."""
    found: dict[Any, tuple[Any, tuple[Any, ...]]] = {}
    for c, factors in parts:
        key = tuple(map(_unordered, factors))
        before, factors = found.get(key, (sp.S.Zero, factors))
        found[key] = before + c, factors
    built = [term(c, factors) for c, factors in found.values() if c != 0]
    if len(built) < 2:
        return built[0] if built else sp.ZeroMatrix(*shape)
    return sp.MatAdd(*built, evaluate=False)


def _unordered(f: Any) -> Any:
    """What equal matrices share, in whatever order elementwise factors stand."""
    if isinstance(f, sp.HadamardProduct):
        return frozenset(map(_unordered, f.args))
    return (type(f), _unordered(f.args[0])) if isinstance(f, sp.DiagMatrix) else f


def term(c: Any, factors: Sequence[Any]) -> Any:
    """c times a product of matrices."""
    if c == 1 and len(factors) == 1:
        return factors[0]
    return sp.MatMul(*([] if c == 1 else [c]), *factors, evaluate=False)


def one_term(e: Any) -> tuple[Any, tuple[Any, ...]]:
    """A matrix as one product; a sum is a single factor, what all its terms share by size taken out in front."""
    parts = terms(e)
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return sp.S.Zero, (e,)
    first = parts[0][0]
    shared = first if all(c / first in (1, -1) for c, _ in parts) else sp.S.One
    if shared.could_extract_minus_sign() and shared not in [c for c, _ in parts[1:]]:
        shared = -shared
    return shared, (together([(c / shared, f) for c, f in parts], e.shape),)


def scale(c: Any, e: Any) -> Any:
    """c times a matrix; a sum stays in brackets."""
    parts = terms(e)
    if len(parts) > 1 and c not in (1, -1):
        k, factors = one_term(e)
        return together([(c * k, factors)], e.shape)
    return together([(c * k, f) for k, f in parts], e.shape)


def plus(a: Any, b: Any) -> Any:
    """The sum of two matrices."""
    return together(terms(a) + terms(b), a.shape)


def product(a: Any, b: Any) -> Any:
    """The product of two matrices; sums stay in brackets."""
    (c, left), (d, right) = one_term(a), one_term(b)
    if c * d == 0:
        return sp.ZeroMatrix(a.rows, b.cols)
    factors = [f for f in (*left, *right) if not isinstance(f, sp.Identity)]
    if not factors:
        return scale(c * d, sp.Identity(a.rows))
    return together([(c * d, tuple(factors))], (a.rows, b.cols))


def transpose(e: Any) -> Any:
    """A matrix turned over; a sum stays in brackets."""
    c, factors = one_term(e)
    return together([(c, tuple(turned(f) for f in reversed(factors)))], e.shape[::-1])


def turned(f: Any) -> Any:
    """A factor turned over."""
    if isinstance(f, sp.Transpose):
        return f.arg
    if isinstance(f, sp.OneMatrix):
        return sp.OneMatrix(f.cols, f.rows)
    if isinstance(f, (sp.Identity, sp.DiagMatrix)):
        return f
    return sp.Transpose(f)


def constant(e: Any) -> Any:
    """c where a matrix is c in every place, else None."""
    c, factors = one_term(e)
    return sp.S.Zero if c == 0 else c if len(factors) == 1 and isinstance(factors[0], sp.OneMatrix) else None


def everywhere(c: Any, shape: Any) -> Any:
    """The matrix that is c in every place."""
    return scale(c, sp.OneMatrix(*shape))


def times(a: Any, b: Any) -> Any:
    """The elementwise product of two matrices."""
    for c, other in ((constant(a), b), (constant(b), a)):
        if c is not None:
            return scale(c, other)
    (c, left), (d, right) = one_term(a), one_term(b)
    powers: dict[Any, Any] = {}
    for factors in (left, right):
        e = term(sp.S.One, factors)
        for part in e.args if isinstance(e, sp.HadamardProduct) else (e,):
            base, n = part.args if isinstance(part, sp.HadamardPower) else (part, sp.S.One)
            powers[base] = powers.get(base, 0) + n
    made = [_hadamard_power(base, n) for base, n in powers.items() if n != 0]
    if not made:
        return everywhere(c * d, a.shape)
    return scale(c * d, made[0] if len(made) == 1 else sp.HadamardProduct(*made, evaluate=False))


def power(a: Any, n: Any) -> Any:
    """Every element to the power n, a number."""
    c, factors = one_term(a)
    if constant(a) is not None:
        return everywhere(c**n, a.shape)
    e = term(sp.S.One, factors)
    base, k = e.args if isinstance(e, sp.HadamardPower) else (e, sp.S.One)
    return scale(c**n, _hadamard_power(base, k * n))


def _hadamard_power(base: Any, n: Any) -> Any:
    return base if n == 1 else sp.HadamardPower(base, n)


def dot(a: Any, b: Any) -> Any:
    """The sum of a's elements times b's, a number."""
    (c, left), (d, right) = one_term(a), one_term(b)
    if c * d == 0:
        return sp.S.Zero
    return c * d * sp.Trace(sp.MatMul(*[turned(f) for f in reversed(left)], *right, evaluate=False))


def total(e: Any) -> Any:
    """The sum of all elements of a matrix, a number."""
    return sp.Add(*[c * _total(term(sp.S.One, factors)) for c, factors in terms(e)])


def _total(e: Any) -> Any:
    if isinstance(e, sp.OneMatrix):
        return sp.Integer(e.rows * e.cols)
    if isinstance(e, sp.DiagonalOf):
        return sp.Trace(e.args[0])
    if isinstance(e, sp.HadamardPower) and e.exp == 2:
        return dot(e.base, e.base)
    if isinstance(e, sp.HadamardProduct) and len(e.args) == 2:
        return dot(*e.args)
    ones = sp.OneMatrix(1, e.rows)
    c, factors = one_term(e)
    ends = [] if e.cols == 1 else [sp.OneMatrix(e.cols, 1)]
    return c * sp.Trace(sp.MatMul(ones, *factors, *ends, evaluate=False))


def diagonal(v: Any) -> Any:
    """The matrix with a column on its diagonal."""
    c = constant(v)
    if c is not None:
        return scale(c, sp.Identity(v.rows))
    c, factors = one_term(v)
    return scale(c, sp.DiagMatrix(term(sp.S.One, factors)))


def factor_of(e: Any, v: Any) -> Any:
    """The matrix A for which e, linear in the column v, is A v."""
    found: Terms = []
    for c, factors in terms(e):
        if c.has(v):
            for part in sp.Add.make_args(sp.expand(c, deep=False)):
                k, row = _row_of(part, v)
                found += terms(scale(k, product(term(sp.S.One, factors), row)))
            continue
        *before, last = factors
        a = _factor_of(last, v)
        for f in reversed(before):
            a = product(f, a)
        found += terms(scale(c, a))
    return together(found, (e.rows, v.rows))


def _row_of(c: Any, v: Any) -> tuple[Any, Any]:
    """A number linear in the column v as (c, a) with c a v."""
    for t in c.atoms(sp.Trace):
        if t.has(v) and isinstance(t.arg, sp.MatMul) and not (c / t).has(v):
            first, *rest = t.arg.args
            if rest[-1] == v and not sp.MatMul(first, *rest[:-1]).has(v):
                return c / t, term(sp.S.One, [first, *rest[:-1]])
            if first == sp.Transpose(v) and not sp.MatMul(*rest).has(v):
                return c / t, transpose(term(sp.S.One, rest))
    raise NoFormula(say("the Jacobian of this function has no short matrix form"))


def _factor_of(e: Any, v: Any) -> Any:
    if e == v:
        return sp.Identity(v.rows)
    if isinstance(e, sp.MatAdd):
        return factor_of(e, v)
    if isinstance(e, sp.HadamardProduct):
        inner = [a for a in e.args if a.has(v)]
        if len(inner) == 1:
            outer = [a for a in e.args if not a.has(v)]
            rest = outer[0] if len(outer) == 1 else sp.HadamardProduct(*outer, evaluate=False)
            return product(diagonal(rest), factor_of(inner[0], v))
    if e.has(v):
        raise NoFormula(say("the Jacobian of this function has no short matrix form"))
    return sp.ZeroMatrix(e.rows, v.rows)


def collected(e: Any, left: bool) -> Any:
    """A sum of products with what terms have in common, on the left or on the right, taken out of a bracket."""
    groups: dict[Any, Terms] = {}
    for c, factors in terms(e):
        common, rest = (factors[:-1], factors[-1:]) if left else (factors[1:], factors[:1])
        groups.setdefault(common, []).append((c, rest))
    found: Terms = []
    for common, parts in groups.items():
        if not common:
            found += parts
            continue
        inner = together(parts, parts[0][1][0].shape)
        outer = term(sp.S.One, common)
        found += terms(product(outer, inner) if left else product(inner, outer))
    return together(found, e.shape)


def expanded(e: Any) -> Any:
    """Elementwise products of sums multiplied out, in a sum and in the last factors of its products."""
    found: Terms = []
    for c, (*before, last) in terms(e):
        if isinstance(last, sp.MatAdd):
            last = expanded(last)
        elif isinstance(last, sp.HadamardProduct):
            last = _multiplied_out(last)
        found += terms(scale(c, product(term(sp.S.One, before), last) if before else last))
    return together(found, e.shape)


def _multiplied_out(e: Any) -> Any:
    result = sp.OneMatrix(*e.shape)
    for part in e.args:
        pieces = [times(term(c, f), term(d, g)) for c, f in terms(result) for d, g in terms(part)]
        result = together([t for piece in pieces for t in terms(piece)], e.shape)
    return result


def flipped(e: Any) -> Any:
    """A sum of products with -(a - b) written as (b - a)."""
    found: Terms = []
    for c, factors in terms(e):
        at = next((i for i, f in enumerate(factors) if isinstance(f, sp.MatAdd)), None)
        if (
            at is not None
            and c.could_extract_minus_sign()
            and any(k.could_extract_minus_sign() for k, _ in terms(factors[at]))
        ):
            c, factors = -c, (*factors[:at], scale(sp.S.NegativeOne, factors[at]), *factors[at + 1 :])
        found.append((c, factors))
    return together(found, e.shape)
