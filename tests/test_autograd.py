"""The engine and `autograd`: hooks, freeing, errors, depth, threads, custom functions, Jacobians, gradient checks."""

from __future__ import annotations

import gc
import math
import threading
import warnings
import weakref

import numpy as np
import pytest

import chainrule as cr
from chainrule.autograd import Function, functional
from chainrule.autograd.function import once_differentiable
from chainrule.core.op import REGISTRY, Linear


def leaf(x, dtype=None):
    return cr.tensor(x, dtype=dtype or cr.float64, requires_grad=True)


def here():
    """The number of the line that called this."""
    import sys

    return sys._getframe(1).f_lineno


# ------------------------------------------------------------------------------------------------- backward and grad


def test_fifth_derivative():
    x = leaf(0.7)
    y = cr.exp(x) * cr.sin(x)
    for _ in range(5):
        (y,) = cr.autograd.grad(y, x, create_graph=True)
    # d^n/dx^n e^x sin x = sqrt(2)^n e^x sin(x + n pi/4)
    assert y.item() == pytest.approx(2**2.5 * math.exp(0.7) * math.sin(0.7 + 5 * math.pi / 4), rel=1e-12)


def test_gradients_accumulate_in_place():
    x = leaf([1.0, 2.0])
    (x * 3).sum().backward()
    first = x.grad
    (x * x).sum().backward()
    assert x.grad is first and x.grad.tolist() == [5.0, 7.0]


def test_gradient_arrays_are_not_shared():
    a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    (a + b).backward(cr.ones(2, dtype=cr.float64))
    a.grad.add_(10)
    assert b.grad.tolist() == [1.0, 1.0]
    seed = cr.ones(2, dtype=cr.float64)
    c = leaf([1.0, 1.0])
    c.backward(seed)
    c.backward(seed)
    assert seed.tolist() == [1.0, 1.0] and c.grad.tolist() == [2.0, 2.0]


def test_what_was_saved_of_a_gradient_is_stale_when_it_grows():
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    (x * x).sum().backward()
    saved = (x.grad * w).sum()
    (x * x).sum().backward()
    with pytest.raises(RuntimeError, match="gradient accumulation"):
        saved.backward()


def test_a_number_changed_in_place_keeps_its_dtype():
    for name, there, result in (("add_", 1.0, 3.0), ("mul_", 3.0, 6.0), ("sub_", 1.0, 1.0), ("div_", 4.0, 0.5)):
        x = cr.tensor(2.0)
        getattr(x, name)(cr.tensor(there, dtype=cr.float64))
        assert x.dtype == cr.float32 and x.item() == result


def test_an_array_changed_in_place_keeps_its_dtype_or_refuses():
    x = cr.tensor([1.0, 2.0])
    x += cr.tensor([1.0, 2.0], dtype=cr.float64)
    x -= cr.tensor([1, 1])
    assert x.dtype == cr.float32 and x.tolist() == [1.0, 3.0]
    with pytest.raises(RuntimeError, match="result type ComplexFloat can't be cast to the desired output type Float"):
        x *= cr.tensor([1j, 1])
    assert x.tolist() == [1.0, 3.0]


def test_one_array_for_two_operands_is_not_shared_by_leaves():
    twice = Linear("twice the sum", lambda x, y: 2 * (x + y), lambda g, x, y: (2 * g,) * 2, publish=False)
    try:
        a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
        twice(a, b).sum().backward()
    finally:
        del REGISTRY["twice the sum"]
    a.grad.add_(10)
    assert b.grad.tolist() == [2.0, 2.0]


def test_second_backward_and_retain():
    x = leaf(3.0)
    y = x * x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.item() == 54
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        y.backward()
    z = x + 1  # nothing is saved, so nothing is freed
    z.backward()
    z.backward()


def test_backward_inputs():
    a, b = leaf(2.0), leaf(5.0)
    mid = a * b
    y = mid * a
    y.backward(inputs=[a], retain_graph=True)
    assert a.grad.item() == 20 and b.grad is None
    mid.retain_grad()
    y.backward(inputs=[b, mid])
    assert a.grad.item() == 20 and b.grad.item() == 4 and mid.grad.item() == 2
    with pytest.raises(RuntimeError, match="cannot be empty"):
        (a * b).backward(inputs=[])


def test_backward_inputs_run_post_accumulate_hooks():
    a = leaf(2.0)
    seen = []
    a.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad.item()))
    (a * 3).backward(inputs=[a])
    assert seen == [3.0]


