"""Printing: literals that real PyTorch printed, and, where PyTorch is installed, random tensors printed by both."""

import contextlib
import doctest
import math
import random

import numpy as np
import pytest

from chainrule.api import printing
from chainrule.api.printing import get_printoptions, printoptions, set_printoptions, tensor_text

nan, inf = math.nan, math.inf
MUL = {"grad_fn": "MulBackward0"}
LEAF = {"requires_grad": True}
DOUBLE = {"default_float": "float64"}


def f32(values):
    return np.array(values, np.float32)


def f64(values):
    return np.array(values, np.float64)


def f16(values):
    return np.array(values, np.float16)


def i64(values):
    return np.array(values, np.int64)


def count(*shape, dtype=np.float32, scale=1):
    """0, 1, 2, ... times scale in this shape."""
    return (np.arange(math.prod(shape)) * scale).reshape(shape).astype(dtype)


@pytest.fixture(autouse=True)
def fresh_options():
    set_printoptions(profile="default")
    yield
    set_printoptions(profile="default")


def ours(array, **kwargs):
    return tensor_text(array, dtype=array.dtype.name, **kwargs)


GOLDEN = [
    (f32(0.1), {}, {}, "tensor(0.1000)"),
    (f32(3.0), {}, LEAF, "tensor(3., requires_grad=True)"),
    (f32(-0.0), {}, {}, "tensor(-0.)"),
    (f32(nan), {}, {}, "tensor(nan)"),
    (f32(inf), {}, {}, "tensor(inf)"),
    (f32(-inf), {}, MUL, "tensor(-inf, grad_fn=<MulBackward0>)"),
    (f32(1e-5), {}, {}, "tensor(1.0000e-05)"),
    (f32(123456789.0), {}, {}, "tensor(1.2346e+08)"),
    (f32(100000000.0), {}, {}, "tensor(100000000.)"),
    (f64(2.5), {}, {}, "tensor(2.5000, dtype=torch.float64)"),
    (f64(2.5), {}, DOUBLE, "tensor(2.5000)"),
    (f32(2.5), {}, DOUBLE, "tensor(2.5000, dtype=torch.float32)"),
    (np.array(True), {}, {}, "tensor(True)"),
    (i64(-7), {}, {}, "tensor(-7)"),
    (np.array(200, np.uint8), {}, {}, "tensor(200, dtype=torch.uint8)"),
    (i64([1, 2]), {}, {}, "tensor([1, 2])"),
    (np.array([True]), {}, {}, "tensor([True])"),
    (np.array([True, False]), {}, {}, "tensor([ True, False])"),
    (
        np.array([[True, False], [False, False]]),
        {},
        {},
        """\
tensor([[ True, False],
        [False, False]])""",
    ),
    (np.array([-1, 20, 300], np.int32), {}, {}, "tensor([ -1,  20, 300], dtype=torch.int32)"),
    (np.array([0, 255], np.uint8), {}, {}, "tensor([  0, 255], dtype=torch.uint8)"),
    (np.array([-128, 127], np.int8), {}, {}, "tensor([-128,  127], dtype=torch.int8)"),
    (i64([-(2**63), 2**63 - 1]), {}, {}, "tensor([-9223372036854775808,  9223372036854775807])"),
    (
        np.array([2**64 - 1, 0], np.uint64),
        {},
        {},
        "tensor([18446744073709551615,                    0], dtype=torch.uint64)",
    ),
    (f64([1.0]), {}, {}, "tensor([1.], dtype=torch.float64)"),
    (
        f32([[18, 24], [30, 12]]),
        {},
        MUL,
        """\
tensor([[18., 24.],
        [30., 12.]], grad_fn=<MulBackward0>)""",
    ),
    (f32([]), {}, {}, "tensor([])"),
    (f32(np.empty((0, 3))), {}, {}, "tensor([], size=(0, 3))"),
    (f32(np.empty((2, 0, 3))), {}, MUL, "tensor([], size=(2, 0, 3), grad_fn=<MulBackward0>)"),
    (f64([]), {}, {}, "tensor([], dtype=torch.float64)"),
    (i64([]), {}, {}, "tensor([], dtype=torch.int64)"),
    (np.array([], bool), {}, {}, "tensor([], dtype=torch.bool)"),
    (i64(np.empty((0, 0))), {}, DOUBLE, "tensor([], size=(0, 0), dtype=torch.int64)"),
    (f32([]), {}, LEAF, "tensor([], requires_grad=True)"),
    (f32([0.0, 0.0]), {}, {}, "tensor([0., 0.])"),
    (f32([0.0, -0.0]), {}, {}, "tensor([0., -0.])"),
    (f32([-0.0, 1.0]), {}, {}, "tensor([-0., 1.])"),
    (f32([-0.0, 0.5]), {}, {}, "tensor([-0.0000, 0.5000])"),
    (f32([nan, 1.0]), {}, {}, "tensor([nan, 1.])"),
    (f32([nan, 1.5]), {}, {}, "tensor([   nan, 1.5000])"),
    (f32([nan, inf, -inf]), {}, {}, "tensor([nan, inf, -inf])"),
    (f32([inf, -inf, 0.25, nan]), {}, {}, "tensor([   inf,   -inf, 0.2500,    nan])"),
    (
        f32([[nan, 100.0], [-inf, 2.0]]),
        {},
        {},
        """\
tensor([[ nan, 100.],
        [-inf,   2.]])""",
    ),
    (f32([nan, 1e10, inf, 0.0]), {}, {}, "tensor([       nan, 1.0000e+10,        inf, 0.0000e+00])"),
    (f32([1.0, 10.0, 100.0]), {}, {}, "tensor([  1.,  10., 100.])"),
    (f32([1.0, 1000.0]), {}, {}, "tensor([   1., 1000.])"),
    (f32([1.0, 1001.0]), {}, {}, "tensor([1.0000e+00, 1.0010e+03])"),
    (f32([1.5, 1500.0]), {}, {}, "tensor([   1.5000, 1500.0000])"),
    (f32([1.5, 1501.5]), {}, {}, "tensor([1.5000e+00, 1.5015e+03])"),
    (f32([0.001, 1.0]), {}, {}, "tensor([0.0010, 1.0000])"),
    (f64([0.001, 1.0]), {}, {}, "tensor([0.0010, 1.0000], dtype=torch.float64)"),
    (f32([0.0001]), {}, {}, "tensor([1.0000e-04])"),
    (f64([0.0001]), {}, {}, "tensor([0.0001], dtype=torch.float64)"),
    (f64([0.000099999]), {}, {}, "tensor([9.9999e-05], dtype=torch.float64)"),
    (f32([-1.5, 2.25, -300.125]), {}, {}, "tensor([  -1.5000,    2.2500, -300.1250])"),
    (f32([1e8, 1e8]), {}, {}, "tensor([100000000., 100000000.])"),
    (f64([100000001.0]), {}, {}, "tensor([1.0000e+08], dtype=torch.float64)"),
    (f64([1e300, 1e-300]), {}, {}, "tensor([1.0000e+300, 1.0000e-300], dtype=torch.float64)"),
    (f64([5e-324, 1.7e308]), {}, {}, "tensor([4.9407e-324, 1.7000e+308], dtype=torch.float64)"),
    (f64([1 / 3, 2 / 3]), {}, {}, "tensor([0.3333, 0.6667], dtype=torch.float64)"),
    (
        f64([1e-10, -1e10]),
        {},
        {"default_float": "float64", "requires_grad": True},
        "tensor([ 1.0000e-10, -1.0000e+10], requires_grad=True)",
    ),
    (f16([1.0, 2.0]), {}, {}, "tensor([1., 2.], dtype=torch.float16)"),
    (f16([0.1, 65504.0]), {}, {}, "tensor([9.9976e-02, 6.5504e+04], dtype=torch.float16)"),
    (f16([0.1, 0.2]), {}, {"default_float": "float16"}, "tensor([0.1000, 0.2000])"),
    (f16([6e-8]), {}, {}, "tensor([5.9605e-08], dtype=torch.float16)"),
    (f32([0.99999, 0.5]), {}, {}, "tensor([1.0000, 0.5000])"),
    (f32([9.99999, 0.5]), {}, {}, "tensor([10.0000,  0.5000])"),
    (f32([0.5, 1.5, 2.5]), {"precision": 0}, {}, "tensor([0, 2, 2])"),
    (f32([0.12345678, 1.5]), {"precision": 8}, {}, "tensor([0.12345678, 1.50000000])"),
    (f32([1.12345]), {"precision": 2}, {}, "tensor([1.12])"),
    (f32([1.0, 2.0, nan]), {"sci_mode": True}, {}, "tensor([1.0000e+00, 2.0000e+00,        nan])"),
    (f32([0.5, -2.0]), {"sci_mode": True}, {}, "tensor([ 5.0000e-01, -2.0000e+00])"),
    (f32([0.0, nan]), {"sci_mode": True}, {}, "tensor([0., nan])"),
    (f32([1e-7, 1e7]), {"sci_mode": False}, {}, "tensor([       0.0000, 10000000.0000])"),
    (f32([1.0, 1e9]), {"sci_mode": False}, {}, "tensor([         1., 1000000000.])"),
    (f32([0.25, 1e5]), {"profile": "short"}, {}, "tensor([2.50e-01, 1.00e+05])"),
    (f32([1.0, 1e9]), {"profile": "short"}, {}, "tensor([1.00e+00, 1.00e+09])"),
    (
        count(25),
        {},
        {},
        """\
tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.,
        14., 15., 16., 17., 18., 19., 20., 21., 22., 23., 24.])""",
    ),
    (
        count(25, scale=0.5),
        {},
        {},
        """\
tensor([ 0.0000,  0.5000,  1.0000,  1.5000,  2.0000,  2.5000,  3.0000,  3.5000,
         4.0000,  4.5000,  5.0000,  5.5000,  6.0000,  6.5000,  7.0000,  7.5000,
         8.0000,  8.5000,  9.0000,  9.5000, 10.0000, 10.5000, 11.0000, 11.5000,
        12.0000])""",
    ),
    (
        count(25, dtype=np.int64, scale=1000),
        {},
        {},
        """\
tensor([    0,  1000,  2000,  3000,  4000,  5000,  6000,  7000,  8000,  9000,
        10000, 11000, 12000, 13000, 14000, 15000, 16000, 17000, 18000, 19000,
        20000, 21000, 22000, 23000, 24000])""",
    ),
    (
        count(14),
        {},
        MUL,
        """\
tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.],
       grad_fn=<MulBackward0>)""",
    ),
    (
        count(13),
        {},
        MUL,
        """\
tensor([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12.],
       grad_fn=<MulBackward0>)""",
    ),
    (count(1001), {}, {}, "tensor([   0.,    1.,    2.,  ...,  998.,  999., 1000.])"),
    (count(1001, dtype=np.int64), {}, {}, "tensor([   0,    1,    2,  ...,  998,  999, 1000])"),
    (
        count(1001, scale=0.01),
        {},
        {},
        """\
tensor([0.0000e+00, 1.0000e-02, 2.0000e-02,  ..., 9.9800e+00, 9.9900e+00,
        1.0000e+01])""",
    ),
    (count(1000, dtype=np.int64), {"edgeitems": 2, "threshold": 999}, {}, "tensor([  0,   1,  ..., 998, 999])"),
    (count(6), {"threshold": 5}, {}, "tensor([0., 1., 2., 3., 4., 5.])"),
    (count(7), {"threshold": 5}, {}, "tensor([0., 1., 2.,  ..., 4., 5., 6.])"),
    (count(7), {"threshold": 5, "edgeitems": 0}, {}, "tensor([...], size=(7,))"),
    (count(3, 3), {"threshold": 5, "edgeitems": 0}, {}, "tensor([...], size=(3, 3))"),
    (f32(5), {"threshold": 0, "edgeitems": 0}, {}, "tensor(5., size=())"),
    (f32([5]), {"edgeitems": 0}, {}, "tensor([5.], size=(1,))"),
    (
        count(30) == 3,
        {},
        {},
        """\
tensor([False, False, False,  True, False, False, False, False, False, False,
        False, False, False, False, False, False, False, False, False, False,
        False, False, False, False, False, False, False, False, False, False])""",
    ),
    (
        count(2, 3),
        {},
        {},
        """\
tensor([[0., 1., 2.],
        [3., 4., 5.]])""",
    ),
    (
        count(2, 3, dtype=np.float64),
        {},
        LEAF,
        """\
tensor([[0., 1., 2.],
        [3., 4., 5.]], dtype=torch.float64, requires_grad=True)""",
    ),
    (count(1, 1, 1), {}, {}, "tensor([[[0.]]])"),
    (
        count(2, 2, 2),
        {},
        {},
        """\
tensor([[[0., 1.],
         [2., 3.]],

        [[4., 5.],
         [6., 7.]]])""",
    ),
    (
        count(2, 2, 2, scale=-0.3),
        {},
        MUL,
        """\
tensor([[[-0.0000, -0.3000],
         [-0.6000, -0.9000]],

        [[-1.2000, -1.5000],
         [-1.8000, -2.1000]]], grad_fn=<MulBackward0>)""",
    ),
    (
        count(2, 1, 2, 2),
        {},
        {},
        """\
tensor([[[[0., 1.],
          [2., 3.]]],


        [[[4., 5.],
          [6., 7.]]]])""",
    ),
    (
        count(2, 2, 1, 1, 2, dtype=np.int64),
        {},
        {},
        """\
tensor([[[[[0, 1]]],


         [[[2, 3]]]],



        [[[[4, 5]]],


         [[[6, 7]]]]])""",
    ),
    (
        count(40, 40),
        {},
        {},
        """\
tensor([[0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 3.7000e+01, 3.8000e+01,
         3.9000e+01],
        [4.0000e+01, 4.1000e+01, 4.2000e+01,  ..., 7.7000e+01, 7.8000e+01,
         7.9000e+01],
        [8.0000e+01, 8.1000e+01, 8.2000e+01,  ..., 1.1700e+02, 1.1800e+02,
         1.1900e+02],
        ...,
        [1.4800e+03, 1.4810e+03, 1.4820e+03,  ..., 1.5170e+03, 1.5180e+03,
         1.5190e+03],
        [1.5200e+03, 1.5210e+03, 1.5220e+03,  ..., 1.5570e+03, 1.5580e+03,
         1.5590e+03],
        [1.5600e+03, 1.5610e+03, 1.5620e+03,  ..., 1.5970e+03, 1.5980e+03,
         1.5990e+03]])""",
    ),
    (
        count(40, 40, scale=0.1),
        {},
        MUL,
        """\
tensor([[0.0000e+00, 1.0000e-01, 2.0000e-01,  ..., 3.7000e+00, 3.8000e+00,
         3.9000e+00],
        [4.0000e+00, 4.1000e+00, 4.2000e+00,  ..., 7.7000e+00, 7.8000e+00,
         7.9000e+00],
        [8.0000e+00, 8.1000e+00, 8.2000e+00,  ..., 1.1700e+01, 1.1800e+01,
         1.1900e+01],
        ...,
        [1.4800e+02, 1.4810e+02, 1.4820e+02,  ..., 1.5170e+02, 1.5180e+02,
         1.5190e+02],
        [1.5200e+02, 1.5210e+02, 1.5220e+02,  ..., 1.5570e+02, 1.5580e+02,
         1.5590e+02],
        [1.5600e+02, 1.5610e+02, 1.5620e+02,  ..., 1.5970e+02, 1.5980e+02,
         1.5990e+02]], grad_fn=<MulBackward0>)""",
    ),
    (
        count(40, 40, scale=0.001),
        {},
        {},
        """\
tensor([[0.0000e+00, 1.0000e-03, 2.0000e-03,  ..., 3.7000e-02, 3.8000e-02,
         3.9000e-02],
        [4.0000e-02, 4.1000e-02, 4.2000e-02,  ..., 7.7000e-02, 7.8000e-02,
         7.9000e-02],
        [8.0000e-02, 8.1000e-02, 8.2000e-02,  ..., 1.1700e-01, 1.1800e-01,
         1.1900e-01],
        ...,
        [1.4800e+00, 1.4810e+00, 1.4820e+00,  ..., 1.5170e+00, 1.5180e+00,
         1.5190e+00],
        [1.5200e+00, 1.5210e+00, 1.5220e+00,  ..., 1.5570e+00, 1.5580e+00,
         1.5590e+00],
        [1.5600e+00, 1.5610e+00, 1.5620e+00,  ..., 1.5970e+00, 1.5980e+00,
         1.5990e+00]])""",
    ),
    (
        count(10, 10, 11, dtype=np.int64),
        {},
        {},
        """\
tensor([[[   0,    1,    2,  ...,    8,    9,   10],
         [  11,   12,   13,  ...,   19,   20,   21],
         [  22,   23,   24,  ...,   30,   31,   32],
         ...,
         [  77,   78,   79,  ...,   85,   86,   87],
         [  88,   89,   90,  ...,   96,   97,   98],
         [  99,  100,  101,  ...,  107,  108,  109]],

        [[ 110,  111,  112,  ...,  118,  119,  120],
         [ 121,  122,  123,  ...,  129,  130,  131],
         [ 132,  133,  134,  ...,  140,  141,  142],
         ...,
         [ 187,  188,  189,  ...,  195,  196,  197],
         [ 198,  199,  200,  ...,  206,  207,  208],
         [ 209,  210,  211,  ...,  217,  218,  219]],

        [[ 220,  221,  222,  ...,  228,  229,  230],
         [ 231,  232,  233,  ...,  239,  240,  241],
         [ 242,  243,  244,  ...,  250,  251,  252],
         ...,
         [ 297,  298,  299,  ...,  305,  306,  307],
         [ 308,  309,  310,  ...,  316,  317,  318],
         [ 319,  320,  321,  ...,  327,  328,  329]],

        ...,

        [[ 770,  771,  772,  ...,  778,  779,  780],
         [ 781,  782,  783,  ...,  789,  790,  791],
         [ 792,  793,  794,  ...,  800,  801,  802],
         ...,
         [ 847,  848,  849,  ...,  855,  856,  857],
         [ 858,  859,  860,  ...,  866,  867,  868],
         [ 869,  870,  871,  ...,  877,  878,  879]],

        [[ 880,  881,  882,  ...,  888,  889,  890],
         [ 891,  892,  893,  ...,  899,  900,  901],
         [ 902,  903,  904,  ...,  910,  911,  912],
         ...,
         [ 957,  958,  959,  ...,  965,  966,  967],
         [ 968,  969,  970,  ...,  976,  977,  978],
         [ 979,  980,  981,  ...,  987,  988,  989]],

        [[ 990,  991,  992,  ...,  998,  999, 1000],
         [1001, 1002, 1003,  ..., 1009, 1010, 1011],
         [1012, 1013, 1014,  ..., 1020, 1021, 1022],
         ...,
         [1067, 1068, 1069,  ..., 1075, 1076, 1077],
         [1078, 1079, 1080,  ..., 1086, 1087, 1088],
         [1089, 1090, 1091,  ..., 1097, 1098, 1099]]])""",
    ),
    (
        count(2, 600, dtype=np.int32),
        {},
        {},
        """\
tensor([[   0,    1,    2,  ...,  597,  598,  599],
        [ 600,  601,  602,  ..., 1197, 1198, 1199]], dtype=torch.int32)""",
    ),
    (
        count(600, 2),
        {},
        {},
        """\
tensor([[0.0000e+00, 1.0000e+00],
        [2.0000e+00, 3.0000e+00],
        [4.0000e+00, 5.0000e+00],
        ...,
        [1.1940e+03, 1.1950e+03],
        [1.1960e+03, 1.1970e+03],
        [1.1980e+03, 1.1990e+03]])""",
    ),
    (
        count(8, 8, 8),
        {"profile": "short", "threshold": 100},
        {},
        """\
tensor([[[  0.,   1.,  ...,   6.,   7.],
         [  8.,   9.,  ...,  14.,  15.],
         ...,
         [ 48.,  49.,  ...,  54.,  55.],
         [ 56.,  57.,  ...,  62.,  63.]],

        [[ 64.,  65.,  ...,  70.,  71.],
         [ 72.,  73.,  ...,  78.,  79.],
         ...,
         [112., 113.,  ..., 118., 119.],
         [120., 121.,  ..., 126., 127.]],

        ...,

        [[384., 385.,  ..., 390., 391.],
         [392., 393.,  ..., 398., 399.],
         ...,
         [432., 433.,  ..., 438., 439.],
         [440., 441.,  ..., 446., 447.]],

        [[448., 449.,  ..., 454., 455.],
         [456., 457.,  ..., 462., 463.],
         ...,
         [496., 497.,  ..., 502., 503.],
         [504., 505.,  ..., 510., 511.]]])""",
    ),
    (
        count(3, 20),
        {},
        {},
        """\
tensor([[ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12., 13.,
         14., 15., 16., 17., 18., 19.],
        [20., 21., 22., 23., 24., 25., 26., 27., 28., 29., 30., 31., 32., 33.,
         34., 35., 36., 37., 38., 39.],
        [40., 41., 42., 43., 44., 45., 46., 47., 48., 49., 50., 51., 52., 53.,
         54., 55., 56., 57., 58., 59.]])""",
    ),
    (
        count(2, 20, scale=0.25),
        {},
        {},
        """\
tensor([[0.0000, 0.2500, 0.5000, 0.7500, 1.0000, 1.2500, 1.5000, 1.7500, 2.0000,
         2.2500, 2.5000, 2.7500, 3.0000, 3.2500, 3.5000, 3.7500, 4.0000, 4.2500,
         4.5000, 4.7500],
        [5.0000, 5.2500, 5.5000, 5.7500, 6.0000, 6.2500, 6.5000, 6.7500, 7.0000,
         7.2500, 7.5000, 7.7500, 8.0000, 8.2500, 8.5000, 8.7500, 9.0000, 9.2500,
         9.5000, 9.7500]])""",
    ),
    (
        count(2, 9, scale=0.5),
        {"linewidth": 30},
        {},
        """\
tensor([[0.0000, 0.5000,
         1.0000, 1.5000,
         2.0000, 2.5000,
         3.0000, 3.5000,
         4.0000],
        [4.5000, 5.0000,
         5.5000, 6.0000,
         6.5000, 7.0000,
         7.5000, 8.0000,
         8.5000]])""",
    ),
    (
        count(4),
        {"linewidth": 1},
        {},
        """\
tensor([0.,
        1.,
        2.,
        3.])""",
    ),
    (
        count(2, 2, dtype=np.float64),
        {"linewidth": 40},
        MUL,
        """\
tensor([[0., 1.],
        [2., 3.]], dtype=torch.float64,
       grad_fn=<MulBackward0>)""",
    ),
    (
        f64(count(3)),
        {"linewidth": 20},
        {"grad_fn": "CloneBackward0"},
        """\
tensor([0., 1., 2.],
       dtype=torch.float64,
       grad_fn=<CloneBackward0>)""",
    ),
    (
        np.r_[f32([1.5, 2, 3]), np.full(1000, 1e9, np.float32), f32([4, 5, 6.5])],
        {},
        {},
        "tensor([1.5000, 2.0000, 3.0000,  ..., 4.0000, 5.0000, 6.5000])",
    ),
    (
        np.r_[f32([1, 2, 3]), np.full(1000, 0.5, np.float32), f32([4, 5, 6])],
        {},
        {},
        "tensor([1., 2., 3.,  ..., 4., 5., 6.])",
    ),
    (
        f32([[1e-3, 2e-3], [3e-3, -4e-3]]),
        {},
        {},
        """\
tensor([[ 0.0010,  0.0020],
        [ 0.0030, -0.0040]])""",
    ),
    (
        f32([[0.00001, 1.0], [-10.0, 0.0]]),
        {},
        {},
        """\
tensor([[ 1.0000e-05,  1.0000e+00],
        [-1.0000e+01,  0.0000e+00]])""",
    ),
    (count(5), {"threshold": 5, "edgeitems": 1}, {}, "tensor([0., 1., 2., 3., 4.])"),
    (count(5), {"threshold": 4, "edgeitems": 1}, {}, "tensor([0.,  ..., 4.])"),
    (
        f64([1]),
        {"linewidth": 34},
        MUL,
        """\
tensor([1.], dtype=torch.float64,
       grad_fn=<MulBackward0>)""",
    ),
    (
        f64([1]),
        {"linewidth": 33},
        MUL,
        """\
tensor([1.],
       dtype=torch.float64,
       grad_fn=<MulBackward0>)""",
    ),
    (
        f64(count(8)),
        {"linewidth": 50},
        MUL,
        """\
tensor([0., 1., 2., 3., 4., 5., 6., 7.],
       dtype=torch.float64, grad_fn=<MulBackward0>)""",
    ),
    (
        f64(count(8)),
        {"linewidth": 49},
        MUL,
        """\
tensor([0., 1., 2., 3., 4., 5., 6., 7.],
       dtype=torch.float64,
       grad_fn=<MulBackward0>)""",
    ),
    (count(3), {}, {"contents": "..."}, "tensor(...)"),
]


