"""Products and linear algebra: values against NumPy, SciPy and formulas, every derivative against differences.

`CASES` is one line for each function: how to call it and the shapes of its inputs. First and second derivatives are
compared with central differences of the function and of its gradient, forward mode with both.
"""

from __future__ import annotations

import zlib
from functools import partial
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.autograd import forward_ad as fw

L = cr.linalg
INF = float("inf")


def rng_for(name: str) -> np.random.Generator:
    seed = zlib.crc32(name.encode())
    print(f"seed of {name}: {seed}")
    return np.random.default_rng(seed)


def leaf(a: Any) -> Any:
    return cr.tensor(np.asarray(a), dtype=cr.float64, requires_grad=True)


def spd(a: Any) -> Any:
    return a @ a.mT + 2 * cr.eye(a.shape[-1], dtype=a.dtype)


def squares(parts: Any) -> Any:
    """What does not depend on the signs of eigenvectors and singular vectors."""
    return tuple(x * x for x in parts)


CASES: dict[str, tuple[Any, list[tuple[int, ...]]]] = {
    "dot": (lambda a, b: a @ b, [(4,), (4,)]),
    "mv": (lambda a, b: a @ b, [(3, 4), (4,)]),
    "vm": (lambda a, b: a @ b, [(4,), (4, 3)]),
    "mm": (lambda a, b: a @ b, [(3, 4), (4, 5)]),
    "vector by stack": (lambda a, b: a @ b, [(4,), (2, 4, 5)]),
    "stack by vector": (lambda a, b: a @ b, [(2, 3, 4), (4,)]),
    "stack by matrix": (lambda a, b: a @ b, [(2, 3, 4), (4, 5)]),
    "matrix by stack": (lambda a, b: a @ b, [(3, 4), (2, 4, 5)]),
    "broadcast stacks": (lambda a, b: a @ b, [(2, 1, 3, 4), (3, 4, 2)]),
    "einsum": (lambda a, b: cr.einsum("iij,jk->k", a, b), [(3, 3, 4), (4, 5)]),
    "einsum of three": (lambda a, b, c: cr.einsum("ab,bc,cd->da", a, b, c), [(2, 3), (3, 4), (4, 2)]),
    "einsum dots": (lambda a, b: cr.einsum("...ij,jk", a, b), [(2, 3, 4), (4, 5)]),
    "tensordot": (lambda a, b: cr.tensordot(a, b, dims=([0, 2], [1, 0])), [(2, 3, 4), (4, 2, 5)]),
    "addmm": (lambda a, b, c: cr.addmm(a, b, c, beta=0.5, alpha=2.0), [(4,), (2, 3), (3, 4)]),
    "addbmm": (cr.addbmm, [(3, 5), (2, 3, 4), (2, 4, 5)]),
    "kron": (cr.kron, [(2, 2), (3,)]),
    "cross": (L.cross, [(4, 3), (1, 3)]),
    "cdist": (cr.cdist, [(3, 2), (4, 2)]),
    "corrcoef": (cr.corrcoef, [(3, 6)]),
    "block_diag": (cr.block_diag, [(2, 3), (2,), ()]),
    "vander": (cr.vander, [(4,)]),
    "renorm": (lambda a: cr.renorm(a, 2, 0, 0.5), [(3, 4)]),
    "det": (L.det, [(2, 3, 3)]),
    "slogdet": (lambda a: L.slogdet(a)[1], [(3, 3)]),
    "inv": (L.inv, [(2, 3, 3)]),
    "solve": (L.solve, [(2, 3, 3), (3, 2)]),
    "solve right": (lambda a, b: L.solve(a, b, left=False), [(3, 3), (2, 3)]),
    "solve vector": (L.solve, [(3, 3), (3,)]),
    "triangular in halves": (lambda a, b: L.solve_triangular(a + 9 * cr.eye(20), b, upper=True), [(20, 20), (20, 2)]),
    "triangular of ones": (
        lambda a, b: L.solve_triangular(a, b, upper=False, unitriangular=True, left=False), [(3, 3), (2, 3)]
    ),
    "cholesky": (lambda a: L.cholesky(spd(a)), [(2, 3, 3)]),
    "cholesky upper": (lambda a: L.cholesky(spd(a), upper=True), [(3, 3)]),
    "cholesky_solve": (lambda b, a: cr.cholesky_solve(b, L.cholesky(spd(a))), [(3, 2), (3, 3)]),
    "qr tall": (lambda a: tuple(L.qr(a)), [(2, 4, 3)]),
    "qr wide": (lambda a: tuple(L.qr(a)), [(3, 5)]),
    "eigh": (lambda a: squares(L.eigh(a + a.mT)), [(2, 3, 3)]),
    "svd tall": (lambda a: squares(L.svd(a, full_matrices=False)), [(4, 3)]),
    "svd wide": (lambda a: squares(L.svd(a, full_matrices=False)), [(3, 4)]),
    "lu square": (lambda a: L.lu_factor(a)[0], [(2, 4, 4)]),
    "lu tall": (lambda a: tuple(L.lu(a)[1:]), [(5, 3)]),
    "lu wide": (lambda a: tuple(L.lu(a)[1:]), [(3, 5)]),
    "lu_solve": (lambda a, b: L.lu_solve(*L.lu_factor(a), b), [(3, 3), (3, 2)]),
    "lu_solve adjoint": (lambda a, b: L.lu_solve(*L.lu_factor(a), b, adjoint=True), [(3, 3), (3, 2)]),
    "pinv tall": (L.pinv, [(4, 3)]),
    "pinv wide": (L.pinv, [(3, 4)]),
    "lstsq": (lambda a, b: L.lstsq(a, b)[0], [(4, 3), (4, 2)]),
    "householder_product": (L.householder_product, [(2, 4, 3), (2, 2)]),
    "matrix_exp": (L.matrix_exp, [(2, 3, 3)]),
    "matrix_power": (lambda a: L.matrix_power(a, 5), [(3, 3)]),
    "matrix_power of the inverse": (lambda a: L.matrix_power(a, -2), [(3, 3)]),
    "cond": (L.cond, [(3, 3)]),
} | {
    f"vector_norm {p}": (partial(L.vector_norm, ord=p, dim=1), [(3, 4)])
    for p in (0.5, 1, 1.5, 2, 3, -1, INF, -INF)
} | {
    f"matrix_norm {p}": (partial(L.matrix_norm, ord=p), [(2, 3, 4)])
    for p in ("fro", "nuc", 1, -1, 2, -2, INF, -INF)
}  # fmt: skip


