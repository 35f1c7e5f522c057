"""What becomes of lists that hold tensors, arrays and numbers: as in torch, each constructor, value or refusal."""

import math
import re

import numpy as np
import pytest

import chainrule as cr


def datas(t):
    """Name: data. A tensor stands for a number where a number belongs, for a row where a row does."""
    one, scalar, whole, half = t.ones(1), t.tensor(2.0), t.tensor([3]), t.ones(1, dtype=t.float16)
    double, flag, two, deep, none = t.ones(1, dtype=t.float64), t.tensor([True]), t.ones(2), t.ones(1, 1, 1), t.ones(0)
    history = t.ones(1, requires_grad=True) * 2
    return {
        "ones": [one, one * 2],
        "scalars": [scalar, scalar],
        "one and scalar": [one, scalar],
        "then a number": [one, 5],
        "a number first": [5, one],
        "float, whole": [1.5, whole],
        "whole, float": [whole, 1.5],
        "wholes": [whole, whole],
        "whole and one": [whole, one],
        "doubles": [double, double],
        "double and one": [double, one],
        "flags": [flag, flag],
        "flag and one": [flag, one],
        "a bool": [True, one],
        "half": [half, 1.0],
        "twos": [two, two],
        "two, number": [two, 3.0],
        "number, two": [3.0, two],
        "one alone": [one],
        "a tuple": (one, one),
        "nested": [[one, one], [one, one]],
        "nested, mixed": [[one, 2], [3, scalar]],
        "deep": [deep, deep],
        "with history": [history, history],
        "empty": [none],
        "list first": [[1.0], one],
        "list after": [one, [1.0]],
        "list of two, two": [[1.0, 2.0], two],
        "two, list of two": [two, [1.0, 2.0]],
        "twos in lists": [[two], [two]],
        "whole two": [t.tensor([1, 2])] * 2,
        "arrays": [np.ones(1), np.ones(1)],
        "array, one": [np.ones(1), one],
        "NumPy's numbers": [np.float64(1), np.float64(2)],
        "arrays of two": [np.ones(2), np.ones(2)],
        "ints of NumPy": [np.int32(1), np.int32(2)],
        "nothing": [],
        "none in one": [[]],
    }


MAKERS = {
    "tensor": lambda t, x: t.tensor(x), "as_tensor": lambda t, x: t.as_tensor(x), "Tensor": lambda t, x: t.Tensor(x),
    "asarray": lambda t, x: t.asarray(x), "FloatTensor": lambda t, x: t.FloatTensor(x),
    "LongTensor": lambda t, x: t.LongTensor(x), "to int64": lambda t, x: t.tensor(x, dtype=t.int64),
    "to float64": lambda t, x: t.tensor(x, dtype=t.float64), "BoolTensor": lambda t, x: t.BoolTensor(x),
    "new_tensor": lambda t, x: t.ones(1, dtype=t.float64).new_tensor(x),
}  # fmt: skip


def outcome(t, maker, data):
    """dtype, shape and values; or the kind of error and its first clause."""
    try:
        x = MAKERS[maker](t, data)
    except (TypeError, ValueError, RuntimeError) as e:
        return type(e).__name__, str(e).split(";")[0]
    return str(x.dtype), tuple(x.shape), x.tolist()


@pytest.mark.parametrize("maker", MAKERS)
def test_every_maker_reads_lists_of_tensors_as_torch_does(maker):
    torch = pytest.importorskip("torch")
    theirs = datas(torch)
    assert {k: outcome(cr, maker, v) for k, v in datas(cr).items()} == {
        k: outcome(torch, maker, v) for k, v in theirs.items()
    }


@pytest.mark.parametrize("maker", ["tensor", "as_tensor", "Tensor", "FloatTensor", "asarray"])
def test_a_tensor_of_one_element_is_a_number_in_a_list(maker):
    x = cr.ones(1)
    assert MAKERS[maker](cr, [x, x * 2]).tolist() == [1.0, 2.0]
    assert MAKERS[maker](cr, [x, 5, cr.tensor(2.0)]).tolist() == [1.0, 5.0, 2.0]
    with pytest.raises(ValueError, match=r"only one element tensors.*torch\.stack"):
        MAKERS[maker](cr, [cr.ones(2), cr.ones(2)])
    with pytest.raises(TypeError, match=r"only integer tensors.*int64.*torch\.stack"):
        cr.tensor([cr.tensor([1, 2])])


def test_a_float_tensor_is_not_cut_to_an_integer_in_silence():
    for data in ([cr.ones(1)], [[1.0, 2.0], cr.ones(2)]):
        with pytest.raises(TypeError, match=r"only integer tensors.*float32.*\.to\(dtype\)"):
            cr.tensor(data, dtype=cr.int64)


HELD = """full_like(-1)uint8 full_like(-300)uint8 full_like(300.7)uint8 full_like(-2.7)uint8 full_like(200)int8
    full_like(nan)int64 full_like(inf)int32 full_like(9.3e18)int64 full_like(2**63)int64 full_like(2.7)int64
    full_like(1e39)float32 full_like(inf)float32 fill_(300)uint8 fill_(-1)uint8 fill_(nan)int32
    fill_(1e39)float32 masked_fill(x>0,300)uint8 masked_fill(x>0,-1)uint8 index_fill(0,T.tensor([0]),300)uint8
    pow(-1)uint8 pow(-1)int64 full_like(nan)bool""".split()