def test_allow_unused_and_materialize():
    x, y = leaf([1.0, 2.0]), leaf(1.0)
    with pytest.raises(RuntimeError, match="appears to not have been used in the graph"):
        cr.autograd.grad(x.sum(), [x, y])
    gx, gy = cr.autograd.grad(x.sum(), [x, y], allow_unused=True)
    assert gx.tolist() == [1, 1] and gy is None
    gx, gy = cr.autograd.grad(x.sum(), [x, y], materialize_grads=True)
    assert gy.item() == 0 and gy.dtype == cr.float64
    with pytest.raises(ValueError, match="allow_unused"):
        cr.autograd.grad(x.sum(), [x, y], allow_unused=False, materialize_grads=True)


def test_grads_batched():
    x = leaf([1.0, 2.0, 3.0])
    (rows,) = cr.autograd.grad(x**2, x, cr.eye(3, dtype=cr.float64), is_grads_batched=True)
    assert rows.tolist() == [[2, 0, 0], [0, 4, 0], [0, 0, 6]]


def test_grad_at_an_inner_tensor_stops_there():
    x = leaf(2.0)
    ran = []
    x.register_hook(lambda g: ran.append(g))
    mid = x * 3
    y = mid**2
    assert cr.autograd.grad(y, mid)[0].item() == 12
    assert not ran and x.grad is None


def test_grad_of_an_output_at_itself():
    x = leaf(2.0)
    y = x * 3
    assert cr.autograd.grad(y, y)[0].item() == 1
    assert cr.autograd.grad(x, x)[0].item() == 1


def test_wanted_leaf_and_inner_tensor_together():
    x = leaf(2.0)
    mid = x * 3
    gx, gm = cr.autograd.grad(mid * mid * x, [x, mid])
    assert (gx.item(), gm.item()) == (36 + 2 * 6 * 2 * 3, 24)


def test_no_history_and_shape_errors():
    with pytest.raises(RuntimeError, match="does not require grad and does not have a grad_fn"):
        cr.tensor(1.0).backward()
    x = leaf([1.0, 2.0])
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for scalar outputs"):
        (x * 2).backward()
    with pytest.raises(RuntimeError, match="Mismatch in shape"):
        (x * 2).backward(cr.ones(3, dtype=cr.float64))


def test_several_outputs():
    x = leaf(2.0)
    cr.autograd.backward([x * 3, x**2], [cr.tensor(1.0, dtype=cr.float64), cr.tensor(10.0, dtype=cr.float64)])
    assert x.grad.item() == 43


# ----------------------------------------------------------------------------------------------------------- hooks


def test_hooks_run_in_order_and_replace():
    x = leaf([1.0, 2.0])
    log = []
    x.register_hook(lambda g: log.append(("a", g.tolist())))
    x.register_hook(lambda g: g * 2)
    third = x.register_hook(lambda g: log.append(("c", g.tolist())))
    (x * 3).sum().backward()
    assert log == [("a", [3, 3]), ("c", [6, 6])] and x.grad.tolist() == [6, 6]
    third.remove()
    (x * 3).sum().backward()
    assert len(log) == 3


def test_leaf_hook_sees_the_whole_gradient_once():
    x = leaf(2.0)
    log = []
    x.register_hook(lambda g: log.append(g.item()))
    (x * 3 + x * 4 + x).backward()
    assert log == [8.0]


def test_inner_hook_and_retain_grad():
    x = leaf(2.0)
    mid = x * 3
    mid.retain_grad()
    mid.register_hook(lambda g: g + 1)  # retain_grad sees what hooks leave, whenever they were registered
    (mid * 5).backward()
    assert mid.grad.item() == 6 and x.grad.item() == 18


def test_hook_results_are_checked():
    x = leaf([1.0, 2.0])
    handle = x.register_hook(lambda g: 3.0)
    with pytest.raises(TypeError, match="hook returned 'float'"):
        x.sum().backward()
    handle.remove()
    x.register_hook(lambda g: g.sum())
    with pytest.raises(RuntimeError, match="changed the size"):
        x.sum().backward()


def test_exception_in_a_hook_leaves_grad_alone():
    x, y = leaf(2.0), leaf(3.0)

    def fail(g):
        raise ValueError("no")

    for bad in (x, y):
        handle = bad.register_hook(fail)
        with pytest.raises(ValueError, match="no"):
            (x * y).backward()
        assert x.grad is None and y.grad is None
        handle.remove()
    (x * y).backward()
    assert x.grad.item() == 3