def parts_of(y: Any) -> list[Any]:
    return [y] if isinstance(y, cr.Tensor) else list(y)


@pytest.mark.parametrize("name", CASES)
def test_derivatives(name: str) -> None:
    f, shapes = CASES[name]
    rng = rng_for(name)
    xs = [leaf(rng.normal(size=s)) for s in shapes]
    towards = [cr.tensor(rng.normal(size=s), dtype=cr.float64) for s in shapes]
    weights = [cr.tensor(rng.normal(size=tuple(y.shape)), dtype=cr.float64) for y in parts_of(f(*xs))]

    def number(zs: list[Any]) -> Any:
        return sum((y * w).sum() for y, w in zip(parts_of(f(*zs)), weights))

    def moved(h: float) -> list[Any]:
        return [leaf((x + h * d).detach().numpy()) for x, d in zip(xs, towards)]

    h = 1e-5
    slope = (number(moved(h)).item() - number(moved(-h)).item()) / (2 * h)
    grads = cr.autograd.grad(number(xs), xs, create_graph=True)
    along = sum((g * d).sum() for g, d in zip(grads, towards))
    assert along.item() == pytest.approx(slope, rel=1e-5, abs=1e-6)

    with fw.dual_level():
        dual = fw.unpack_dual(number([fw.make_dual(x.detach(), d) for x, d in zip(xs, towards)]))
        assert dual.tangent.item() == pytest.approx(slope, rel=1e-5, abs=1e-6)

    ahead, behind = (cr.autograd.grad(number(zs), zs) for zs in (zs for zs in (moved(h), moved(-h))))
    second = cr.autograd.grad(along, xs, allow_unused=True) if along.requires_grad else [None] * len(xs)
    for a, b, s in zip(ahead, behind, second):
        want = ((a - b) / (2 * h)).numpy()
        np.testing.assert_allclose(np.zeros_like(want) if s is None else s.numpy(), want, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", CASES)
def test_float32_stays(name: str) -> None:
    f, shapes = CASES[name]
    if "cholesky" in name:
        pytest.skip("its input is made with float64 numbers")
    rng = rng_for(name)
    xs = [cr.tensor(rng.normal(size=s).astype(np.float32), requires_grad=True) for s in shapes]
    ys = parts_of(f(*xs))
    assert {y.dtype for y in ys} == {cr.float32}
    assert {g.dtype for g in cr.autograd.grad([y.sum() for y in ys], xs)} == {cr.float32}


# -------------------------------------------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    "equation, shapes",
    [
        ("ij,jk->ik", [(2, 3), (3, 4)]), ("ij,jk", [(2, 3), (3, 4)]), ("ii", [(3, 3)]), ("ii->i", [(3, 3)]),
        ("ij->ji", [(2, 3)]), ("ij->", [(2, 3)]), ("i,j->ij", [(2,), (3,)]), ("bij,bjk->bik", [(5, 2, 3), (5, 3, 4)]),
        ("...ij,...jk->...ik", [(5, 2, 3), (1, 3, 4)]), ("ab,cd->", [(2, 3), (4, 5)]),
        ("iij,jkk,k->i", [(2, 2, 3), (3, 4, 4), (4,)]),
        ("ab,bc,cd,de->ae", [(2, 3), (3, 4), (4, 5), (5, 2)]), (",->", [(), ()]),
        ("i...->...", [(3, 2, 2)]), ("ij,jk->ik", [(0, 3), (3, 2)]),
        ("bi,bi->b", [(2, 3), (2, 3)]), ("abcd,cbe->dea", [(2, 3, 4, 5), (4, 3, 6)]),
    ],
)  # fmt: skip
def test_einsum_is_numpys(equation: str, shapes: list[tuple[int, ...]]) -> None:
    rng = rng_for(equation)
    arrays = [rng.normal(size=s) for s in shapes]
    got = cr.einsum(equation, *[leaf(a) for a in arrays])
    want = np.einsum(equation, *arrays)
    assert got.shape == want.shape
    np.testing.assert_allclose(got.detach().numpy(), want, atol=1e-12)


