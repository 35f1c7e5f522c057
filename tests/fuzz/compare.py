"""Two libraries in step: a line is run on both, and whatever can be seen afterwards is compared.

Once compared, numbers of ours are set to PyTorch's, in memory and unseen by the library: rounding does not add up, so a
step or a tie falls alike on both sides, and a line that differs differs by itself. What a change in place cannot reach
is looked at again at the end of the program alone.
"""

from __future__ import annotations

import functools
import itertools
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch

import chainrule as cr

from . import words
from .known import explain

NAME = re.compile(r"\bv\d+\b")
MAKES = re.compile(r"(?:with T\.no_grad\(\): )?(v\d+) = ")
TOLERANCE = {"float64": 1e-8, "float32": 2e-3, "float16": 5e-2}
LARGE = 1e4  # values beyond are dropped: they only make rounding errors large
SPREAD = 1e-5  # standard deviations below are rounding, and their slopes all the more
MERE = " of mere rounding"  # what PyTorch itself says otherwise where its numbers are off by a last digit
MANY = 100  # elements; of larger values there is nothing more to learn
LIVE = 20  # so many values are there at a time; the oldest go first
MODES = ("reverse", "second", "forward")
KINDS = {
    getattr(lib, k): k for lib in (cr, torch) for k in (*TOLERANCE, "bool", "uint8", "int8", "int16", "int32", "int64")
}


class Finding(NamedTuple):
    """A difference: what was compared, the line after which it was seen (or "" at the end), and both sides of it."""

    kind: str
    line: str
    ours: str
    theirs: str

    @property
    def topic(self) -> str:
        """The kind and the operation: findings of one topic are likely one fault."""
        text = NAME.sub("", re.sub(r"^v\d+ = ", "", self.line))
        found = re.findall(r"\.([a-z_0-9]+)\(", text) or re.findall(r"[-+*/%@<>\[]+", text)
        return f"{self.kind}: {found[-1] if found else text}"


def numbers(x: Any) -> np.ndarray[Any, Any]:
    """The values of a tensor of either library, without its history."""
    if not x.dim():  # asking ours for its memory would change how it holds a number
        return np.asarray(x.item(), KINDS[x.dtype])
    return x.detach().numpy()  # type: ignore[no-any-return]


def same(a: Any, b: Any, tolerance: float, scale: float = 1.0) -> bool:
    """Whether two arrays hold the same but for rounding; `scale`: up to which size the largest number counts."""
    if a.shape != b.shape:
        return False
    close = (a == b) | ((a != a) & (b != b))
    if close.all():
        return True
    a, b = a.astype(float), b.astype(float)
    size = min(np.abs(b[np.isfinite(b)]).max(initial=1e-2 if tolerance < 1e-2 else 0.2), scale)  # halves: differences
    return bool((close | (np.abs(a - b) <= tolerance * (np.abs(b) + size))).all())


def show(x: Any) -> str:
    """A value in a line."""
    return np.array2string(np.asarray(x), precision=6, threshold=12).replace("\n", "")


