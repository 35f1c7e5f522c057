"""Names and calls of torch that lie beside its main road, and how things show themselves."""

import re
import warnings

import pytest

import chainrule as cr


def test_functional_and_math():
    assert cr.functional.meshgrid is cr.meshgrid and cr.math.pi == cr.pi
    with pytest.raises(AttributeError, match=r"cr\.compile.*torch\.fx"):
        _ = cr.fx
    with cr.stand_in():
        import torch.functional

        assert torch.functional.einsum is cr.einsum
        with pytest.raises(ModuleNotFoundError, match=r"torch\.fx"):
            import torch.fx


def test_the_old_constructor_takes_a_device_and_a_storage():
    x = cr.zeros(3)
    assert cr.Tensor([[1]], device="cpu").tolist() == [[1.0]]
    y = cr.Tensor(x.storage())
    y[1] = 5
    assert x.tolist() == [0.0, 5.0, 0.0]
    with pytest.raises(TypeError, match="storage"):
        cr.Tensor(cr.zeros(2, dtype=cr.int64).storage())
    with pytest.raises((RuntimeError, AssertionError)):
        cr.Tensor([1.0], device="cuda")


def test_a_traced_function_has_its_code():
    def double(x):
        return x * 2

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert "return x * 2" in cr.jit.trace(double, cr.ones(1)).code
        assert "forward" in cr.jit.script(cr.nn.Linear(1, 1)).code


def shown(t):
    """How things show themselves, without addresses."""
    x, layer = t.ones(2, requires_grad=True), t.nn.Linear(2, 1)
    things = [
        (x + 1).grad_fn, t.manual_seed(0), layer.parameters(), layer.named_parameters(), layer.children(),
        layer.modules(), layer.buffers(), type(t.ones(1)), type((x + 1).grad_fn), layer.weight.square().grad_fn,
    ]  # fmt: skip
    return [re.sub("0x[0-9a-f]+", "0x", repr(thing)) for thing in things]


def graphs(t):
    """Where the results of common operations come from: the names of the nodes, in their order."""
    x, b, layer, rows = t.ones(2, requires_grad=True), t.ones(2, requires_grad=True), t.nn.Linear(3, 2), t.ones(4, 3)
    results = [
        x + b, x + 1, 1 - x, x * 2, x**2, 1 / x, x @ b, layer(rows), t.relu(layer(rows)), t.where(x > 0, x, b),
        x.clamp(min=0), t.stack([x, b]), t.cat([x, b]), x.exp().sum(), (x * b).mean(), x[0], -x,
        t.nn.functional.mse_loss(x, b), t.nn.functional.cross_entropy(x.view(1, 2), t.tensor([0])), x.softmax(0),
    ]  # fmt: skip
    return [(type(y.grad_fn).__name__, [(type(f).__name__, i) for f, i in y.grad_fn.next_functions]) for y in results]


def test_things_show_themselves_as_in_torch():
    with cr.stand_in() as standing:
        ours = shown(standing)
    assert ours[:3] == [
        "<AddBackward0 object at 0x>", "<torch._C.Generator object at 0x>", "<generator object Module.parameters at 0x>"
    ]  # fmt: skip
    assert ours[7] == "<class 'torch.Tensor'>"
    torch = pytest.importorskip("torch")
    assert ours == shown(torch)


def test_next_functions_are_as_in_torch():
    assert graphs(cr)[7][1] == [("AccumulateGrad", 0), ("NoneType", 0), ("TBackward0", 0)]
    torch = pytest.importorskip("torch")
    assert graphs(cr) == graphs(torch)