def test_einsum_broadcasts_size_one() -> None:
    a, b = np.ones((1, 3)), np.arange(12.0).reshape(4, 3)
    np.testing.assert_array_equal(cr.einsum("ij,ij->i", leaf(a), leaf(b)).detach().numpy(), b.sum(1))


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("n", [0, 1, 5, 40])
def test_triangular_solve_is_scipys(n: int, upper: bool) -> None:
    linalg = pytest.importorskip("scipy.linalg")
    rng = rng_for(f"{n} {upper}")
    a, b = rng.normal(size=(n, n)) + 2 * n * np.eye(n), rng.normal(size=(n, 3))
    want = linalg.solve_triangular(a, b, lower=not upper) if n else b
    np.testing.assert_allclose(L.solve_triangular(leaf(a), leaf(b), upper=upper).detach().numpy(), want, rtol=1e-10)


@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5), (0, 0), (2, 3, 3)])
def test_lu_multiplies_back(shape: tuple[int, ...]) -> None:
    a = rng_for(f"lu {shape}").normal(size=shape)
    p, low, up = (x.detach().numpy() for x in L.lu(leaf(a)))
    np.testing.assert_allclose(p @ low @ up, a, atol=1e-12)
    assert np.abs(low).max(initial=0) <= 1  # pivots are the largest of their columns
    np.testing.assert_array_equal(np.tril(up, -1), 0 * up)


def test_lu_pivots_are_scipys() -> None:
    linalg = pytest.importorskip("scipy.linalg")
    a = rng_for("pivots").normal(size=(6, 6))
    lu, pivots = linalg.lu_factor(a)
    got = L.lu_factor(leaf(a))
    np.testing.assert_allclose(got.LU.detach().numpy(), lu, atol=1e-12)
    np.testing.assert_array_equal(got.pivots.numpy(), pivots + 1)