@pytest.mark.parametrize("form", HELD)
def test_numbers_that_a_dtype_cannot_hold_are_refused_as_in_torch(form):
    torch = pytest.importorskip("torch")
    call, dtype = re.fullmatch(r"(.*\))(\w+)", form).groups()
    outcomes = []
    for T in torch, cr:
        x = T.tensor([1, 2]).to(getattr(T, dtype))
        known = {"T": T, "x": x, "nan": math.nan, "inf": math.inf}
        try:
            made = call.replace("full_like(", "T.full_like(x,") if "full" in call else f"x.{call}"
            outcomes.append(str(eval(made, known).tolist()))
        except RuntimeError:
            outcomes.append("refused")
    assert outcomes[1] == outcomes[0]


def test_empty_and_0_d_operands_end_as_in_torch():
    torch = pytest.importorskip("torch")
    for form in (
        "T.tensor(2.).unflatten(0, (7,))", "T.tensor(2.).flatten(1, 0)", "T.ones(3).histc(0)",
        "T.ones(3).histc(3, 1, 0)",
        "T.tensor([True]).cov()", "T.ones(3).put(T.tensor([0]), T.ones(3))", "T.tensor(2.).roll(5, 0)",
        "T.ones(3).index_copy(0, T.tensor([0]), T.ones(3))", "T.tensor(2.).index_select(0, T.tensor([0, 0]))",
        "T.nn.functional.cross_entropy(T.ones(2, 0), T.ones(2, 0))",
        "T.nn.functional.cross_entropy(T.ones(0), T.ones(0))", "T.linalg.vecdot(T.tensor(2.), T.tensor(3.))",
        "T.linalg.vecdot(T.ones(2), T.tensor(3.))", "T.linalg.vecdot(T.ones(2), T.ones(2).double())",
        "T.linalg.solve(T.eye(2), T.tensor(1.))", "T.linalg.vander(T.tensor(2.))", "T.linalg.vander(T.ones(2), N=3)",
    ):  # fmt: skip
        outcomes = []
        for T in torch, cr:
            try:
                outcomes.append(str(eval(form, {"T": T}).tolist()))
            except (RuntimeError, IndexError) as e:
                outcomes.append(type(e).__name__)
        assert outcomes[1] == outcomes[0], form


@pytest.mark.parametrize("ask", [float, int, complex, math.sqrt, lambda x: x.item()])
def test_several_elements_are_no_number_as_in_torch(ask):
    torch = pytest.importorskip("torch")
    for n in (0, 3):
        kinds = []
        for T in (torch, cr):
            with pytest.raises((ValueError, RuntimeError)) as caught:
                ask(T.ones(n))
            kinds.append((type(caught.value), str(caught.value).split(".")[0]))
        assert kinds[1] == kinds[0]


MATRICES = """matmul(a,a) mm(a,a) mv(a,v) bmm(a[None],a[None]) dot(v,v) inner(v,v) outer(v,v) addmm(a,a,a) addmv(v,a,v)
    linalg.multi_dot([a,a]) linalg.inv(a) linalg.det(a) linalg.solve(a,v) linalg.cholesky(a) linalg.svdvals(a)
    linalg.norm(v) linalg.vecdot(v,v) linalg.pinv(a) linalg.eigvalsh(a) mean(a,0) std(a,0)
    logsumexp(a,0) amax(a,0) argmax(a,0) all(a,0) cat([v,v]) stack([v,v]) gather(v,0,i) index_select(v,0,i) take(v,i)
    masked_select(v,v>0) where(v>0,v,v) tril(a) diag(v) kron(v,v) lerp(v,v,0.5) clamp(v,v,v) nonzero(v) quantile(v,0.5)
    softmax(v,0) scatter(v,0,i,1.) histc(v) renorm(a,2,0,1.) add(v,v) exp(v)""".split()
PAIRS = "sort(v) topk(v,1) max(v,0) median(v,0) mode(v,0) kthvalue(v,1) cummax(v,0) linalg.qr(a) linalg.eigh(a)".split()


@pytest.mark.parametrize("form", [*MATRICES, *PAIRS])
def test_out_is_of_another_dtype_where_torch_takes_that(form):
    torch = pytest.importorskip("torch")
    for dtype in ("float32", "float64", "float16", "int64"):
        outcomes = []
        for T in torch, cr:
            empty = T.empty(0, dtype=getattr(T, dtype))
            known = {"a": T.eye(2) * 2, "v": T.tensor([1.0, 2.0]), "i": T.tensor([1]), "T": T}
            known["out"] = (empty, T.empty(0, dtype=getattr(T, dtype))) if form in PAIRS else empty
            try:
                eval(f"T.{form[:-1]},out=out)", known)
                outs = known["out"] if form in PAIRS else (empty,)
                outcomes.append([(x.tolist(), str(x.dtype)) for x in outs])
            except (RuntimeError, TypeError):
                outcomes.append(None)
        assert (outcomes[1] is None) == (outcomes[0] is None), (form, dtype)
        for (ours, kind), (theirs, same) in zip(*(x or () for x in outcomes)):
            assert kind == same
            np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-6)


def test_whole_negative_numbers_go_round_in_unsigned_ones_and_nothing_else_does():
    assert cr.tensor([-3, 4], dtype=cr.uint8).tolist() == [253, 4] and cr.tensor(-1, dtype=cr.uint8).item() == 255
    for data in ([-300], [-3.0], [256], -300, -3.0, [[1], [-256]]):
        with pytest.raises(RuntimeError, match="without overflow"):
            cr.tensor(data, dtype=cr.uint8)
