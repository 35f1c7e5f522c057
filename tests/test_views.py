"""Views and in-place changes: memory, versions, histories and gradients, against formulas, NumPy and PyTorch."""

from __future__ import annotations

import random

import numpy as np
import pytest

import chainrule as cr
from chainrule.core.engine import gradients
from chainrule.ops import views as ops

SEED = 20240607


def leaf(*shape: int, lib=cr):
    n = int(np.prod(shape))
    return lib.tensor((np.arange(n, dtype=np.float64).reshape(shape) + 1) / 4).requires_grad_()


def grad(y, x, create_graph=False):
    return gradients([y], [x], [cr.ones_like(y)], retain=True, create_graph=create_graph)[0]


# ------------------------------------------------------------------------------------------------------ sharing memory


def test_a_view_shares_memory_and_version_and_knows_its_base():
    x = cr.zeros(2, 3)
    row, column = x[0], x.t()[1]
    assert row._base is x and column._base is x and row._is_view() and not x._is_view()
    x.add_(1)
    assert row.tolist() == [1, 1, 1] and column.tolist() == [1, 1]
    assert row._version == column._version == x._version == 1
    row[1] = 5.0
    assert x.tolist() == [[1, 5, 1], [1, 1, 1]] and column.tolist() == [5, 1]
    assert x._version == 2


@pytest.mark.parametrize("index", [0, (0,), (1, ...), slice(0, 1), (slice(None), 0), None, ..., (0, None)])
def test_basic_indexing_aliases_even_a_single_element(index):
    x = cr.zeros(3)
    if isinstance(index, tuple) and len(index) == 2 and index[0] == slice(None):
        x = cr.zeros(3, 2)
    x[index].fill_(7.0)
    assert (np.asarray(x) == 7).any()
    expected = np.zeros(tuple(x.shape))
    expected[index] = 7
    np.testing.assert_array_equal(np.asarray(x), expected)


def test_views_of_a_0d_tensor():
    x = cr.tensor(2.0)
    v = x.view(1, 1)
    v[0, 0] = 3.0
    assert x.item() == 3
    x.mul_(2)
    assert v.item() == 6


def test_numpy_shares_memory_both_ways():
    a = np.zeros(3, np.float32)
    x = cr.from_numpy(a)
    a[0] = 1
    x[1] = 2.0
    x.numpy()[2] = 3
    assert x.tolist() == a.tolist() == [1, 2, 3]


def test_detach_shares_memory_and_version_and_data_only_memory():
    x = leaf(3)
    y = x * 1
    d, raw = y.detach(), y.data
    assert not d.requires_grad and d._version == 0
    d[0] = 9.0
    assert y[0].item() == raw[0].item() == 9 and y._version == d._version == 1 and raw._version == 0
    raw[1] = 8.0
    assert y.tolist()[1] == 8 and y._version == 1


def test_reshape_copies_where_view_refuses():
    x = cr.arange(6).reshape(2, 3).t()
    with pytest.raises(RuntimeError, match="view size is not compatible"):
        x.view(-1)
    y = x.reshape(-1)
    y[0] = 100
    assert x[0, 0].item() == 0 and y.tolist() == [100, 3, 1, 4, 2, 5]


def test_view_as_another_dtype_reads_the_same_bits():
    x = cr.tensor([1.0, -2.0])
    bits = x.view(cr.int32)
    np.testing.assert_array_equal(np.asarray(bits), np.array([1.0, -2.0], np.float32).view(np.int32))
    bits[0] = 0
    assert x.tolist() == [0, -2] and bits._version == x._version == 1
    with pytest.raises(RuntimeError, match="last dimension"):
        cr.zeros(3).view(cr.float64)


# ---------------------------------------------------------------------------------------------------- in-place changes


def test_a_change_of_a_view_reaches_the_history_of_base_and_sibling_views():
    x = leaf(4)
    y = x * 3
    a, b = y[:2], y.view(2, 2)
    a.mul_(10)
    assert type(y.grad_fn).__name__ == "CopySlices"
    np.testing.assert_allclose(
        np.asarray(grad((b * b).sum(), x)), 2 * 9 * np.array([100, 100, 1, 1]) * np.asarray(x.detach())
    )
    np.testing.assert_allclose(np.asarray(grad(y.sum(), x)), [30, 30, 3, 3])
    np.testing.assert_allclose(np.asarray(grad(a.sum(), x)), [30, 30, 0, 0])


