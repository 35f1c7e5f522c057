"""Conformance with PyTorch, by PyTorch's own operator database: every operator, all of its sample inputs.

    python conformance/opinfo.py [--ops REGEX] [--report report.csv] [--update]

PyTorch tests itself with a database (`op_db`) of its operators, each with a function that yields sample inputs. Here
every sample runs through both libraries, and values, shapes, dtypes and gradients must agree. An operator's verdict is
its worst sample's:

    wrong    a value, shape, dtype or gradient differs, and nothing was said: the worst there is
    refused  an error was raised where PyTorch has an answer
    missing  there is no function of that name
    pass     all samples agree

`known_gaps.csv` lists the operators that do not pass, each with a reason. It is held to both ways: one that fails and
is not listed is an error, and so is one that is listed and passes.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import re
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.testing._internal.common_methods_invocations import op_db

import chainrule as cr

GAPS = Path(__file__).with_name("known_gaps.csv")
UNSORTED = "unsorted"
RANK = ["wrong", "refused", "missing", "pass"]

# What is not an operator on strided real tensors: other number systems, layouts, PyTorch's internals and plumbing.
OUT_OF_SCOPE = re.compile(
    r"complex|cfloat|cdouble|chalf|polar$|fft\.|stft|linalg\.eig$|linalg\.eigvals$"  # complex numbers
    r"|half$|bfloat16|quantiz|sparse"  # other formats
    r"|^torch\.ops|^_|_backward$|_copy$|unsafe_|jiterator|hash_tensor|nonzero_static|lowrank|^slice$|^sgn$"  # internals
    r"|geqrf|ormqr|ldl_"  # LAPACK's own packing
    r"|^cauchy|^exponential|^geometric|^log_normal|^uniform"  # in-place samplers
)
SEED = 42  # which the database sets itself for operators that draw
ARBITRARY = re.compile("empty|resize")  # memory that was never written: shape and dtype are all that can agree


class Wrong(Exception):
    """The results differ."""


@dataclass
class Verdict:
    """What became of one operator."""

    operator: str
    state: str
    good: int = 0
    samples: int = 0
    first: str = ""


# --------------------------------------------------------------------------------------------- from one to the other


def named(op: Any) -> str:
    """The operator's name with its variant's."""
    return f"{op.name}.{op.variant_test_name}" if op.variant_test_name else str(op.name)


# Where the database calls an operator otherwise than its users do: the samples' arguments are in another order, or the
# operator is wrapped.
CALLED: dict[str, Callable[..., Any]] = {
    "einsum": lambda tensors, equation: cr.einsum(equation, *tensors),
    "linalg.lstsq.grad_oriented": lambda a, b, driver: cr.linalg.lstsq(a, b, driver=driver)[:2],
    "linalg.pinv.singular": lambda a, b: cr.linalg.pinv(a @ b.mT),
    "nn.functional.embedding": lambda weight, index, **k: cr.nn.functional.embedding(index, weight, **k),
    "nn.functional.embedding_bag": lambda weight, index, **k: cr.nn.functional.embedding_bag(index, weight, **k),
    "normal.number_mean": lambda std, mean, *size, **k: cr.normal(mean, std, *size, **k),
    "rand_like": lambda x, **k: cr.randn_like(x, **k),
    "where": lambda x, condition, other: cr.where(condition, x, other),
    "zero_": lambda x: cr.zero_(x.clone()),
}


def function(op: Any) -> Callable[..., Any]:
    """chainrule's function, method or property for an operator; raises AttributeError if there is none."""
    if named(op) in CALLED:
        lookup(op.name)
        return CALLED[named(op)]
    if op.name.endswith("polygamma"):
        polygamma = lookup(op.name)
        return lambda x, n: polygamma(int(n), x)
    try:
        return lookup(op.name)
    except AttributeError:
        if "." in op.name or not hasattr(cr.Tensor, op.name):
            raise
    if callable(getattr(cr.Tensor, op.name)):
        return lambda x, *args, **kwargs: getattr(x, op.name)(*args, **kwargs)
    return lambda x: getattr(x, op.name)


def lookup(name: str) -> Callable[..., Any]:
    """A function by its dotted name."""
    found: Any = cr
    for part in name.split("."):
        found = getattr(found, part)
    if not callable(found):
        raise AttributeError(name)
    return found  # type: ignore[no-any-return]