@pytest.mark.parametrize("scale", [0.0, 1e-3, 1.0, 30.0])
def test_matrix_exp_is_scipys(scale: float) -> None:
    linalg = pytest.importorskip("scipy.linalg")
    a = rng_for(f"exp {scale}").normal(size=(5, 5)) * scale
    np.testing.assert_allclose(L.matrix_exp(leaf(a)).detach().numpy(), linalg.expm(a), rtol=1e-9, atol=1e-12)


def test_det_gradient_at_singular_matrices() -> None:
    a = leaf([[1.0, 2.0], [2.0, 4.0]])
    L.det(a).backward()
    np.testing.assert_allclose(a.grad.numpy(), [[4, -2], [-2, 1]], atol=1e-12)  # the cofactors
    z = leaf(np.zeros((3, 3)))
    L.det(z).backward()
    np.testing.assert_array_equal(z.grad.numpy(), np.zeros((3, 3)))


def test_norm_gradient_at_zero_is_zero() -> None:
    x = leaf(np.zeros(3))
    (g,) = cr.autograd.grad(x.norm(), x, create_graph=True)
    np.testing.assert_array_equal(g.detach().numpy(), np.zeros(3))


@pytest.mark.parametrize("p", [1, 2, 3, INF])
def test_norms_are_numpys(p: float) -> None:
    a = rng_for(f"norm {p}").normal(size=(3, 4))
    assert cr.norm(leaf(a), p).item() == pytest.approx(np.linalg.norm(a.reshape(-1), p))
    if p != 3:
        assert L.matrix_norm(leaf(a), p).item() == pytest.approx(np.linalg.norm(a, p))
    np.testing.assert_allclose(leaf(a).norm(p, dim=0).detach().numpy(), np.linalg.norm(a, p, axis=0))
    assert cr.dist(leaf(a), leaf(a + 1), p).item() == pytest.approx(np.linalg.norm(np.ones(12), p))


def test_covariances_are_numpys() -> None:
    rng = rng_for("cov")
    a, f, w = rng.normal(size=(3, 6)), np.array([1, 2, 3, 1, 1, 2]), rng.uniform(size=6)
    got = cr.cov(leaf(a), fweights=cr.tensor(f), aweights=leaf(w))
    np.testing.assert_allclose(got.detach().numpy(), np.cov(a, fweights=f, aweights=w))
    np.testing.assert_allclose(cr.corrcoef(leaf(a)).detach().numpy(), np.corrcoef(a))


def test_lstsq_is_numpys() -> None:
    rng = rng_for("lstsq")
    a, b = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    want = np.linalg.lstsq(a, b, rcond=None)
    got = L.lstsq(leaf(a), leaf(b), driver="gelsd")
    np.testing.assert_allclose(got.solution.detach().numpy(), want[0])
    np.testing.assert_allclose(got.residuals.detach().numpy(), want[1])
    assert got.rank.item() == want[2]
    np.testing.assert_allclose(got.singular_values.detach().numpy(), want[3])


def test_multi_dot_and_powers() -> None:
    rng = rng_for("chain")
    xs = [rng.normal(size=s) for s in [(3,), (3, 5), (5, 2), (2, 4)]]
    np.testing.assert_allclose(L.multi_dot([leaf(x) for x in xs]).detach().numpy(), np.linalg.multi_dot(xs))
    a = rng.normal(size=(3, 3))
    for n in (-3, -1, 0, 1, 2, 7):
        got = L.matrix_power(leaf(a), n).detach().numpy()
        np.testing.assert_allclose(got, np.linalg.matrix_power(a, n), atol=1e-10)


def test_integers() -> None:
    a = cr.tensor([[1, 2], [3, 4]])
    assert (a @ a).tolist() == [[7, 10], [15, 22]]
    assert (a @ a).dtype == cr.int64
    assert cr.einsum("ij,kj->ik", a.to(cr.int32), a.to(cr.int32)).dtype == cr.int32
    assert cr.trace(a).item() == 5
    assert cr.vander(cr.tensor([1, 2, 3])).tolist() == [[1, 1, 1], [4, 2, 1], [9, 3, 1]]


def test_addmm_with_beta_zero_ignores_the_input() -> None:
    got = cr.addmm(cr.tensor([[float("nan")]]), cr.ones(1, 2), cr.ones(2, 1), beta=0)
    assert got.tolist() == [[2.0]]


