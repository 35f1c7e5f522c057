"""Two libraries in step: a line is run on both, and whatever can be seen afterwards is compared.

Where values differ by more than rounding, the line is run again on the same numbers: if both then agree, an earlier
difference in the last place had only been made larger (a step, a tie, a cancellation), and the value is dropped.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import torch

import chainrule as cr

from . import words
from .known import explain

NAME = re.compile(r"\bv\d+\b")
MAKES = re.compile(r"v\d+ = ")
TOLERANCE = {"float64": 1e-8, "float32": 2e-3, "float16": 5e-2}
LARGE = 1e4  # values beyond are dropped: they only make rounding errors large
MODES = ("reverse", "second", "forward")


class Finding(NamedTuple):
    """A difference: what was compared, the line after which it was seen (or "" at the end), and both sides of it."""

    kind: str
    line: str
    ours: str
    theirs: str

    @property
    def topic(self) -> str:
        """The kind and the operation: findings of one topic are likely one fault."""
        text = NAME.sub("", self.line.split(" = ", 1)[-1] if MAKES.match(self.line) else self.line)
        found = re.findall(r"\.([a-z_0-9]+)\(", text) or re.findall(r"[-+*/%@<>\[]+", text)
        return f"{self.kind}: {found[0] if found else text}"


def numbers(x: Any) -> np.ndarray[Any, Any]:
    """The values of a tensor of either library, without its history."""
    return np.asarray(x.detach().numpy(force=True) if isinstance(x, torch.Tensor) else x.detach().numpy())


def same(a: Any, b: Any, tolerance: float) -> bool:
    """Whether two arrays hold the same but for rounding."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if a.shape != b.shape:
        return False
    with np.errstate(all="ignore"):
        close = (a == b) | (np.isnan(a) & np.isnan(b))
        if close.all():
            return True
        scale = np.abs(b[np.isfinite(b)]).max(initial=1e-3)
        return bool((close | (np.abs(a - b) <= tolerance * (np.abs(b) + min(scale, 1.0)))).all())


def show(x: Any) -> str:
    """A value in a line."""
    return np.array2string(np.asarray(x), precision=6, threshold=12).replace("\n", "")