def translated(x: Any, leaves: list[Any]) -> Any:
    """An argument for chainrule; tensors that want gradients are noted in `leaves`, in order."""
    if isinstance(x, torch.Tensor):
        t = cr.tensor(x.detach().numpy().copy(), dtype=translated(x.dtype, leaves))
        if x.requires_grad:
            leaves.append(t.requires_grad_())
        return t
    if isinstance(x, torch.dtype):
        return getattr(cr, str(x).split(".")[1])
    if isinstance(x, (torch.device, torch.layout, torch.memory_format)):
        return getattr(cr, str(x).split(".")[-1], str(x))
    if isinstance(x, (list, tuple)):
        parts = [translated(y, leaves) for y in x]
        return parts if isinstance(x, list) else tuple(parts)
    if isinstance(x, dict):
        return {k: translated(v, leaves) for k, v in x.items()}
    if isinstance(x, torch.nn.PairwiseDistance):
        return cr.nn.PairwiseDistance(x.norm, x.eps, x.keepdim)
    return x


def flat(x: Any, kind: Any) -> Iterator[Any]:
    """All objects of a kind in a nest of tuples, lists and dicts."""
    if isinstance(x, kind):
        yield x
    elif isinstance(x, (list, tuple, dict)):
        for y in x.values() if isinstance(x, dict) else x:
            yield from flat(y, kind)


# ------------------------------------------------------------------------------------------------------------ judging


def compare(what: str, theirs: torch.Tensor, mine: Any, values: bool = True, atol: float = 1e-7) -> None:
    """Raise Wrong unless shape, dtype and values agree."""
    if tuple(theirs.shape) != tuple(mine.shape):
        raise Wrong(f"{what}: shape {tuple(mine.shape)} for {tuple(theirs.shape)}")
    if str(theirs.dtype).split(".")[-1] != str(mine.dtype).split(".")[-1]:
        raise Wrong(f"{what}: dtype {mine.dtype} for {theirs.dtype}")
    if values:
        a, b = mine.detach().numpy(), theirs.detach().resolve_conj().resolve_neg().numpy()
        if not np.allclose(a, b, rtol=1e-5, atol=atol, equal_nan=True):
            worst = np.nanargmax(np.where(a == b, 0, np.abs(np.subtract(a, b, dtype=float))))
            raise Wrong(f"{what}: {np.ravel(a)[worst]} for {np.ravel(b)[worst]} at {worst} of {np.size(a)}")


def judge(op: Any, f: Callable[..., Any], sample: Any) -> None:
    """Run one sample through both; raises Wrong where they differ, or whatever chainrule raises."""
    args, kwargs = (sample.input, *sample.args), sample.kwargs
    with torch.random.fork_rng():  # samples that follow are the same
        torch.manual_seed(SEED)
        theirs = op.op(*args, **kwargs)
    cr.manual_seed(SEED)
    leaves: list[Any] = []
    mine = f(*translated(args, leaves), **translated(kwargs, leaves))
    determined = sample.output_process_fn_grad  # what of a factorisation does not hang on the choice of signs
    theirs, mine = determined(theirs), determined(mine)
    outs, my_outs = list(flat(theirs, torch.Tensor)), list(flat(mine, cr.Tensor))
    if len(outs) != len(my_outs):
        raise Wrong(f"{len(my_outs)} tensors for {len(outs)}")
    if not outs and list(flat(theirs, (bool, int, float))) != list(flat(mine, (bool, int, float))):
        raise Wrong(f"{mine!r} for {theirs!r}")
    arbitrary = bool(ARBITRARY.search(op.name))
    for i, (a, b) in enumerate(zip(outs, my_outs)):
        compare(f"result {i}", a, b, values=not arbitrary)
    xs = [x for x in flat([args, kwargs], torch.Tensor) if x.requires_grad]
    pairs = [(a, b) for a, b in zip(outs, my_outs) if a.requires_grad]
    if op.supports_autograd and xs and pairs and not arbitrary:
        compare_gradients(pairs, xs, leaves)


def compare_gradients(pairs: list[tuple[Any, Any]], xs: list[Any], leaves: list[Any]) -> None:
    """Raise Wrong unless the gradients of a random projection of the results agree; None counts as zeros."""
    rng = np.random.default_rng(0)
    seeds = [rng.standard_normal(tuple(a.shape)) for a, _ in pairs]
    if not all(b.requires_grad for _, b in pairs):
        raise Wrong("a result has no history")
    theirs = torch.autograd.grad(
        [a for a, _ in pairs],
        xs,
        [torch.tensor(s, dtype=a.dtype) for s, (a, _) in zip(seeds, pairs)],
        allow_unused=True,
    )
    mine = cr.autograd.grad(
        [b for _, b in pairs],
        leaves,
        [cr.tensor(s, dtype=b.dtype) for s, (_, b) in zip(seeds, pairs)],
        allow_unused=True,
    )
    for i, (a, b, x) in enumerate(zip(theirs, mine, xs)):
        if a is not None or b is not None:
            zeros = torch.zeros_like(x)
            compare(f"gradient {i}", zeros if a is None else a, cr.tensor(zeros.numpy()) if b is None else b, atol=1e-6)