def test_in_place_forms() -> None:
    a = cr.ones(2, 2)
    a @= cr.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert a.tolist() == [[4.0, 6.0], [4.0, 6.0]]
    a.addmm_(cr.eye(2), cr.eye(2))
    assert a.tolist() == [[5.0, 6.0], [4.0, 7.0]]


def test_a_factor_changed_in_place_is_noticed() -> None:
    x, w = cr.ones(2, 2), cr.ones(2, 2, requires_grad=True)
    y = (x @ w).sum()
    x.mul_(2.0)
    with pytest.raises(RuntimeError, match=r"modified by an inplace operation.*MmBackward0"):
        y.backward()


# --------------------------------------------------------------------------------------------------- names and messages


@pytest.mark.parametrize(
    "f, name",
    [
        (lambda r: r(2, 3) @ r(3, 4), "MmBackward0"), (lambda r: cr.mm(r(2, 3), r(3, 4)), "MmBackward0"),
        (lambda r: r(2, 3) @ r(3), "MvBackward0"), (lambda r: r(3) @ r(3), "DotBackward0"),
        (lambda r: cr.bmm(r(2, 3, 4), r(2, 4, 5)), "BmmBackward0"),
        (lambda r: cr.addmm(r(4), r(2, 3), r(3, 4)), "AddmmBackward0"),
        (lambda r: L.inv(r(2, 2)), "LinalgInvExBackward0"), (lambda r: L.norm(r(2, 2)), "LinalgVectorNormBackward0"),
        (lambda r: L.qr(r(2, 2)).Q, "LinalgQrBackward0"),
    ],
)  # fmt: skip
def test_names_of_nodes(f: Any, name: str) -> None:
    assert f(lambda *s: leaf(np.ones(s) + np.eye(*s) if len(s) == 2 else np.ones(s))).grad_fn.name() == name


@pytest.mark.parametrize(
    "f, message",
    [
        (lambda: cr.ones(2, 3) @ cr.ones(4, 5), "mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)"),
        (lambda: cr.ones(2, 3) @ cr.ones(4), "size mismatch, got input (2), mat (2x3), vec (4)"),
        (
            lambda: cr.ones(2, 3) @ cr.ones(3, 5).double(),
            "expected m1 and m2 to have the same dtype, but got: float != double",
        ),
        (
            lambda: cr.bmm(cr.ones(2, 3, 4), cr.ones(2, 5, 6)),
            "dimensions of batch2 tensor to be: [2, 4] but got: [2, 5].",
        ),
        (
            lambda: cr.addmm(cr.ones(4), cr.ones(2, 3), cr.ones(3, 5)),
            "The expanded size of the tensor (5) must match the existing size (4) at non-singleton dimension 1.",
        ),
        (lambda: cr.dot(cr.ones(2), cr.ones(3)), "inconsistent tensor size, expected tensor [2] and src [3]"),
        (
            lambda: cr.einsum("ij,jk->ik", cr.ones(2, 3), cr.ones(4, 4)),
            "j has size 4 for operand 1 which does not broadcast",
        ),
        (
            lambda: cr.einsum("ii", cr.ones(2, 3)),
            "i is repeated for operand 0 but the sizes don't match, 3 != 2",
        ),
        (lambda: L.inv(cr.ones(2, 3)), "A must be batches of square matrices, but they are 2 by 3 matrices"),
        (
            lambda: L.det(cr.tensor([[1, 2], [3, 4]])),
            "Expected a floating point or complex tensor as input. Got Long",
        ),
    ],
)
def test_messages(f: Any, message: str) -> None:
    with pytest.raises(RuntimeError) as e:
        f()
    assert message in str(e.value)


def test_singular_matrices() -> None:
    a = cr.stack([cr.eye(2), cr.tensor([[1.0, 2.0], [2.0, 4.0]])])
    with pytest.raises(L.LinAlgError, match=r"linalg.inv: \(Batch element 1\): The diagonal element 2 is zero"):
        L.inv(a)
    with pytest.raises(L.LinAlgError, match="input matrix is singular"):
        L.solve(a, cr.ones(2, 2, 1))
    with pytest.raises(L.LinAlgError, match="the leading minor of order 2 is not positive-definite"):
        L.cholesky(cr.tensor([[1.0, 2.0], [2.0, 1.0]]))
    assert L.inv_ex(a).info.tolist() == [0, 2]
    assert L.inv_ex(a).inverse[0].tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert L.cholesky_ex(-a).info.tolist() == [1, 1]
    assert issubclass(L.LinAlgError, RuntimeError)