class Pair:
    """The state of a program on both libraries."""

    def __init__(self, mode: str = "reverse", strict: bool = False, random: bool = False) -> None:
        self.mode, self.strict, self.random = mode, strict, random
        self.ours: dict[str, Any] = {}
        self.theirs: dict[str, Any] = {}
        self.leaves: list[tuple[str, Any, Any]] = []
        self.lines: list[str] = []
        self.passed: list[str] = []  # names of the known classes that were met on the way
        self.precision = 0.0
        self.alone = False  # whether a value was changed on one side alone

    def step(self, line: str) -> Finding | None:
        """Run one line; a line that both refuse is left out of the program."""
        makes = MAKES.match(line)
        made = makes[1] if makes else ""
        names = [n for n in dict.fromkeys(NAME.findall(line)) if n != made]
        errors = {lib: _run(line, lib, values, names, made) for lib, values in ((cr, self.ours), (torch, self.theirs))}
        if all(errors.values()):
            return None
        if any(errors.values()):
            found = _refusal(errors, line)
            if not self.strict and self._passes(found):
                self.alone = self.alone or not made  # and what one side has changed alone is looked at no more
                for name in [made] if made else self._reached(names[0]):
                    self._drop(name)
                return None
            self.lines.append(line)
            return found
        self.lines.append(line)
        if not made:
            return self._look(self._reached(names[0]), line, " after a change")
        if not isinstance(self.ours[made], cr.Tensor) or line[0] == "w":
            self._drop(made)  # PyTorch calls a view made under no_grad one that requires a gradient
            return None
        if not names:
            self._leaf(made)
        found = self._look([made], line)
        while self.random and len(self.ours) > LIVE:
            self._drop(next(iter(self.ours)))
        return found

    def _passes(self, found: Finding) -> bool:
        known = explain(found, self.lines)
        if known is None:
            return False
        self.passed.append(known.name)
        return True

    def _drop(self, name: str) -> None:
        self.ours.pop(name, None)
        self.theirs.pop(name, None)

    def _leaf(self, name: str) -> None:
        x, y = self.ours[name], self.theirs[name]
        if not x.requires_grad:
            return
        self.leaves.append((name, x, y))
        if self.mode == "forward":
            weights = np.cos(np.arange(float(x.numel()))).reshape(tuple(x.shape))
            for values, lib in ((self.ours, cr), (self.theirs, torch)):
                tangent = lib.tensor(weights, dtype=getattr(lib, KINDS[y.dtype]))
                values[name] = lib.autograd.forward_ad.make_dual(values[name], tangent)

    def _reached(self, name: str) -> list[str]:
        """What may have changed with a tensor: whatever shares its memory on either side."""
        mine, other = numbers(self.ours[name]), self.theirs[name].untyped_storage()._cdata
        return [
            n for n, y in self.theirs.items()
            if n == name or y.untyped_storage()._cdata == other
            or (mine.ndim and np.may_share_memory(mine, numbers(self.ours[n])))
        ]  # fmt: skip

    def _look(self, names: Iterable[str], line: str, when: str = "") -> Finding | None:
        """The first difference in these values that ends a program; values of a known difference are dropped."""
        for name in names:
            found = self._compare(name, line, when)
            if found is None and self.mode == "forward" and line and not when and name in self.ours:
                found = self._tangent(name, line)  # at once, so that what is computed of it need not be explained
            if found is not None:
                if self.strict or not self._passes(found):
                    return found
                self._drop(name)
        return None

    def _compare(self, name: str, line: str, when: str) -> Finding | None:
        a, b = self.ours[name], self.theirs[name]
        kind = KINDS[b.dtype]
        if KINDS[a.dtype] != kind:
            return Finding("dtype" + when, line, KINDS[a.dtype], kind)
        if a.shape != b.shape:
            return Finding("shape" + when, line, str(list(a.shape)), str(list(b.shape)))
        if a.requires_grad != b.requires_grad:
            return Finding("requires_grad" + when, line, str(a.requires_grad), str(b.requires_grad))
        if a.stride() != b.stride() and _strides(a) != _strides(b):
            of = self._operands(line, name) if not when else ""
            return Finding("strides" + of + when, line, str(_strides(a)), str(_strides(b)))
        x, y = numbers(a), numbers(b)
        tolerance = TOLERANCE.get(kind, 0.0)
        self.precision = max(self.precision, tolerance)
        equal = (x == y).all()
        if not equal and not same(x, y, tolerance):
            found = Finding("value" + when, line, show(x), show(y))
            return self._mere(found, x, y, lambda values, _: numbers(values[name])) if tolerance else found
        if tolerance and not (equal and y.all()):  # zeros have signs
            into = a.detach().numpy()
            if into.flags.writeable:
                into[...] = y
        large = tolerance and y.size and not np.abs(y).max() <= LARGE  # or not finite
        spread = ".std(" in line and y.size and np.abs(y).min() < SPREAD
        if y.size > MANY or spread or (large and np.abs(y[np.isfinite(y)]).max(initial=0) > LARGE):
            self._drop(name)
        return None

    def _operands(self, line: str, name: str) -> str:
        """How what a line reads lies in memory, where that is no plain order."""
        read = [self.theirs[n] for n in dict.fromkeys(NAME.findall(line)) if n != name and n in self.theirs]
        for x in read:
            steps = [s for s, n in zip(x.stride(), x.shape) if n > 1]
            if 0 in steps or len(set(steps)) < len(steps):
                return " of what repeats"
        if any(x.dim() > 3 for x in (*read, self.theirs[name])) and any(1 in x.shape for x in read):
            return " of channels"
        return " of several" if len(read) > 1 else ""

    def overlaps(self, line: str) -> bool:
        """Whether a line changes memory that it reads too, or that lies over itself: PyTorch leaves open what comes."""
        if MAKES.match(line):
            return False
        names = NAME.findall(line)
        if names.count(names[0]) > 1 and "> 0" not in line and "< 0" not in line:
            return True
        first, *others = [self.theirs[n].detach().numpy() for n in dict.fromkeys(names)]
        return _lies_over_itself(first) or any(np.may_share_memory(first, b) for b in others)

    def finish(self) -> Finding | None:
        """Compare all values once more, then gradients, gradients of gradients, or tangents."""
        found = self._look(list(self.theirs), "", " at the end")
        if found is not None:
            return found
        if self.mode == "forward":
            return self._tangents()
        if not self.leaves:
            return None
        names = [n for n, x in self.ours.items() if x.requires_grad and x.numel()]
        found, refused = self._gradients(names)
        if found is None and refused:  # one of them, or a thing that is changed: the others are looked at one by one
            for name in names[:6]:
                found, _ = self._gradients([name])
                if found is not None:
                    break
        return found

    def _gradients(self, names: list[str]) -> tuple[Finding | None, bool]:
        """A difference that is no known one, and whether a side refused."""
        sides = [
            self._pulled(lib, [values[n] for n in names], [leaf[i + 1] for leaf in self.leaves])
            for i, (lib, values) in enumerate(((cr, self.ours), (torch, self.theirs)))
        ]
        for i, ((what, mine), (_, theirs)) in enumerate(zip(*sides)):
            if isinstance(mine, str) or isinstance(theirs, str):
                found = None
                if not isinstance(mine, str):
                    found = Finding(f"torch refuses the {what}", "", "", str(theirs))
                elif not isinstance(theirs, str) and not (self.alone and "by an inplace operation" in mine):
                    found = Finding(f"ours refuses the {what}", "", mine, "")
                return (found if found is not None and (self.strict or not self._passes(found)) else None), True
            for j, ((name, *_), a, b) in enumerate(zip(self.leaves, mine, theirs)):
                found = self._difference(what, name, a, b)
                if found is not None:
                    found = self._mere(found, a, b, partial(self._again, names, i, j))
                if found is not None and (self.strict or not self._passes(found)):
                    return found, False
        return None, False

    def _again(self, names: list[str], i: int, j: int, values: dict[str, Any], leaves: list[Any]) -> Any:
        """The i-th kind of gradient of the j-th leaf, in another run of PyTorch's."""
        return self._pulled(torch, [values[n] for n in names], leaves)[i][1][j]

    def _mere(self, found: Finding, a: Any, b: Any, read: Any) -> Finding:
        """A finding, called one of mere rounding if it is that, and none that is known otherwise."""
        mere = explain(found, self.lines) is None and self._by_rounding(a, b, read)
        return found._replace(kind=found.kind + MERE) if mere else found

    def _by_rounding(self, a: Any, b: Any, read: Callable[[dict[str, Any], list[Any]], Any]) -> bool:
        """Whether PyTorch's own numbers move as far as ours lie apart where what it computes is off by a rounding."""
        with np.errstate(all="ignore"):
            apart, moved = np.abs(a - b).astype(float), np.zeros(b.shape)
        off = 1e-15 if self.precision < 1e-6 else 2e-7 if self.precision < 1e-2 else 1e-3
        for turn in range(4):
            try:
                values, leaves = self._replayed(off * (1 + turn))
                now = np.asarray(read(values, leaves), float)
            except (RuntimeError, KeyError, TypeError, IndexError):
                return False
            moved = np.fmax(moved, np.abs(now - b))
        return bool((apart[np.isfinite(apart)] <= 10 * moved.max(initial=0)).all()) and moved.max(initial=0) > 0

    def _replayed(self, off: float) -> tuple[dict[str, Any], list[Any]]:
        """PyTorch's values and leaves in another run of the lines, with what each makes off by that share."""
        values: dict[str, Any] = {}
        leaves = []
        for line in self.lines:
            makes, names = MAKES.match(line), list(dict.fromkeys(NAME.findall(line)))
            made = makes[1] if makes else ""
            if error := _run(line, torch, values, [n for n in names if n != made], made):
                raise RuntimeError(error)
            x = values.get(made)
            if isinstance(x, torch.Tensor) and x.is_floating_point() and 0 not in x.stride():
                x.data.mul_(1 + off * torch.cos(torch.arange(x.numel(), dtype=torch.float64)).reshape(x.shape))
                if names == [made] and x.requires_grad:
                    leaves.append(x)
        return values, leaves

    def _difference(self, what: str, line: str, a: Any, b: Any, name: str = "") -> Finding | None:
        if self.precision > 1e-2 and not (np.isfinite(a).all() and np.isfinite(b).all()):
            return None  # halves that overflow here or there
        if self.precision > 1e-2 and what == "second gradient":
            return None  # rounded at each step of two ways
        if same(a, b, self.precision * (1 if self.precision < 1e-6 else 5), np.inf):
            return None
        lost = np.isnan(b) & ~np.isnan(a)
        if lost.any() and same(np.where(lost, 0, a), np.where(lost, 0, b), self.precision, np.inf):
            what += " that PyTorch loses"
        apart = lost | (np.isnan(a) & np.isinf(b))
        if (
            apart.any()
            and "loses" not in what
            and same(*(np.where(apart, 0, x) for x in (a, b)), self.precision, np.inf)
        ):
            what += " between NaN and infinity"
        alone = np.isnan(a) & np.isfinite(b)
        if alone.any() and same(*(np.where(alone, 0, x) for x in (a, b)), self.precision, np.inf):
            what += " that is NaN here alone"
        if what == "tangent" and self._by_gradients(name, a):
            what += " that PyTorch's backward contradicts"
        return Finding(what, line, show(a), show(b))

    def _pulled(self, lib: Any, values: list[Any], leaves: list[Any]) -> list[tuple[str, Any]]:
        results: list[tuple[str, Any]] = []
        try:
            loss = _weighed(lib, values)
            again = self.mode == "second"
            first = lib.autograd.grad(loss, leaves, allow_unused=True, create_graph=again, retain_graph=True)
            results.append(("gradient", _arrays(first, leaves)))
            chained = _weighed(lib, [g for g in first if g is not None]) if again else loss
            if again and chained.requires_grad:
                second = lib.autograd.grad(chained, leaves, allow_unused=True, retain_graph=True)
                results.append(("second gradient", _arrays(second, leaves)))
        except Exception as e:
            results.append(("second gradient" if results else "gradient", f"{type(e).__name__}: {e}"))
        return results

    def _tangents(self) -> Finding | None:
        for name in list(self.ours):
            made = [line for line in self.lines if f"{name} = " in line]
            found = self._tangent(name, made[-1] if made else name)
            if found is not None and (self.strict or not self._passes(found)):
                return found
        return None

    def _tangent(self, name: str, line: str) -> Finding | None:
        got = []
        for lib, values in ((cr, self.ours), (torch, self.theirs)):
            try:
                t = lib.autograd.forward_ad.unpack_dual(values[name]).tangent
            except RuntimeError as e:
                if lib is cr:
                    return Finding("ours refuses the tangent", name, str(e), "")
                return Finding("torch refuses the tangent", name, "", str(e))
            got.append(np.asarray(_array(t, values[name]), float))
        if got[1].shape != tuple(self.theirs[name].shape):  # a view's, that changed its shape
            return None
        return self._difference("tangent", line, *got, name)

    def _by_gradients(self, name: str, tangent: np.ndarray[Any, Any]) -> bool:
        """Whether our tangent is what PyTorch's gradients of the same program say."""
        values: dict[str, Any] = {}
        leaves = []
        for line in self.lines:
            makes, names = MAKES.match(line), list(dict.fromkeys(NAME.findall(line)))
            made = makes[1] if makes else ""
            if _run(line, torch, values, [n for n in names if n != made], made):
                return False
            if names == [made] and values[made].requires_grad:
                leaves.append(values[made])
                values[made] = values[made].clone()  # what asks for a gradient itself is not changed in place
        try:
            slopes = torch.autograd.grad(_weighed(torch, [values[name]]), leaves, allow_unused=True)
        except RuntimeError:
            return False
        want = sum(g.reshape(-1).to(torch.float64).numpy() @ _WEIGHTS[: g.numel()] for g in slopes if g is not None)
        mine = _WEIGHTS[1 : tangent.size + 1] @ tangent.reshape(-1)
        return bool(np.isfinite(mine)) and same(np.asarray(mine), np.asarray(want), max(5 * self.precision, 1e-6))


