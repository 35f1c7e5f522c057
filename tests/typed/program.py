"""A user's program of all faces of the package; `test_typed.py` checks that a type checker finds its mistakes alone."""

from __future__ import annotations

from typing import Any, assert_type

import numpy as np

import chainrule as cr
from chainrule import Tensor, nn, no_grad, optim
from chainrule.descend.result import Result
from chainrule.nn import functional as F

cr.manual_seed(0)
x = cr.linspace(-1.0, 1.0, 32).reshape(-1, 1)
target = cr.sin(3 * x) + 0.1 * cr.randn(32, 1)
assert_type(x, Tensor)
assert_type(target * 2 - x / 3 + 1.5, Tensor)
assert_type(x @ x.T, Tensor)
assert_type((x > 0) & (x < 1), Tensor)
assert_type(x[0], Tensor)


class Net(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.first = nn.Linear(1, hidden)
        self.scale = nn.Parameter(cr.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.first(x)).sum(dim=1, keepdim=True) * self.scale


net = Net(8)
optimizer = optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
loss = cr.tensor(0.0)
for _ in range(3):
    optimizer.zero_grad()
    loss = nn.MSELoss()(net(x), target)
    assert_type(loss, Tensor)
    loss.backward()
    optimizer.step()
with no_grad():
    assert_type(loss.item(), float | int)
    assert_type(x.numpy(), np.ndarray[Any, Any])
    values, places = x.sort(dim=0)
    assert_type(values, Tensor)
    assert_type(x.max(), Tensor)
    assert_type(x.max(dim=0).indices, Tensor)
    assert_type(x.shape, cr.Size)
    assert_type(cr.where(x > 0, x, 0.0).mean(axis=0).exp().clamp(min=0.5), Tensor)

found = cr.minimize(lambda p: ((p - 1) ** 2).sum(), cr.zeros(2), optimizer="adam", lr=0.1, steps=5, betas=(0.9, 0.99))
assert_type(found, Result)
assert_type(found.value, float)
slope = cr.func.grad(lambda t: t.sin())(cr.tensor(0.0))
print(cr.derive("x**2", 3.0).derivatives, cr.check("x**2", 3.0).ok, found.success, slope)


def wrong() -> None:
    cr.tensro(1.0)  # mistake: the name of a function
    x.sumn()  # mistake: the name of a method
    optim.SGD(net.parameters(), lr="abc")  # mistake: the type of an option
    cr.minimize(lambda p: p * p, 1.0, lrr=0.1)  # mistake: the name of an option