@pytest.mark.parametrize(("array", "options", "kwargs", "text"), GOLDEN)
def test_literals(array, options, kwargs, text):
    with printoptions(**options):
        assert ours(array, **kwargs) == text


# ---- the same process, with torch -----------------------------------------------------------------------------------

WAYS = {  # ways to a tensor of the same values with a grad_fn
    "MulBackward0": lambda t: t * 1,
    "CloneBackward0": lambda t: t.clone(),
    "AsStridedBackward0": lambda t: t.as_strided(t.shape, t.stride()),
    "PermuteBackward0": lambda t: t.permute(tuple(range(t.ndim))),
}


def theirs(torch, array, default_float="float32", requires_grad=False, grad_fn=None, contents=None):
    torch.set_default_dtype(getattr(torch, default_float))
    try:
        tensor = torch.from_numpy(array.copy())
        if requires_grad or grad_fn:
            tensor.requires_grad_()
        if grad_fn:
            tensor = WAYS[grad_fn](tensor)
        return tensor.__repr__(tensor_contents=contents)
    finally:
        torch.set_default_dtype(torch.float32)


@contextlib.contextmanager
def both_options(torch, **options):
    with printoptions(**options), torch._tensor_str.printoptions(**options):
        yield


@pytest.mark.parametrize(("array", "options", "kwargs", "text"), GOLDEN)
def test_literals_are_what_torch_prints(array, options, kwargs, text):
    torch = pytest.importorskip("torch")
    with both_options(torch, **options):
        assert theirs(torch, array, **kwargs) == text


