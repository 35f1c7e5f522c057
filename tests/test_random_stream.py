"""The random streams: equal to torch's, draw by draw, in any order; without torch, equal to values taken from it."""

import random
import sys
import zlib

import numpy as np
import pytest

import chainrule as cr
from chainrule.base.mersenne import DEFAULT_SEED, Generator

SIZES = (0, 1, 2, 3, 15, 16, 17, 31, 33, 100, 1000, 10007)
FLOATS = ("float16", "float32", "float64")
INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
EVERY = (*FLOATS, *INTEGERS, "bool")


def probabilities(n, dtype):
    return np.random.RandomState(n).uniform(0.01, 0.99, n).astype(dtype)


def spread(n, dtype):
    """Numbers over six powers of ten, as rates and shapes."""
    return (10 ** np.random.RandomState(n).uniform(-2, 4, n)).astype(dtype)


def tensor(torch, array):
    return torch.from_numpy(array)


# name: (dtypes, ours, torch's); g: Generator, t: torch, n: elements, d: dtype
DRAWS = {
    "gamma": (
        FLOATS[1:], lambda g, n, d: g.standard_gamma(spread(n, d)),
        lambda t, n, d: t._standard_gamma(tensor(t, spread(n, str(d)[6:])))),
    "dirichlet": (
        FLOATS[1:2], lambda g, n, d: g.dirichlet(spread(3 * n, d).reshape(n, 3)),
        lambda t, n, d: t._sample_dirichlet(tensor(t, spread(3 * n, str(d)[6:]).reshape(n, 3)))),
    "poisson": (
        FLOATS, lambda g, n, d: g.poisson(spread(n, d)), lambda t, n, d: t.poisson(tensor(t, spread(n, str(d)[6:])))),
    "binomial": (
        FLOATS[1:], lambda g, n, d: g.binomial(spread(n, d).round(), probabilities(n, d)),
        lambda t, n, d: t.binomial(
            tensor(t, spread(n, str(d)[6:]).round()), tensor(t, probabilities(n, str(d)[6:])))),
    "rand": (FLOATS, lambda g, n, d: g.uniform(n, d), lambda t, n, d: t.rand(n, dtype=d)),
    "uniform_": (
        FLOATS, lambda g, n, d: g.uniform(n, d, -1.3, 2.7), lambda t, n, d: t.empty(n, dtype=d).uniform_(-1.3, 2.7)),
    "randn": (FLOATS, lambda g, n, d: g.normal(n, d), lambda t, n, d: t.randn(n, dtype=d)),
    "normal_": (
        FLOATS, lambda g, n, d: g.normal(n, d, 1.7, 2.3), lambda t, n, d: t.empty(n, dtype=d).normal_(1.7, 2.3)),
    "log_normal_": (
        FLOATS, lambda g, n, d: g.log_normal(n, d, 0.7, 0.3),
        lambda t, n, d: t.empty(n, dtype=d).log_normal_(0.7, 0.3)),
    "exponential_": (
        FLOATS, lambda g, n, d: g.exponential(n, d, 1.7), lambda t, n, d: t.empty(n, dtype=d).exponential_(1.7)),
    "cauchy_": (
        FLOATS, lambda g, n, d: g.cauchy(n, d, 1.7, 0.3), lambda t, n, d: t.empty(n, dtype=d).cauchy_(1.7, 0.3)),
    "geometric_": (
        FLOATS + INTEGERS, lambda g, n, d: g.geometric(n, d, 0.2),
        lambda t, n, d: t.empty(n, dtype=d).geometric_(0.2)),
    "bernoulli_": (
        EVERY,
        lambda g, n, d: g.bernoulli(0.3, n, d), lambda t, n, d: t.empty(n, dtype=d).bernoulli_(0.3)),
    "bernoulli": (
        FLOATS, lambda g, n, d: g.bernoulli(probabilities(n, d)),
        lambda t, n, d: t.bernoulli(tensor(t, probabilities(n, str(d)[6:])))),
    "bernoulli_ by tensor": (
        FLOATS, lambda g, n, d: g.bernoulli(probabilities(n, d), (3, n), "float32"),
        lambda t, n, d: t.empty(3, n).bernoulli_(tensor(t, probabilities(n, str(d)[6:])))),
    "normal(mean, std)": (
        FLOATS, lambda g, n, d: g.normal_of(probabilities(n, d), probabilities(n, d)),
        lambda t, n, d: t.normal(*[tensor(t, probabilities(n, str(d)[6:]))] * 2)),
    "normal(mean, 2.3)": (
        FLOATS, lambda g, n, d: g.normal_of(probabilities(n, d), 2.3),
        lambda t, n, d: t.normal(tensor(t, probabilities(n, str(d)[6:])), 2.3)),
    "normal(1.3, std)": (
        FLOATS, lambda g, n, d: g.normal_of(1.3, probabilities(n, d)),
        lambda t, n, d: t.normal(1.3, tensor(t, probabilities(n, str(d)[6:])))),
    "random_": (
        EVERY,
        lambda g, n, d: g.random_full(n, d), lambda t, n, d: t.empty(n, dtype=d).random_()),
    "random_(1, None)": (
        EVERY,
        lambda g, n, d: g.random_from(n, 1, d), lambda t, n, d: t.empty(n, dtype=d).random_(1, None)),
    "randint": (
        FLOATS + INTEGERS, lambda g, n, d: g.random_int(n, 3, 100, d),
        lambda t, n, d: t.randint(3, 100, (n,), dtype=d)),
    "randperm": (("int64",), lambda g, n, d: g.permutation(n), lambda t, n, d: t.randperm(n)),
    "multinomial": (
        ("float32", "float64"), lambda g, n, d: g.multinomial(probabilities(n + 5, d), 5),
        lambda t, n, d: t.multinomial(tensor(t, probabilities(n + 5, str(d)[6:])), 5)),
    "multinomial of one": (
        FLOATS, lambda g, n, d: g.multinomial(probabilities(4 * n + 4, d).reshape(4, -1), 1),
        lambda t, n, d: t.multinomial(tensor(t, probabilities(4 * n + 4, str(d)[6:]).reshape(4, -1)), 1)),
    "multinomial, replacement": (
        FLOATS, lambda g, n, d: g.multinomial(probabilities(4 * n + 4, d).reshape(4, -1), 50, replacement=True),
        lambda t, n, d: t.multinomial(tensor(t, probabilities(4 * n + 4, str(d)[6:]).reshape(4, -1)), 50, True)),
}  # fmt: skip
CASES = [(name, dtype) for name, (dtypes, _, _) in DRAWS.items() for dtype in dtypes]
RANGES = [(0, 2), (-5, 2**24 + 1), (0, 2**28 - 1), (3, 2**28 + 2), (3, 2**28 + 3), (0, 2**32), (-(2**40), 2**40),
          (-(2**63), 2**63 - 1)]  # fmt: skip