def test_node_hooks():
    x, w = leaf([1.0, 2.0]), leaf(3.0)
    y = x * w
    seen = []
    y.grad_fn.register_prehook(lambda gs: seen.append(("pre", [g.tolist() for g in gs])))
    y.grad_fn.register_prehook(lambda gs: (gs[0] * 2,))
    y.grad_fn.register_hook(
        lambda inner, outer: seen.append(("post", [g.tolist() for g in inner], [g.tolist() for g in outer]))
    )
    y.grad_fn.register_hook(lambda inner, outer: (inner[0] * 10, inner[1]))
    y.sum().backward()
    assert seen == [("pre", [[1, 1]]), ("post", [[6, 6], 6], [[2, 2]])]
    assert x.grad.tolist() == [60, 60] and w.grad.item() == 6


def test_node_hook_of_a_wrong_length():
    x = leaf(1.0)
    y = x * 2
    y.grad_fn.register_hook(lambda inner, outer: (inner[0],) * 3)
    with pytest.raises(RuntimeError, match="incorrect number of values"):
        y.backward()


def test_node_hooks_with_create_graph():
    x = leaf(2.0)
    y = x**3
    y.grad_fn.register_hook(lambda inner, outer: (inner[0] * 2,))
    (g,) = cr.autograd.grad(y, x, create_graph=True)
    assert g.item() == 24 and cr.autograd.grad(g, x)[0].item() == 24


def test_node_hooks_of_several_results():
    x = leaf([[2.0, 1.0], [0.5, 3.0]])
    sign, logdet = REGISTRY["slogdet"](x)
    seen = []
    assert sign.grad_fn is logdet.grad_fn
    logdet.grad_fn.register_prehook(lambda outer: seen.append(outer) or (outer[0], outer[1] * 3))
    logdet.grad_fn.register_hook(lambda inner, outer: seen.append(outer))
    logdet.backward()
    assert seen[0][0] is None and seen[0][1].item() == 1 and seen[1][1].item() == 3
    np.testing.assert_allclose(x.grad.numpy(), 3 * np.linalg.inv(x.detach().numpy()).T, rtol=1e-12)


def test_post_accumulate_hook():
    x = leaf(2.0)
    seen = []

    def step(t):
        seen.append(t.grad.item())
        t.grad = None

    handle = x.register_post_accumulate_grad_hook(step)
    for _ in range(2):
        (x * 3).backward()
    assert seen == [3.0, 3.0] and x.grad is None
    handle.remove()
    (x * 3).backward()
    assert x.grad.item() == 3
    with pytest.raises(RuntimeError, match="non-leaf"):
        (x * 2).register_post_accumulate_grad_hook(step)


# ------------------------------------------------------------------------------------------- depth, freeing, threads


def test_a_chain_of_a_million():
    x = leaf(1.0)
    y = x
    for _ in range(1_000_000):
        y = y * 1.0
    y.backward()
    assert x.grad.item() == 1
    node = weakref.ref(y.grad_fn)
    del y
    assert node() is None  # freed at once, without recursion


def test_create_graph_of_a_long_chain():
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y * 1.0
    (g,) = cr.autograd.grad(y * y, x, create_graph=True)
    (gg,) = cr.autograd.grad(g, x)
    assert g.item() == 2 and gg.item() == 2
    del y, g


def test_graphs_are_freed_without_the_collector():
    gc.collect()
    gc.disable()
    try:
        x = leaf([1.0, 2.0])
        y = cr.exp(x) * cr.tanh(x)
        out = weakref.ref(y)
        y.sum().backward()
        del y
        assert out() is None

        z = Square.apply(x)
        node = weakref.ref(z.grad_fn)
        z.sum().backward()
        del z
        assert node() is None
    finally:
        gc.enable()


def test_saved_arrays_are_let_go_by_backward():
    x = leaf(np.ones(1000))
    big = x * 2
    saved = weakref.ref(big)
    y = (big * big).sum()
    del big
    assert saved() is not None  # kept for backward
    y.backward()
    del x
    gc.collect()
    assert y.grad_fn is not None