def random_shape(rng):
    ndim = rng.choice([0, 1, 1, 2, 2, 3, 4, 5])
    longest = {0: 1, 1: rng.choice([5, 40, 1500]), 2: rng.choice([4, 12, 60]), 3: rng.choice([4, 11])}.get(ndim, 4)
    return tuple(rng.randint(0 if rng.random() < 0.1 else 1, longest) for _ in range(ndim))


def random_array(rng):
    shape, np_rng = random_shape(rng), np.random.default_rng(rng.getrandbits(32))
    dtype = rng.choice(
        ["float32"] * 4
        + ["float64"] * 3
        + ["float16"] * 2
        + ["bool", "uint8", "uint16", "uint64"]
        + ["int8", "int16", "int32", "int64"]
    )
    if dtype == "bool":
        return np.asarray(np_rng.random(shape) < rng.random())
    if "int" in dtype:
        info = np.iinfo(dtype)
        bound = int(10 ** rng.uniform(0, 19.3))
        return np.asarray(np_rng.integers(max(info.min, -bound), min(info.max, bound), shape, dtype, endpoint=True))
    widest = {"float16": 5, "float32": 38, "float64": 308}[dtype]
    near = rng.choice([0, 0, 0, 0, -3, -4, 2, 3, 7, 8, rng.uniform(-widest, widest)])
    spread = rng.choice([0, 0.5, 1, 3, rng.uniform(0, widest)])
    with np.errstate(all="ignore"):
        values = np_rng.choice([-1, 1], shape) ** rng.randint(0, 1) * 10 ** np_rng.uniform(near - spread, near, shape)
        if rng.random() < 0.3:
            values = np.round(values, rng.choice([0, 0, 1, 4]))
        if rng.random() < 0.1:
            values = np.asarray(10.0 ** np_rng.integers(-5, 9, shape))  # on the limits themselves
        for special in (0.0, -0.0, nan, -nan, inf, -inf):
            if rng.random() < 0.12:
                values = np.where(np_rng.random(shape) < rng.choice([0.05, 0.5, 1]), special, values)
        return np.asarray(values).astype(dtype)