def assert_same(theirs, ours, what):
    """The same dtype, shape and bits; floats to the last bits where torch runs without AVX2 or with another libm."""
    import torch

    theirs = theirs.numpy()
    assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape), what
    if ours.dtype.kind == "f" and not (
        sys.platform == "linux" and torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")
    ):
        eps = np.finfo(ours.dtype).eps
        np.testing.assert_allclose(ours, theirs, rtol=50 * eps, atol=50 * eps, err_msg=str(what))
        return
    bits = f"u{ours.dtype.itemsize}"
    differ = np.count_nonzero(ours.view(bits) != theirs.view(bits))
    assert not differ, f"{what}: {differ} of {ours.size} differ, ours {ours}, torch's {theirs}"


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_every_draw_equals_torch(name, dtype):
    torch = pytest.importorskip("torch")
    _, ours, theirs = DRAWS[name]
    g, state = Generator(), torch.get_rng_state()
    for n in SIZES:
        torch.manual_seed(n + 7)
        g.manual_seed(n + 7)
        for turn in range(2):  # the second starts at an odd place of the stream, maybe with a normal kept
            assert_same(theirs(torch, n, getattr(torch, dtype)), ours(g, n, dtype), f"{name} {dtype} {n}, draw {turn}")
            assert_same(torch.randn(3), g.normal(3), f"randn(3) after {name} {dtype} {n}")
    torch.set_rng_state(state)