def test_two_threads():
    results, errors = {}, []

    def work(k):
        try:
            assert cr.is_grad_enabled()  # the mode is each context's own
            x = leaf([float(k)] * 50)
            for _ in range(50):
                x.grad = None
                (cr.exp(x * 0.01) * x).sum().backward()
            results[k] = x.grad.numpy().copy()
        except BaseException as e:
            errors.append(e)

    with cr.no_grad():
        threads = [threading.Thread(target=work, args=(k,)) for k in (1, 2)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert not cr.is_grad_enabled()
    assert not errors
    for k, got in results.items():
        np.testing.assert_allclose(got, math.exp(0.01 * k) * (1 + 0.01 * k) * np.ones(50), rtol=1e-12)


# ------------------------------------------------------------------------------------------------ in-place and modes


def test_stale_value_names_the_line():
    x = leaf([1.0, 2.0])
    y = x * 1
    z = (y * y).sum()
    y.add_(1)
    line = here() - 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation") as e:
        z.backward()
    assert __file__ in str(e.value) and f"line {line}" in str(e.value) and "add_" in str(e.value)


def test_stale_result_of_several():
    x = leaf([[2.0, 1.0], [1.0, 3.0]])
    values, vectors = REGISTRY["eigh"](x, uplo="L")
    y = values.sum()
    with cr.no_grad():
        vectors.add_(1)
    with pytest.raises(RuntimeError, match=r"modified by an inplace operation: \[torch.DoubleTensor \[2, 2\]\]"):
        y.backward()


def test_increment_version():
    x = leaf([1.0, 2.0])
    y = x * 1
    z = y.exp().sum() + (y * y).sum()
    cr.autograd.graph.increment_version(y)
    with pytest.raises(RuntimeError, match="increment_version"):
        z.backward()


def test_inference_tensors():
    with cr.inference_mode():
        a = cr.ones(2, dtype=cr.float64) * 2
        assert a.is_inference() and not cr.is_grad_enabled()
    x = leaf([1.0, 2.0])
    for f in (lambda: x * a, lambda: a * x, lambda: cr.matmul(x, a), lambda: x * a[0]):
        with pytest.raises(RuntimeError, match="Inference tensors cannot be saved for backward"):
            f()
    assert (x + a).requires_grad  # a sum keeps neither
    (x * a.clone()).sum().backward()
    assert x.grad.tolist() == [2, 2]
    with pytest.raises(RuntimeError, match="Inplace update to inference tensor outside InferenceMode"):
        a.add_(1)
    with cr.inference_mode():
        a.add_(1)
    assert a.tolist() == [3, 3]


def test_detect_anomaly_names_the_operation_and_its_place():
    x = leaf(0.0)
    with cr.autograd.detect_anomaly():
        y = cr.sqrt(x) * 0
        line = here() - 1
        with pytest.raises(RuntimeError, match="Function 'SqrtBackward0' returned nan values in its 0th output") as e:
            y.backward()
    assert f"line {line}" in str(e.value) and __file__ in str(e.value)
    with cr.autograd.detect_anomaly(check_nan=False):
        (cr.sqrt(x) * 0).backward()
    assert math.isnan(x.grad.item())
    with cr.autograd.set_detect_anomaly(False):
        (cr.sqrt(x) * 0).backward()


def test_modes_nest_and_are_restored():
    x = leaf(1.0)
    with cr.no_grad():
        with cr.enable_grad():
            assert (x * 2).requires_grad
        assert not (x * 2).requires_grad
        with pytest.raises(ZeroDivisionError), cr.enable_grad():
            raise ZeroDivisionError
        assert not cr.is_grad_enabled()
    assert cr.is_grad_enabled()

    @cr.no_grad()
    def f():
        return x * 2

    assert not f().requires_grad
    with cr.set_grad_enabled(False):
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad


def test_variable_is_a_tensor():
    t = cr.ones(2)
    v = cr.autograd.Variable(t, requires_grad=True)
    assert isinstance(v, cr.Tensor) and isinstance(t, cr.autograd.Variable) and v.requires_grad and not t.requires_grad
    v.sum().backward()
    assert v.grad.tolist() == [1, 1]
    with pytest.warns(UserWarning, match="volatile was removed"):
        cr.autograd.Variable(t, volatile=True)


# ------------------------------------------------------------------------------------------------- custom functions


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * x * g


class Product(Function):
    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g * y, g * x

    @staticmethod
    def jvp(ctx, tx, ty):
        x, y = ctx.saved_tensors
        return tx * y + x * ty


class Exp(Function):
    """Saves its result, in the newer style, with forward mode."""

    @staticmethod
    def forward(x):
        return x.exp()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)
        ctx.save_for_forward(output)

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y

    @staticmethod
    def jvp(ctx, t):
        (y,) = ctx.saved_tensors
        return t * y


def custom(forward, backward, name="Odd"):
    return type(name, (Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)})


def test_custom_function():
    x = leaf([1.0, 2.0, 3.0])
    y = Square.apply(x)
    assert "grad_fn=<SquareBackward>" in repr(y)
    assert repr(y.grad_fn).startswith("<torch.autograd.function.SquareBackward object at 0x")
    assert y.grad_fn.name() == "SquareBackward"
    assert y.grad_fn.saved_tensors[0].tolist() == x.tolist()
    y.sum().backward()
    assert x.grad.tolist() == [2, 4, 6]
    with pytest.raises(RuntimeError, match="second time"):
        y.sum().backward()
    with pytest.raises(RuntimeError, match="second time"):
        _ = y.grad_fn.saved_tensors


OTHER = np.array([0.9, 2.5])