def random_options(rng):
    choices = {
        "precision": lambda: rng.choice([0, 1, 2, 3, 6, 8, 17]),
        "threshold": lambda: rng.choice([0, 1, 5, 30, 200, inf]),
        "edgeitems": lambda: rng.choice([0, 1, 1, 2, 2, 4, 5]),
        "linewidth": lambda: rng.choice([0, 1, 10, 20, 33, 60, 79, 81, 120, 500, 64.5]),
        "profile": lambda: rng.choice(["default", "short", "full"]),
        "sci_mode": lambda: rng.choice([True, False]),
    }
    if rng.random() < 0.4:
        return {}
    return {name: choose() for name, choose in choices.items() if rng.random() < 0.3}


@pytest.mark.parametrize("seed", range(10))
def test_random_tensors_print_as_in_torch(seed):
    torch = pytest.importorskip("torch")
    rng = random.Random(seed)
    for turn in range(400):
        array, options, kwargs = random_array(rng), random_options(rng), {}
        if rng.random() < 0.2:
            kwargs["default_float"] = rng.choice(["float64", "float16"])
        if rng.random() < 0.5 and array.dtype.kind == "f":
            kwargs |= rng.choice([LEAF, {"grad_fn": rng.choice(list(WAYS))}])
        if rng.random() < 0.05:
            kwargs["contents"] = rng.choice(["...", "a\nbc", "x" * 70, "x" * 90 + "\n" + "y" * rng.randint(30, 80)])
        with both_options(torch, **options):
            assert ours(array, **kwargs) == theirs(torch, array, **kwargs), (
                f"seed {seed}, turn {turn}: {array.dtype} {array.shape} {options} {kwargs}"
            )