def test_a_change_of_the_base_reaches_its_views():
    x = leaf(3)
    y = x * 1
    v = y[1]
    y.mul_(5)
    assert v.item() == 5 * x[1].item()
    np.testing.assert_allclose(np.asarray(grad(v, x)), [0, 5, 0])


def test_second_derivative_through_a_change_of_a_view():
    x = leaf(3)
    y = x * x
    y[0].mul_(y[1].clone())
    first = grad((y * y).sum(), x, create_graph=True)
    a, b, c = np.asarray(x.detach())
    np.testing.assert_allclose(np.asarray(first.detach()), [4 * a**3 * b**4, 4 * a**4 * b**3 + 4 * b**3, 4 * c**3])
    np.testing.assert_allclose(
        np.asarray(grad(first.sum(), x)),
        [12 * a**2 * b**4 + 16 * a**3 * b**3, 16 * a**3 * b**3 + 12 * a**4 * b**2 + 12 * b**2, 12 * c**2],
    )


def test_the_gradient_of_a_changed_view_does_not_depend_on_how_the_gradient_lies_in_memory():
    x = leaf(2, 3)
    y = x * 1
    y.view(-1)[1:4].mul_(2)
    out = y.t().contiguous()  # its gradient comes back transposed
    weights = cr.tensor(np.arange(6.0).reshape(3, 2))
    got = np.asarray(grad((out * weights).sum(), x))
    np.testing.assert_allclose(got, np.arange(6.0).reshape(3, 2).T * [[1, 2, 2], [2, 1, 1]])


def test_writing_a_tensor_with_history_into_one_without():
    x, y = leaf(2), cr.zeros(3, dtype=cr.float64)
    assert y.is_leaf
    y[1:] = x * 2
    assert not y.is_leaf and y.requires_grad and type(y.grad_fn).__name__ == "CopySlices"
    np.testing.assert_allclose(np.asarray(grad((y * y).sum(), x)), 8 * np.asarray(x.detach()))


def test_a_leaf_that_requires_grad_refuses_and_so_do_its_views():
    x = leaf(3)
    for change in (
        lambda: x.zero_(),
        lambda: x.fill_(1.0),
        lambda: x.copy_(x.detach()),
        lambda: x.masked_fill_(x > 0, 1.0),
    ):
        with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
            change()
    for change in (lambda: x[0].zero_(), lambda: x.__setitem__(0, 1.0), lambda: x.view(3).mul_(2)):
        with pytest.raises(RuntimeError, match="a view of a leaf Variable that requires grad"):
            change()
    with pytest.raises(RuntimeError, match="a leaf Variable"):
        x[[0, 1]] = 1.0
    with cr.no_grad():
        x[0] = 5.0
        x[1:].zero_()
    assert x.tolist() == [5, 0, 0] and x.is_leaf


def test_a_saved_value_changed_through_a_view_is_noticed():
    x = leaf(3)
    y = x * 1
    z = y * y
    y[0] = 0.0
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        grad(z.sum(), x)


def test_an_expanded_tensor_refuses_in_place_unless_nothing_repeats():
    with pytest.raises(RuntimeError, match="more than one element"):
        cr.zeros(3).expand(2, 3).add_(1)
    with pytest.raises(RuntimeError, match="more than one element"):
        cr.zeros(3).expand(2, 3)[:] = 1.0
    with pytest.raises(RuntimeError, match="more than one element"):
        cr.zeros(3).expand(2, 3).fill_(cr.tensor(1.0))
    cr.tensor(1.0).expand(1, 2)[1:].sub_(1)  # nothing
    x = cr.zeros(3)
    x.expand(1, 3).add_(1)
    assert x.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    "change", ["zero_()", "fill_(2.0)", "T.zero_()", "__setitem__(0, 5.0)", "__setitem__((1, 0), 5.0)"]
)
def test_an_expanded_tensor_is_filled_and_its_places_are_set(change):
    a = cr.tensor([1.0, 2.0, 3.0], requires_grad=True)
    b = a * 1
    e = b.expand(2, 3)
    eval(f"e.{change}")
    new = {"zero_()": [0, 0, 0], "T.zero_()": [0, 0, 0], "fill_(2.0)": [2, 2, 2], "__setitem__(0, 5.0)": [5, 5, 5]}
    assert e.tolist() == [new.get(change, [5, 2, 3])] * 2
    assert b.tolist() == e[0].tolist()
    ((e * e).sum() + (b * 3).sum()).backward()  # of what is overwritten nothing depends on a any more
    assert a.grad.tolist() == ([0, 11, 15] if change not in new else [0, 0, 0])