@pytest.mark.parametrize(
    "f", [Square.apply, Exp.apply, lambda x: Product.apply(x, cr.tensor(OTHER)), lambda x: Product.apply(x, x)]
)
def test_custom_functions_against_finite_differences(f):
    x = leaf([0.3, -1.2])
    assert cr.autograd.gradcheck(f, x)
    assert cr.autograd.gradgradcheck(f, x)


@pytest.mark.parametrize("name", ["exp", "square"])
def test_custom_forward_mode(name):
    f = {"exp": Exp.apply, "square": lambda x: Product.apply(x, x)}[name]
    x = leaf([0.3, -1.2])
    assert cr.autograd.gradcheck(f, x, check_forward_ad=True)
    h = cr.func.jacfwd(cr.func.jacrev(lambda x: f(x).sum()))(x.detach())
    expected = np.diag(np.exp(x.detach().numpy())) if name == "exp" else 2 * np.eye(2)
    np.testing.assert_allclose(h.numpy(), expected, rtol=1e-12)
    h = cr.func.jacfwd(cr.func.jacfwd(lambda x: f(x).sum()))(x.detach())
    np.testing.assert_allclose(h.numpy(), expected, rtol=1e-12)


def test_custom_without_jvp_refuses_forward_mode():
    with pytest.raises(NotImplementedError, match="must implement the jvp function"):
        cr.func.jvp(Square.apply, (cr.tensor(1.0),), (cr.tensor(1.0),))


def test_custom_attributes_do_not_meet_the_graphs_own():
    names = ["op", "edges", "saved", "kept", "id", "shapes", "attrs", "watch", "label", "origin", "inputs", "results"]

    def forward(ctx, x):
        for name in names:
            setattr(ctx, name, name)
        ctx.factor = 3
        return x * 3

    def backward(ctx, g):
        assert all(getattr(ctx, name) == name for name in names)
        return g * ctx.factor

    x = leaf(2.0)
    y = custom(forward, backward).apply(x)
    assert y.grad_fn.factor == 3
    y.backward()
    assert x.grad.item() == 3


def test_custom_non_tensor_arguments_and_results():
    got = []

    def forward(ctx, x, k, s):
        assert ctx.needs_input_grad == (True, False, False)
        return x * k, "hi", x.long(), None

    def backward(ctx, *gs):
        got.extend(gs)
        return gs[0] * 2, None, None

    x = leaf([1.5, 2.5])
    y, word, n, nothing = custom(forward, backward).apply(x, 2, "s")
    assert word == "hi" and nothing is None and not n.requires_grad and y.requires_grad
    y.sum().backward()
    assert x.grad.tolist() == [2, 2]
    assert got[1] is None and got[2].tolist() == [0, 0] and got[2].dtype == cr.int64 and got[3] is None


def test_custom_several_results():
    class SinCos(Function):
        @staticmethod
        def forward(ctx, x):
            s, c = x.sin(), x.cos()
            ctx.save_for_backward(s, c)
            return s, c

        @staticmethod
        def backward(ctx, gs, gc):
            s, c = ctx.saved_tensors
            return gs * c - gc * s

    x = leaf([0.4, 1.1])
    assert cr.autograd.gradcheck(SinCos.apply, x)
    assert cr.autograd.gradgradcheck(SinCos.apply, x)
    s, c = SinCos.apply(x)
    assert s.grad_fn is c.grad_fn and (s.output_nr, c.output_nr) == (0, 1)
    s.sum().backward()  # c's gradient arrives as zeros
    np.testing.assert_allclose(x.grad.numpy(), np.cos(x.detach().numpy()))


def test_custom_unmaterialized_gradients():
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    def backward(ctx, a, b):
        assert b is None
        return a * 2

    x = leaf(1.0)
    custom(forward, backward).apply(x)[0].backward()
    assert x.grad.item() == 2


def test_custom_non_differentiable_result():
    def forward(ctx, x):
        a, b = x * 2, x * 3
        ctx.mark_non_differentiable(b)
        return a, b

    x = leaf(1.0)
    a, b = custom(forward, lambda ctx, ga, gb: ga * 2).apply(x)
    assert a.requires_grad and not b.requires_grad