class Pair:
    """The state of a program on both libraries."""

    def __init__(self, mode: str = "reverse", strict: bool = False) -> None:
        self.mode, self.strict = mode, strict
        self.ours: dict[str, Any] = {"T": cr}
        self.theirs: dict[str, Any] = {"T": torch}
        self.leaves: list[str] = []
        self.lines: list[str] = []
        self.precision = 0.0

    @property
    def env(self) -> dict[str, Any]:
        """The values that are there on both sides."""
        return {n: x for n, x in self.ours.items() if n[0] == "v" and n in self.theirs}

    def step(self, line: str) -> Finding | None:
        """Run one line; a line that both refuse is left out of the program."""
        code = compile(line, "<program>", "exec")
        made = line.split(" ")[0] if MAKES.match(line) else ""
        error = [self._run(code, names) for names in (self.ours, self.theirs)]
        if all(error):
            return self._all_same(line)
        if any(error):
            if error[0]:
                found = Finding("ours refuses", line, error[0], "")
            else:
                found = Finding("torch refuses", line, "", error[1] or "")
            explained = explain(found)
            if explained is not None and explained.passing and not self.strict:
                self._drop(made)
                return None
            self.lines.append(line)
            return found
        self.lines.append(line)
        if not made:
            quiet = re.search(r"no_grad\(\): (v\d+) = ", line)
            if quiet:  # PyTorch calls such a view one that requires a gradient
                self._drop(quiet[1])
            return self._all_same(line)
        if not isinstance(self.ours[made], cr.Tensor):
            self._drop(made)
            return None
        if not NAME.search(line[len(made) :]):
            self._leaf(made)
        found = self._compare(made, line)
        explained = explain(found) if found is not None else None
        if (explained is not None and explained.passing and not self.strict) or (
            found is not None and found.kind == "value" and self._rounding(line, made)
        ):
            found = None
            self._drop(made)
        return found

    def _run(self, code: Any, names: dict[str, Any]) -> str | None:
        try:
            exec(code, names)
        except Exception as e:
            return f"{type(e).__name__}: {e}"
        return None

    def _drop(self, name: str) -> None:
        self.ours.pop(name, None)
        self.theirs.pop(name, None)

    def _leaf(self, name: str) -> None:
        x = self.ours[name]
        if x.requires_grad:
            self.leaves.append(name)
            if self.mode == "forward":
                weights = np.cos(np.arange(float(x.numel()))).reshape(tuple(x.shape))
                for names, lib in ((self.ours, cr), (self.theirs, torch)):
                    kind = getattr(lib, str(x.dtype).split(".")[1])
                    names[name] = lib.autograd.forward_ad.make_dual(names[name], lib.tensor(weights, dtype=kind))

    def _compare(self, name: str, line: str) -> Finding | None:
        a, b = self.ours[name], self.theirs[name]
        kind = str(b.dtype).split(".")[1]
        for what, mine, other in (
            ("dtype", str(a.dtype).split(".")[1], kind),
            ("shape", list(a.shape), list(b.shape)),
            ("requires_grad", a.requires_grad, b.requires_grad),
            ("strides", _strides(a), _strides(b)),
        ):
            if mine != other:
                return Finding(what + self._operands(line, name) * (what == "strides"), line, str(mine), str(other))
        x, y = numbers(a), numbers(b)
        if kind in TOLERANCE:
            self.precision = max(self.precision, TOLERANCE[kind])
        if not same(x, y, self.precision if kind in TOLERANCE else 0.0):
            return Finding("value", line, show(x), show(y))
        if y.size and np.abs(y[np.isfinite(y)].astype(float)).max(initial=0) > LARGE:
            self._drop(name)
        return None

    def _operands(self, line: str, name: str) -> str:
        """How what a line reads lies in memory, where that is no plain order."""
        read = [self.theirs[n] for n in dict.fromkeys(NAME.findall(line)) if n != name and n in self.theirs]
        if any(s == 0 and n > 1 for x in read for s, n in zip(x.stride(), x.shape)):
            return " of what repeats"
        return " of several" if len([x for x in read if x.dim() > 1]) > 1 else ""

    def _all_same(self, line: str) -> Finding | None:
        for name in self.env:
            found = self._compare(name, line)
            if found is not None:
                return found._replace(kind=f"{found.kind} after a change")
        return None

    def _rounding(self, line: str, made: str) -> bool:
        """Whether both sides agree about the line once they start from the same numbers."""
        given = {n: numbers(self.theirs[n]) for n in set(NAME.findall(line)) - {made}}
        got = []
        for lib in (cr, torch):
            names = {"T": lib, **{n: lib.tensor(a.copy()) for n, a in given.items()}}
            if self._run(compile(line, "<again>", "exec"), names):
                return False
            got.append(numbers(names[made]))
        return same(*got, TOLERANCE.get(got[1].dtype.name, 0.0))

    def overlaps(self, line: str) -> bool:
        """Whether a line changes memory that it reads too, or that lies over itself: PyTorch leaves open what comes."""
        if MAKES.match(line):
            return False
        arrays = [numbers(self.ours[n]) for n in dict.fromkeys(NAME.findall(line)) if n in self.ours]
        if line.count(arrays and NAME.findall(line)[0]) > 1 and "> 0" not in line and "< 0" not in line:
            return True
        self_overlap = any(a.size * a.itemsize > _extent(a) for a in arrays[:1])
        return self_overlap or any(np.may_share_memory(arrays[0], b) for b in arrays[1:])

    def finish(self) -> Finding | None:
        """Compare gradients, gradients of gradients, or tangents."""
        if self.mode == "forward":
            return self._tangents()
        sides = [self._gradients(lib, names) for lib, names in ((cr, self.ours), (torch, self.theirs))]
        for (what, mine), (_, theirs) in zip(*sides):
            if isinstance(mine, str) or isinstance(theirs, str):
                if not isinstance(mine, str):
                    return Finding(f"torch refuses the {what}", "", "", str(theirs))
                if not isinstance(theirs, str):
                    return Finding(f"ours refuses the {what}", "", mine, "")
                return None
            for name, a, b in zip(self.leaves, mine, theirs):
                loose = self.precision * (1 if self.precision < 1e-6 else 5)
                if self.precision > 1e-2 and not (np.isfinite(a).all() and np.isfinite(b).all()):
                    return None  # halves that overflow here or there
                if not same(a, b, loose):
                    return Finding(what, f"{name}", show(a), show(b))
        return None

    def _gradients(self, lib: Any, names: dict[str, Any]) -> list[tuple[str, Any]]:
        leaves = [names[n] for n in self.leaves]
        if not leaves:
            return []
        results: list[tuple[str, Any]] = []
        values = [names[n] for n in self.env]
        try:
            loss = _weighed(lib, [x if x.requires_grad else None for x in values])
            first = lib.autograd.grad(loss, leaves, allow_unused=True, create_graph=self.mode == "second")
            results.append(("gradient", _arrays(first, leaves)))
            if self.mode == "second":
                chained = _weighed(lib, first)
                if chained.requires_grad:
                    second = lib.autograd.grad(chained, leaves, allow_unused=True)
                    results.append(("second gradient", _arrays(second, leaves)))
        except Exception as e:
            results.append(("second gradient" if results else "gradient", f"{type(e).__name__}: {e}"))
        return results

    def _tangents(self) -> Finding | None:
        for name in self.env:
            got = []
            for lib, names in ((cr, self.ours), (torch, self.theirs)):
                try:
                    t = lib.autograd.forward_ad.unpack_dual(names[name]).tangent
                except RuntimeError as e:
                    if lib is cr:
                        return Finding("ours refuses the tangent", name, str(e), "")
                    return Finding("torch refuses the tangent", name, "", str(e))
                got.append(np.zeros(tuple(names[name].shape)) if t is None else numbers(t))
            if self.precision > 1e-2 and not all(np.isfinite(a).all() for a in got):
                continue
            if not same(*got, self.precision * (1 if self.precision < 1e-6 else 5)):
                made = [line for line in self.lines if f"{name} = " in line]
                return Finding("tangent", made[-1] if made else name, show(got[0]), show(got[1]))
        return None