@pytest.mark.parametrize(
    "change", ["[0].mul_(3)", ".unbind(0)[1].add_(3.0)", "[1].detach().add_(3)", "[0].sin_().fill_(4.5)",
               ".split(1)[0].squeeze().mul_(3)", "[:1].detach().copy_(torch.tensor([4.5]))"],
)  # fmt: skip
def test_an_element_of_an_expanded_tensor_is_changed(change):
    x = cr.tensor(1.5)
    eval(f"x.expand(2){change}", {"x": x, "torch": cr})
    assert x.item() == 4.5


def test_zero_fill_and_copy_with_history():
    x, s = leaf(3), cr.tensor(2.0, dtype=cr.float64, requires_grad=True)
    y = (x * 2).zero_()
    assert y.requires_grad
    np.testing.assert_array_equal(np.asarray(grad(y.sum(), x)), [0, 0, 0])
    y = (x * 2).fill_(s)
    assert [np.asarray(g).tolist() for g in gradients([y.sum()], [x, s], [cr.tensor(1.0, dtype=cr.float64)])] == [
        [0, 0, 0],
        3,
    ]
    y = cr.zeros(2, 3, dtype=cr.float32).copy_(x)
    assert y.dtype == cr.float32 and y.requires_grad
    np.testing.assert_array_equal(np.asarray(grad(y.sum(), x)), [2, 2, 2])


def test_shape_changes_in_place():
    x = leaf(2, 1, 3)
    y = x * 1
    y.squeeze_().t_()
    assert tuple(y.shape) == (3, 2)
    w = cr.tensor(np.arange(6.0).reshape(3, 2))
    np.testing.assert_allclose(np.asarray(grad((y * w).sum(), x)), np.arange(6.0).reshape(3, 2).T[:, None])
    z = cr.zeros(3, 2)
    part = z[0]
    with pytest.raises(RuntimeError, match="has views"):
        z.t_()
    part.unsqueeze_(0).fill_(4.0)
    assert z.tolist() == [[4, 4], [0, 0], [0, 0]]
    with pytest.raises(RuntimeError, match="leaf"):
        x.squeeze_()


def test_resize():
    x = cr.arange(4)
    assert x.resize_(2).tolist() == [0, 1] and tuple(x.resize_(3, 2).shape) == (3, 2)
    with pytest.raises(RuntimeError, match="cannot resize variables that require grad"):
        leaf(2).resize_(3)


# -------------------------------------------------------------------------------------- every view against its formula

VIEWS = {
    "view": lambda x: x.view(3, 4),
    "t": lambda x: x[0].t(),
    "permute": lambda x: x.permute(2, 0, 1),
    "transpose": lambda x: x.transpose(0, -1),
    "movedim": lambda x: x.movedim(0, -1),
    "squeeze": lambda x: x[:1].squeeze(),
    "unsqueeze": lambda x: x.unsqueeze(-2),
    "narrow": lambda x: x.narrow(1, 1, 2),
    "select": lambda x: x.select(1, -1),
    "diagonal": lambda x: x.diagonal(1, 1, 2),
    "unfold": lambda x: x.unfold(1, 2, 1),
    "split": lambda x: x.split(2, 1)[1],
    "chunk": lambda x: x.chunk(2, 2)[1],
    "unbind": lambda x: x.unbind(1)[2],
    "expand": lambda x: x[:, :1].expand(2, 3, 2),
    "as_strided": lambda x: x.as_strided((2, 2), (4, 1), 1),
    "slice": lambda x: x[:, ::2],
    "flatten": lambda x: x.flatten(1),
    "unflatten": lambda x: x.flatten().unflatten(0, (2, -1)),
    "tensor_split": lambda x: x.tensor_split(2, 1)[0],
    "hsplit": lambda x: x.hsplit([1])[1],
    "mT": lambda x: x.mT,
    "swapaxes": lambda x: x.swapaxes(0, 1),
}


