"""Networks: functions against formulas, finite differences and torch; modules against what torch does and prints."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn

F = nn.functional
Array = np.ndarray[Any, Any]

# ---------------------------------------------------------------------------------------------------------- activations

SQRT2 = math.sqrt(2)
ACTIVATIONS: dict[str, tuple[Callable[[Any], Any], Callable[[float], float]]] = {
    "relu": (F.relu, lambda x: max(x, 0)),
    "leaky_relu": (lambda x: F.leaky_relu(x, 0.2), lambda x: x if x > 0 else 0.2 * x),
    "elu": (lambda x: F.elu(x, 1.5), lambda x: x if x > 0 else 1.5 * math.expm1(x)),
    "selu": (F.selu, lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * math.expm1(x))),
    "celu": (lambda x: F.celu(x, 2.0), lambda x: x if x > 0 else 2 * math.expm1(x / 2)),
    "gelu": (F.gelu, lambda x: x * (1 + math.erf(x / SQRT2)) / 2),
    "gelu tanh": (
        lambda x: F.gelu(x, approximate="tanh"),
        lambda x: x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    ),
    "silu": (F.silu, lambda x: x / (1 + math.exp(-x))),
    "mish": (F.mish, lambda x: x * math.tanh(math.log1p(math.exp(x)))),
    "softplus": (lambda x: F.softplus(x, 2.0), lambda x: math.log1p(math.exp(2 * x)) / 2),
    "softsign": (F.softsign, lambda x: x / (1 + abs(x))),
    "hardtanh": (lambda x: F.hardtanh(x, -0.5, 2.0), lambda x: min(max(x, -0.5), 2.0)),
    "relu6": (F.relu6, lambda x: min(max(x, 0), 6)),
    "hardsigmoid": (F.hardsigmoid, lambda x: min(max(x + 3, 0), 6) / 6),
    "hardswish": (F.hardswish, lambda x: x * min(max(x + 3, 0), 6) / 6),
    "logsigmoid": (F.logsigmoid, lambda x: -math.log1p(math.exp(-x))),
    "tanhshrink": (F.tanhshrink, lambda x: x - math.tanh(x)),
    "softshrink": (F.softshrink, lambda x: math.copysign(max(abs(x) - 0.5, 0), x)),
    "hardshrink": (F.hardshrink, lambda x: x if abs(x) > 0.5 else 0),
    "threshold": (lambda x: F.threshold(x, 0.3, -7.0), lambda x: x if x > 0.3 else -7.0),
}
POINTS = np.array([-8.1, -3.2, -1.7, -0.6, -0.2, 0.1, 0.35, 0.9, 2.3, 3.1, 7.4])


def differences(f: Callable[[Array], float], x: Array, step: float = 1e-6) -> Array:
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += step
        down[i] -= step
        g[i] = (f(up) - f(down)) / (2 * step)
    return g


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_follow_their_formula(name: str) -> None:
    f, formula = ACTIVATIONS[name]
    np.testing.assert_allclose(f(cr.tensor(POINTS)).numpy(), [formula(x) for x in POINTS], rtol=1e-7, atol=1e-12)
    assert f(cr.tensor(POINTS.astype(np.float32))).dtype == cr.float32
    assert f(cr.tensor(0.7)).item() == pytest.approx(formula(0.7), rel=1e-6)
    assert f(cr.zeros(0)).shape == (0,)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_first_and_second_slopes_of_activations(name: str) -> None:
    f, _ = ACTIVATIONS[name]

    def slope(a: Array) -> tuple[Any, Any]:
        x = cr.tensor(a, requires_grad=True)
        y = f(x)
        return x, cr.autograd.grad((y * y).sum(), x, create_graph=True)[0]

    x, g = slope(POINTS)
    np.testing.assert_allclose(
        g.detach().numpy(), differences(lambda a: float((f(cr.tensor(a)) ** 2).sum()), POINTS), rtol=1e-5, atol=1e-5
    )
    (h,) = cr.autograd.grad(g.sum(), x)
    np.testing.assert_allclose(h.numpy(), differences(lambda a: float(slope(a)[1].sum()), POINTS), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("f", [F.elu, F.selu, F.celu, F.softplus, F.logsigmoid, F.silu, F.mish, F.gelu])
def test_far_out_there_is_no_nan(f: Callable[[Any], Any]) -> None:
    x = cr.tensor([-1000.0, 1000.0], requires_grad=True)
    (g,) = cr.autograd.grad(f(x).sum(), x, create_graph=True)
    (h,) = cr.autograd.grad(g.sum(), x, allow_unused=True)
    assert g.isfinite().all() and h.isfinite().all()


def test_slopes_at_nan() -> None:
    """PyTorch's of one element: a bound that NaN does not reach lets gradients through; a loss of NaN has no slope."""
    for f, slope in [(F.hardtanh, 1.0), (F.relu6, 1.0), (F.hardshrink, 1.0), (F.softshrink, 1.0), (F.relu, 1.0)]:
        x = cr.tensor([math.nan], requires_grad=True)
        f(x).backward()
        assert x.grad.item() == slope
    for loss in (F.huber_loss, F.smooth_l1_loss):
        x = cr.tensor([math.nan, math.inf, 0.5], requires_grad=True)
        loss(x, cr.zeros(3), reduction="sum").backward()
        np.testing.assert_equal(x.grad.numpy(), [math.nan, 1, 0.5])
    assert F.multilabel_soft_margin_loss(cr.tensor([[-math.inf]]), cr.tensor([[1.0]])).item() == math.inf