def _extent(a: np.ndarray[Any, Any]) -> int:
    """How many bytes there are from the first element to the end of the last."""
    return a.itemsize + sum((n - 1) * abs(s) for n, s in zip(a.shape, a.strides)) if a.size else 0


def _strides(x: Any) -> list[int]:
    """Where elements lie; what a dimension of one element says does not matter."""
    return [s for n, s in zip(x.shape, x.stride()) if n > 1] if x.numel() else []


def _weighed(lib: Any, xs: Iterable[Any]) -> Any:
    total = lib.zeros((), dtype=lib.float64)
    for i, x in enumerate(xs):
        if x is None:
            continue
        weights = np.cos(np.arange(float(x.numel())) + i).reshape(tuple(x.shape))
        total = total + (x.to(lib.float64) * lib.tensor(weights, dtype=lib.float64)).sum()
    return total


def _arrays(gs: Iterable[Any], leaves: list[Any]) -> list[Any]:
    return [np.zeros(tuple(x.shape)) if g is None else numbers(g) for g, x in zip(gs, leaves)]


def play(lines: Iterable[str], mode: str, strict: bool = False) -> tuple[Pair, Finding | None]:
    """Run a given program; lines that mention what is not there any more are passed over.

    strict: stop at differences, too, that a random program passes over.
    """
    return _play(lambda pair: iter(lines), mode, strict=strict)


def random_program(seed: int, mode: str, size: int) -> tuple[Pair, Finding | None]:
    """Make up a program of `size` lines while it runs."""
    rng = np.random.default_rng([seed, MODES.index(mode)])

    def lines(pair: Pair) -> Iterable[str]:
        for i in range(rng.integers(2, 5)):
            yield f"v{i} = {words.leaf(rng)}"
        for i in range(size):
            if not pair.env or rng.random() < 0.03:
                yield f"v{i + 10} = {words.leaf(rng)}"
            else:
                yield words.line(rng, pair.env, f"v{i + 10}")

    return _play(lines, mode, skip=True)


def _play(
    lines: Callable[[Pair], Iterable[str]], mode: str, skip: bool = False, strict: bool = False
) -> tuple[Pair, Finding | None]:
    pair = Pair(mode, strict)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        if mode != "forward":
            return pair, _through(pair, lines, skip)
        with cr.autograd.forward_ad.dual_level(), torch.autograd.forward_ad.dual_level():
            return pair, _through(pair, lines, skip)


def _through(pair: Pair, lines: Callable[[Pair], Iterable[str]], skip: bool) -> Finding | None:
    for line in lines(pair):
        made = set(re.findall(r"(?:^|: )(v\d+) = ", line))
        if set(NAME.findall(line)) <= set(pair.env) | made and not (skip and pair.overlaps(line)):
            found = pair.step(line)
            if found is not None:
                return found
    return pair.finish()
