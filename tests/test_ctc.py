"""The loss of sequences that are not aligned: against the sum over all alignments, written out, and PyTorch's."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr

ctc = cr.nn.functional.ctc_loss


def by_hand(p: Any, label: list[int], blank: int) -> float:
    """Minus the logarithm of the probability that a path (T), without repetitions and then blanks, is the label."""
    total = 0.0
    for path in itertools.product(range(p.shape[1]), repeat=len(p)):
        if [c for c, _ in itertools.groupby(path) if c != blank] == label:
            total += math.prod(p[t, c] for t, c in enumerate(path))
    return -math.log(total) if total else math.inf


@pytest.mark.parametrize("blank", [0, 2])
def test_it_is_the_sum_over_all_alignments(rng: Any, blank: int) -> None:
    first, second = sorted({0, 1, 2} - {blank})
    labels = [[first], [first, second, first], [second, second], [], [first, first, first]]
    x = cr.tensor(rng.standard_normal((4, 5, 3))).requires_grad_()
    logp, times = x.log_softmax(-1), [4, 4, 3, 2, 4]
    expected = [
        by_hand(logp.exp().detach().numpy()[:t, i], label, blank) for i, (t, label) in enumerate(zip(times, labels))
    ]
    sizes = cr.tensor([len(label) for label in labels])
    joined = cr.tensor([c for label in labels for c in label])
    padded = cr.tensor([label + [blank] * (3 - len(label)) for label in labels])
    for targets in (joined, padded):
        found = ctc(logp, targets, tuple(times), sizes, blank, "none")
        np.testing.assert_allclose(found.detach(), expected, rtol=1e-12)
    possible = [0.0 if math.isinf(v) else v for v in expected]
    mean = ctc(logp, joined, cr.tensor(times), sizes, blank, zero_infinity=True)
    assert mean.item() == pytest.approx(np.mean([v / max(len(s), 1) for v, s in zip(possible, labels)]))
    assert cr.autograd.gradcheck(
        lambda x: ctc(x.log_softmax(-1), joined, cr.tensor(times), sizes, blank, "sum", zero_infinity=True), x
    )
    alone = ctc(logp[:, 1], padded[1], (4,), (3,), blank)
    assert alone.item() == pytest.approx(expected[1] / 3)


def test_the_layer_learns_a_sequence() -> None:
    x = cr.zeros(6, 1, 3).requires_grad_()
    optimizer, loss = cr.optim.Adam([x], lr=0.3), cr.nn.CTCLoss()
    for _ in range(60):
        optimizer.zero_grad()
        error = loss(x.log_softmax(-1), cr.tensor([[1, 2, 2]]), (6,), (3,))
        error.backward()
        optimizer.step()
    best = x.argmax(-1).flatten().tolist()
    assert error < 0.05 and [c for c, _ in itertools.groupby(best) if c] == [1, 2, 2]


@pytest.mark.parametrize(
    ("times", "sizes", "targets", "message"),
    [
        ((5,), (1,), [[1]], "at most 4, but got value 5"),
        ((4, 4), (1,), [[1]], "1 lengths are needed, but got 2"),
        ((4,), (3,), [[1, 2]], r"targets of size \[1, 3\], as target_lengths say, but got size \[1, 2\]"),
        ((4,), (-1,), [[1]], "at least 0, but got value -1"),
    ],
)
def test_what_does_not_fit_is_refused(times: Any, sizes: Any, targets: Any, message: str) -> None:
    with pytest.raises(RuntimeError, match=message):
        ctc(cr.zeros(4, 1, 3), cr.tensor(targets), times, sizes)


def test_gradients_are_torchs(rng: Any) -> None:
    torch = pytest.importorskip("torch")
    logits, targets = rng.standard_normal((7, 3, 5)), rng.integers(1, 5, (3, 3))
    grads = []
    for lib in (torch, cr):
        x = lib.tensor(logits, requires_grad=True)
        loss = lib.nn.CTCLoss()(x.log_softmax(-1), lib.tensor(targets), (7, 6, 7), (3, 2, 1))
        loss.backward()
        grads.append(x.grad.numpy())
    np.testing.assert_allclose(*grads, rtol=1e-9, atol=1e-12)