@pytest.mark.parametrize("dtype", ["int64", *FLOATS])
@pytest.mark.filterwarnings("ignore:.*is out of bounds:UserWarning")
def test_ranges_of_integers_equal_torch(dtype):
    torch = pytest.importorskip("torch")
    more = [(0, 65504), (-2051, 2053), (0, 4097), (1000, 60001)]  # float16 rounds the bounds of these
    for low, high in more + ([] if dtype == "float16" else RANGES):
        torch.manual_seed(3)
        theirs = torch.randint(low, high, (500,), dtype=getattr(torch, dtype))
        assert_same(theirs, Generator(3).random_int(500, low, high, dtype), f"[{low}, {high}) {dtype}")


def test_any_order_of_draws_stays_in_step_with_torch(rng):
    torch = pytest.importorskip("torch")
    seed = int(rng.integers(2**64, dtype="uint64"))
    print("seed", seed)
    choose = random.Random(seed)
    torch.manual_seed(seed)
    g = Generator(seed)
    for i in range(1500):
        name, dtype = choose.choice(CASES)
        n = choose.choice((*range(20), 33, 100, 625))
        _, ours, theirs = DRAWS[name]
        what = f"draw {i} of {seed}: {name} {dtype} {n}"
        assert_same(theirs(torch, n, getattr(torch, dtype)), ours(g, n, dtype), what)


@pytest.mark.parametrize("dtype", FLOATS)
def test_large_draws_equal_torch(dtype):
    torch = pytest.importorskip("torch")
    torch.manual_seed(11)
    g = Generator(11)
    for name, n in (("rand", 1_000_003), ("randn", 1_000_003), ("uniform_", 200_000), ("bernoulli_", 200_000)):
        _, ours, theirs = DRAWS[name]
        assert_same(theirs(torch, n, getattr(torch, dtype)), ours(g, n, dtype), f"{name} {dtype}")
    assert_same(torch.randperm(100_000), g.permutation(100_000), "randperm")


def test_states_are_torchs():
    torch = pytest.importorskip("torch")
    g, theirs = Generator(5), torch.Generator().manual_seed(5)
    assert Generator().initial_seed() == torch.Generator().initial_seed() == DEFAULT_SEED
    for n in (3, 1, 600, 17):  # a normal is kept after the first
        assert_same(torch.randn(n, generator=theirs), g.normal(n), n)
        assert_same(theirs.get_state(), g.get_state(), f"state after {n}")
        theirs.set_state(torch.from_numpy(Generator(9).get_state()))
        g.set_state(theirs.get_state().numpy())


