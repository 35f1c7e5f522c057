"""Sums over data as loops: where a loss adds up the same terms for each point, one of them is written, not all."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.core.op import REGISTRY
from chainrule.see.page.data import names, renamed
from chainrule.see.page.emit import function, listed
from chainrule.see.page.scalar import Expr, apply, constant

Term = tuple[float, Expr]


def looped(results: Sequence[Expr], count: int, size: int) -> tuple[list[Expr], list[Expr]] | None:
    """For some results, what is in each without the data, and what each point adds to it: in `D[size*k+i]`, its
    coordinates, and `D[count*size+k]`. None where points do not add the same.
    """
    rest: list[Expr] = []
    by_point: list[list[Expr]] = [[] for _ in range(count)]
    for result in results:
        parts: list[list[Term]] = [[] for _ in range(count)]
        alone: list[Term] = []
        for term in terms(result):
            points = {_point(n, count, size) for n in names(term[1]) if n.startswith("D")}
            if len(points) > 1:
                return None
            (parts[points.pop()] if points else alone).append(term)
        rest.append(total(alone))
        for k, part in enumerate(parts):
            by_point[k].append(total(part))
    made = [[renamed(x, _own(k, count, size)) for x in point] for k, point in enumerate(by_point)]
    texts = {function("x,k", point, listed) for point in made}
    return (rest, made[0]) if len(texts) == 1 and count > 1 else None


def terms(x: Expr) -> list[Term]:
    """What a value is the sum of, each with a factor."""
    found: list[Term] = []
    stack: list[Term] = [(1.0, x)]
    while stack:
        factor, top = stack.pop()
        a, b = (*top.args, None, None)[:2]
        sign = REGISTRY[top.op].columns.get("operator") if top.op in REGISTRY else None
        if sign and sign in "+-" and a is not None and b is not None:
            stack += [(-factor if sign == "-" else factor, b), (factor, a)]
        elif top.op == "neg" and a is not None:
            stack.append((-factor, a))
        elif sign and sign in "*/" and b is not None and b.value is not None and a is not None:
            stack.append((factor * b.value if sign == "*" else factor / b.value, a))
        elif sign == "*" and a is not None and a.value is not None and b is not None:
            stack.append((factor * a.value, b))
        elif top.value != 0:
            found.append((factor, top))
    return found


def total(parts: Sequence[Term]) -> Expr:
    """The sum of terms."""
    result = constant(0.0)
    for factor, x in parts:
        result = apply(REGISTRY["add"], (result, apply(REGISTRY["mul"], (x, constant(factor)))))
    return result


def _point(name: str, count: int, size: int) -> int:
    at = int(name[2:-1])
    return at // size if at < count * size else at - count * size


def _own(k: int, count: int, size: int) -> dict[str, str]:
    own = {f"D[{size * k + i}]": f"D[{size}*k+{i}]" for i in range(size)}
    return own | {f"D[{count * size + k}]": f"D[{count * size}+k]"}


def source(results: Sequence[Expr], count: int, size: int, *, single: bool) -> str | None:
    """Results as a JavaScript function of x that goes over the points, or None."""
    found = looped(results, count, size)
    if found is None:
        return None
    rest, one = (function("x,k", part, (lambda names: names[0]) if single else listed) for part in found)
    if single:
        return (
            f"((rest,one)=>(x)=>{{\nlet sum=rest(x,0);\nfor(let k=0;k<{count};k++)sum+=one(x,k);\nreturn sum;}})"
            f"({rest},{one})"
        )
    return (
        f"((rest,one)=>(x)=>{{\nconst sums=rest(x,0);\nfor(let k=0;k<{count};k++){{const part=one(x,k);\n"
        f"for(let i=0;i<part.length;i++)sums[i]+=part[i];}}\nreturn sums;}})({rest},{one})"
    )