def test_activations_of_integers() -> None:
    """They are floats of the default dtype; bounds of whole numbers leave them what they are."""
    i = cr.tensor([0, 1, 7])
    for name in ("leaky_relu", "hardshrink", "softshrink", "hardswish", "hardsigmoid", "elu", "silu"):
        assert getattr(F, name)(i).dtype == cr.float32
    assert (F.relu6(i).tolist(), F.hardtanh(i, -0.5, 1.5).tolist()) == ([0, 1, 6], [0, 1, 1])
    assert F.relu6(i.to(cr.uint8)).dtype == cr.uint8
    for x, said in [(i > 0, "Bool inputs"), (i.to(cr.uint8), "unsigned type with negative limits")]:
        with pytest.raises(RuntimeError, match=said):
            F.hardtanh(x)


def test_in_place_activations_change_their_input() -> None:
    x = cr.tensor([-1.0, 2.0])
    y = F.leaky_relu_(x, 0.5)
    assert y is x and x.tolist() == [-0.5, 2.0]
    assert nn.ReLU(inplace=True)(x) is x and x.tolist() == [0.0, 2.0]


# --------------------------------------------------------------------------------------------------------------- losses


def test_mean_squared_error_by_hand() -> None:
    x = cr.tensor([1.0, 4.0], requires_grad=True)
    loss = F.mse_loss(x, cr.tensor([0.0, 1.0]))
    assert (loss.item(), loss.grad_fn.name()) == (5.0, "MseLossBackward0")
    loss.backward()
    assert x.grad.tolist() == [1.0, 3.0]
    with pytest.warns(UserWarning, match="Using a target size"):
        F.mse_loss(x, cr.zeros(1))


def test_cross_entropy_by_hand(rng: np.random.Generator) -> None:
    x, weight = rng.normal(size=(5, 3)), np.array([1.0, 2.0, 0.5])
    y = np.array([0, 2, 1, 1, 2])
    p = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    each = -np.log(p[np.arange(5), y])
    xt, yt, wt = cr.tensor(x), cr.tensor(y), cr.tensor(weight)
    assert F.cross_entropy(xt, yt).item() == pytest.approx(each.mean())
    assert F.cross_entropy(xt, yt, wt).item() == pytest.approx((each * weight[y]).sum() / weight[y].sum())
    np.testing.assert_allclose(F.cross_entropy(xt, yt, ignore_index=1, reduction="none").numpy(), each * (y != 1))
    assert F.cross_entropy(xt, yt, ignore_index=1).item() == pytest.approx(each[y != 1].mean())
    smooth = 0.7 * np.eye(3)[y] + 0.1
    expected = -(smooth * np.log(p)).sum(1).mean()
    assert F.cross_entropy(xt, yt, label_smoothing=0.3).item() == pytest.approx(expected)
    assert F.cross_entropy(xt, cr.tensor(smooth)).item() == pytest.approx(expected)


def test_an_ignored_class_of_probability_zero_does_no_harm() -> None:
    logp = cr.tensor([[0.0, -math.inf], [math.log(0.5), math.log(0.5)]], requires_grad=True)
    loss = F.nll_loss(logp, cr.tensor([1, 0]), ignore_index=1)
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2))
    assert logp.grad.tolist() == [[0.0, 0.0], [-1.0, 0.0]]


def test_weights_of_classes_weigh_slopes() -> None:
    logp = cr.tensor([[-1.0, -2.0], [-3.0, -4.0]], requires_grad=True)
    F.nll_loss(logp, cr.tensor([1, 0]), weight=cr.tensor([0.5, 4.0])).backward()
    np.testing.assert_allclose(logp.grad.numpy(), [[0, -4 / 4.5], [-0.5 / 4.5, 0]], rtol=1e-6)