def _refusal(errors: dict[Any, str | None], line: str) -> Finding:
    """What it means that one side has refused a line."""
    if errors[cr]:
        return Finding("ours refuses", line, errors[cr] or "", "")
    return Finding("torch refuses", line, "", errors[torch] or "")


def _run(line: str, lib: Any, values: dict[str, Any], names: list[str], made: str) -> str | None:
    """Run a line on one side; the error as words, or None."""
    order = {n: f"a{i}" for i, n in enumerate(names)}
    scope = {"T": lib, **{a: values[n] for n, a in order.items()}}
    try:
        exec(_code(NAME.sub(lambda m: order.get(m[0], "made"), line)), scope)
    except Exception as e:
        return f"{type(e).__name__}: {e}"
    if made:
        values[made] = scope["made"]
    else:
        values[names[0]] = scope["a0"]
    return None


@functools.lru_cache(maxsize=20_000)
def _code(text: str) -> Any:
    return compile(text, "<line>", "exec")


def _lies_over_itself(a: np.ndarray[Any, Any]) -> bool:
    """Whether two elements are in one place."""
    places = np.zeros((), int)
    for n, stride in zip(a.shape, a.strides):
        places = places[..., None] + np.arange(n) * stride
    return len(np.unique(places)) < a.size


def _strides(x: Any) -> list[int]:
    """Where elements lie; what a dimension of one element says does not matter."""
    return [s for n, s in zip(x.shape, x.stride()) if n > 1] if x.numel() else []