def test_custom_in_place():
    class Double(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            x.mul_(2)
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = leaf([1.0, 2.0])
    y = x * 1
    z = Double.apply(y)
    assert z is y and y.grad_fn.name() == "DoubleBackward" and y.tolist() == [2, 4]
    z.sum().backward()
    assert x.grad.tolist() == [2, 2]
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        Double.apply(x)
    y = x * 1
    part = y[0]
    Double.apply(y)
    part.backward()  # the view follows
    assert x.grad.tolist() == [4, 2]


def test_custom_returns_an_input_as_it_is():
    f = custom(lambda ctx, x: x, lambda ctx, g: g * 7)
    x = leaf([1.0, 2.0])
    y = f.apply(x)
    assert y is not x and x.is_leaf and y.grad_fn is not None
    y.sum().backward()
    assert x.grad.tolist() == [7, 7]


def test_custom_gradient_that_is_a_saved_tensor():
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    x = leaf([1.0, 2.0])
    f = custom(forward, lambda ctx, g: ctx.saved_tensors[0])
    for _ in range(2):
        f.apply(x).sum().backward()
    assert x.tolist() == [1, 2] and x.grad.tolist() == [2, 4]


@pytest.mark.parametrize(
    ("backward", "error", "message"),
    [
        (
            lambda ctx, g: g,
            RuntimeError,
            r"function OddBackward returned an incorrect number of gradients \(expected 2, got 1\)",
        ),
        (lambda ctx, g: (g, g, None, g), RuntimeError, r"incorrect number of gradients \(expected 2, got 4\)"),
        (lambda ctx, g: (g, 2.0), RuntimeError, r"expected Variable or None \(got float\)"),
        (
            lambda ctx, g: (cr.ones(2, dtype=cr.float64), g),
            RuntimeError,
            r"OddBackward returned an invalid gradient at index 0 - got \[2\] but expected shape compatible with \[3\]",
        ),
    ],
)
def test_custom_wrong_gradients(backward, error, message):
    x, y = leaf([1.0] * 3), leaf([1.0] * 3)
    with pytest.raises(error, match=message):
        custom(lambda ctx, x, y: x * y, backward).apply(x, y).sum().backward()


def test_custom_gradients_that_fit():
    x = leaf([1.0] * 3)
    f = custom(
        lambda ctx, x: x * 1, lambda ctx, g: (cr.ones(2, 3), None, None)
    )  # summed, converted, extra Nones dropped
    f.apply(x).sum().backward()
    assert x.grad.tolist() == [2, 2, 2] and x.grad.dtype == cr.float64
    g = custom(lambda ctx, x, k: x * k, lambda ctx, g: (g, g))
    with pytest.raises(RuntimeError, match="a gradient different than None at position 2"):
        g.apply(x, 2).sum().backward()


def test_custom_saved_tensors_are_checked():
    x = leaf([1.0, 2.0])
    y = x * 1
    z = Square.apply(y).sum()
    y.mul_(2)
    line = here() - 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation") as e:
        z.backward()
    assert f"line {line}" in str(e.value) and "SquareBackward" in str(e.value)
    z = Exp.apply(x)
    w = z.sum()
    with cr.no_grad():
        z.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        w.backward()


def test_custom_saves_tensors_only():
    with pytest.raises(TypeError, match="save_for_backward can only save variables, but argument 1 is of type int"):
        custom(lambda ctx, x: ctx.save_for_backward(x, 3), None).apply(leaf(1.0))


def test_once_differentiable():
    class Cube(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        @once_differentiable
        def backward(ctx, g):
            assert not cr.is_grad_enabled()
            (x,) = ctx.saved_tensors
            return g * cr.tensor(3 * x.detach().numpy() ** 2)

    x = leaf(2.0)
    Cube.apply(x).backward()
    assert x.grad.item() == 12
    (g,) = cr.autograd.grad(Cube.apply(x), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        (g * x).backward()


def test_custom_functions_are_not_instantiated():
    with pytest.warns(DeprecationWarning, match="should not be instantiated"):
        f = Square()
    with pytest.raises(RuntimeError, match="Legacy autograd function"):
        f(leaf(1.0))


def test_custom_without_backward():
    class Half(Function):
        @staticmethod
        def forward(ctx, x):
            return x / 2

    with pytest.raises(NotImplementedError, match="must implement either the backward or vjp"):
        Half.apply(leaf(1.0)).backward()


def test_custom_in_no_grad_and_with_plain_inputs():
    with cr.no_grad():
        assert not Square.apply(leaf(2.0)).requires_grad
    assert not Square.apply(cr.tensor(2.0)).requires_grad


def test_custom_setup_context_binds_keywords():
    class Scale(Function):
        @staticmethod
        def forward(x, k=2.0):
            return x * k

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.k = inputs[1]

        @staticmethod
        def backward(ctx, g):
            return g * ctx.k, None

    x = leaf(1.0)
    Scale.apply(x).backward()
    Scale.apply(x, k=5.0).backward()
    assert x.grad.item() == 7
    with pytest.raises(TypeError, match="no keyword arguments"):
        Square.apply(x=x)


def test_custom_node_hooks_and_views():
    x = leaf([1.0, 2.0])
    y = Square.apply(x)
    y.grad_fn.register_hook(lambda inner, outer: (inner[0] * 2,))
    y[1].backward()
    assert x.grad.tolist() == [0, 8]


# ---------------------------------------------------------------------------------------------- autograd.functional


def f_two(x, y):
    return (x * y).sin(), (x**2).sum() * y[0]


def test_functional_against_torch():
    torch = pytest.importorskip("torch")
    a, b = np.array([0.3, -0.7, 1.1]), np.array([1.5, 0.2, -0.4])
    ours = tuple(cr.tensor(v) for v in (a, b))
    theirs = tuple(torch.tensor(v) for v in (a, b))
    tf = torch.autograd.functional

    def same(p, q):
        if isinstance(q, tuple):
            assert isinstance(p, tuple) and len(p) == len(q)
            for s, t in zip(p, q):
                same(s, t)
        else:
            assert not p.requires_grad
            np.testing.assert_allclose(p.numpy(), q.numpy(), rtol=1e-12, atol=1e-14)

    same(functional.jacobian(f_two, ours), tf.jacobian(f_two, theirs))
    same(functional.jacobian(f_two, ours, vectorize=True, strategy="forward-mode"), tf.jacobian(f_two, theirs))
    for name in ("vjp", "jvp"):
        v = (ours[0], ours[1].sum()) if name == "vjp" else ours
        w = (theirs[0], theirs[1].sum()) if name == "vjp" else theirs
        same(getattr(functional, name)(f_two, ours, v), getattr(tf, name)(f_two, theirs, w))

    def number(x, y):
        return (x**3 * y).sum() + (x[0] * y[1]) ** 2

    same(functional.hessian(number, ours), tf.hessian(number, theirs))
    for name in ("vhp", "hvp"):
        same(getattr(functional, name)(number, ours, ours), getattr(tf, name)(number, theirs, theirs))


def test_functional_create_graph():
    x = leaf([0.5, 2.0])
    j = functional.jacobian(lambda x: x**3, x, create_graph=True)
    assert j.requires_grad
    (g,) = cr.autograd.grad(j.sum(), x)
    np.testing.assert_allclose(g.numpy(), 6 * x.detach().numpy())
    assert not functional.jacobian(lambda x: x**3, x).requires_grad


def test_functional_strict_and_arguments():
    x = cr.tensor([1.0, 2.0])
    with pytest.raises(RuntimeError, match="Output 0 of the user-provided function does not require gradients"):
        functional.jacobian(lambda x: cr.ones(2), x, strict=True)
    assert functional.jacobian(lambda x: cr.ones(2), x).tolist() == [[0, 0], [0, 0]]
    with pytest.raises(RuntimeError, match="independent of input 1"):
        functional.jacobian(lambda x, y: x * 2, (x, x), strict=True)
    with pytest.raises(RuntimeError, match="violated by a linear function"):
        functional.hessian(lambda x: x.sum(), x, strict=True)
    with pytest.raises(TypeError, match="must be either a Tensor or a tuple of Tensors but the given inputs"):
        functional.jacobian(lambda x: x, [x])
    with pytest.raises(RuntimeError, match="v can only be None"):
        functional.vjp(lambda x: x * 2, x)
    with pytest.raises(RuntimeError, match="v has invalid size"):
        functional.jvp(lambda x: x * 2, x, cr.ones(3))
    with pytest.raises(RuntimeError, match="should contain a single element"):
        functional.hessian(lambda x: x * 2, x)
    with pytest.raises(NotImplementedError, match="forward-mode"):
        functional.jacobian(lambda x: x, x, create_graph=True, strategy="forward-mode", vectorize=True)


def test_functional_empty_and_scalar():
    assert functional.jacobian(lambda x: x * 2, cr.ones(0)).shape == (0, 0)
    assert functional.jacobian(lambda x: x * 2, cr.tensor(1.0)).item() == 2
    assert functional.hessian(lambda x: x**3, cr.tensor(2.0)).item() == 12


# ------------------------------------------------------------------------------------------------------- gradcheck


def test_gradcheck_finds_a_wrong_gradient():
    wrong = custom(lambda ctx, x: x * 2, lambda ctx, g: g * 3)
    x = leaf([1.0, 2.0])
    with pytest.raises(cr.autograd.GradcheckError) as e:
        cr.autograd.gradcheck(wrong.apply, x)
    text = str(e.value)
    assert text.startswith(
        "Jacobian mismatch for output 0 with respect to input 0,\nnumerical:tensor([[2.0000, 0.0000]"
    )
    assert "analytical:tensor([[3., 0.],\n        [0., 3.]], dtype=torch.float64)" in text
    assert not cr.autograd.gradcheck(wrong.apply, x, raise_exception=False)


def test_gradcheck_finds_a_wrong_tangent_and_second_derivative():
    class Wrong(Product):
        @staticmethod
        def jvp(ctx, tx, ty):
            return tx * 0

    x, y = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    assert cr.autograd.gradcheck(Wrong.apply, (x, y))
    with pytest.raises(cr.autograd.GradcheckError, match="forward mode mismatch"):
        cr.autograd.gradcheck(Wrong.apply, (x, y), check_forward_ad=True)

    def forward(ctx, x):
        ctx.held = x.detach() * 1
        return x**2

    detached = custom(forward, lambda ctx, g: g * 2 * ctx.held)
    assert cr.autograd.gradcheck(detached.apply, x)
    with pytest.raises(cr.autograd.GradcheckError):
        cr.autograd.gradgradcheck(detached.apply, x)


def test_gradcheck_arguments():
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        cr.autograd.gradcheck(lambda x: x, cr.ones(2))
    with pytest.warns(UserWarning, match="not a double precision"), warnings.catch_warnings():
        warnings.simplefilter("default")
        cr.autograd.gradcheck(lambda x: x * 2, leaf([1.0], cr.float32), raise_exception=False)
    calls = iter(range(1000))
    noisy = custom(lambda ctx, x: x * 1, lambda ctx, g: g + 1e-9 * next(calls))
    with pytest.raises(cr.autograd.GradcheckError, match="not reentrant"):
        cr.autograd.gradcheck(noisy.apply, leaf(1.0), check_undefined_grad=False)
    assert cr.autograd.gradcheck(noisy.apply, leaf(1.0), nondet_tol=1e-6, check_undefined_grad=False)
    assert cr.autograd.gradcheck(lambda x, k: (x * k, x + k), (leaf([1.0, 2.0]), 3.0), fast_mode=True)


def test_gradient_edge():
    x = leaf(1.0)
    y = x * 2
    assert cr.autograd.graph.get_gradient_edge(y) == (y.grad_fn, 0)
    assert cr.autograd.graph.get_gradient_edge(x).node.variable is x
    with pytest.raises(NotImplementedError):
        cr.autograd.graph.saved_tensors_hooks(lambda x: x, lambda x: x)


def test_gradients_with_a_graph_have_memory_of_their_own():
    """What is added to one `.grad` in place later changes neither another leaf's nor what `grad` has returned."""
    a, b = (cr.ones(2, requires_grad=True) for _ in range(2))
    seed = cr.ones(2)
    cr.autograd.backward([a + b], [seed], create_graph=True)
    (a * 3).sum().backward()
    assert (a.grad.tolist(), b.grad.tolist(), seed.tolist()) == ([4, 4], [1, 1], [1, 1])
    x = cr.ones(2, 2, requires_grad=True)
    v = x.view(4)
    v.retain_grad()
    (g,) = cr.autograd.grad((v**2).sum(), x, create_graph=True)
    cr.autograd.grad(g.sum(), x)
    assert (g.tolist(), v.grad.tolist()) == ([[2, 2], [2, 2]], [4] * 4)


def test_a_retained_gradient_is_replaced_and_a_leafs_is_changed():
    x = cr.ones(2, requires_grad=True)
    y = x * 1
    y.retain_grad()
    z = (y * y).sum()
    z.backward(retain_graph=True)
    mine, leaf = y.grad, x.grad
    z.backward()
    assert (mine.tolist(), y.grad.tolist(), leaf.tolist()) == ([2, 2], [4, 4], [4, 4]) and leaf is x.grad


@pytest.mark.parametrize("leaf", [True, False])
def test_parts_of_a_tensor_and_the_whole_add_up(leaf: bool) -> None:
    x = cr.arange(6.0, dtype=cr.float64).reshape(3, 2).requires_grad_()
    y = x if leaf else x * 1
    shown = []
    if not leaf:
        y.register_hook(lambda g: shown.append(g.clone()))
    part = y[1:].narrow(0, 0, 1)
    loss = (
        (y * y).sum()
        + 3 * y[0].sum()
        + sum(5 * row[0] for row in y)
        + part.sum()
        + 7 * y.select(1, 1).sum()
        + y.exp().sum()
    )
    loss.backward(retain_graph=True)
    expected = 2 * x.detach() + x.detach().exp() + cr.tensor([[5.0, 7.0]] * 3)
    expected[0] += 3
    expected[1] += 1
    assert cr.allclose(x.grad, expected) and all(cr.allclose(g, expected) for g in shown)
    loss.backward()
    assert cr.allclose(x.grad, 2 * expected)