def test_binary_cross_entropy_and_its_logits_agree(rng: np.random.Generator) -> None:
    x, y = cr.tensor(rng.normal(size=6) * 3, requires_grad=True), cr.tensor(rng.uniform(size=6))
    one, two = F.binary_cross_entropy(x.sigmoid(), y), F.binary_cross_entropy_with_logits(x, y)
    assert one.item() == pytest.approx(two.item())
    a, b = cr.autograd.grad(one, x)[0], cr.autograd.grad(two, x)[0]
    np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-9)
    assert F.binary_cross_entropy(cr.tensor([0.0]), cr.tensor([1.0])).item() == 100.0
    assert F.binary_cross_entropy_with_logits(cr.tensor([1000.0]), cr.tensor([0.0])).item() == 1000.0


LOSSES: dict[str, Callable[[Any], Any]] = {
    "smooth_l1": lambda x: F.smooth_l1_loss(x, x.detach() * 0.3, beta=0.7),
    "huber": lambda x: F.huber_loss(x, x * x, delta=0.6),
    "bce": lambda x: F.binary_cross_entropy(x.sigmoid(), (x * 2).sigmoid()),
    "bce pos_weight": lambda x: F.binary_cross_entropy_with_logits(x, (x * 2).sigmoid(), pos_weight=cr.tensor(2.0)),
    "cross_entropy": lambda x: F.cross_entropy(x, cr.tensor([2, 0]), label_smoothing=0.1),
    "kl_div": lambda x: F.kl_div(x.log_softmax(1), (x * x).softmax(1), reduction="batchmean"),
    "poisson": lambda x: F.poisson_nll_loss(x, x * x, full=True),
    "gaussian": lambda x: F.gaussian_nll_loss(x, x * 2, x * x + 0.1),
    "cosine": lambda x: F.cosine_embedding_loss(x, x * x, cr.tensor([1, -1])),
    "triplet": lambda x: F.triplet_margin_loss(x, x * x, x + 1, swap=True),
    "soft_margin": lambda x: F.soft_margin_loss(x, x.detach().sign()),
    "multi_margin": lambda x: F.multi_margin_loss(x, cr.tensor([1, 2]), p=2),
    "multilabel_margin": lambda x: F.multilabel_margin_loss(x, cr.tensor([[2, 0, -1], [1, -1, 0]])),
    "layer_norm": lambda x: (F.layer_norm(x, (3,), x[0], x[1]) ** 3).sum(),
    "batch_norm": lambda x: (F.batch_norm(x * x, None, None, x[0], training=True) ** 3).sum(),
    "linear": lambda x: (F.linear(x, x * x, x[0, :2]) ** 2).sum(),
    "bilinear": lambda x: (F.bilinear(x, x * x, cr.arange(18.0, dtype=cr.float64).reshape(2, 3, 3)) ** 2).sum(),
    "embedding": lambda x: (F.embedding(cr.tensor([1, 1, 0]), x, scale_grad_by_freq=False) ** 3).sum(),
    "reflect": lambda x: (F.pad(x, (1, 2), "reflect") ** 3).sum(),
    "constant": lambda x: (F.pad(x, (1, -1, 2, 0), value=3.0) ** 3).sum(),
}