# Small draws of seed 2024 and the CRC-32 of large ones, from torch 2.13.
GOLDEN = {
    ("rand", "float32", 3): [0.53171587, 0.831267953, 0.971837997],
    ("rand", "float64", 3): [0.25372732026738665, 0.7747043317543358, 0.33521823650125215],
    ("rand", "float16", 3): [0.53173828125, 0.8310546875, 0.9716796875],
    ("uniform_", "float32", 3): [0.826863527, 2.02507186, 2.58735204],
    ("randn", "float32", 4): [-0.0404291674, 1.72599208, -0.814038754, 1.37216663],
    ("randn", "float64", 3): [-0.04042916736941367, 1.72599212022981, -0.8140387642807665],
    ("randn", "float64", 17): [-0.7040247420378066, -0.910913917690119, 0.7266241169549239, 0.7376994408777768,
        0.21284067265803128, -1.0786394410531068, -1.6878389209252838, 1.2607522161170863, -1.9158620045555208,
        0.8126834201363056, 0.962984156469451, 1.8027516408780853, -0.9460103469053192, -1.027550524001919,
        1.698769938508277, 0.5853117384352154, 0.6893051953204657],
    ("log_normal_", "float32", 3): [1.98947597, 3.37973619, 1.57741654],
    ("exponential_", "float32", 3): [0.172155425, 0.876671553, 0.240174398],
    ("cauchy_", "float64", 3): [1.4069448285921038, 2.050594913749191, 1.5291555155209593],
    ("geometric_", "int64", 8): [7, 2, 5, 2, 1, 7, 5, 4],
    ("bernoulli_", "float32", 12): [1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0],
    ("bernoulli", "float32", 12): [0, 0, 0, 1, 0, 1, 1, 0, 1, 0, 1, 1],
    ("normal(mean, std)", "float32", 3): [0.527554691, 1.91905713, 0.0548746884],
    ("random_", "int64", 2): [1623581238383398394, 3672908012959206016],
    ("random_", "float32", 3): [8920562, 13946169, 16304558],
    ("randint", "int64", 8): [57, 94, 25, 46, 11, 22, 21, 63],
    ("randperm", "int64", 12): [8, 10, 6, 11, 7, 1, 5, 0, 9, 4, 3, 2],
    ("multinomial", "float32", 20): [9, 0, 10, 6, 15],
    ("multinomial of one", "float64", 20): [[10], [5], [11], [11]],
}  # fmt: skip
LARGE = {
    ("rand", "float32", 100003): 3334456808,
    ("rand", "float64", 1001): 1036019396,
    ("rand", "float16", 1001): 1612339214,
    ("uniform_", "float32", 1001): 3559145463,
    ("randn", "float32", 100003): 1842755266,
    ("normal_", "float32", 1001): 4111028100,
    ("randn", "float16", 1001): 2193595657,
    ("randint", "int64", 10007): 1553857480,
    ("random_", "int32", 1000): 1674834227,
    ("bernoulli_", "float32", 10007): 2075829180,
    ("bernoulli", "float32", 10007): 2966212186,
    ("randperm", "int64", 10007): 1711567526,
    ("multinomial, replacement", "float32", 100): 75462965,
}


@pytest.mark.parametrize(("name", "dtype", "n"), GOLDEN)
def test_small_draws_equal_recorded_ones(name, dtype, n):
    got = DRAWS[name][1](Generator(2024), n, dtype)
    assert got.dtype == ("int64" if name.startswith("multinomial") else dtype)
    tolerance = {"float16": 1e-3, "float32": 1e-6, "float64": 1e-14}.get(got.dtype.name, 0)
    np.testing.assert_allclose(got, np.array(GOLDEN[name, dtype, n], got.dtype), rtol=tolerance)


@pytest.mark.parametrize(("name", "dtype", "n"), LARGE)
def test_large_draws_equal_recorded_ones(name, dtype, n):
    assert zlib.crc32(DRAWS[name][1](Generator(2024), n, dtype).tobytes()) == LARGE[name, dtype, n]


def test_a_mixed_stream_equals_the_recorded_one():
    g = Generator(2024)
    got = [g.normal(3)[2], g.uniform(5)[4], g.normal(20)[19], g.random_int(4, 0, 1000)[3], g.normal(2, "float64")[0],
           g.permutation(9)[0], g.exponential(2)[1], g.normal(1)[0]]  # fmt: skip
    np.testing.assert_allclose(np.array(got, float), [
        -0.814038754, 0.173475444, 0.308386624, 902, 1.37216663, 1, 0.121381514, -1.87268615,
    ], rtol=1e-6)  # fmt: skip


# ---- behaviour that needs no torch


def test_the_words_are_the_twisters():
    """The 10000th word of seed 5489 is the one that the C++ standard requires of mt19937."""
    assert Generator(5489).random_int(10000, 0, 2**28 - 1)[-1] == 4123659995 % (2**28 - 1)