def test_results_print_as_torchs() -> None:
    text = repr(L.qr(cr.eye(2)))
    assert text.startswith("torch.return_types.linalg_qr(\nQ=tensor([[")
    assert "),\nR=tensor(" in text


@pytest.mark.parametrize("shape", [(0, 0), (0, 3, 3), (2, 0, 0)])
def test_empty(shape: tuple[int, ...]) -> None:
    a = leaf(np.zeros(shape))
    for f in (L.inv, L.det, L.cholesky, L.matrix_exp, L.pinv):
        y = f(a)
        assert y.shape == (shape if f is not L.det else shape[:-2])
        y.sum().backward()
    for f in (L.qr, L.svd, L.eigh, L.lu_factor):
        assert all(x.numel() == 0 for x in f(a))


@pytest.mark.parametrize("f", ["det", "inv", "matrix_exp", "eigvalsh", "svdvals", "pinv", "cholesky"])
def test_values_and_gradients_are_torchs(f: str) -> None:
    torch = pytest.importorskip("torch")
    a = rng_for(f).normal(size=(2, 3, 3))
    a = a @ a.swapaxes(-2, -1) + np.eye(3)
    x, y = leaf(a), torch.tensor(a, requires_grad=True)
    mine, theirs = getattr(L, f)(x), getattr(torch.linalg, f)(y)
    np.testing.assert_allclose(mine.detach().numpy(), theirs.detach().numpy(), rtol=1e-9)
    mine.square().sum().backward()
    theirs.square().sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), y.grad.numpy(), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize(
    "name", ["svd", "svdvals", "eigh", "eigvalsh", "pinv", "matrix_rank", "cond", "lstsq", "det", "inv", "qr"]
)
def test_matrices_that_are_not_finite_are_refused_or_answered(name, bad):
    # LAPACK's divide and conquer never returns from some of them, nor from Ctrl-C: it must not be asked.
    numbers = np.full((40, 40), bad)
    numbers[::2] = np.random.default_rng(0).normal(size=(20, 40))
    a = cr.tensor(numbers, requires_grad=True)
    try:
        f = getattr(cr.linalg, name)
        out = f(a, a.detach()) if name == "lstsq" else f(a)
        out = out[0] if isinstance(out, tuple) else out
        assert not np.isfinite(out.detach().numpy()).all()
        cr.autograd.grad(out.sum(), a)
    except cr.linalg.LinAlgError as e:
        assert "non-finite" in str(e) or "singular" in str(e)


def test_eigh_reads_one_triangle():
    a = cr.tensor([[2.0, np.inf], [1.0, 2.0]])
    np.testing.assert_allclose(cr.linalg.eigvalsh(a).numpy(), [1, 3], rtol=1e-6)


@pytest.mark.parametrize("rank", [3, 2, 1, 0])
def test_second_derivatives_of_a_determinant_where_it_is_zero(rank):
    rng = np.random.default_rng(rank)
    a = rng.normal(size=(4, rank)) @ rng.normal(size=(rank, 4))
    hessian = cr.autograd.functional.hessian(cr.det, cr.tensor(a)).numpy().reshape(16, 16)
    step, want = 1e-4, np.zeros((16, 16))
    units = step * np.eye(16).reshape(16, 4, 4)

    def at(i, j, p, q):
        return np.linalg.det(a + p * units[i] + q * units[j])

    for i, j in np.ndindex(16, 16):
        want[i, j] = (at(i, j, 1, 1) - at(i, j, 1, -1) - at(i, j, -1, 1) + at(i, j, -1, -1)) / (4 * step**2)
    np.testing.assert_allclose(hessian, want, atol=1e-6)