@pytest.mark.parametrize("name", LOSSES)
def test_slopes_of_losses_and_layers(name: str, rng: np.random.Generator) -> None:
    f, a = LOSSES[name], rng.normal(size=(2, 3))

    def slope(a: Array) -> tuple[Any, Any]:
        x = cr.tensor(a, requires_grad=True)
        return x, cr.autograd.grad(f(x), x, create_graph=True)[0]

    x, g = slope(a)
    if name not in ("smooth_l1", "soft_margin"):  # their targets follow x without its gradient
        np.testing.assert_allclose(
            g.detach().numpy(), differences(lambda a: f(cr.tensor(a)).item(), a), atol=1e-6, rtol=1e-5
        )
        if not g.requires_grad:  # piecewise linear
            return
        (h,) = cr.autograd.grad((g * g).sum(), x)
        second = differences(lambda a: float((slope(a)[1] ** 2).sum()), a)
        np.testing.assert_allclose(h.numpy(), second, atol=1e-4, rtol=1e-4)
    assert g.shape == x.shape


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: F.mse_loss(cr.ones(2), cr.ones(2), reduction="no"),
            ValueError,
            "no is not a valid value for reduction",
        ),
        (lambda: F.cross_entropy(cr.ones(2, 3), cr.tensor([0, 3])), IndexError, "Target 3 is out of bounds"),
        (lambda: F.cross_entropy(cr.ones(2, 3), cr.tensor([0])), ValueError, r"batch_size \(2\) to match target"),
        (lambda: F.binary_cross_entropy(cr.tensor([1.5]), cr.ones(1)), RuntimeError, "should be between 0 and 1"),
        (lambda: F.linear(cr.ones(2, 3), cr.ones(4, 5)), RuntimeError, r"cannot be multiplied \(2x3 and 5x4\)"),
        (lambda: F.dropout(cr.ones(2), 2.0), ValueError, "has to be between 0 and 1, but got 2.0"),
        (lambda: F.embedding(cr.tensor([3]), cr.ones(3, 2)), IndexError, "index out of range"),
        (lambda: F.layer_norm(cr.ones(2, 3), (4,)), RuntimeError, r"expected input with shape \[\*, 4\]"),
    ],
)
def test_what_does_not_fit_is_refused(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()


# --------------------------------------------------------------------------------------------------------------- layers


def test_linear_is_one_node_and_skips_the_inputs_gradient() -> None:
    layer = nn.Linear(2, 3)
    y = layer(cr.ones(4, 2))
    assert y.grad_fn.name() == "AddmmBackward0"
    assert y.grad_fn.next_functions[1] == (None, 0)  # bias, input, weight: as torch
    y.sum().backward()
    np.testing.assert_allclose(layer.weight.grad.numpy(), np.full((3, 2), 4.0))
    np.testing.assert_allclose(layer.bias.grad.numpy(), np.full(3, 4.0))


def test_batch_norm_keeps_running_statistics(rng: np.random.Generator) -> None:
    layer, x = nn.BatchNorm1d(3), rng.normal(size=(8, 3)) * 2 + 1
    y = layer(cr.tensor(x.astype(np.float32)))
    np.testing.assert_allclose(y.detach().numpy().mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(layer.running_mean.numpy(), 0.1 * x.mean(0), rtol=1e-5)
    np.testing.assert_allclose(layer.running_var.numpy(), 0.9 + 0.1 * x.var(0, ddof=1), rtol=1e-5)
    assert layer.num_batches_tracked.item() == 1
    layer.eval()
    z = layer(cr.tensor(x.astype(np.float32))).detach().numpy()
    expected = (x - layer.running_mean.numpy()) / np.sqrt(layer.running_var.numpy() + 1e-5)
    np.testing.assert_allclose(z, expected, rtol=1e-4, atol=1e-5)


def test_dropout_scales_what_it_keeps() -> None:
    cr.manual_seed(0)
    layer, x = nn.Dropout(0.25), cr.ones(10000)
    y = layer(x)
    assert set(np.unique(y.numpy()).round(4)) == {np.float32(0), np.float32(1.3333)}
    assert abs(y.mean().item() - 1) < 0.05
    assert layer.eval()(x) is x


def test_the_padding_row_gets_no_gradient() -> None:
    table = nn.Embedding(3, 2, padding_idx=1)
    table(cr.tensor([0, 1, 0])).sum().backward()
    assert table.weight.grad.tolist() == [[2.0, 2.0], [0.0, 0.0], [0.0, 0.0]]
    assert table.weight[1].tolist() == [0.0, 0.0]


# The first weights of torch 2.13 after manual_seed(0).
def test_the_same_seed_gives_torchs_weights() -> None:
    cr.manual_seed(0)
    layer = nn.Linear(2, 2)
    np.testing.assert_allclose(
        layer.weight.detach().numpy(), [[-0.00529398, 0.37932312], [-0.58198076, -0.52038747]], rtol=1e-5
    )
    np.testing.assert_allclose(layer.bias.detach().numpy(), [-0.27234524, 0.18961589], rtol=1e-5)


STARTS = [
    "uniform_(w, -1.0, 2.0)", "normal_(w, 1.0, 2.0)", "xavier_uniform_(w)", "xavier_normal_(w, 2.0)", "eye_(w)",
    "kaiming_uniform_(w, a=0.1)", "kaiming_normal_(w, mode='fan_out', nonlinearity='relu')", "orthogonal_(w)",
    "trunc_normal_(w, std=0.5)",
    "trunc_normal_(w, a=1.0, b=2.0)", "sparse_(w, 0.3)", "constant_(w, 3.0)", "ones_(w)", "zeros_(w)",
]  # fmt: skip


@pytest.mark.parametrize("call", STARTS)
def test_starts_equal_torchs(call: str) -> None:
    torch = pytest.importorskip("torch")
    results = []
    for lib in (cr, torch):
        lib.manual_seed(3)
        w = lib.zeros(5, 7)
        results.append(eval(call, {"w": w, **vars(lib.nn.init)}).numpy())
    np.testing.assert_allclose(*results, rtol=1e-5, atol=1e-6)


def test_a_network_learns_as_torchs_does() -> None:
    torch = pytest.importorskip("torch")

    def losses(lib: Any) -> list[float]:
        lib.manual_seed(1)
        net = lib.nn.Sequential(lib.nn.Linear(2, 8), lib.nn.Tanh(), lib.nn.Linear(8, 3))
        x, y = lib.randn(20, 2), lib.arange(20) % 3
        optimizer, out = lib.optim.Adam(net.parameters(), lr=0.05), []
        for _ in range(50):
            optimizer.zero_grad()
            loss = lib.nn.CrossEntropyLoss()(net(x), y)
            loss.backward()
            lib.nn.utils.clip_grad_norm_(net.parameters(), 0.5)
            optimizer.step()
            out.append(loss.item())
        return out

    np.testing.assert_allclose(losses(cr), losses(torch), rtol=1e-3)


# -------------------------------------------------------------------------------------------------------------- modules


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 3)
        self.rest = nn.Sequential(nn.ReLU(), nn.Linear(3, 1))
        self.scale = nn.Parameter(cr.tensor(2.0))
        self.register_buffer("seen", cr.zeros(1))
        self.note = nn.Buffer(cr.ones(1), persistent=False)

    def forward(self, x: Any) -> Any:
        return self.rest(self.first(x)) * self.scale


def test_modules_find_what_was_assigned_to_them() -> None:
    net = Net()
    names = ["scale", "first.weight", "first.bias", "rest.1.weight", "rest.1.bias"]
    assert [name for name, _ in net.named_parameters()] == names
    assert sum(p.numel() for p in net.parameters()) == 14
    assert [name for name, _ in net.named_buffers()] == ["seen", "note"]
    assert [name for name, _ in net.named_modules()] == ["", "first", "rest", "rest.0", "rest.1"]
    assert list(net.state_dict()) == ["scale", "seen", "first.weight", "first.bias", "rest.1.weight", "rest.1.bias"]
    assert net.get_submodule("rest.1") is net.rest[1]
    assert isinstance(net.note, nn.Buffer) and not isinstance(net.seen * 1, nn.Buffer)


def test_a_saved_state_can_be_loaded() -> None:
    one, two = Net(), Net()
    x = cr.ones(4, 2)
    assert repr(two.load_state_dict(one.state_dict())) == "<All keys matched successfully>"
    assert one(x).tolist() == two(x).tolist()
    three = pickle.loads(pickle.dumps(one))
    assert one(x).tolist() == three(x).tolist()
    four = copy.deepcopy(one)
    four.first.weight.data.fill_(0)
    assert not (one.first.weight == 0).any()
    wrong = {"weight": cr.ones(3, 3), "extra": cr.ones(1)}
    expected = (
        'Error(s) in loading state_dict for Linear:\n\tUnexpected key(s) in state_dict: "extra". \n\t'
        'Missing key(s) in state_dict: "bias". \n\tsize mismatch for weight: copying a param with shape '
        "torch.Size([3, 3]) from checkpoint, the shape in current model is torch.Size([3, 2])."
    )
    with pytest.raises(RuntimeError) as caught:
        one.first.load_state_dict(wrong)
    assert str(caught.value) == expected


def test_modes_and_dtypes_reach_every_module() -> None:
    net = Net()
    assert net.eval() is net and not net.rest[1].training
    assert net.train().rest[1].training
    assert all(p.dtype == cr.float64 for p in net.double().parameters())
    assert net(cr.ones(1, 2, dtype=cr.float64)).dtype == cr.float64
    net.requires_grad_(False)
    assert not any(p.requires_grad for p in net.parameters())
    with pytest.raises(
        TypeError, match=r"only accepts floating point or complex dtypes, but got desired dtype=torch\.int64"
    ):
        net.to(cr.int64)


def test_a_parameter_prints_itself_and_shares_memory() -> None:
    x = cr.ones(2)
    p = nn.Parameter(x)
    assert repr(p) == "Parameter containing:\ntensor([1., 1.], requires_grad=True)"
    with cr.no_grad():
        p += 1
    assert x.tolist() == [2.0, 2.0]
    assert type(p * 1) is cr.Tensor
    q = copy.deepcopy(p)
    assert isinstance(q, nn.Parameter) and q.requires_grad and q is not p
    with pytest.raises(RuntimeError, match="Only Tensors of floating point"):
        nn.Parameter(cr.tensor([1]))


def test_wrong_assignments_are_refused() -> None:
    net = nn.Linear(2, 2)
    with pytest.raises(TypeError, match=r"cannot assign 'torch\.FloatTensor' as parameter 'weight'"):
        net.weight = cr.ones(2, 2)
    with pytest.raises(AttributeError, match="'Linear' object has no attribute 'wieght'"):
        _ = net.wieght
    with pytest.raises(KeyError, match=r'contain "\."'):
        net.register_parameter("a.b", None)

    class Early(nn.Module):
        def __init__(self) -> None:
            self.layer = nn.ReLU()

    with pytest.raises(AttributeError, match=r"cannot assign module before Module.__init__\(\) call"):
        Early()


def test_printing() -> None:
    net = nn.Sequential(nn.Linear(1, 2), nn.LeakyReLU(0.1, True), nn.ModuleList([nn.Dropout(), nn.Dropout()]))
    assert repr(net) == (
        "Sequential(\n  (0): Linear(in_features=1, out_features=2, bias=True)\n  (1): LeakyReLU(negative_slope=0.1, "
        "inplace=True)\n  (2): ModuleList(\n    (0-1): 2 x Dropout(p=0.5, inplace=False)\n  )\n)"
    )
    assert repr(nn.MSELoss()) == "MSELoss()"
    assert repr(nn.ParameterList([cr.ones(2, 3), cr.ones(1)])) == (
        "ParameterList(\n    (0): Parameter containing: [torch.float32 of size 2x3]\n"
        "    (1): Parameter containing: [torch.float32 of size 1]\n)"
    )


def test_containers_behave_as_their_python_kin() -> None:
    items = nn.ModuleList([nn.ReLU()])
    items.append(nn.Tanh()).insert(1, nn.Sigmoid())
    assert [type(m).__name__ for m in items] == ["ReLU", "Sigmoid", "Tanh"]
    del items[0]
    assert (len(items), list(items.state_dict())) == (2, [])
    table = nn.ModuleDict({"a": nn.Linear(1, 1)})
    table["b"] = nn.ReLU()
    assert ("b" in table, list(table.keys())) == (True, ["a", "b"])
    parameters = nn.ParameterDict({"w": cr.ones(2)})
    assert isinstance(parameters["w"], nn.Parameter)
    assert len(nn.Sequential(nn.ReLU(), nn.Tanh(), nn.ReLU())[:2]) == 2


def test_hooks_of_modules() -> None:
    layer, seen = nn.Linear(2, 1, bias=False), []
    handle = layer.register_forward_hook(lambda m, args, out: seen.append(out.shape) or out * 2)
    layer.register_forward_pre_hook(lambda m, args: (args[0] + 1,))
    layer.register_full_backward_hook(lambda m, gi, go: seen.append((gi[0].tolist(), go[0].tolist())))
    with cr.no_grad():
        layer.weight.copy_(cr.tensor([[1.0, 3.0]]))
    x = cr.zeros(1, 2, requires_grad=True)
    y = layer(x)
    assert y.item() == 8.0
    y.sum().backward()
    assert seen == [(1, 1), ([[2.0, 6.0]], [[1.0]])]
    handle.remove()
    assert layer(x).item() == 4.0


# ---------------------------------------------------------------------------------------------------------------- utils


def test_clipping_by_norm_and_by_value() -> None:
    p, q = cr.zeros(2, requires_grad=True), cr.zeros(1, requires_grad=True)
    p.grad, q.grad = cr.tensor([3.0, 0.0]), cr.tensor([-4.0])
    assert nn.utils.clip_grad_norm_([p, q], 2.5).item() == 5.0
    np.testing.assert_allclose([*p.grad.tolist(), *q.grad.tolist()], [1.5, 0.0, -2.0], rtol=1e-6)
    nn.utils.clip_grad_value_([p, q], 1.75)
    np.testing.assert_allclose([*p.grad.tolist(), *q.grad.tolist()], [1.5, 0.0, -1.75], rtol=1e-6)
    p.grad = cr.tensor([math.nan, 0.0])
    with pytest.raises(RuntimeError, match="non-finite, so it cannot be clipped"):
        nn.utils.clip_grad_norm_([p, q], 1.0, error_if_nonfinite=True)


def test_parameters_as_a_vector_and_back() -> None:
    net = nn.Linear(2, 3)
    v = nn.utils.parameters_to_vector(net.parameters())
    assert v.shape == (9,) and v.requires_grad
    nn.utils.vector_to_parameters(cr.arange(9.0), net.parameters())
    assert net.bias.tolist() == [6.0, 7.0, 8.0]


def hook_tour(t):
    """What hooks of all kinds see and change; the same in both libraries."""
    t.manual_seed(0)
    net, said = t.nn.Sequential(t.nn.Linear(2, 2), t.nn.ReLU()), []
    first = net[0]
    handle = first.register_forward_hook(lambda m, args, out: said.append("second"))
    first.register_forward_hook(lambda m, args, out: said.append("first"), prepend=True)
    first.register_forward_pre_hook(lambda m, args, kwargs: said.append(sorted(kwargs)), with_kwargs=True)
    first.register_full_backward_pre_hook(lambda m, g: said.append(g[0].tolist()) or (g[0] * 2,))
    first.register_full_backward_hook(lambda m, gi, go: said.append(go[0].tolist()))
    x = t.ones(1, 2, requires_grad=True)
    first(x).sum().backward()
    said += [x.grad.tolist() == (first.weight.sum(0) * 2).unsqueeze(0).tolist(), first.bias.grad.tolist()]
    said += [len(first._forward_hooks), len(first._forward_pre_hooks), len(first._backward_hooks)]
    handle.remove()
    said.append(len(first._forward_hooks))
    first._forward_hooks.clear()
    first.register_state_dict_pre_hook(lambda m, prefix, keep: said.append(("saving", prefix, keep)))
    first.register_state_dict_post_hook(lambda m, state, prefix, meta: state.update({prefix + "note": t.ones(1)}))
    state = net.state_dict()
    said.append(list(state))
    first.register_load_state_dict_pre_hook(
        lambda m, state, prefix, meta, strict, missing, unexpected, errors: said.append(
            (prefix, state.pop(prefix + "note").item())
        )
    )
    net.register_load_state_dict_post_hook(
        lambda m, keys: said.append((list(keys.missing_keys), list(keys.unexpected_keys)))
    )
    said.append(str(net.load_state_dict(state)))
    said.append("0.note" in state)
    return said


def test_hooks_of_all_kinds_are_as_in_torch():
    said = hook_tour(cr)
    assert said[:4] == [[], "first", "second", [[1.0, 1.0]]] and said[4] == [[2.0, 2.0]]
    torch = pytest.importorskip("torch")
    assert said == hook_tour(torch)


HALF = {"h": [0.5, 1.0], "x": [0.25, 0.75], "bo": [True, False], "i": [1, 0], "d": [0.5, 1.0]}
KINDS = {"h": "float16", "x": "float32", "bo": "bool", "i": "int64", "d": "float64"}
PAIRS = ("x, bo", "x, i", "x, h", "x, d", "h, x", "h, h", "bo, x")
MIXED = [
    *(f"F.{loss}({pair})" for loss in ("mse_loss", "l1_loss", "smooth_l1_loss") for pair in PAIRS),
    "F.binary_cross_entropy(x, bo)", "F.binary_cross_entropy(x, i)", "F.binary_cross_entropy_with_logits(x, i)",
    "F.binary_cross_entropy_with_logits(h, x)", "F.multi_margin_loss(x + x.new_tensor([0.0, 0.5]), lib.tensor(1))",
    "F.multilabel_margin_loss(x + x.new_tensor([0.0, 0.5]), lib.tensor([1, -1]))", "F.hinge_embedding_loss(x, h)",
]  # fmt: skip


@pytest.mark.parametrize("call", MIXED)
def test_targets_of_other_dtypes_as_in_torch(call: str) -> None:
    """Booleans, integers and other floats as targets: values, dtypes and slopes of PyTorch's, or its refusal."""
    torch = pytest.importorskip("torch")
    found: list[Any] = []
    for lib in (torch, cr):
        given = {k: lib.tensor(v, dtype=getattr(lib, KINDS[k])) for k, v in HALF.items()}
        given["x"].requires_grad_()
        try:
            y = eval(call, {"F": lib.nn.functional, "lib": lib, **given})
            found.append([str(y.dtype), y.item()])
            if y.requires_grad:
                y.backward()
                found[-1] += given["x"].grad.tolist()
        except RuntimeError as refusal:
            found.append(str(refusal))
    theirs, ours = found
    if isinstance(theirs, str):
        assert ours.startswith(theirs)
    else:
        assert ours[0] == theirs[0] and ours[1:] == pytest.approx(theirs[1:], rel=1e-3)


@pytest.mark.parametrize("options", [{}, {"affine": True}, {"track_running_stats": True}], ids=str)
@pytest.mark.parametrize("shape", [(4, 3, 5), (3, 5)])
def test_instance_norm_is_torchs(shape: tuple[int, ...], options: dict[str, bool]) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    x = torch.randn(*shape)
    theirs, ours = torch.nn.InstanceNorm1d(3, **options), nn.InstanceNorm1d(3, **options)
    assert repr(theirs) == repr(ours) and [*theirs.state_dict()] == [*ours.state_dict()]
    for _ in range(2):  # in training, then in evaluation
        np.testing.assert_allclose(ours(cr.tensor(x.numpy())).detach().numpy(), theirs(x).detach().numpy(), atol=1e-5)
        theirs.eval(), ours.eval()
    for name, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[name].numpy(), value.numpy(), atol=1e-6)