@pytest.mark.parametrize("part", ["unfold(-2, 2, 1)[:-1]", "diagonal().as_strided((2,), (1,))", "unfold(1, 2, 1)[1]",
                                  "[1:2].unfold(2, 1, 1)", "permute(2, 1, 0)[..., 1]"])  # fmt: skip
@pytest.mark.parametrize("change", ["mul_(2)", "zero_()", "add_(w.sum())"])
def test_a_part_of_an_expanded_tensor_that_does_not_repeat_is_changed(part, change):
    torch = pytest.importorskip("torch")
    seen = []
    for lib in (torch, cr):
        w = lib.arange(6.0).reshape(2, 3).requires_grad_()
        x = w * 1
        y = eval(f"x.expand(2, 2, 3){'' if part[0] == '[' else '.'}{part}", {"x": x})
        eval(f"y.{change}", {"y": y, "w": w})
        seen.append((y.tolist(), x.tolist(), lib.autograd.grad((x * x).sum(), w)[0].tolist()))
    assert seen[1] == seen[0]


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_shares_memory_and_its_gradient_is_the_transpose(name):
    f = VIEWS[name]
    x = leaf(2, 3, 2)
    y = f(x)
    positions = np.asarray(f(cr.arange(12).reshape(2, 3, 2)))  # where each element comes from
    np.testing.assert_array_equal(np.asarray(y.detach()), np.asarray(x.detach()).reshape(-1)[positions])
    assert np.shares_memory(y.detach().numpy(), x.detach().numpy())
    weights = np.random.default_rng(SEED).standard_normal(positions.shape)
    expected = np.zeros(12)
    np.add.at(expected, positions.reshape(-1), weights.reshape(-1))
    got = gradients([y], [x], [cr.tensor(weights)])[0]
    np.testing.assert_allclose(np.asarray(got).reshape(-1), expected)
    second = grad((grad((y**3).sum(), x, create_graph=True) * x).sum(), x)  # 9 n x^2, n how often x is seen
    seen = np.bincount(positions.reshape(-1), minlength=12).reshape(2, 3, 2)
    np.testing.assert_allclose(np.asarray(second), 9 * seen * np.asarray(x.detach()) ** 2)