def test_suffixes_wrap_as_in_torch_at_every_width():
    torch = pytest.importorskip("torch")
    for length in range(1, 40, 3):
        for width in range(20, 100):
            with both_options(torch, linewidth=width):
                for dtype in ("float32", "float64"):
                    array = np.ones(length, dtype)
                    assert ours(array, **MUL) == theirs(torch, array, **MUL), (length, width, dtype)


def test_prefixes_print_as_in_torch():
    torch = pytest.importorskip("torch")

    class MeasuredTensor(torch.Tensor):
        pass

    for array in (count(3, 5), f32(2.5), count(40), count(2, 3, 4, scale=0.37)):
        tensor = torch.from_numpy(array)
        assert ours(array, prefix="MeasuredTensor(") == repr(tensor.as_subclass(MeasuredTensor))
        assert ours(array, prefix="Parameter containing:\ntensor(", **LEAF) == repr(torch.nn.Parameter(tensor))


def test_tangents_print_as_in_torch():
    torch = pytest.importorskip("torch")
    forward_ad = torch.autograd.forward_ad
    for array in (f32(2.0), count(3), count(4, 5)):
        with forward_ad.dual_level():
            tangent = torch.from_numpy(np.asarray(array / 2))
            dual = forward_ad.make_dual(torch.from_numpy(array), tangent)
            assert ours(array, tangent=f"{tangent}") == repr(dual)


