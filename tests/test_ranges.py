"""arange, linspace and range: the bits of PyTorch's kernels, of thousands of arguments; elsewhere, recorded sums."""

import math
import random
import warnings
import zlib

import pytest

import chainrule as cr

# name: CRC-32 of the bytes that torch 2.13 gives for the arguments below (checked where torch is installed)
RECORDED = {
    "arange float16": 4_287_168_371,
    "arange float32": 1_175_205_351,
    "arange float64": 4_127_185_310,
    "arange uint8": 4_065_174_560,
    "arange int8": 1_227_382_167,
    "arange int16": 3_580_242_676,
    "arange int32": 3_434_587_361,
    "arange int64": 1_914_258_873,
    "linspace float16": 2_616_936_293,
    "linspace float32": 784_103_053,
    "linspace float64": 180_192_834,
    "linspace uint8": 2_279_264_909,
    "linspace int8": 1_930_343_203,
    "linspace int16": 2_275_656_790,
    "linspace int32": 2_494_626_046,
    "linspace int64": 2_246_427_372,
    "range float32": 3_545_079_332,
    "range float64": 2_142_449_183,
    "range uint8": 1_944_954_211,
    "range int8": 1_674_817_817,
    "range int16": 2_706_556_631,
    "range int32": 3_760_301_893,
    "range int64": 2_315_128_422,
}
DTYPES = ("float16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64")
MANY = 500


def _number(rng, d):
    if not d.startswith("float"):
        return rng.randint(0 if d == "uint8" else -100, 100)
    return rng.choice(
        (
            rng.randint(-10, 10),
            round(rng.uniform(-5, 5), rng.choice((1, 2, 8))),
            rng.uniform(-1, 1) * 10.0 ** rng.randint(-3, 3),
        )
    )


def _ends_and_step(rng, d):
    a, b = _number(rng, d), _number(rng, d)
    step = rng.choice((0.1, 0.05, 0.25, 1 / 3, 1, 3, abs(b - a) / rng.randint(1, 300) or 1, 1.1))
    if not d.startswith("float"):
        step = max(1, int(step))
    return min(a, b), max(a, b) + step, step


def _line(rng, d):
    return _number(rng, d), _number(rng, d), rng.choice((0, 1, 2, 3, rng.randint(0, 100), rng.randint(0, 2000)))


def _arguments(name, d):
    """The same on every machine and in every process."""
    rng = random.Random(f"{name} {d}")
    while True:
        args = _line(rng, d) if name == "linspace" else _ends_and_step(rng, d)
        if name == "linspace" or abs((args[1] - args[0]) / args[2]) < 5000:
            yield args


def _bytes(torch, name, d):
    arguments = _arguments(name, d)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # range is deprecated
        for _ in range(MANY):
            args = next(arguments)
            yield args, getattr(torch, name)(*args, dtype=getattr(torch, d)).numpy().tobytes()


CASES = [(name, d) for name in ("arange", "linspace", "range") for d in DTYPES if name != "range" or d != "float16"]


@pytest.mark.parametrize("name, d", CASES)
def test_bits_are_torchs(name, d):
    total, ours = 0, list(_bytes(cr, name, d))
    for _, b in ours:
        total = zlib.crc32(b, total)
    assert total == RECORDED[f"{name} {d}"]
    torch = pytest.importorskip("torch")
    for (args, mine), (_, theirs) in zip(ours, _bytes(torch, name, d)):
        assert mine == theirs, (name, args, d)


def test_numbers_that_people_met():
    assert cr.linspace(-3, 3, 61)[30].item() == -4.470348358154297e-08
    assert cr.arange(-1, 1.05, 0.1)[10].item() == -2.9802322831784522e-09
    assert cr.linspace(0, 1, 2).tolist() == [0.0, 1.0] and cr.linspace(0, 1, 1).tolist() == [0.0]


@pytest.mark.parametrize(
    "make, error, words",
    [
        (lambda t: t.arange(0, 5, 0), (RuntimeError, ValueError), "step must be nonzero"),
        (lambda t: t.arange(0, 5, 0.5, dtype=t.int64), (RuntimeError, ValueError), "step must be nonzero"),
        (lambda t: t.arange(0, 5, -1), (RuntimeError, ValueError), "upper bound and"),
        (lambda t: t.arange(0, math.inf), RuntimeError, "unsupported range"),
        (lambda t: t.linspace(0, 1, -1), RuntimeError, "number of steps must be non-negative"),
        (lambda t: t.linspace(t.ones(2), 1, 3), RuntimeError, "0-dimensional"),
    ],
)
def test_refused_as_torch_does(make, error, words):
    with pytest.raises(error, match=words):
        make(cr)
    torch = pytest.importorskip("torch")
    with pytest.raises(error, match=words):
        make(torch)