def verdict(number: int) -> Verdict:
    """Judge an operator of the database, given by its place there."""
    op = op_db[number]
    torch.set_num_threads(1)
    torch.manual_seed(0)
    warnings.simplefilter("ignore")
    result = Verdict(named(op), "pass")
    try:
        f = function(op)
    except Exception as e:
        return Verdict(named(op), "missing", first=str(e))
    for sample in op.sample_inputs("cpu", torch.float64, requires_grad=op.supports_autograd):
        result.samples += 1
        try:
            judge(op, f, sample)
            result.good += 1
        except Exception as e:
            state = "wrong" if isinstance(e, Wrong) else "refused"
            if RANK.index(state) < RANK.index(result.state):
                result.state = state
                result.first = f"{type(e).__name__}: {e}"
    result.first = " ".join(result.first.split())[:200]
    return result


# ----------------------------------------------------------------------------------------------------------- reporting


def in_scope(pattern: str) -> list[int]:
    """The places in the database of the operators to judge."""
    return [
        i
        for i, op in enumerate(op_db)
        if torch.float64 in op.dtypes
        and not OUT_OF_SCOPE.search(op.name)
        and op.variant_test_name not in ("in_place", "partial_views")  # of samplers, and of memory that overlaps
        and re.search(pattern, named(op))
    ]


def read_gaps() -> dict[str, str]:
    """The operators known not to pass, and why."""
    if not GAPS.exists():
        return {}
    with GAPS.open(newline="") as file:
        return {row["operator"]: row["reason"] for row in csv.DictReader(file)}


def write_gaps(gaps: dict[str, str]) -> None:
    """Rewrite the list, by reason and name."""
    with GAPS.open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["operator", "reason"])
        rows.writerows(sorted(gaps.items(), key=lambda row: (row[1], row[0])))


def report(path: str, verdicts: list[Verdict]) -> None:
    """Write all verdicts as CSV."""
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["operator", "state", "good", "samples", "first"])
        rows.writerows([v.operator, v.state, v.good, v.samples, v.first] for v in verdicts)


def main() -> int:
    """Judge, report, and compare with the list of known gaps."""
    parser = argparse.ArgumentParser(description="Compare chainrule with PyTorch on PyTorch's operator database.")
    parser.add_argument("--ops", default="", metavar="REGEX", help="only operators whose name matches")
    parser.add_argument("--report", default="", metavar="CSV", help="write every verdict there")
    parser.add_argument("--update", action="store_true", help=f"rewrite {GAPS.name} to what is so now")
    parser.add_argument("--all", action="store_true", help="show the known gaps too")
    parser.add_argument("--jobs", type=int, default=4, help="processes")
    a = parser.parse_args()
    began = time.monotonic()
    with multiprocessing.get_context("fork").Pool(a.jobs) as pool:
        verdicts = [v for v in pool.imap_unordered(verdict, in_scope(a.ops)) if v.samples or v.state == "missing"]
    verdicts.sort(key=lambda v: (RANK.index(v.state), v.operator))
    if a.report:
        report(a.report, verdicts)

    gaps = read_gaps()
    states = {v.operator: v.state for v in verdicts}
    failing = [v for v in verdicts if v.state != "pass"]
    closed = sorted(name for name in gaps if states.get(name) == "pass" or (not a.ops and name not in states))
    fresh = [v for v in failing if v.operator not in gaps]
    for v in failing if a.all else fresh:
        print(f"{v.state:8} {v.operator:45} {v.good}/{v.samples}  {gaps.get(v.operator, '')}  {v.first}")
    counts = Counter(v.state for v in verdicts)
    print(
        f"{counts['pass']} of {len(verdicts)} operators pass ({100 * counts['pass'] / max(len(verdicts), 1):.1f}%); "
        f"wrong {counts['wrong']}, refused {counts['refused']}, missing {counts['missing']}; "
        f"samples {sum(v.good for v in verdicts)}/{sum(v.samples for v in verdicts)}; {time.monotonic() - began:.0f} s"
    )
    if a.update:
        kept = {name: why for name, why in gaps.items() if name not in closed}
        write_gaps(kept | {v.operator: UNSORTED for v in fresh})
        return 0
    for v in fresh:
        print(f"new gap: {v.operator} ({v.state}). Mend it, or list it with a reason in {GAPS.name} (--update adds it)")
    for name in closed:
        print(f"closed gap: {name}. Remove it from {GAPS.name} (--update does)")
    return int(bool(fresh or closed))


if __name__ == "__main__":
    sys.exit(main())