def test_options_follow_torch_call_by_call():
    torch = pytest.importorskip("torch")
    rng = random.Random(5)
    try:
        for turn in range(300):
            options = random_options(rng)
            set_printoptions(**options)
            torch.set_printoptions(**options)
            assert get_printoptions() == torch._tensor_str.get_printoptions(), f"seed 5, turn {turn}: {options}"
    finally:
        torch.set_printoptions(profile="default")


# ---- without torch --------------------------------------------------------------------------------------------------


def test_doctests():
    assert doctest.testmod(printing).failed == 0


def test_profiles_and_partial_changes():
    set_printoptions(precision=2, sci_mode=True)
    assert get_printoptions() == {"precision": 2, "threshold": 1000, "edgeitems": 3, "linewidth": 80, "sci_mode": True}
    set_printoptions(linewidth=100)
    assert get_printoptions() == {"precision": 2, "threshold": 1000, "edgeitems": 3, "linewidth": 100, "sci_mode": None}
    set_printoptions(profile="short", edgeitems=1)
    assert get_printoptions() == {"precision": 2, "threshold": 1000, "edgeitems": 1, "linewidth": 80, "sci_mode": None}
    set_printoptions(profile="full")
    assert get_printoptions()["threshold"] == inf
    before = get_printoptions()
    set_printoptions(precision=1, sci_mode=False)
    set_printoptions(**before)
    assert get_printoptions() == before