COPIES = {
    "repeat": (lambda x: x.repeat(2, 1, 2), lambda a: np.tile(a, (2, 1, 2))),
    "tile": (lambda x: x.tile(2), lambda a: np.tile(a, 2)),
    "repeat_interleave": (lambda x: x.repeat_interleave(2, 1), lambda a: np.repeat(a, 2, 1)),
    "roll": (lambda x: x.roll((1, -1), (0, 2)), lambda a: np.roll(a, (1, -1), (0, 2))),
    "roll flat": (lambda x: x.roll(2), lambda a: np.roll(a, 2)),
    "flip": (lambda x: x.flip(0, 2), lambda a: np.flip(a, (0, 2))),
    "rot90": (lambda x: x.rot90(1, (0, 2)), lambda a: np.rot90(a, 1, (0, 2))),
    "rot90 back": (lambda x: x.rot90(-1, (1, 2)), lambda a: np.rot90(a, -1, (1, 2))),
    "tril": (lambda x: x.tril(-1), lambda a: np.tril(a, -1)),
    "triu": (lambda x: x.triu(1), lambda a: np.triu(a, 1)),
    "diag": (lambda x: cr.diag(x[0, 0], 1), lambda a: np.diag(a[0, 0], 1)),
    "diagflat": (lambda x: cr.diagflat(x[0], -1), lambda a: np.diagflat(a[0], -1)),
    "clone": (lambda x: x.clone(), lambda a: a),
    "cat": (lambda x: cr.cat([x, 2 * x], 1), lambda a: np.concatenate([a, 2 * a], 1)),
    "stack": (lambda x: cr.stack([x, 2 * x], -1), lambda a: np.stack([a, 2 * a], -1)),
    "hstack": (lambda x: cr.hstack([x, x]), lambda a: np.hstack([a, a])),
    "dstack": (lambda x: cr.dstack([x, x]), lambda a: np.dstack([a, a])),
    "vstack": (lambda x: cr.vstack([x[0, 0], x[0]]), lambda a: np.vstack([a[0, 0], a[0]])),
    "column_stack": (lambda x: cr.column_stack([x[0, 0], x[1, 0]]), lambda a: np.column_stack([a[0, 0], a[1, 0]])),
    "meshgrid": (
        lambda x: cr.meshgrid(x[0, :, 0], x[0, 0], indexing="xy")[0],
        lambda a: np.meshgrid(a[0, :, 0], a[0, 0], indexing="xy")[0],
    ),
    "block_diag": (
        lambda x: cr.block_diag(x[0], x[1, 0]),
        lambda a: np.block([[a[0], np.zeros((3, 2))], [np.zeros((1, 2)), a[1, :1]]]),
    ),
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_equals_numpys_and_its_gradient_is_the_transpose(name):
    ours, theirs = COPIES[name]
    x = leaf(2, 3, 2)
    a = np.array(x.detach().numpy())
    y = ours(x)
    np.testing.assert_array_equal(np.asarray(y.detach()), theirs(a))
    assert np.shares_memory(y.detach().numpy(), x.detach().numpy()) == (name == "meshgrid")
    weights = np.random.default_rng(SEED).standard_normal(tuple(y.shape))
    got = np.asarray(gradients([y], [x], [cr.tensor(weights)])[0])
    expected = np.zeros_like(a)  # the function is linear: its transpose, a unit vector at a time
    for i in np.ndindex(a.shape):
        unit = np.zeros_like(a)
        unit[i] = 1
        expected[i] = (theirs(unit) * weights).sum()
    np.testing.assert_allclose(got, expected)


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool"])
def test_dtypes_stay_and_empty_and_0d_inputs_work(dtype):
    d = getattr(cr, dtype)
    for x in (cr.zeros(2, 3, dtype=d), cr.zeros(0, 3, dtype=d)):
        for y in (
            x.t(),
            x.repeat(1, 2),
            x.flip(0),
            x.roll(1, 0),
            x.tril(),
            x.flatten(),
            x.unsqueeze(0),
            cr.cat([x, x]),
        ):
            assert y.dtype == d
    s = cr.tensor(1, dtype=d)
    for y in (s.flatten(), s.reshape(1), s.unsqueeze(0), s.expand(1), s.repeat(1), s.unfold(0, 1, 1), cr.atleast_1d(s)):
        assert y.dtype == d and y.tolist() == [1]
    assert s.squeeze(0).item() == s.t().item() == s.permute(()).item() == s.flip(()).item() == 1


def test_joining_a_single_tensor():
    for join in (cr.cat, cr.stack):
        x = leaf(2)
        join([x]).sum().backward()
        assert x.grad.tolist() == [1, 1]


def test_cat_promotes_dtypes_and_skips_empty_vectors():
    assert cr.cat([cr.tensor([1]), cr.tensor([2.0])]).dtype == cr.float32
    assert cr.cat([cr.zeros(2, 2), cr.tensor([])]).tolist() == [[0, 0], [0, 0]]


def test_meshgrid_asks_for_indexing():
    with pytest.warns(UserWarning, match="required to pass the indexing argument"):
        cr.meshgrid(cr.arange(2), cr.arange(3))


ERRORS = [
    (lambda x: x.view(5), RuntimeError, r"shape '\[5\]' is invalid for input of size 6"),
    (lambda x: x.reshape(-1, -1), RuntimeError, "only one dimension can be inferred"),
    (
        lambda x: x.expand(2, 4),
        RuntimeError,
        r"The expanded size of the tensor \(4\) must match the existing size \(3\)",
    ),
    (lambda x: x.expand(3), RuntimeError, "the number of sizes provided"),
    (lambda x: x.expand(-1, 2, 3), RuntimeError, "leading, non-existing dimension 0"),
    (lambda x: x.permute(0), RuntimeError, "does not match the length"),
    (lambda x: x.permute(0, 0), RuntimeError, "duplicate dims"),
    (
        lambda x: x.unsqueeze(5),
        IndexError,
        r"Dimension out of range \(expected to be in range of \[-3, 2\], but got 5\)",
    ),
    (lambda x: x.unflatten(1, (2, 2)), RuntimeError, "don't multiply up"),
    (lambda x: x[None].t(), RuntimeError, "expects a tensor with <= 2 dimensions, but self is 3D"),
    (lambda x: x.narrow(0, 1, 3), RuntimeError, r"start \(1\) \+ length \(3\) exceeds dimension size \(2\)"),
    (lambda x: x.select(0, 2), IndexError, "index 2 out of range for tensor of size"),
    (lambda x: x.split([1, 2]), RuntimeError, "split_with_sizes expects split_sizes to sum exactly to 2"),
    (lambda x: x.chunk(0), RuntimeError, "greater than 0"),
    (lambda x: x.unfold(0, 3, 1), RuntimeError, "maximum size for tensor at dimension 0 is 2 but size is 3"),
    (lambda x: x.repeat(2), RuntimeError, "can not be smaller than number of dimensions"),
    (lambda x: x.as_strided((9,), (1,)), RuntimeError, "out of bounds"),
    (lambda x: x.movedim((0, 1), (0,)), RuntimeError, "same number of dims"),
    (lambda x: x.hsplit(2), RuntimeError, "not divisible"),
    (lambda x: cr.cat([x, x[:, :2]]), RuntimeError, "Expected size 3 but got size 2 for tensor number 1"),
    (lambda x: cr.cat([x, x[0]]), RuntimeError, "same number of dimensions: got 2 and 1"),
    (lambda x: cr.cat([x[0, 0]]), RuntimeError, "zero-dimensional tensor"),
    (lambda x: cr.cat(x), TypeError, "must be tuple of Tensors"),
    (lambda x: cr.stack([x, x[0]]), RuntimeError, r"got \[2, 3\] at entry 0 and \[3\] at entry 1"),
    (lambda x: cr.reshape([1, 2], (2,)), TypeError, "must be Tensor, not list"),
]


@pytest.mark.parametrize("i", range(len(ERRORS)))
def test_errors_say_what_happened(i):
    f, error, words = ERRORS[i]
    with pytest.raises(error, match=words):
        f(cr.zeros(2, 3))


# -------------------------------------------------------------------------------------------------- against PyTorch


def _program(seed: int, lib):
    """A random program of views and in-place changes: its values, versions, names and gradients."""
    r = random.Random(seed)
    x = leaf(2, 3, 2, lib=lib)
    alive = [x * 2]
    log = []
    for _ in range(r.randrange(3, 9)):
        v = r.choice(alive)
        n = v.dim()
        k = r.randrange(12)
        try:
            if k == 0:
                alive.append(v[r.randrange(2)])
            elif k == 1:
                alive.append(v[..., r.randrange(2) :])
            elif k == 2:
                alive.append(v.transpose(0, n - 1))
            elif k == 3:
                alive.append(v.view(-1))
            elif k == 4:
                alive.append(v.reshape(-1, 2))
            elif k == 5:
                alive.append(v.unsqueeze(r.randrange(n + 1)))
            elif k == 6:
                v.mul_(r.choice([2.0, -1.0]))
            elif k == 7:
                v.add_(r.choice(alive).sum())
            elif k == 8:
                v[..., 0] = r.choice(alive).sum() * 0.5
            elif k == 9:
                v.masked_fill_(v > 3, 0.25)
            elif k == 10:
                v.copy_(v * v)
            else:
                alive.append(v.diagonal(0, 0, n - 1))
        except (RuntimeError, IndexError) as e:
            log.append(type(e).__name__)
    total = sum((a * a).sum() for a in alive)
    one = lib.tensor(1.0, dtype=lib.float64)
    run = gradients if lib is cr else __import__("torch").autograd.grad
    try:
        got = run([total], [x], [one])[0]
    except RuntimeError as e:  # a saved value was changed
        assert "modified by an inplace operation" in str(e)
        got = np.nan
    return (
        [np.asarray(a.detach()) for a in alive], [a._version for a in alive],
        [a._base is alive[0] or a._base is None for a in alive], log, np.asarray(got),
    )  # fmt: skip


def test_random_programs_of_views_and_changes_agree_with_torch():
    torch = pytest.importorskip("torch")
    print("seed", SEED)
    compared = 0
    for seed in range(SEED, SEED + 300):
        theirs, ours = _program(seed, torch), _program(seed, cr)
        assert theirs[1:4] == ours[1:4], seed
        for a, b in zip(theirs[0], ours[0]):
            np.testing.assert_allclose(b, a, err_msg=str(seed))
        np.testing.assert_allclose(ours[4], theirs[4], err_msg=str(seed))
        compared += not np.isnan(ours[4]).any()
    assert compared > 150


def test_place_and_view_scatter_are_transposes_of_each_other():
    path = ((ops.select, {"dim": 0, "index": 1}), (ops.narrow, {"dim": 0, "start": 0, "stop": 3, "step": 2}))
    rng = np.random.default_rng(SEED)
    whole, part = rng.standard_normal((2, 3)), rng.standard_normal(2)
    placed = ops.place(part, shape=(2, 3), path=path)
    np.testing.assert_allclose((placed * whole).sum(), part @ whole[1, ::2])


@pytest.mark.parametrize("dtype", ["int64", "float32", "uint8"])
def test_a_place_takes_a_tensor_of_one_element(dtype):
    x = cr.tensor([1, 2, 3], dtype=getattr(cr, dtype))
    x[-1] = cr.tensor([7.5], dtype=cr.float64)
    x[0] = cr.tensor([[4.0]])
    assert x.tolist() == [4, 2, 7.5 if dtype == "float32" else 7]


def test_strides_stay_within_the_memory_of_what_is_expanded():
    x = cr.tensor([1.5, 2.5])
    wide = x.expand(3, 2)
    assert wide.as_strided((2,), (1,)).tolist() == [1.5, 2.5]
    for y in (wide, cr.tensor([1.5]).expand(2, 1)):
        with pytest.raises(RuntimeError, match="out of bounds for storage"):
            y.as_strided((3,), (1,))


def test_a_storage_is_the_memory_in_whatever_order_axes_lie():
    x = cr.arange(24).reshape(2, 3, 4).permute(2, 0, 1) + 0  # neither by rows nor by columns
    assert not x.is_contiguous() and x.storage_offset() == 0
    assert x.storage().data_ptr() == x.data_ptr()
    assert x.as_strided((3,), (1,)).tolist() == [0, 1, 2]
    x.storage()[0] = 7
    assert x[0, 0, 0] == 7


AS_IN_TORCH = """unfold(0, 2, 1); t(); select(0, 1); narrow(0, 0, 1); diagonal(); expand(2, 2, 3); transpose(0, 1)
permute(1, 0)
unsqueeze(0); squeeze(); view(-1); reshape(-1); flatten(); as_strided((2,), (1,)); movedim(0, 1); swapaxes(0, 1)
mT; chunk(2)[0]; split(1)[0]; unbind()[0]; unflatten(1, (3, 1)); clone(); roll(1); flip(0); repeat(2, 1); tril()
cumsum(0); index_select(0, i); gather(0, i[:, None]); view_as(x); expand_as(x); hsplit(3)[1]; tile(2, 1)
contiguous(); to(x.dtype)"""


@pytest.mark.parametrize("call", AS_IN_TORCH.replace("\n", "; ").split("; "))
def test_what_is_a_view_in_torch_is_one(call):
    def seen(lib):
        x = lib.ones(2, 3)
        base = x * 1
        y = eval(f"base.{call}", {"base": base, "x": x, "i": lib.tensor([0, 1])})
        of_base = y._base is base
        base.mul_(3)
        return of_base, y is base, y.tolist()

    assert seen(cr) == seen(pytest.importorskip("torch"))


@pytest.mark.parametrize("shape", [(2, 2, 0, 2), (3, 0, 5), (0, 3)])
def test_windows_of_nothing(shape):
    x = cr.stack([cr.zeros(shape)] * 2)  # whose strides are those of elements that there might be
    for part in (x, x[1:], x[1:, ::2, ..., 1:], x[..., 1:]):
        for dim, n in enumerate(part.shape):
            for size in range(1, n + 1):
                got = part.unfold(dim, size, 1).shape
                assert got == (*part.shape[:dim], n - size + 1, *part.shape[dim + 1 :], size)