SAMPLED = [(m, p, a) for m in ("bilinear", "nearest", "bicubic") for p in ("zeros", "border", "reflection")
           for a in (False, True)]  # fmt: skip


@pytest.mark.parametrize(("mode", "padding", "corners"), SAMPLED)
def test_images_are_sampled_as_in_torch(mode, padding, corners):
    torch = pytest.importorskip("torch")
    r = np.random.default_rng(0)
    image, maps = r.normal(size=(2, 3, 4, 5)), r.normal(size=(2, 2, 3))
    seen = []
    for T in (torch, cr):
        x, theta = (T.tensor(a, requires_grad=True) for a in (image, maps))
        grid = T.nn.functional.affine_grid(theta, (2, 3, 3, 4), align_corners=corners)
        y = T.nn.functional.grid_sample(x, grid, mode, padding, corners)
        slopes = T.autograd.grad((y * y).sum(), (x, theta))
        seen.append([a.detach().numpy() for a in (grid, y, *slopes)])
    for ours, theirs in zip(seen[1], seen[0]):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_bags_of_rows_as_in_torch(mode):
    torch = pytest.importorskip("torch")
    table = np.random.default_rng(0).normal(size=(5, 3))
    for index, options in (
        ([[0, 2, 2], [4, 1, 0]], {}), ([0, 2, 2, 4, 1], {"offsets": [0, 2, 2, 4]}),
        ([[0, 2, 1], [2, 2, 2]], {"padding_idx": 2}),
        ([0, 2, 4, 1], {"offsets": [0, 3, 4], "include_last_offset": True}),
    ):  # fmt: skip
        seen = []
        for T in (torch, cr):
            weight = T.tensor(table, requires_grad=True)
            given = {k: T.tensor(v) if k == "offsets" else v for k, v in options.items()}
            y = T.nn.functional.embedding_bag(T.tensor(index), weight, mode=mode, **given)
            seen.append([y.tolist(), T.autograd.grad((y * y).sum(), weight)[0].tolist()])
        for ours, theirs in zip(seen[1], seen[0]):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12)
    with pytest.raises(ValueError, match="offsets"):
        cr.nn.functional.embedding_bag(cr.tensor([0]), cr.ones(2, 2))
    with pytest.raises(ValueError, match="offsets must begin"):
        cr.nn.functional.embedding_bag(cr.tensor([0]), cr.ones(2, 2), cr.tensor([1]))


