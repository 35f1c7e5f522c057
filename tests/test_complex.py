"""Complex tensors: values, printing and gradients against torch, program by program; what is not carried is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.core.op import REGISTRY

pytestmark = pytest.mark.filterwarnings("error::numpy.exceptions.ComplexWarning")
A = [[1 + 2j, -0.5j, 2.0], [0.3 - 1j, 1.5 + 0.1j, -2 + 0.2j], [0.2, -1.0 + 1j, 0.7j]]
B = [[0.3 + 1j, 1 - 0.5j, 1.0], [1.3 - 1j, -1.5 + 0.1j, 1 + 0.2j], [0.9, -1.0 + 0.4j, 0.8j]]
R = [[0.3, -0.7, 1.2], [2.0, 0.4, -1.0], [0.1, 0.6, 1.5]]
PROGRAMS: dict[str, Any] = {  # of the library, two complex matrices and a real one
    "add": lambda lib, a, b, r: a + 2 * b - r + 1j,
    "mul": lambda lib, a, b, r: a * b * r * (1 - 2j),
    "div": lambda lib, a, b, r: a / b + r / b + 1j / a,
    "neg": lambda lib, a, b, r: -a - 1,
    "row": lambda lib, a, b, r: a * b[0] + r[:, :1] * a,
    "exp": lambda lib, a, b, r: a.exp() + (1j * r).exp(),
    "log": lambda lib, a, b, r: a.log() + b.sqrt(),
    "powers": lambda lib, a, b, r: a**2 + b**3 + a.square() + b.reciprocal() + a**-1,
    "waves": lambda lib, a, b, r: a.sin() * b.cos() + a.sinh() + b.cosh() + a.tanh() + b.tan(),
    "matmul": lambda lib, a, b, r: a @ b + a @ (r * 1j) + b[0] @ a,
    "abs": lambda lib, a, b, r: a.abs() + lib.abs(b) * r,
    "angle": lambda lib, a, b, r: a.angle() * r + lib.angle(b),
    "parts": lambda lib, a, b, r: a.real * b.imag + r * lib.imag(a),
    "conj": lambda lib, a, b, r: a.conj() * b + (a * a.conj()).real,
    "adjoint": lambda lib, a, b, r: a.mH @ b + lib.adjoint(b),
    "made": lambda lib, a, b, r: lib.complex(r, r * r) * a,
    "polar": lambda lib, a, b, r: lib.polar(r.abs(), r) * a,
    "views": lambda lib, a, b, r: a.T.reshape(9)[2:7] * b.flatten()[1:6] + lib.stack([a[0, 0], b[1, 1]]).sum(),
    "sums": lambda lib, a, b, r: a.sum(0) * b.mean(1) + a.mean(),
    "where": lambda lib, a, b, r: lib.where(r > 0, a, b) + lib.cat([a[:1], b[1:]]),
    "cast": lambda lib, a, b, r: a.to(lib.complex128) * b + r.to(lib.complex128) * a,
    "norms": lambda lib, a, b, r: lib.linalg.vector_norm(a, dim=1) + lib.linalg.vector_norm(b, 3, dim=0) * r,
    "running": lambda lib, a, b, r: a.cumsum(1) * lib.linalg.vecdot(a, b) + a.H @ b,
    "picked": lambda lib, a, b, r: (
        a[lib.tensor([0, 2, 0])] * b.index_select(1, lib.tensor([1, 1, 0])) + a.gather(0, lib.tensor([[0, 1, 0]] * 3))
        + a[r > 0].sum() + b.tril().roll(1, 0) + lib.diag(a.diagonal()) + b[0].repeat(3, 1)
        + a[:, 1:].unfold(0, 2, 1).sum()),
    "added": lambda lib, a, b, r: (
        a.index_add(0, lib.tensor([0, 2]), b[:2]) * r + a.scatter_add(0, lib.tensor([[0, 1, 0]] * 3), b)),
    "as real": lambda lib, a, b, r: lib.view_as_real(a)[..., 0] * r + lib.view_as_complex(lib.stack([r, r], -1)),
    "vdot": lambda lib, a, b, r: lib.vdot(a[0], b[0]) * lib.dot(a[1], b[1]),
    "fft": lambda lib, a, b, r: lib.fft.fft(a) * lib.fft.ifft(b, dim=0) + lib.fft.fft(r, norm="ortho"),
    "fft sizes": lambda lib, a, b, r: (
        lib.fft.fft(a, 5).sum() + lib.fft.fft(b, 2, norm="forward").sum() * lib.fft.ifft(r, 4)[0, 1]),
    "rfft": lambda lib, a, b, r: lib.fft.rfft(r) * a[:, :2] + lib.fft.rfft(r, 4).sum(),
    "irfft": lambda lib, a, b, r: lib.fft.irfft(a) * 2 + lib.fft.irfft(b, 5)[:, :4] + lib.fft.irfft(b, 3)[0, 0],
    "fft2": lambda lib, a, b, r: lib.fft.fft2(a) * lib.fft.ifft2(b) + lib.fft.fftn(r),
    "shift": lambda lib, a, b, r: lib.fft.fftshift(a) + lib.fft.ifftshift(b) * lib.fft.fftfreq(3, 0.1),
    "eigenvalues": lambda lib, a, b, r: lib.linalg.eigvals(a).abs().sum() + lib.linalg.eigvals(r).real.pow(2).sum(),
    "eigenvectors": lambda lib, a, b, r: (lib.linalg.eig(a).eigenvectors.abs() ** 2 @ r).sum(0).pow(2).sum(),
}  # fmt: skip


def slopes(lib: Any, name: str, dtype: str, again: bool) -> Any:
    """The leaves, the result of a program, and the gradients of a real loss of it."""
    kinds = getattr(lib, dtype), lib.float32 if dtype == "complex64" else lib.float64
    leaves = [lib.tensor(x, dtype=kinds[x is R], requires_grad=True) for x in (A, B, R)]
    y = PROGRAMS[name](lib, *leaves)
    loss = (y * lib.tensor(0.3 - 0.4j, dtype=kinds[0])).real.sum() + (y.abs() ** 2).sum()
    return leaves, y, lib.autograd.grad(loss, leaves, allow_unused=True, create_graph=again)


def ran(lib: Any, name: str, dtype: str) -> list[Any]:
    _, y, grads = slopes(lib, name, dtype, False)
    return [y.detach(), *grads]


def second(lib: Any, name: str) -> Any:
    leaves, _, grads = slopes(lib, name, "complex128", True)
    return lib.autograd.grad(sum((g.abs() ** 2).sum() for g in grads if g is not None), leaves, allow_unused=True)


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_values_and_gradients_are_torchs(name: str, dtype: str) -> None:
    torch = pytest.importorskip("torch")
    rough = 2e-4 if dtype == "complex64" else 1e-9
    for ours, theirs in zip(ran(cr, name, dtype), ran(torch, name, dtype), strict=True):
        if theirs is None:
            assert ours is None
            continue
        assert str(ours.dtype) == str(theirs.dtype)
        np.testing.assert_allclose(ours.numpy(), theirs.resolve_conj().numpy(), rtol=rough, atol=rough)


def test_gradients_are_the_slopes_by_both_parts() -> None:
    z = cr.tensor(0.3 - 0.8j, dtype=cr.complex128, requires_grad=True)

    def loss(z: Any) -> Any:
        return ((z * z + z.conj() * (2 + 1j)).exp().abs() + (z.angle() * z).imag) ** 2

    loss(z).backward()
    h, at = 1e-6, z.detach()
    x, y = ((loss(at + s).item() - loss(at - s).item()) / (2 * h) for s in (h, h * 1j))
    assert z.grad.item() == pytest.approx(x + 1j * y, rel=1e-6)


@pytest.mark.parametrize("name", [name for name in PROGRAMS if "eigen" not in name])
def test_second_slopes_are_torchs(name: str) -> None:
    torch = pytest.importorskip("torch")
    for ours, theirs in zip(*(second(lib, name) for lib in (cr, torch)), strict=True):
        theirs = np.zeros(3) if theirs is None else theirs.detach().resolve_conj().numpy()
        np.testing.assert_allclose(0 if ours is None else ours.numpy(), theirs, rtol=1e-9, atol=1e-9)


# What test_registry.py has for ops of real numbers: for each op of complex ones operands, attributes, NumPy's function
SAMPLES: dict[str, Any] = {
    "conj": ([A], {}, np.conj),
    "real": ([A], {}, np.real),
    "imag": ([A], {}, np.imag),
    "abs_complex": ([A], {}, np.abs),
    "angle": ([B], {}, np.angle),
    "complex": ([R, B[0]], {}, lambda x, y: x + 1j * y),
    "fft": ([A], {"dim": 0, "scale": 0.7}, lambda x: 0.7 * np.fft.fft(x, axis=0)),
    "fft_back": ([A], {"dim": 1, "scale": 0.7}, lambda x: 0.7 * 3 * np.fft.ifft(x, axis=1)),
    "eig": ([A], {}, np.linalg.eig),
}
SAMPLES["complex"][0][1] = [row[::-1] for row in R]


@pytest.mark.parametrize("name", [n for n, op in REGISTRY.items() if op.columns.get("complex") == "only"])
def test_ops_of_complex_numbers_are_numpys_and_their_gradients_differences(name: str) -> None:
    given, attrs, reference = SAMPLES[name]
    arrays = [np.array(x) for x in given]
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((2, 9, 9))

    def listed(y: Any) -> Any:
        return y if isinstance(y, tuple) else (y,)

    def loss(*xs: Any) -> Any:
        total = 0
        for y in listed(REGISTRY[name](*xs, **attrs)):
            y = abs(y) if name == "eig" else y  # an eigenvector has any phase
            parts = (y.real, y.imag) if y.is_complex() else (y,)
            total = total + sum(
                (p * cr.tensor(w.ravel()[: p.numel()].reshape(p.shape))).sum() for p, w in zip(parts, weights)
            )
        return total

    leaves = [cr.tensor(a, requires_grad=True) for a in arrays]
    for y, r in zip(listed(REGISTRY[name](*leaves, **attrs)), listed(reference(*arrays)), strict=True):
        np.testing.assert_allclose(y.detach().numpy(), r, atol=1e-12)
    loss(*leaves).backward()
    for k, (leaf, a) in enumerate(zip(leaves, arrays)):
        for at in np.ndindex(a.shape):
            slope: Any = 0
            for unit in (1, 1j) if a.dtype.kind == "c" else (1,):
                ends = []
                for h in (1e-6, -1e-6):
                    moved = [x.copy() for x in arrays]
                    moved[k][at] += h * unit
                    ends.append(loss(*map(cr.tensor, moved)).item())
                slope += (ends[0] - ends[1]) / 2e-6 * unit
            assert leaf.grad[at].item() == pytest.approx(slope, rel=1e-6, abs=1e-7)


SHOWN = [
    [1 + 2j, -0.5j],
    [0.3 - 1j, 100 + 0.001j],
    [1e-7j, 3],
    [float("nan") + 1j, 2 - float("inf") * 1j],
    [],
    [1 + 1j],
]


@pytest.mark.parametrize("value", [*SHOWN, [SHOWN[0], SHOWN[1]], 2 - 1j, [1j + k for k in range(1200)]], ids=str)
def test_printing_is_torchs(value: Any) -> None:
    torch = pytest.importorskip("torch")
    for dtype in ("complex64", "complex128"):
        a, b = (lib.tensor(value, dtype=getattr(lib, dtype)) for lib in (cr, torch))
        assert repr(a) == repr(b)


def test_dtypes_meet_as_in_torch() -> None:
    torch = pytest.importorskip("torch")
    results = []
    for lib in (cr, torch):
        c64, c128 = lib.ones(2, dtype=lib.complex64), lib.ones(2, dtype=lib.complex128)
        pairs = [c64 + c128, c64 + 1, c64 * 1j, lib.ones(2) * 1j, lib.ones(2).double() * 1j, lib.arange(2) + 1j,
                 c64 + lib.ones(2).double(), c64 + lib.tensor(1.0).double(), lib.ones(2) + c128[0],
                 lib.tensor(1j), lib.tensor([1, 2j]), lib.tensor(np.array([1j])), c64.abs(), c128.real, c64.sum(),
                 lib.ones(2).double() + lib.tensor(1j), c64 == 1, c64.to(lib.complex128), c64.exp()]  # fmt: skip
        results.append([str(x.dtype) for x in pairs])
        results[-1] += [lib.is_complex(c64), c64.is_complex(), c64.is_floating_point(), lib.cfloat.is_complex]
        results[-1] += [lib.complex64 is lib.cfloat, lib.complex128 is lib.cdouble, c64[0].item()]
    assert results[0] == results[1]


def view(z: Any) -> Any:
    y = z * 1
    y[0] = 1
    return y


@pytest.mark.parametrize(
    "f",
    [lambda z: (z * 1).mul_(z), view, lambda z: z.relu(), lambda z: z > 1, lambda z: z.max(), lambda z: z.sort(),
     lambda z: z.floor(), lambda z: z.var(), lambda z: cr.linalg.inv(z), lambda z: z.clamp(0), lambda z: z.prod(),
     lambda z: z.softmax(0), lambda z: cr.einsum("ij,jk->ik", z, z), lambda z: cr.cov(z), lambda z: z % 2,
     lambda z: 2**z,
     lambda z: cr.func.jvp(lambda x: x * x, (z,), (z,)), lambda z: z.sum().backward(), lambda z: z.float(),
     lambda z: cr.func.jvp(lambda r: (r * 1j).abs(), (cr.ones(2),), (cr.ones(2),)), lambda z: z.unique(),
     lambda z: cr.compile(lambda x: x * x)(z), lambda z: cr.compile(lambda r: (r * 1j).abs())(cr.ones(2)),
     lambda z: cr.compile(lambda r: (r * z.detach()).abs())(cr.ones(2, 2)), lambda z: cr.optim.Adam([z], lr=0.1),
     lambda z: cr.nn.Parameter(z), lambda z: cr.nn.functional.mse_loss(z, z), lambda z: cr.explain((z * 2).abs().sum()),
     lambda z: cr.picture((cr.ones(2, requires_grad=True) * 1j).abs().sum()),
     lambda z: cr.minimize(lambda x: x.abs(), z),
     lambda z: cr.autograd.gradcheck(lambda x: x * x, z), lambda z: cr.func.jacrev(lambda r: r * 1j)(cr.ones(2)),
     lambda z: cr.autograd.functional.jacobian(lambda r: r * 1j, cr.ones(2)),
     lambda z: (z.abs().sum().backward(), cr.nn.utils.clip_grad_norm_([z], 1.0)),
     lambda z: cr.ones(2).add_(1j), lambda z: cr.ones(2, 2).mul_(z.detach())],
)  # fmt: skip
def test_what_is_not_carried_is_refused(f: Any) -> None:
    with pytest.raises((NotImplementedError, RuntimeError, TypeError), match=r"complex|Complex"):
        f(cr.tensor([[1j, 2.0], [0.5, 1j]], requires_grad=True))


def test_vmap_runs_complex_samples_one_by_one() -> None:
    z, r = cr.tensor([[1j, 2.0], [0.5, 1j]], requires_grad=True), cr.tensor([0.5, 2.0], requires_grad=True)
    with pytest.warns(UserWarning, match="complex numbers are not batched"):
        y = cr.func.vmap(lambda x: (x * x).abs().sum() * r.sum())(z)
    y.sum().backward()
    np.testing.assert_allclose(z.grad.numpy(), 2 * z.detach().numpy() * 2.5, rtol=1e-6)
    assert r.grad.tolist() == [6.25, 6.25]
    with pytest.warns(UserWarning, match="complex numbers are not batched"):
        assert cr.func.vmap(lambda x: (x * z.detach()[0, 0]).imag)(cr.ones(2)).tolist() == [1, 1]


def test_custom_functions_and_files_take_complex_tensors(tmp_path: Any) -> None:
    class Double(cr.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2

    z = cr.tensor([1j, 2.0], requires_grad=True)
    Double.apply(z).abs().sum().backward()
    assert z.grad.tolist() == [2j, 2]
    cr.save(z.detach(), tmp_path / "z.pt")
    assert cr.load(tmp_path / "z.pt").tolist() == [1j, 2]