@pytest.mark.parametrize("dtype", FLOATS)
def test_moments(dtype):
    g, n = Generator(1), 200_000
    for draw, mean, std in (
        (g.uniform(n, dtype, -1, 3), 1, 4 / 12**0.5), (g.normal(n, dtype, 2, 3), 2, 3),
        (g.exponential(n, dtype, 2), 0.5, 0.5), (g.geometric(n, dtype, 0.5), 2, 2**0.5), (g.bernoulli(0.2, n,
           dtype), 0.2, 0.4),
    ):  # fmt: skip
        draw = draw.astype(float)
        assert abs(draw.mean() - mean) < 5 * std / n**0.5
        assert abs(draw.std() - std) < 0.02 * std


def test_samples_without_replacement_differ_and_follow_the_weights():
    g, weights = Generator(2), np.array([0.0, 1, 2, 0, 5], "float32")
    picked = g.multinomial(np.tile(weights, (20000, 1)), 3)
    assert np.array_equal(np.unique(np.sort(picked, -1), axis=0), [[1, 2, 4]])
    assert abs((picked[:, 0] == 4).mean() - 5 / 8) < 0.02
    picked = g.multinomial(weights, 20000, replacement=True)
    np.testing.assert_allclose(np.bincount(picked, minlength=5) / 20000, weights / 8, atol=0.02)


def test_state_round_trips_with_the_kept_normal():
    g = Generator(3)
    g.normal(5)  # leaves a normal behind
    state, twin = g.get_state(), g.clone()
    first = [g.normal(4), g.uniform(700), g.normal(33, "float64"), g.initial_seed()]
    g.set_state(state)
    for made in (g, twin):
        again = [made.normal(4), made.uniform(700), made.normal(33, "float64"), made.initial_seed()]
        assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    g.normal(1)
    assert np.array_equal(g.manual_seed(3).normal(5), Generator(3).normal(5))  # seeding drops the kept normal


def test_empty_draws_consume_nothing():
    g = Generator(3)
    g.normal(1)
    before = g.get_state()
    for name, dtype in CASES:
        if not name.startswith("multinomial"):
            assert DRAWS[name][1](g, 0, dtype).size == 0
    assert g.uniform((3, 0, 2)).shape == (3, 0, 2)
    assert np.array_equal(g.get_state(), before)


def test_seeds():
    assert Generator().manual_seed(-1).initial_seed() == 2**64 - 1
    assert np.array_equal(Generator(2**32 + 5).uniform(4), Generator(5).uniform(4))
    g = Generator()
    assert g.seed() == g.initial_seed() != DEFAULT_SEED
    for seed in (2**64, -(2**63) - 1):
        with pytest.raises(ValueError, match="Overflow when unpacking long long"):
            g.manual_seed(seed)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_sure_probabilities(value):
    assert (Generator(0).bernoulli(value, 1000) == value).all()
    assert (Generator(0).bernoulli(np.full(1000, value)) == value).all()