def test_cross_entropy_of_a_linear_map():
    x, w, b, t = cr.randn(4, 3), cr.randn(5, 2, 3), cr.randn(5, 2), cr.tensor([[0, 4], [1, 1], [2, 3], [0, 0]])
    got = cr.nn.functional.linear_cross_entropy(x, w, t, linear_bias=b, label_smoothing=0.1)
    logits = cr.einsum("nk,cik->nci", x, w) + b
    assert cr.allclose(got, cr.nn.functional.cross_entropy(logits, t, label_smoothing=0.1))
    with pytest.raises(RuntimeError, match="in_features"):
        cr.nn.functional.linear_cross_entropy(x, cr.ones(5, 2), t)


def test_linear_cross_entropy_is_both_one_after_the_other(rng):
    layer = cr.nn.LinearCrossEntropyLoss(5, 4, out_features=(2, 3), bias=True, label_smoothing=0.1, dtype=cr.float64)
    x, classes = cr.tensor(rng.standard_normal((7, 5))), cr.tensor(rng.integers(0, 4, (7, 2, 3)))
    logits = layer.linear(x).reshape(7, 4, 2, 3)
    expected = cr.nn.functional.cross_entropy(logits, classes, label_smoothing=0.1)
    assert layer(x, classes).item() == pytest.approx(expected.item())
    with pytest.raises(RuntimeError, match="label_smoothing to be in range"):
        cr.nn.LinearCrossEntropyLoss(5, 4, label_smoothing=2.0)


def test_group_norm_without_a_shift():
    layer = cr.nn.GroupNorm(2, 4, bias=False)
    assert [name for name, _ in layer.named_parameters()] == ["weight"] and "bias=False" in repr(layer)
    assert layer(cr.arange(8.0).reshape(1, 4, 2)).sum().abs() < 1e-6