_WEIGHTS = np.cos(np.arange(100_000.0))


def _weighed(lib: Any, xs: list[Any]) -> Any:
    """One number that depends on all the values of these tensors."""
    flat = lib.cat([lib.zeros(1, dtype=lib.float64), *[x.reshape(-1).to(lib.float64) for x in xs]])
    return (flat * lib.from_numpy(_WEIGHTS[: len(flat)])).sum()


def _arrays(gs: Iterable[Any], leaves: list[Any]) -> list[Any]:
    return [_array(g, x) for g, x in zip(gs, leaves)]


def _array(g: Any, x: Any) -> Any:
    # A zero of PyTorch's that has no memory ends the process when it is read.
    if g is None or (isinstance(g, torch.Tensor) and g._is_zerotensor()):
        return np.zeros(tuple(x.shape))
    return g.detach().numpy(force=True)


def play(lines: Iterable[str], mode: str, strict: bool = False) -> tuple[Pair, Finding | None]:
    """Run a given program; lines that mention what is not there any more are passed over.

    strict: stop at differences, too, that a random program passes over.
    """
    return _play(lambda pair: iter(lines), mode, strict=strict)


def random_program(seed: int, mode: str, size: int) -> tuple[Pair, Finding | None]:
    """Make up a program of `size` lines while it runs."""
    rng = words.Rng(f"{mode} {seed}")

    def lines(pair: Pair) -> Iterator[str]:
        for i in itertools.count():
            if len(pair.lines) >= size:
                return
            few = i < 3 or len(pair.ours) < 3 or rng.random() < 0.02
            yield f"v{i} = {words.leaf(rng)}" if few else words.line(rng, pair.ours, f"v{i}")

    return _play(lines, mode, random=True)


def _play(
    lines: Callable[[Pair], Iterable[str]], mode: str, strict: bool = False, random: bool = False
) -> tuple[Pair, Finding | None]:
    pair = Pair(mode, strict, random)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        if mode != "forward":
            return pair, _through(pair, lines)
        with cr.autograd.forward_ad.dual_level(), torch.autograd.forward_ad.dual_level():
            return pair, _through(pair, lines)


def _through(pair: Pair, lines: Callable[[Pair], Iterable[str]]) -> Finding | None:
    for line in lines(pair):
        makes = MAKES.match(line)
        if all(n in pair.ours or (makes and n == makes[1]) for n in NAME.findall(line)):
            if not pair.strict and pair.overlaps(line):  # as when it was made up, so also when it is made small
                continue
            found = pair.step(line)
            if found is not None:
                return found
    return pair.finish()