F = np.float32
BAD = [  # our call, torch's, error, what both messages begin with
    (lambda g: g.uniform(3, F, 1, 0), "empty(3).uniform_(1, 0)", RuntimeError,
     "uniform_ expects to return a [from, to) range, but found from=1 > to=0"),
    (lambda g: g.uniform(3, F, -3e38, 3e38), "empty(3).uniform_(-3e38, 3e38)", RuntimeError,
     "uniform_ expects to-from <= std::numeric_limits<Float>::max(), but found to=3e+38 and from=-3e+38"),
    (lambda g: g.uniform(3, "int64"), "rand(3, dtype=torch.int64)", NotImplementedError,
     "\"check_uniform_bounds\" not implemented for 'Long'"),
    (lambda g: g.uniform(-3), "rand(-3)", RuntimeError,
     "Trying to create tensor with negative dimension -3: [-3]"),
    (lambda g: g.normal(3, F, 0, -1), "empty(3).normal_(0, -1)", RuntimeError,
     "normal expects std >= 0.0, but found std -1"),
    (lambda g: g.normal(3, "int64"), "randn(3, dtype=torch.int64)", NotImplementedError,
     "\"normal_kernel_cpu\" not implemented for 'Long'"),
    (lambda g: g.normal_of(np.zeros(2, F), np.array([1, -1], F)),
     "normal(torch.zeros(2), torch.tensor([1., -1]))", RuntimeError,
     "normal expects all elements of std >= 0.0"),
    (lambda g: g.normal_of(np.zeros(2, F), -1.0), "normal(torch.zeros(2), -1.)", RuntimeError,
     "normal expects std >= 0.0, but found std -1"),
    (lambda g: g.log_normal(3, F, 0, 0), "empty(3).log_normal_(0, 0)", RuntimeError,
     "log_normal_ expects std > 0.0, but found std=0"),
    (lambda g: g.exponential(3, F, 0), "empty(3).exponential_(0)", RuntimeError,
     "exponential_ expects lambda > 0.0, but found lambda=0"),
    (lambda g: g.exponential(3, "int64"), "empty(3, dtype=int).exponential_()", RuntimeError,
     "Exponential distribution is a continuous probability distribution. dtype must be a floating point "
     "but you specified Long"),
    (lambda g: g.cauchy(3, F, 0, -1), "empty(3).cauchy_(0, -1)", RuntimeError,
     "cauchy_ expects sigma > 0.0, but found sigma=-1"),
    (lambda g: g.cauchy(3, "int64"), "empty(3, dtype=int).cauchy_()", RuntimeError,
     "Cauchy distribution is a continuous probability distribution. dtype must be a floating point but "
     "you specified long"),
    (lambda g: g.geometric(3, F, 1), "empty(3).geometric_(1)", RuntimeError,
     "geometric_ expects p to be in (0, 1), but got p=1"),
    (lambda g: g.geometric(3, "bool", 0.5), "empty(3, dtype=bool).geometric_(.5)", NotImplementedError,
     "\"geometric_cpu\" not implemented for 'Bool'"),
    (lambda g: g.bernoulli(1.5, 3), "empty(3).bernoulli_(1.5)", RuntimeError,
     "bernoulli_ expects p to be in [0, 1], but got p=1.5"),
    (lambda g: g.bernoulli(float("nan"), 3), "empty(3).bernoulli_(float('nan'))", RuntimeError,
     "bernoulli_ expects p to be in [0, 1], but got p=nan"),
    (lambda g: g.bernoulli(np.array([1.5], F)), "bernoulli(torch.tensor([1.5]))", RuntimeError,
     "Expected p_in >= 0 && p_in <= 1 to be true, but got false"),
    (lambda g: g.bernoulli(np.array([1])), "bernoulli(torch.tensor([1]))", NotImplementedError,
     "\"bernoulli_tensor_cpu_p_\" not implemented for 'Long'"),
    (lambda g: g.random_int(2, 5, 5), "randint(5, 5, (2,))", RuntimeError,
     "random_ expects 'from' to be less than 'to', but got from=5 >= to=5"),
    (lambda g: g.random_int(2, 0, 300, "uint8"), "randint(0, 300, (2,), dtype=torch.uint8)", RuntimeError,
     "to - 1 is out of bounds for unsigned char"),
    (lambda g: g.random_int(2, -1, 3, "uint8"), "randint(-1, 3, (2,), dtype=torch.uint8)", RuntimeError,
     "from is out of bounds for unsigned char"),
    (lambda g: g.random_int(2, 0, 3, "bool"), "randint(0, 3, (2,), dtype=torch.bool)", RuntimeError,
     "to - 1 is out of bounds for bool"),
    (lambda g: g.random_full(2, "uint16"), "empty(3, dtype=torch.uint16).random_()", NotImplementedError,
     "\"random_kernel_cpu\" not implemented for 'UInt16'"),
    (lambda g: g.permutation(-1), "randperm(-1)", RuntimeError,
     "Trying to create tensor with negative dimension -1: [-1]"),
    (lambda g: g.multinomial(np.zeros(0, F), 1), "multinomial(torch.tensor([]), 1)", RuntimeError,
     "cannot sample n_sample > prob_dist.size(-1) samples without replacement"),
    (lambda g: g.multinomial(np.ones(2, F), 3), "multinomial(torch.ones(2), 3)", RuntimeError,
     "cannot sample n_sample > prob_dist.size(-1) samples without replacement"),
    (lambda g: g.multinomial(np.ones(2, F), 0), "multinomial(torch.ones(2), 0)", RuntimeError,
     "cannot sample n_sample <= 0 samples"),
    (lambda g: g.multinomial(np.zeros(2, F), 1), "multinomial(torch.zeros(2), 1)", RuntimeError,
     "invalid multinomial distribution (sum of probabilities <= 0)"),
    (lambda g: g.multinomial(np.array([1, -1], F), 1), "multinomial(torch.tensor([1., -1]), 1)", RuntimeError,
     "probability tensor contains either `inf`, `nan` or element < 0"),
    (lambda g: g.multinomial(np.ones((2, 2, 2), F), 1), "multinomial(torch.ones(2, 2, 2), 1)", RuntimeError,
     "prob_dist must be 1 or 2 dim"),
    (lambda g: g.multinomial(np.array([1, 2]), 1), "multinomial(torch.tensor([1, 2]), 1)", RuntimeError,
     "multinomial only supports floating-point dtypes for input, got: Long"),
    (lambda g: g.set_state(np.zeros(5, np.uint8)), "set_rng_state(torch.zeros(5, dtype=torch.uint8))", RuntimeError,
     "Expected a CPUGeneratorImplState of size 5056 but found the input RNG state size to be 5"),
    (lambda g: g.set_state(np.zeros(5056)), "set_rng_state(torch.zeros(5056))", TypeError,
     "RNG state must be a torch.ByteTensor"),
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD, ids=[call for _, call, _, _ in BAD])
def test_bad_input_raises_torchs_message_and_consumes_nothing(bad):
    ours, call, error, message = bad
    g = Generator(3)
    before = g.get_state()
    with pytest.raises(error) as caught:
        ours(g)
    assert str(caught.value).startswith(message)
    assert np.array_equal(g.get_state(), before)
    try:
        import torch
    except ImportError:
        return
    with pytest.raises(error) as theirs:
        eval(f"torch.{call}", {"torch": torch})
    assert str(theirs.value).startswith(message)