def test_printoptions_come_back_after_an_error_and_nest():
    set_printoptions(precision=3, sci_mode=False)
    before = get_printoptions()
    with pytest.raises(KeyError), printoptions(precision=1):
        with printoptions(linewidth=40):
            assert (get_printoptions()["precision"], get_printoptions()["linewidth"]) == (1, 40)
        assert get_printoptions()["linewidth"] == 80
        raise KeyError
    assert get_printoptions() == before


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"profile": "wide"}, ValueError, "unknown profile 'wide'; choose one of default, short, full"),
        ({"precision": -1}, ValueError, "precision must not be negative, got -1"),
        ({"precision": 2.5}, TypeError, "precision must be an integer, got 2.5"),
        ({"edgeitems": -3}, ValueError, "edgeitems must not be negative, got -3"),
        ({"threshold": "all"}, TypeError, "threshold must be a number, got 'all'"),
        ({"threshold": nan}, ValueError, "threshold must not be NaN"),
        ({"linewidth": nan}, ValueError, "linewidth must not be NaN"),
        ({"digits": 3}, TypeError, "digits"),
    ],
)
def test_bad_options_are_refused_and_change_nothing(options, error, match):
    before = get_printoptions()
    with pytest.raises(error, match=match):
        set_printoptions(linewidth=options.pop("linewidth", 33), **options)
    assert get_printoptions() == before