def test_third_derivatives_of_a_determinant():
    a = cr.tensor(np.random.default_rng(1).normal(size=(2, 3, 3)), requires_grad=True)
    assert cr.autograd.gradgradcheck(lambda x: cr.autograd.grad(cr.det(x).sum(), x, create_graph=True)[0], (a,))


@pytest.mark.parametrize("shape", [(4, 3), (2, 5, 2), (3, 3), (3, 0)])
def test_householder_product_gives_the_q_of_lapack(shape: tuple[int, ...]) -> None:
    a = rng_for(f"householder {shape}").normal(size=shape)
    h, tau = np.linalg.qr(a, mode="raw")
    q = L.householder_product(cr.tensor(np.swapaxes(h, -1, -2).copy()), cr.tensor(tau))
    np.testing.assert_allclose(q.numpy(), np.linalg.qr(a)[0], atol=1e-12)
    assert cr.orgqr(cr.tensor(np.swapaxes(h, -1, -2).copy()), cr.tensor(tau)).equal(q)


def test_householder_product_in_nested_forward_mode() -> None:
    # Of [1, t] and 2/(1 + t^2) it is the first column of a reflection: [1 - 2/(1 + t^2), -2t/(1 + t^2)].
    def f(t: Any) -> Any:
        return L.householder_product(cr.stack((cr.ones_like(t), t)).reshape(2, 1), (2 / (1 + t * t)).reshape(1)).sum()

    def first(s: Any) -> Any:
        return cr.func.jvp(f, (s,), (cr.ones_like(s),))[1]

    t = 0.7
    second = cr.func.jvp(first, (cr.tensor(t, dtype=cr.float64),), (cr.tensor(1.0, dtype=cr.float64),))[1]
    by_hand = 4 * (1 - 3 * t**2) / (1 + t**2) ** 3 - 4 * t * (t**2 - 3) / (1 + t**2) ** 3
    assert second.item() == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize(
    "shapes", [((2, 3), (2,)), ((3, 2), (3,)), ((3,), (1,)), ((3, 2), (1, 2)), ((4, 3, 2), (1, 2)), ((4, 3, 2), (2,))]
)
def test_householder_product_refuses_what_torch_refuses(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    torch = pytest.importorskip("torch")
    said = []
    for lib in (torch, cr):
        with pytest.raises(RuntimeError) as refusal:
            lib.linalg.householder_product(*map(lib.ones, shapes))
        said.append(str(refusal.value))
    assert said[1].startswith(said[0])


def test_the_determinant_of_a_matrix_with_nan_is_nan():
    a = cr.tensor([[[0.0, 0.0], [float("nan"), 1.0]], [[1.0, 2.0], [3.0, 4.0]]])
    assert cr.linalg.det(a)[0].isnan() and cr.linalg.det(a)[1] == -2


@pytest.mark.parametrize(
    "shapes", [((1, 1), (1, 2)), ((2, 1), (1, 1)), ((1,), (1, 2)), ((2, 1), (1,)), ((3, 2, 1), (1, 1))]
)
def test_zero_times_infinity_in_a_product_of_one_element(shapes):
    """NumPy's dot takes a matrix of one element for a factor, which BLAS drops where it is 0."""
    for other in (0, 1):
        x = [cr.zeros(shapes[0]), cr.zeros(shapes[1])]
        x[other] = cr.full(shapes[other], cr.inf)
        for y in (
            x[0] @ x[1],
            cr.matmul(*[a.requires_grad_() for a in x]),
            cr.func.jvp(cr.matmul, tuple(x), tuple(x))[0],
        ):
            assert y.isnan().all() and y.shape == np.matmul(*map(np.zeros, shapes)).shape


@pytest.mark.parametrize("shape", [(0, 0), (3, 0), (0, 3), (2, 0, 3)])
def test_norms_of_nothing_are_zero_or_refused(shape):
    torch = pytest.importorskip("torch")
    for ord in (1, -1, 2, -2, np.inf, -np.inf, "nuc", "fro"):
        try:
            want = torch.linalg.matrix_norm(torch.ones(shape), ord).tolist()
        except IndexError:
            with pytest.raises(IndexError, match="non-zero size"):
                cr.linalg.matrix_norm(cr.ones(shape), ord)
        else:
            assert cr.linalg.matrix_norm(cr.ones(shape), ord).tolist() == want, ord