def test_bad_input_that_torch_accepts_or_has_no_message_for():
    g = Generator(3)
    with pytest.raises(RuntimeError, match="3 samples of 2 non-zero weights"):
        g.multinomial(np.array([1, 0, 2], F), 3)
    with pytest.raises(RuntimeError, match="Invalid mt19937 state"):
        g.set_state(np.zeros(5056, np.uint8))
    with pytest.raises(TypeError, match="needs the shape"):
        g.bernoulli(0.5)
    with pytest.raises(TypeError, match="for two numbers use normal"):
        g.normal_of(0.0, 1.0)
    with pytest.warns(UserWarning, match="Due to precision limitations float can support"):
        g.random_int(2, 0, 2**25, F)


def test_what_is_drawn_has_a_history_with_slopes_of_zero():
    x = cr.ones(3, requires_grad=True)
    drawn = {
        "NormalBackward1": cr.normal(x, 1.0), "NormalBackward2": cr.normal(0.0, x), "NormalBackward3": cr.normal(x, x),
        "BernoulliBackward0": cr.bernoulli(x), "PoissonBackward0": cr.poisson(x),
    }  # fmt: skip
    for name, y in drawn.items():
        assert type(y.grad_fn).__name__ == name
        assert cr.autograd.grad(y.sum(), x)[0].tolist() == [0, 0, 0]
    assert not cr.bernoulli(x.detach()).requires_grad


def test_layers_draw_as_torchs():
    torch = pytest.importorskip("torch")
    for draw in (
        lambda lib: lib.nn.functional.rrelu(lib.linspace(-1, 1, 20), training=True),
        lambda lib: lib.nn.functional.dropout3d(lib.ones(4, 2, 3, 3), 0.5),
        lambda lib: lib.nn.functional.dropout3d(lib.ones(4, 2, 3, 3, 2), 0.5),
    ):
        results = []
        for lib in (torch, cr):
            lib.manual_seed(5)
            results.append(draw(lib).numpy())
        np.testing.assert_allclose(*results, rtol=2e-7)