@pytest.mark.parametrize("array", [np.array(["a"]), np.array([None])])
def test_arrays_without_a_printed_form_are_refused(array):
    with pytest.raises(TypeError, match="only booleans, integers, floats and complex numbers"):
        tensor_text(array, dtype="float32")


def test_numpy_scalars_and_strided_arrays_print_like_plain_arrays():
    assert tensor_text(np.float32(0.1), dtype="float32") == "tensor(0.1000)"
    assert tensor_text(np.bool_(True), dtype="bool") == "tensor(True)"
    assert ours(count(2, 3).T) == ours(np.ascontiguousarray(count(2, 3).T))
    assert ours(np.broadcast_to(f32(2), (2, 2))) == "tensor([[2., 2.],\n        [2., 2.]])"


def test_a_dtype_that_numpy_lacks_is_only_a_name():
    assert tensor_text(f32([1.5]), dtype="bfloat16") == "tensor([1.5000], dtype=torch.bfloat16)"


def test_indent_aligns_every_later_line():
    plain, moved = ours(count(3, 3)).split("\n"), ours(count(3, 3), indent=6).split("\n")
    assert moved == [plain[0], *(" " * 6 + line for line in plain[1:])]
    with printoptions(linewidth=40):
        assert ours(count(4), **MUL) == "tensor([0., 1., 2., 3.],\n       grad_fn=<MulBackward0>)"
        assert ours(count(1), **MUL) == "tensor([0.], grad_fn=<MulBackward0>)"
        assert ours(count(1), indent=10, **MUL) == "tensor([0.],\n" + " " * 17 + "grad_fn=<MulBackward0>)"


def test_an_endless_line_is_never_broken():
    with printoptions(linewidth=inf, threshold=inf):
        assert ours(count(5000), **MUL).count("\n") == 0


def test_a_large_tensor_is_cut_down_before_anything_is_formatted(monkeypatch):
    seen = []
    for name in ("_write_floats", "_write_integers"):
        real = getattr(printing, name)
        monkeypatch.setattr(printing, name, lambda a, *rest, real=real: seen.append(a.size) or real(a, *rest))
    huge = np.broadcast_to(np.arange(1000), (10**6, 1000, 1000))  # 10**12 elements: to scan them would never end
    assert ours(huge).count("...") == 7 * 6 + 1
    assert ours(np.broadcast_to(f32(1), (10**9,))) == "tensor([1., 1., 1.,  ..., 1., 1., 1.])"
    assert seen == [6**3, 6]


def test_one_print_sees_one_state_of_the_options(monkeypatch):
    """Another thread may change the options in the middle of a print; here the change is made there on purpose."""
    array, real = count(40, scale=0.1), printing._write_floats
    before = ours(array, **MUL)

    def interrupted(*args):
        set_printoptions(precision=1, linewidth=30, threshold=5, edgeitems=1)
        return real(*args)

    monkeypatch.setattr(printing, "_write_floats", interrupted)
    assert ours(array, **MUL) == before
    monkeypatch.undo()
    assert ours(array, **MUL) == "tensor([0.0,  ..., 3.9],\n       grad_fn=<MulBackward0>)"
