"""What a line of a program may say: a line is Python text, so that a program can be printed and run.

`line(rng, env)` makes one from the names in `env` (name -> a tensor of ours, asked for its shape and dtype, and whether
there is NaN in it).
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np

Env = dict[str, Any]

SHAPES = ((), (1,), (2,), (3,), (2, 3), (3, 2), (1, 3), (2, 1), (2, 2), (2, 1, 3), (2, 3, 2), (0, 2))
WHOLE = ("int64", "int64", "int32", "uint8", "int8", "bool")


class Rng(random.Random):
    """What decides about a program: random numbers, and which kinds of floats there are in it."""

    def __init__(self, seed: str) -> None:
        super().__init__(seed)
        self.forward = seed.startswith("forward")
        self.floats = self.choice([("float64",)] * 3 + [("float64", "float32"), ("float64", "float32", "float16")])
        self.dtypes = self.floats * 9 + WHOLE

    def upto(self, n: int) -> int:
        """A number from 0 to n - 1."""
        return int(self.random() * n)


# Left out, as PyTorch's own answers are wrong: `frac`, `fmod`, `remainder` (the tangent is shared with the operand's,
# and an in-place change of one changes both), `logcumsumexp` (the slope is NaN beside -inf), `hardsigmoid` (the slope
# is a sixth in float32, whatever the dtype), `atan2` (of small integers the squares overflow in the slope). So are
# `diff` of nothing, which is the tensor itself, lerps by an infinite weight, `normalize`, where rounding decides which
# way nothing points, and `qr`, of whose factors the same is true where a matrix has no inverse.
UNARY = """abs neg sin cos tanh sigmoid exp2 expm1 atan asinh erf relu square reciprocal sign floor ceil trunc round
    sqrt log log1p rsqrt sgn isnan isinf isfinite logical_not signbit positive softplus silu gelu elu selu celu
    leaky_relu hardswish mish logsigmoid softsign tanhshrink softshrink hardtanh relu6 hardshrink
    contiguous clone detach float float int64 bool""".split()
NN = set("softplus silu gelu elu selu celu leaky_relu hardtanh relu6 hardswish hardsigmoid mish logsigmoid softsign "
         "tanhshrink hardshrink softshrink".split())  # fmt: skip
# Their slopes at NaN depend on the element's place in PyTorch: its vectors of four have others than what is left over.
# And the sign of NaN is that of the steps to it.
NUMBERS = {"signbit", "softshrink", "hardtanh", "relu6", "hardshrink", "hardswish", "elu", "celu", "selu"}
BINARY = """add sub mul true_divide maximum minimum fmax fmin hypot eq ne lt le gt ge logical_and logical_or
    logical_xor floor_divide copysign logaddexp xlogy""".split()
CHOICES = "maximum minimum fmax fmin".split()  # where operands tie PyTorch's tangents are not what its gradients are
REDUCE = "sum mean prod amax amin logsumexp var std norm nansum all any count_nonzero argmax argmin".split()
ALONG = "cumsum cumprod softmax log_softmax sort max min median cummax cummin argsort flip diff".split()
IN_PLACE = "sin_ tanh_ relu_ abs_ neg_ zero_ sigmoid_ square_ floor_ clamp_ fill_ exp2_ masked_fill_".split()
IN_PLACE_2 = "add_ sub_ mul_ copy_ maximum div_".split()
SHAPE_IN_PLACE = "t_ unsqueeze_ squeeze_ transpose_".split()


def leaf(rng: Rng) -> str:
    """A tensor made of numbers: gradients are asked for where they can be."""
    shape, dtype = rng.choice(SHAPES), rng.choice(rng.dtypes)
    special = rng.random() < 0.1
    flat = [_number_of(rng, dtype, special) for _ in range(math.prod(shape))]
    asks = ", requires_grad=True" if dtype.startswith("float") and 0 not in shape and rng.random() < 0.8 else ""
    made = f"T.tensor({_nested(flat, shape)}, dtype=T.{dtype}{asks})"
    return f"{made}.reshape{shape}" if 0 in shape else made


def _number_of(rng: Rng, dtype: str, special: bool) -> str:
    if special and dtype.startswith("float") and rng.random() < 0.3:
        return rng.choice(["float('inf')", "-float('inf')", "float('nan')", "0.0", "1.0"])
    if dtype == "bool":
        return rng.choice(["False", "True"])
    return str(round(rng.gauss(0, 1), 2) + 0.0 if dtype[0] == "f" else rng.upto(9) - 4 * (dtype[0] == "i"))


def _nested(flat: list[str], shape: tuple[int, ...]) -> str:
    if not shape:
        return flat[0]
    each = len(flat) // max(shape[0], 1)
    return "[" + ", ".join(_nested(flat[i * each : (i + 1) * each], shape[1:]) for i in range(shape[0])) + "]"


def line(rng: Rng, env: Env, name: str) -> str:
    """One line that may well make sense; `name` is what its result would be called."""
    while True:
        made = rng.choices(MAKERS, cum_weights=WEIGHTS)[0](rng, env)
        if made is not None:
            return made.replace("NEW", name)


def _any(rng: Rng, env: Env, fits: Callable[[Any], bool] | None = None) -> str | None:
    """A name whose tensor fits, the later the likelier."""
    names = list(env) if fits is None else [n for n, x in env.items() if fits(x)]
    if not names:
        return None
    return names[max(len(names) - 1 - int(rng.expovariate(0.25)), 0)]


def _of(rng: Rng, words: list[str]) -> str:
    return words[rng.upto(len(words))]


def _dim(rng: Rng, env: Env, x: str) -> int:
    n = env[x].dim()
    return rng.upto(2 * n) - n if n else rng.upto(2) - 1


def _keep(rng: Rng) -> str:
    return ", keepdim=True" if rng.random() < 0.3 else ""


def _floats(x: Any) -> bool:
    return bool(x.dtype.is_floating_point)


def _unary(rng: Rng, env: Env) -> str | None:
    f, x = _of(rng, UNARY), _any(rng, env)
    if f in NUMBERS and x and bool(env[x].isnan().any()):
        return None
    if f in NN:
        return f"NEW = T.nn.functional.{f}({x})"
    if f in ("float", "int64", "bool"):
        return f"NEW = {x}.to(T.{rng.choice(rng.floats) if f == 'float' else f})"
    return f"NEW = {x}.{f}()"


def _binary(rng: Rng, env: Env) -> str | None:
    f, x, y = _of(rng, BINARY), _any(rng, env), _any(rng, env)
    if rng.forward and f in CHOICES and x and y and _tie(env[x], env[y]):
        return None
    if f == "copysign" and y and bool(env[y].isnan().any()):
        return None
    return f"NEW = T.{f}({x}, {y})"


def _tie(x: Any, y: Any) -> bool:
    """Whether elements of two tensors are equal, or one is NaN."""
    try:
        return not bool(((x < y) | (x > y)).all())
    except RuntimeError:  # shapes that do not meet
        return False


def _number(rng: Rng, env: Env) -> str | None:
    number = _of(rng, ["2", "0.5", "-1.5", "3", "0", "True", "1e-3", "float('inf')"])
    form = _of(rng, ["{x} + {n}", "{x} * {n}", "{n} - {x}", "{x} / {n}", "{n} / {x}", "{x} ** {n}", 
                     "{x}.clamp({n})", "{x} > {n}", "{x} // {n}", "T.where({x} > 0, {x}, {n})", "{x}.lerp({x}, {n})",
                     "{x}.pow(2)", "T.add({x}, {x}, alpha=2)", "{x}.nan_to_num()"])  # fmt: skip
    if "lerp" in form and "inf" in number:
        return None
    return "NEW = " + form.format(x=_any(rng, env), n=number)


def _reduce(rng: Rng, env: Env) -> str | None:
    f, x = _of(rng, REDUCE), _any(rng, env)
    if x is None:
        return None
    if rng.random() < 0.4 and f not in ("logsumexp",):
        return f"NEW = {x}.{f}()"
    over = _dim(rng, env, x)
    keep = _keep(rng) if f != "count_nonzero" else ""
    return f"NEW = {x}.{f}(dim={over}{keep})"


def _along(rng: Rng, env: Env) -> str | None:
    f, x = _of(rng, ALONG), _any(rng, env)
    if x is None:
        return None
    d = _dim(rng, env, x)
    if f == "diff" and not env[x].numel():
        return None
    if f == "flip":
        return f"NEW = {x}.flip(({d},))"
    stable = ", stable=True" if f in ("sort", "argsort") else ""
    several = f in ("sort", "max", "min", "median", "cummax", "cummin")
    return f"NEW = {x}.{f}(dim={d}{stable})" + ("[0]" if several else "")


def _slice(rng: Rng) -> str:
    return _of(rng, ["0", "-1", "1:", ":1", "::2", ":", "None", "...", ":-1", "1"])


def _place(rng: Rng, n: int) -> str:
    parts = [_slice(rng) for _ in range(1 + rng.upto(max(n, 1)))]
    if parts.count("...") > 1:
        parts = [p for p in parts if p != "..."]
    return ", ".join(parts) or "..."


def _view(rng: Rng, env: Env) -> str | None:
    x = _any(rng, env)
    if x is None:
        return None
    n, shape = env[x].dim(), list(env[x].shape)
    d, e = _dim(rng, env, x), _dim(rng, env, x)
    size = env[x].numel()
    forms = [f"{x}[{_place(rng, n)}]", f"{x}[{_place(rng, n)}]", f"{x}.unsqueeze({d})", f"{x}.squeeze()",
             f"{x}.reshape(-1)", f"{x}.view(-1)", f"{x}.detach()", f"{x}.expand({[2, *shape]})", f"{x}.ravel()",
             f"{x}.permute({rng.sample(range(n), n)})", f"{x}.view({shape})"]  # fmt: skip
    if n:
        forms += [f"{x}.transpose({d}, {e})", f"{x}.narrow({d}, 0, 1)", f"{x}.select({d}, 0)", f"{x}.unbind({d})[0]",
                  f"{x}.chunk(2, {d})[-1]", f"{x}.flatten()", f"{x}.movedim({d}, {e})", f"{x}.unfold({d}, 2, 1)",
                  f"{x}.split(1, {d})[0]", f"{x}.repeat({[2] * n})", f"{x}.roll(1, {d})"]  # fmt: skip
    if n >= 2:
        forms += [f"{x}.mT", f"{x}.diagonal()", f"{x}.tril()", f"{x}.triu(1)", f"{x}.T" if n == 2 else f"{x}.mT"]
    if size and size % 2 == 0:
        forms += [f"{x}.reshape(2, -1)", f"{x}.view(-1, 2)", f"{x}.as_strided((2,), (1,))"]
    return "NEW = " + _of(rng, forms)


def _positions(rng: Rng, n: int, count: int | None = None) -> str:
    return str([rng.upto(n) for _ in range(count or 1 + rng.upto(3))])


def _index(rng: Rng, env: Env) -> str | None:
    x = _any(rng, env, lambda a: a.dim() > 0)
    if x is None:
        return None
    shape = list(env[x].shape)
    d = rng.upto(len(shape))
    ids = _any(rng, env, lambda a: a.dtype.is_floating_point is False and str(a.dtype)[-5:] in ("int64", ".bool"))
    p = f"T.tensor({_positions(rng, shape[d])})"
    like = [1] * len(shape)
    like[d] = -1
    forms = [f"{x}[{_positions(rng, shape[0])}]", f"{x}.index_select({d}, {p})", f"{x}[{x} > 0]",
             f"{x}.gather({d}, {p}.reshape({like}))", f"{x}.take({p})", f"{x}[..., {_positions(rng, shape[-1])}]",
             f"{x}.masked_select({x} < 0.5)", f"{x}[{_positions(rng, shape[0], 2)}, ...]"]  # fmt: skip
    if ids:
        forms += [f"{x}[{ids}]"] * 3
    return "NEW = " + _of(rng, forms)


def _scatter(rng: Rng, env: Env) -> str | None:
    x = _any(rng, env, lambda a: a.dim() > 0)
    if x is None:
        return None
    shape = list(env[x].shape)
    d = rng.upto(len(shape))
    y = _any(rng, env, lambda a: list(a.shape) == shape and a.dtype == env[x].dtype) or x
    ids = f"T.tensor({_positions(rng, shape[d], shape[d])})" if shape[d] else "T.zeros(0, dtype=T.int64)"
    like = [1] * len(shape)
    like[d] = -1
    wide = f"{ids}.reshape({like}).expand({shape})"
    dash = "_" if rng.random() < 0.4 else ""
    forms = [f"{x}.scatter_add{dash}({d}, {wide}, {y})", f"{x}.index_add{dash}({d}, {ids}, {y})",
             f"{x}.index_fill{dash}({d}, {ids}, 0.5)", f"{x}.masked_fill{dash}({x} > 0, 2.0)",
             f"{x}.index_put{dash}(({ids},), {y}, accumulate=True)" if d == 0 else
             f"{x}.masked_fill{dash}({y} < 0, 1.0)",
             f"{x}.scatter{dash}({d}, T.arange({shape[d]}).reshape({like}).expand({shape}), {y})"]  # fmt: skip
    return ("" if dash else "NEW = ") + _of(rng, forms)


def _join(rng: Rng, env: Env) -> str | None:
    x = _any(rng, env)
    if x is None:
        return None
    y = _any(rng, env, lambda a: a.shape == env[x].shape) or x
    d = _dim(rng, env, x)
    return "NEW = " + _of(rng, [f"T.cat([{x}, {y}], {d})", f"T.stack([{x}, {y}], {d})", f"T.stack([{y}, {x}])"])


def _product(rng: Rng, env: Env) -> str | None:
    x = _any(rng, env, lambda a: a.dim() > 0)
    y = x and _any(rng, env, lambda b: b.dim() > 0 and b.dtype == env[x].dtype)
    return y and "NEW = " + _of(rng, [f"{x} @ {y}", f"T.einsum('i,j->ij', {x}.reshape(-1), {y}.reshape(-1))",
                                     f"T.outer({x}, {y})", f"{x}.reshape(-1).dot({y}.reshape(-1))"])  # fmt: skip


def _choose(rng: Rng, env: Env) -> str | None:
    c, x = _any(rng, env, lambda a: str(a.dtype).endswith("bool")), _any(rng, env)
    return f"NEW = T.where({c or f'{x} > 0'}, {x}, {_any(rng, env)})"


def _change(rng: Rng, env: Env) -> str | None:
    f, x = _of(rng, IN_PLACE), _any(rng, env)
    given = {"clamp_": "-1, 1", "fill_": "0.3", "masked_fill_": f"{x} > 0.5, 0.1"}.get(f, "")
    return f"{x}.{f}({given})"


def _change_two(rng: Rng, env: Env) -> str | None:
    f, x, y = _of(rng, IN_PLACE_2), _any(rng, env), _any(rng, env)
    number = _of(rng, ["2", "0.5", "-1"])
    if f == "maximum":
        return f"{x} {_of(rng, ['+', '*', '-'])}= {_of(rng, [str(y), number])}"
    return f"{x}.{f}({y})" if f == "copy_" or rng.random() < 0.6 else f"{x}.{f}({number})"


def _set(rng: Rng, env: Env) -> str | None:
    x = _any(rng, env, lambda a: a.dim() > 0)
    if x is None:
        return None
    many = max(env[x].shape[0], 1)
    once = rng.sample(range(many), min(many, 1 + rng.upto(3)))  # of two values in one place we
    place = _of(rng, [_place(rng, env[x].dim()), repr(once), f"{x} > 0"])  # give the slope to the last
    return f"{x}[{place}] = {_of(rng, [str(_any(rng, env)), '0.7', '0'])}"


def _reshape_in_place(rng: Rng, env: Env) -> str | None:
    x = _any(rng, env)
    if x is None:
        return None
    d = _dim(rng, env, x)
    return f"{x}." + _of(rng, ["t_()", f"unsqueeze_({d})", "squeeze_()", f"transpose_({d}, {_dim(rng, env, x)})"])


def _no_grad(rng: Rng, env: Env) -> str | None:
    inner = _of(rng, ["view", "change", "view"])
    made = {"view": _view, "change": _change}[inner](rng, env)
    return made and f"with T.no_grad(): {made}"


def _pool(rng: Rng, env: Env) -> str | None:
    x = _any(rng, env, lambda a: a.dim() == 2 and _floats(a) and a.numel() > 0)
    f = _of(rng, ["max_pool1d({x}, 2, 1, 1)", "avg_pool1d({x}, 2, 1, 1)", "adaptive_avg_pool1d({x}, 2)",
                  "pad({x}, (1, 1))", "pad({x}, (1, 1), mode='replicate')",
                  "layer_norm({x}, {x}.shape[-1:])", "interpolate({x}[None], scale_factor=2)",
                  "conv1d({x}[None], {x}[None, :, :1] + 1)"])  # fmt: skip
    return x and f"NEW = T.nn.functional.{f.format(x=x)}"


def _loss(rng: Rng, env: Env) -> str | None:
    x = _any(rng, env, _floats)
    y = x and _any(rng, env, lambda a: a.shape == env[x].shape and a.dtype == env[x].dtype)
    f = _of(rng, ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "binary_cross_entropy_with_logits"])
    how = _of(rng, ["mean", "sum", "none"])
    if x and f[:5] in ("smoot", "huber") and bool((env[x] - env[y]).isnan().any()):
        return None  # where a loss is NaN PyTorch's second slope is 0
    return x and f"NEW = T.nn.functional.{f}({x}, {y}.detach(), reduction='{how}')"


def _factor(rng: Rng, env: Env) -> str | None:
    x = _any(rng, env, lambda a: a.dim() >= 2 and a.shape[-1] == a.shape[-2] and _floats(a))
    if x is None:
        return None
    forms = ["T.linalg.det({x})", "T.linalg.norm({x})"]
    if _regular(env[x]):  # of others rounding decides about the size of everything
        forms += ["T.linalg.inv({x})", "T.linalg.solve({x}, {x})", "T.linalg.cholesky({x} @ {x}.mT + 1)",
                  "T.linalg.svdvals({x})"]  # fmt: skip
    return f"NEW = {_of(rng, forms).format(x=x)}"


def _regular(x: Any) -> bool:
    a = x.detach().double().numpy()
    return bool(a.size and np.isfinite(a).all() and (np.linalg.cond(a) < 100).all())


def _retain(rng: Rng, env: Env) -> str | None:
    x = _any(rng, env, lambda a: a.requires_grad)
    return x and f"{x}.retain_grad()"


MAKERS, _EACH = zip(
    (_unary, 4), (_binary, 5), (_number, 2), (_reduce, 3), (_along, 2), (_view, 6), (_index, 3), (_scatter, 3),
    (_join, 2), (_product, 1), (_choose, 1.5), (_change, 4), (_change_two, 3), (_set, 2.5), (_reshape_in_place, 0.5),
    (_no_grad, 1), (_pool, 0.5), (_loss, 0.4), (_factor, 0.3), (_retain, 0.3),
)  # fmt: skip
WEIGHTS = tuple(itertools.accumulate(_EACH))
