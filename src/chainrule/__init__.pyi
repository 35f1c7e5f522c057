"""Written by tools/stubs.py (`make stubs`) from what the package publishes: change that, not this."""

from chainrule.api.creation import Number
from chainrule.api.device import device as Device
from chainrule.api.random import Generator as _Generator
from chainrule.api.reductions import Dim
from chainrule.base import dtypes
from chainrule.base.dtypes import dtype as _dtype
from chainrule.base.shapes import Size as _Size
from chainrule.core.methods import MinMax
from chainrule.core.methods import SignLogabsdet
from chainrule.core.methods import ValuesIndices
from chainrule.core.tensor import Operand
from chainrule.descend.result import Result
from chainrule.descend.sweep import Sweep
from chainrule.see.page import Page
from collections.abc import Callable
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any
from typing import Literal
from typing import TypedDict, TypeGuard, Unpack
from typing import overload
import builtins
import numpy as np

from chainrule.descend.constraints import Constraint as Constraint
from chainrule.base.shapes import Size as Size
from chainrule.core.tensor import Tensor as Tensor
from chainrule import accelerator as accelerator
from chainrule.nn.functional import adaptive_avg_pool1d as adaptive_avg_pool1d
from chainrule.nn.functional.kernels import alpha_dropout as alpha_dropout
from chainrule import amp as amp
from chainrule.amp import autocast as autocast
from chainrule import autograd as autograd
from chainrule.nn.functional import avg_pool1d as avg_pool1d
from chainrule import backends as backends
from chainrule.signal import bartlett_window as bartlett_window
from chainrule.nn.functional.kernels import batch_norm as batch_norm
from chainrule.nn.functional import bilinear as bilinear
from chainrule.signal import blackman_window as blackman_window
from chainrule.nn.functional import celu as celu
from chainrule.nn.functional import celu_ as celu_
from chainrule.nn.functional import channel_shuffle as channel_shuffle
from chainrule.see.check.checking import check as check
from chainrule.compiler import compile as compile
from chainrule import compiler as compiler
from chainrule.nn.functional.kernels import constant_pad_nd as constant_pad_nd
from chainrule.nn.functional import conv1d as conv1d
from chainrule.nn.functional import conv2d as conv2d
from chainrule.nn.functional import conv3d as conv3d
from chainrule.nn.functional import conv_transpose1d as conv_transpose1d
from chainrule.nn.functional import conv_transpose2d as conv_transpose2d
from chainrule.nn.functional import conv_transpose3d as conv_transpose3d
from chainrule.nn.functional import cosine_similarity as cosine_similarity
from chainrule import cuda as cuda
from chainrule.see.derive.formula import derive as derive
from chainrule import descend as descend
from chainrule.api.device import device as device
from chainrule import distributions as distributions
from chainrule.nn.functional.kernels import dropout as dropout
from chainrule.nn.functional.kernels import dropout_ as dropout_
from chainrule.base.dtypes import dtype as dtype
e: builtins.float
from chainrule.nn.functional.kernels import embedding as embedding
from chainrule.api.backward import enable_grad as enable_grad
from chainrule.see.exercise.ask import exercise as exercise
from chainrule.see.explain.story import explain as explain
from chainrule.nn.functional.kernels import feature_alpha_dropout as feature_alpha_dropout
from chainrule import fft as fft
from chainrule.fitting import fit as fit
from chainrule.random import fork_rng as fork_rng
from chainrule import func as func
from chainrule import functional as functional
from chainrule.base.dtypes import get_default_dtype as get_default_dtype
from chainrule.api.printing import get_printoptions as get_printoptions
from chainrule.nn.functional.kernels import grid_sampler as grid_sampler
from chainrule.nn.functional.kernels import grid_sampler_2d as grid_sampler_2d
from chainrule.nn.functional.kernels import grid_sampler_3d as grid_sampler_3d
from chainrule.nn.functional import group_norm as group_norm
from chainrule.signal import hamming_window as hamming_window
from chainrule.signal import hann_window as hann_window
inf: builtins.float
from chainrule.api.backward import inference_mode as inference_mode
from chainrule.nn.functional.kernels import instance_norm as instance_norm
from chainrule.api.backward import is_grad_enabled as is_grad_enabled
from chainrule.api.backward import is_inference_mode_enabled as is_inference_mode_enabled
from chainrule import jit as jit
from chainrule.signal import kaiser_window as kaiser_window
from chainrule.base.language import language as language
from chainrule.nn.functional import layer_norm as layer_norm
from chainrule.api.layout import layout as layout
from chainrule import linalg as linalg
from chainrule.serialization import load as load
from chainrule import masked as masked
import math as math
from chainrule.nn.functional import max_pool1d as max_pool1d
from chainrule.nn.functional import max_pool2d as max_pool2d
from chainrule.nn.functional import max_pool3d as max_pool3d
from chainrule.api.layout import memory_format as memory_format
nan: builtins.float
from chainrule.nn.functional.kernels import native_batch_norm as native_batch_norm
from chainrule.nn.functional.kernels import native_group_norm as native_group_norm
from chainrule.nn.functional.kernels import native_layer_norm as native_layer_norm
from chainrule import nn as nn
from chainrule.api.backward import no_grad as no_grad
from chainrule import optim as optim
from chainrule.nn.functional import pairwise_distance as pairwise_distance
pi: builtins.float
from chainrule.see.picture.drawing import picture as picture
from chainrule.nn.functional import pixel_shuffle as pixel_shuffle
from chainrule.nn.functional import pixel_unshuffle as pixel_unshuffle
from chainrule.see import plots as plot
from chainrule import random as random
from chainrule.nn.functional import rms_norm as rms_norm
from chainrule.nn.functional import rrelu as rrelu
from chainrule.nn.functional import rrelu_ as rrelu_
from chainrule import run as run
from chainrule.serialization import save as save
from chainrule import see as see
from chainrule.nn.functional import selu as selu
from chainrule.nn.functional import selu_ as selu_
from chainrule import serialization as serialization
from chainrule.base.dtypes import set_default_dtype as set_default_dtype
from chainrule.api.backward import set_grad_enabled as set_grad_enabled
from chainrule.api.printing import set_printoptions as set_printoptions
from chainrule import signal as signal
from chainrule import special as special
from chainrule.run import stand_in as stand_in
from chainrule.nn.functional import threshold as threshold
from chainrule.nn.functional import threshold_ as threshold_
from chainrule import types as types
from chainrule import utils as utils
from chainrule.func import value_and_grad as value_and_grad
from chainrule.func import vmap as vmap
from chainrule.api.layout import channels_last as channels_last
from chainrule.api.layout import channels_last_3d as channels_last_3d
from chainrule.api.layout import contiguous_format as contiguous_format
from chainrule.api.layout import preserve_format as preserve_format
from chainrule.api.layout import strided as strided
from chainrule.api.random import default_generator as default_generator
newaxis: None
from chainrule import version as version
from chainrule.version import __version__ as __version__
def is_tensor(obj: Any) -> TypeGuard[Tensor]:
    """Whether an object is a tensor."""
bfloat16: _dtype
bool: _dtype
cdouble: _dtype
cfloat: _dtype
complex128: _dtype
complex64: _dtype
double: _dtype
float: _dtype
float16: _dtype
float32: _dtype
float64: _dtype
half: _dtype
int: _dtype
int16: _dtype
int32: _dtype
int64: _dtype
int8: _dtype
long: _dtype
short: _dtype
uint16: _dtype
uint32: _dtype
uint64: _dtype
uint8: _dtype
class _Options(TypedDict, total=False):
    """The options of the optimisers."""

    adjust_lr_fn: str | None
    alpha: builtins.float
    amsgrad: builtins.bool
    beta2_decay: builtins.float
    betas: tuple[builtins.float, builtins.float]
    capturable: builtins.bool
    centered: builtins.bool
    d: builtins.float
    dampening: builtins.float
    decoupled_weight_decay: builtins.bool
    differentiable: builtins.bool
    eps: builtins.float | tuple[builtins.float | None, builtins.float]
    etas: tuple[builtins.float, builtins.float]
    foreach: builtins.bool | None
    fused: builtins.bool | None
    history_size: builtins.int
    initial_accumulator_value: builtins.float
    lambd: builtins.float
    line_search_fn: str | None
    lr_decay: builtins.float
    max_eval: builtins.int | None
    max_iter: builtins.int
    maximize: builtins.bool
    momentum: builtins.float
    momentum_decay: builtins.float
    nesterov: builtins.bool
    ns_coefficients: tuple[builtins.float, builtins.float, builtins.float]
    ns_steps: builtins.int
    rho: builtins.float
    step_sizes: tuple[builtins.float, builtins.float]
    t0: builtins.float
    tolerance_change: builtins.float
    tolerance_grad: builtins.float
    weight_decay: builtins.float
@overload
def minimize(f: Callable[..., Any] | str, start: Any = None, *, x0: Any = None, optimizer: Any = None, lr: Any = None, steps: builtins.int = 1000, record: builtins.int | builtins.bool = 1, tol: builtins.float | dict[str, builtins.float] | None = None, callback: Callable[[builtins.int, Any, builtins.float], Any] | None = None, progress: builtins.bool | None = None, checkpoint: Any = None, resume: builtins.bool = False, method: None = None, bounds: Any = None, constraints: Any = None, **options: Unpack[_Options]) -> Result:
    """Descend `f` from a start.

    f: a function of what `start` is (tensors in the place of numbers and arrays) that returns one number as a tensor;
        or a text, "(1 - x)**2 + 100*(y - x**2)**2".
    start: a number, or a list or tuple of numbers, which is a vector (both in double precision); an array or tensor of
        floats; a tuple, list or dict of these. A function of several arguments takes them from a tuple or list, or by
        their names from a dict. Or a module, or parameters that `f`
        refers to: then `f` takes no argument (or the module), and the parameters end at the minimum.
    optimizer: "sgd" (the default), "adam" or another name of `optim`, with its options by keyword (`momentum=0.9`); or
        "gd" (gradient descent with a line search), "newton", "lbfgs".
    lr: the learning rate, by default the optimiser's; a function of the step; an array of rates; or
        (rate, schedule of optim.lr_scheduler, its options), e.g. (0.1, "CosineAnnealingLR", {"T_max": 100}).
    steps: how many steps to make.
    x0: the start by SciPy's name.
    record: keep every k-th point, value and gradient norm; 0 or False for none.
    tol: stop where the norm of the gradient is at most this; or a dict of "gradient", "change" (the length of a step)
        and "plateau" (steps without a lower value).
    callback: called as `callback(step, x, value)` at every recorded step (at each if record=0); True stops.
    progress: a progress bar; by default on a terminal or in a notebook, for runs of more than two seconds.
    checkpoint: a path to go on from, written every second; or (path, seconds). That of another function, other
        settings or another start is refused.
    resume: go on from the checkpoint of another function, or where it cannot be told whether it is another (functions
        that are no graph, as they decide by values).
    method: a method of scipy.optimize.minimize ("L-BFGS-B", "trust-constr", ...) in the place of an optimiser, with the
        options of the method by keyword; `steps` limits its iterations.
    bounds: between which x stays: a pair (low, high) for all numbers, a pair for each, a dict or tree of pairs like x0
        (of a module by its parameters' names; names may be left out), or SciPy's `Bounds`; None is an open side. `f` is
        never computed outside them by an optimiser. The rules ("sgd", "adam", ...) stop a number at its bound and take
        its momentum (the first moment) from it there, so it comes back at once when the slope turns; what else they
        remember is made of the gradients as they are. "newton", "lbfgs" and "gd" move what is not held at a bound
        (Bertsekas, 1982). `grad_norm`, `tol` and the message are of the part of the gradient that does not lead out;
        `Result.active` lists the bounds that were met and what each costs.
    constraints: `Constraint(f, equal=0)` or `Constraint(f, at_least=0)`, a list of them, or SciPy's forms of functions
        that return tensors: `f` is a function of x as the one that is minimised. They are met by an augmented
        Lagrangian, whose inner search is "newton" (the default up to 30 numbers), "lbfgs" (of more) or "gd"; `f` and
        the constraints may be computed where these are not met, but within `bounds`. Or, with `method`, by SciPy's
        methods that can. `Result.active` lists what holds the point, with multipliers.

    The graph and the machine code that a descent makes are kept while `f` lives. Another one by the same optimiser,
    from a start of the same kind, uses them again if all that `f` reads is as it was: tensors are read anew, while
    numbers, lists, attributes and the functions that it calls are compared (`compiler/reads.py` says what is not
    noticed).

    Returns a `Result`. Its `success` is whether the descent arrived, its `message` what was measured at the end: a
    saddle or a maximum is named as such, and what is left after all steps is told when it is first asked. A descent
    that diverged has the reason "diverged", and warns with what the curvature says of the learning rate. Raises
    ValueError where f is not finite at the start, or an option is out of range; TypeError for what is no start or no
    value; MemoryError for a history above a gigabyte, with the `record=` that fits.

    >>> import chainrule as cr
    >>> found = cr.minimize(lambda x: x**2 - 4 * x + 5, 0.0, lr=0.5, steps=50)
    >>> found.x, found.value, found.reason
    (2.0, 1.0, 'steps done')
    >>> cr.minimize(lambda x: ((x - 1) ** 2).sum(), cr.zeros(2), optimizer="newton").x
    tensor([1., 1.])
    """
@overload
def minimize(f: Callable[..., Any] | str, start: Any = None, *, x0: Any = None, optimizer: Any = None, lr: Any = None, steps: builtins.int = 1000, record: builtins.int | builtins.bool = 1, tol: builtins.float | dict[str, builtins.float] | None = None, callback: Callable[[builtins.int, Any, builtins.float], Any] | None = None, progress: builtins.bool | None = None, checkpoint: Any = None, resume: builtins.bool = False, method: str, bounds: Any = None, constraints: Any = None, **options: Any) -> Result: ...
def page(f: Callable[..., Any] | str | None = None, start: Any = None, *, lr: builtins.float | None = None, optimizer: str | None = None, steps: builtins.int | None = None, title: str | None = None, data: Any = None, model: Callable[..., Any] | str | None = None, **options: Unpack[_Options]) -> Page:
    """A web page to play with a function: its curve or contours, its slopes, and descents on it.

    f: a function in the torch style, of numbers and small arrays, to one number; or an expression, "x**2 - 4*x + 5".
    start: a number or array for each argument: alone, as a tuple in their order, or as a dict by their names.
    lr: the learning rate; if it is left out, the page looks for one at which the descent arrives at a minimum.
    optimizer: one of `chainrule.optim`, by its name; its other options, such as momentum, go by their names too. If it
        is left out, gradient descent, or Adam where no rate is given and gradient descent arrives at none.
    steps: how many steps a descent has at first; if it is left out, as many as it takes to arrive, or 100.
    title: the title of the page.
    data: a pair (x, y) of n points (n numbers, or n pairs) and n numbers, shown beside the landscape, with what the
        model says of them; they can be moved. A loss that closes over vectors x and y shows them unasked.
    model: what says y: a function of x and of the arguments of f, or an expression of x and them, "a*x + b".
        Without f, the loss is the mean of the squares of its errors.

    Returns a `Page`. It computes in double precision, whatever dtypes the function uses.
    Raises ValueError for a function that cannot be shown, with the reason: one that decides by the values of tensors,
    that uses an op without JavaScript, or that has more than 50 numbers to move.

    An object with a method `_page(**options)` is asked for its own page.

    >>> import chainrule as cr
    >>> cr.page("x - 4*x**2 + x**4/4", start=4, lr=0.05).title
    'x - 4*x**2 + x**4/4'
    >>> cr.page(data=([0.0, 1, 2], [1.0, 3, 4]), model="a*x + b", start={"a": 0, "b": 0}).title
    'a*x + b'
    """
def sweep(f: Callable[..., Any] | str, start: Any = None, *, starts: Any = None, lr: Any = None, optimizer: Any = 'sgd', steps: builtins.int = 1000, record: builtins.int | builtins.bool = 0, executor: Executor | None = None, checkpoint: Any = None, resume: builtins.bool = False, bounds: Any = None, **options: Unpack[_Options]) -> Sweep:
    """Descend `f` for every combination of start, learning rate and optimiser.

    f: a function of one number or array, as `minimize` takes it, or a text, "x**4 - x". With an executor of
        processes it must be one that pickle can name (a `def` at the top of a module), unless cloudpickle is installed.
    start: all starts (`starts` is another name): numbers (in double precision), or arrays or tensors of one shape (an
        array has the starts along its first dimension).
    lr: a rate or several; None for the optimiser's own.
    optimizer: a name as in `minimize`, or (name, options), or a list of these; options of all of them go by keyword
        (`momentum=0.9`).
    record: keep every k-th point of the paths; by default none, as many descents take much memory.
    executor: any `concurrent.futures.Executor` (a ProcessPoolExecutor), or Dask's `Client`, which is handed the lanes
        in pieces. A piece whose worker died is handed out again, up to three times.
    checkpoint: a folder in which finished pieces are kept: the same sweep, begun again after a kill, does the others.
    resume: go on from the pieces of another function, or where it cannot be told whether it is another.
    bounds: between which every descent stays, as `minimize` takes them.

    Returns a `Sweep`. Results are those of `minimize` for each combination, to the rounding of their dtype. Lanes run
    in machine code where there is llvmlite and the function is small, else together where the function allows it (see
    lanes.py). A descent that a step leaves where it is has arrived: the steps that are left would change nothing, and
    machine code leaves them out. Descents that run away are told so in `reason`; so is an exception of the function's,
    which ends its descent alone, or the sweep where it comes in all. Raises ValueError for a checkpoint of another
    sweep.

    >>> import chainrule as cr
    >>> found = cr.sweep(lambda x: (x - 3) ** 2, [0.0, 5.0], lr=[0.1, 0.5], steps=100)
    >>> found.x.round(3).tolist(), len(found)
    ([3.0, 3.0, 3.0, 3.0], 4)
    """
def BoolTensor(*args: Any, **kwargs: Any) -> Tensor: ...
def ByteTensor(*args: Any, **kwargs: Any) -> Tensor: ...
def CharTensor(*args: Any, **kwargs: Any) -> Tensor: ...
def DoubleTensor(*args: Any, **kwargs: Any) -> Tensor: ...
def FloatTensor(*args: Any, **kwargs: Any) -> Tensor: ...
def Generator(device: Any = 'cpu') -> None:
    """A stream of random numbers; `Generator().manual_seed(0)` gives PyTorch's numbers for that seed."""
def HalfTensor(*args: Any, **kwargs: Any) -> Tensor: ...
def IntTensor(*args: Any, **kwargs: Any) -> Tensor: ...
def LongTensor(*args: Any, **kwargs: Any) -> Tensor: ...
def ShortTensor(*args: Any, **kwargs: Any) -> Tensor: ...
def UInt16Tensor(*args: Any, **kwargs: Any) -> Tensor: ...
def UInt32Tensor(*args: Any, **kwargs: Any) -> Tensor: ...
def UInt64Tensor(*args: Any, **kwargs: Any) -> Tensor: ...
def _sample_dirichlet(input: Tensor, generator: Any = None, *, out: Any = None) -> Tensor:
    """Shares that sum to 1 along the last dimension, of the concentrations in `input`, without a derivative."""
def _standard_gamma(input: Tensor, generator: Any = None, *, out: Any = None) -> Tensor:
    """Gamma random numbers of the shapes in `input` and rate 1, without a derivative."""
def abs(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The absolute value of each element.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape. Its slope: the slope of |x| is the sign of x.

    >>> import chainrule as cr
    >>> cr.abs(cr.tensor([-1.5, 2.0]))
    tensor([1.5000, 2.0000])
    """
def abs_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `abs`."""
def absolute(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The absolute value of each element.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape. Its slope: the slope of |x| is the sign of x.

    >>> import chainrule as cr
    >>> cr.abs(cr.tensor([-1.5, 2.0]))
    tensor([1.5000, 2.0000])
    """
def acos(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle, in radians, whose cosine each element is; NaN outside of [-1, 1].

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of arccos is -1/sqrt(1 - x**2).

    >>> import chainrule as cr
    >>> cr.acos(cr.tensor([0.0, 1.0]))
    tensor([1.5708, 0.0000])
    """
def acos_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `acos`."""
def acosh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The number, from 0 up, whose hyperbolic cosine each element is; NaN below 1.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of arcosh is 1/sqrt(x**2 - 1).

    >>> import chainrule as cr
    >>> cr.acosh(cr.tensor([1.0, 2.0]))
    tensor([0.0000, 1.3170])
    """
def acosh_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `acosh`."""
def add(input: Tensor, other: Any, *, alpha: builtins.float = 1, out: Tensor | None = None) -> Tensor:
    """`input + alpha * other`, broadcast.

    >>> import chainrule as cr
    >>> cr.add(cr.tensor([1.0, 2.0]), cr.tensor([10.0, 20.0]), alpha=0.5)
    tensor([ 6., 12.])
    """
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1, out: Any = None) -> Tensor:
    """beta * input + alpha * (the sum of the products of two stacks of matrices)."""
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: builtins.float = 1, out: Any = None) -> Tensor:
    """`input + value * tensor1 / tensor2`."""
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: builtins.float = 1, out: Any = None) -> Tensor:
    """`input + value * tensor1 * tensor2`.

    >>> import chainrule as cr
    >>> x = cr.tensor([1.0, 2.0])
    >>> cr.addcmul(x, x, x, value=10)
    tensor([11., 42.])
    """
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1, out: Any = None) -> Tensor:
    """beta * input + alpha * (mat1 @ mat2); `input` is broadcast to the product's shape."""
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1, out: Any = None) -> Tensor:
    """beta * input + alpha * (mat @ vec)."""
def addmv_(input: Tensor, mat: Tensor, vec: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1) -> Tensor:
    """In-place version of `addmv`."""
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1, out: Any = None) -> Tensor:
    """beta * input + alpha * outer(vec1, vec2)."""
def adjoint(input: Tensor, *, out: Any = None) -> Tensor:
    """The last two dimensions swapped (the conjugate transpose of a complex matrix)."""
def all(input: Tensor, dim: Dim = None, keepdim: builtins.bool = False, *, axis: Dim = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
    """Whether all elements, or all along `dim`, are nonzero."""
def allclose(input: Tensor, other: Tensor, rtol: builtins.float = 1e-05, atol: builtins.float = 1e-08, equal_nan: builtins.bool = False) -> builtins.bool:
    """Whether all elements are close; see `isclose`."""
def amax(input: Tensor, dim: Dim = None, keepdim: builtins.bool = False, *, axis: Dim = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
    """The maximum along one or several dimensions; equal elements share the gradient."""
def amin(input: Tensor, dim: Dim = None, keepdim: builtins.bool = False, *, axis: Dim = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
    """The minimum along one or several dimensions; equal elements share the gradient."""
def aminmax(input: Tensor, *, dim: builtins.int | None=None, keepdim: builtins.bool=False, axis: builtins.int | None=None, keepdims: builtins.bool=False, out: Any=None) -> MinMax:
    """The named tuple (min, max) of all elements, or along one dimension."""
def angle(input: Tensor, *, out: Any = None) -> Tensor:
    """The angle from the positive real axis, in radians."""
def any(input: Tensor, dim: Dim = None, keepdim: builtins.bool = False, *, axis: Dim = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
    """Whether any element, or any along `dim`, is nonzero."""
def arange(start: Any = 0, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None, layout: Any = None, requires_grad: builtins.bool = False, pin_memory: builtins.bool = False, out: Any = None) -> Tensor:
    """The numbers from `start` up to, not including, `end`: `arange(end)` or `arange(start, end, step)`.

    >>> import chainrule as cr
    >>> cr.arange(1, 2.5, 0.5)
    tensor([1.0000, 1.5000, 2.0000])
    """
def arccos(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle, in radians, whose cosine each element is; NaN outside of [-1, 1].

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of arccos is -1/sqrt(1 - x**2).

    >>> import chainrule as cr
    >>> cr.acos(cr.tensor([0.0, 1.0]))
    tensor([1.5708, 0.0000])
    """
def arccos_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `arccos`."""
def arccosh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The number, from 0 up, whose hyperbolic cosine each element is; NaN below 1.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of arcosh is 1/sqrt(x**2 - 1).

    >>> import chainrule as cr
    >>> cr.acosh(cr.tensor([1.0, 2.0]))
    tensor([0.0000, 1.3170])
    """
def arccosh_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `arccosh`."""
def arcsin(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle, in radians, whose sine each element is; NaN outside of [-1, 1].

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of arcsin is 1/sqrt(1 - x**2).

    >>> import chainrule as cr
    >>> cr.asin(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5708])
    """
def arcsin_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `arcsin`."""
def arcsinh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The number whose hyperbolic sine each element is.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of arsinh is 1/sqrt(x**2 + 1).

    >>> import chainrule as cr
    >>> cr.asinh(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8814])
    """
def arcsinh_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `arcsinh`."""
def arctan(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle, in radians, whose tangent each element is.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of arctan is 1/(1 + x**2).

    >>> import chainrule as cr
    >>> cr.atan(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7854])
    """
def arctan2(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The angle of the point (other, input), in radians from -pi to pi.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.atan2(cr.tensor([1.0, -1.0]), cr.tensor([1.0, -1.0]))
    tensor([ 0.7854, -2.3562])
    """
def arctan_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `arctan`."""
def arctanh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The number whose hyperbolic tangent each element is; NaN outside of [-1, 1].

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of artanh is 1/(1 - x**2).

    >>> import chainrule as cr
    >>> cr.atanh(cr.tensor([0.0, 0.5]))
    tensor([0.0000, 0.5493])
    """
def arctanh_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `arctanh`."""
def are_deterministic_algorithms_enabled() -> builtins.bool:
    """What `use_deterministic_algorithms` was told."""
def argmax(input: Tensor, dim: builtins.int | None = None, keepdim: builtins.bool = False, *, axis: builtins.int | None = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
    """Where the maximum is: in the flattened tensor, or along `dim`; the first of equal ones."""
def argmin(input: Tensor, dim: builtins.int | None = None, keepdim: builtins.bool = False, *, axis: builtins.int | None = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
    """Where the minimum is: in the flattened tensor, or along `dim`; the first of equal ones."""
def argsort(input: Tensor, dim: builtins.int = -1, descending: builtins.bool = False, *, stable: builtins.bool = True, axis: builtins.int = -1, out: Any = None) -> Tensor:
    """The indices that sort along `dim`."""
def argwhere(input: Tensor, *, out: Any = None) -> Tensor:
    """The indices of the elements that are not zero, a row for each."""
def as_strided(input: Tensor, size: Sequence[builtins.int], stride: Sequence[builtins.int], storage_offset: builtins.int | None = None, *, out: Any = None) -> Tensor:
    """A view with any sizes and strides (in elements) into the memory of a tensor.

    Raises RuntimeError where the view would reach outside that memory, or (unlike PyTorch's) a gradient would have to
    find its way through the gaps of a tensor that is a part of another.
    """
def as_strided_scatter(input: Tensor, src: Tensor, size: Sequence[builtins.int], stride: Sequence[builtins.int], storage_offset: builtins.int | None = None, *, out: Any = None) -> Tensor:
    """A copy with `src` in place of `input.as_strided(size, stride, storage_offset)`.

    Unlike PyTorch's, its gradient is the derivative for every layout of the input.
    """
def as_tensor(data: Any, dtype: Any = None, device: Any = None, *, out: Any = None) -> Tensor:
    """`data` as a tensor, sharing its memory where it can (arrays and tensors of the right dtype)."""
def asarray(obj: Any, *, dtype: Any = None, device: Any = None, copy: builtins.bool | None = None, requires_grad: builtins.bool = False, out: Any = None) -> Tensor:
    """A tensor of what `obj` holds: on its memory where that is possible, unless `copy` is True."""
def asin(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle, in radians, whose sine each element is; NaN outside of [-1, 1].

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of arcsin is 1/sqrt(1 - x**2).

    >>> import chainrule as cr
    >>> cr.asin(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5708])
    """
def asin_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `asin`."""
def asinh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The number whose hyperbolic sine each element is.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of arsinh is 1/sqrt(x**2 + 1).

    >>> import chainrule as cr
    >>> cr.asinh(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8814])
    """
def asinh_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `asinh`."""
def atan(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The angle, in radians, whose tangent each element is.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of arctan is 1/(1 + x**2).

    >>> import chainrule as cr
    >>> cr.atan(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7854])
    """
def atan2(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The angle of the point (other, input), in radians from -pi to pi.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.atan2(cr.tensor([1.0, -1.0]), cr.tensor([1.0, -1.0]))
    tensor([ 0.7854, -2.3562])
    """
def atan_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `atan`."""
def atanh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The number whose hyperbolic tangent each element is; NaN outside of [-1, 1].

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of artanh is 1/(1 - x**2).

    >>> import chainrule as cr
    >>> cr.atanh(cr.tensor([0.0, 0.5]))
    tensor([0.0000, 0.5493])
    """
def atanh_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `atanh`."""
@overload
def atleast_1d(tensor: Tensor, /) -> Tensor:
    """Each tensor with at least 1 dimension; new ones have size 1."""
@overload
def atleast_1d(*tensors: Any) -> tuple[Tensor, ...]: ...
@overload
def atleast_2d(tensor: Tensor, /) -> Tensor:
    """Each tensor with at least 2 dimensions; new ones have size 1."""
@overload
def atleast_2d(*tensors: Any) -> tuple[Tensor, ...]: ...
@overload
def atleast_3d(tensor: Tensor, /) -> Tensor:
    """Each tensor with at least 3 dimensions; new ones have size 1."""
@overload
def atleast_3d(*tensors: Any) -> tuple[Tensor, ...]: ...
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1, out: Any = None) -> Tensor:
    """beta * input + alpha * bmm(batch1, batch2)."""
def bernoulli(input: Tensor, p: builtins.float | None = None, *, generator: Any = None, out: Any = None) -> Tensor:
    """0s and 1s, 1 with the probability that `input` holds at that place (or p)."""
def bincount(input: Tensor, weights: Tensor | None = None, minlength: builtins.int = 0, *, out: Any = None) -> Tensor:
    """How often each number from 0 on occurs in a 1-d tensor of non-negative integers, or the sum of its weights."""
def binomial(count: Tensor, prob: Tensor, generator: Any = None, *, out: Any = None) -> Tensor:
    """How many of `count` trials succeed, each with the probability `prob` (both float tensors that broadcast)."""
def bitwise_and(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The bits of two integers (or two truth values) joined by and.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to.

    >>> import chainrule as cr
    >>> cr.bitwise_and(cr.tensor([6, 5]), cr.tensor([3, 4]))
    tensor([2, 4])
    """
def bitwise_left_shift(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The bits of each integer, moved `other` places up.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to.

    >>> import chainrule as cr
    >>> cr.bitwise_left_shift(cr.tensor([1, 3]), cr.tensor([4, 1]))
    tensor([16,  6])
    """
def bitwise_not(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The bits of each integer (or truth value), each turned over.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape.

    >>> import chainrule as cr
    >>> cr.bitwise_not(cr.tensor([0, 5]))
    tensor([-1, -6])
    """
def bitwise_or(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The bits of two integers (or two truth values) joined by or.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to.

    >>> import chainrule as cr
    >>> cr.bitwise_or(cr.tensor([6, 5]), cr.tensor([3, 4]))
    tensor([7, 5])
    """
def bitwise_right_shift(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The bits of each integer, moved `other` places down.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to.

    >>> import chainrule as cr
    >>> cr.bitwise_right_shift(cr.tensor([16, 7]), cr.tensor([4, 1]))
    tensor([1, 3])
    """
def bitwise_xor(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The bits of two integers (or two truth values) joined by exclusive or.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to.

    >>> import chainrule as cr
    >>> cr.bitwise_xor(cr.tensor([6, 5]), cr.tensor([3, 4]))
    tensor([5, 1])
    """
def block_diag(*tensors: Tensor, out: Any = None) -> Tensor:
    """A matrix with the given matrices (vectors are rows, numbers 1 by 1) along its diagonal and zeros elsewhere."""
def bmm(input: Tensor, mat2: Tensor, *, out: Any = None) -> Tensor:
    """The products of two stacks of matrices, (b, n, k) and (b, k, m)."""
def broadcast_shapes(*shapes: Any) -> _Size:
    """The common shape of several.

    >>> import chainrule as cr
    >>> cr.broadcast_shapes((3, 1), (4,))
    torch.Size([3, 4])
    """
def broadcast_tensors(*tensors: Any, out: Any = None) -> tuple[Tensor, ...]:
    """The tensors expanded to their common shape."""
def broadcast_to(input: Tensor, *size: Any, shape: Any = None, out: Any = None) -> Tensor:
    """Expanded to a shape, by the rules of broadcasting."""
def bucketize(value: Any, boundaries: Tensor, *, out_int32: builtins.bool = False, right: builtins.bool = False, out: Any = None) -> Tensor:
    """The number of the bucket that each value falls in, between ascending `boundaries`."""
def can_cast(from_: dtypes.dtype, to: dtypes.dtype) -> builtins.bool:
    """Whether an in-place result of one dtype may be stored in another."""
def cartesian_prod(*tensors: Any, out: Any = None) -> Tensor:
    """All combinations of an element of each vector, as rows."""
def cat(tensors: Sequence[Tensor], dim: builtins.int = 0, *, axis: builtins.int = 0, out: Any = None) -> Tensor:
    """The tensors end to end along a dimension; their other sizes must agree. Dtypes are promoted.

    >>> import chainrule as cr
    >>> cr.cat([cr.tensor([1, 2]), cr.tensor([3])])
    tensor([1, 2, 3])
    """
def cdist(x1: Tensor, x2: Tensor, p: builtins.float = 2.0, compute_mode: str = '', *, out: Any = None) -> Tensor:
    """The distances of each row of x1, shape (..., n, d), to each row of x2, shape (..., m, d): shape (..., n, m)."""
def ceil(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The smallest whole number that is not below each element.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape.

    >>> import chainrule as cr
    >>> cr.ceil(cr.tensor([1.5, -1.5]))
    tensor([ 2., -1.])
    """
def ceil_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `ceil`."""
def chain_matmul(*matrices: Tensor, out: Any = None) -> Tensor:
    """The product of matrices in the cheapest order; see `linalg.multi_dot`."""
def cholesky(input: Tensor, upper: builtins.bool = False, *, out: Any = None) -> Tensor:
    """The Cholesky factor of a symmetric positive-definite matrix; see `linalg.cholesky`."""
def cholesky_inverse(L: Tensor, upper: builtins.bool = False, *, out: Any = None) -> Tensor:
    """The inverse of A, given its Cholesky factor L (its transpose if `upper`)."""
def cholesky_solve(B: Tensor, L: Tensor, upper: builtins.bool = False, *, out: Any = None) -> Tensor:
    """The solution X of A X = B, given the Cholesky factor L of A (its transpose if `upper`)."""
def chunk(input: Tensor, chunks: builtins.int, dim: builtins.int = 0, *, axis: builtins.int = 0, out: Any = None) -> tuple[Tensor, ...]:
    """Cut along `dim` into at most `chunks` views of equal size; the last may be smaller.

    Unlike PyTorch's, the views may be changed in place where gradients are recorded.
    """
def clamp(input: Tensor, min: Any = None, max: Any = None, *, out: Any = None) -> Tensor:
    """Each element, raised to `min` and then lowered to `max`.

    Args:
        min, max: numbers, or tensors that broadcast with `input` (which then have gradients too); one may be None.

    >>> import chainrule as cr
    >>> cr.clamp(cr.tensor([-2.0, 0.5, 3.0]), -1, 1)
    tensor([-1.0000,  0.5000,  1.0000])
    """
def clamp_(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """In-place version of `clamp`."""
def clamp_max(input: Tensor, max: Any, *, out: Any = None) -> Tensor:
    """The smaller of each element and `max`, a number or a tensor."""
def clamp_max_(input: Tensor, max: Any) -> Tensor:
    """In-place version of `clamp_max`."""
def clamp_min(input: Tensor, min: Any, *, out: Any = None) -> Tensor:
    """The larger of each element and `min`, a number or a tensor."""
def clamp_min_(input: Tensor, min: Any) -> Tensor:
    """In-place version of `clamp_min`."""
def clip(input: Tensor, min: Any = None, max: Any = None, *, out: Any = None) -> Tensor:
    """Each element, raised to `min` and then lowered to `max`.

    Args:
        min, max: numbers, or tensors that broadcast with `input` (which then have gradients too); one may be None.

    >>> import chainrule as cr
    >>> cr.clamp(cr.tensor([-2.0, 0.5, 3.0]), -1, 1)
    tensor([-1.0000,  0.5000,  1.0000])
    """
def clip_(input: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """In-place version of `clip`."""
def clone(input: Tensor, *, memory_format: Any = None, out: Any = None) -> Tensor:
    """A copy with the tensor's history: gradients flow through it."""
def column_stack(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor:
    """The tensors side by side, vectors as columns."""
def combinations(input: Tensor, r: builtins.int = 2, with_replacement: builtins.bool = False, *, out: Any = None) -> Tensor:
    """All choices of `r` elements of a vector, in order, as rows."""
def complex(real: Tensor, imag: Tensor, *, out: Any = None) -> Tensor:
    """real + i imag, of two tensors of one float dtype."""
def concat(tensors: Sequence[Tensor], dim: builtins.int = 0, *, axis: builtins.int = 0, out: Any = None) -> Tensor:
    """The tensors end to end along a dimension; their other sizes must agree. Dtypes are promoted.

    >>> import chainrule as cr
    >>> cr.cat([cr.tensor([1, 2]), cr.tensor([3])])
    tensor([1, 2, 3])
    """
def concatenate(tensors: Sequence[Tensor], dim: builtins.int = 0, *, axis: builtins.int = 0, out: Any = None) -> Tensor:
    """The tensors end to end along a dimension; their other sizes must agree. Dtypes are promoted.

    >>> import chainrule as cr
    >>> cr.cat([cr.tensor([1, 2]), cr.tensor([3])])
    tensor([1, 2, 3])
    """
def conj(input: Tensor, *, out: Any = None) -> Tensor:
    """The conjugate; a real tensor is its own."""
def conj_physical(input: Tensor, *, out: Any = None) -> Tensor:
    """The conjugate; a real tensor is its own."""
def copysign(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The size of `input` with the sign of `other`.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.copysign(cr.tensor([1.0, 2.0]), cr.tensor([-1.0, 3.0]))
    tensor([-1.,  2.])
    """
def corrcoef(input: Tensor, *, out: Any = None) -> Tensor:
    """The correlation matrix of variables (rows) by observations (columns)."""
def cos(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The cosine of each element, in radians.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of cos is -sin.

    >>> import chainrule as cr
    >>> cr.cos(cr.tensor([0.0, 1.0]))
    tensor([1.0000, 0.5403])
    """
def cos_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `cos`."""
def cosh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The hyperbolic cosine of each element.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of cosh is sinh.

    >>> import chainrule as cr
    >>> cr.cosh(cr.tensor([0.0, 1.0]))
    tensor([1.0000, 1.5431])
    """
def cosh_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `cosh`."""
def count_nonzero(input: Tensor, dim: Dim = None, *, axis: Dim = None, out: Any = None) -> Tensor:
    """How many elements are not zero."""
def cov(input: Tensor, *, correction: builtins.int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None, out: Any = None) -> Tensor:
    """The covariance matrix of variables (rows) by observations (columns).

    correction: subtracted from the number of observations; fweights: how often each was seen; aweights: its importance.
    """
def cross(input: Tensor, other: Tensor, dim: builtins.int | None = None, *, axis: builtins.int | None = None, out: Any = None) -> Tensor:
    """The cross products of vectors of length 3 along a dimension (by default the first of size 3)."""
def cummax(input: Tensor, dim: builtins.int, *, out: Any=None) -> ValuesIndices:
    """The named tuple (values, indices) of the running maximum along `dim`, of ties the last."""
def cummin(input: Tensor, dim: builtins.int, *, out: Any=None) -> ValuesIndices:
    """The named tuple (values, indices) of the running minimum along `dim`, of ties the last."""
def cumprod(input: Tensor, dim: builtins.int, *, dtype: _dtype | None = None, out: Any = None) -> Tensor:
    """The running product along `dim`."""
def cumsum(input: Tensor, dim: builtins.int, *, dtype: _dtype | None = None, out: Any = None) -> Tensor:
    """The running sum along `dim`."""
def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: builtins.int = -1, axis: builtins.int = -1, out: Any = None) -> Tensor:
    """The running integral of samples y by the trapezoidal rule."""
def deg2rad(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Degrees as radians.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.deg2rad(cr.tensor([0.0, 180.0]))
    tensor([0.0000, 3.1416])
    """
def deg2rad_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `deg2rad`."""
def det(A: Tensor, *, out: Any = None) -> Tensor:
    """The determinants of square matrices. Its gradient is right for singular matrices too.

    >>> import chainrule as cr
    >>> cr.det(cr.tensor([[2., 1.], [1., 2.]]))
    tensor(3.)
    """
def detach(input: Tensor, *, out: Any = None) -> Tensor:
    """The same memory as a tensor without history, nor tangents; in-place changes are seen by both."""
def diag(input: Tensor, diagonal: builtins.int = 0, *, out: Any = None) -> Tensor:
    """The diagonal of a matrix as a vector, or a matrix with a vector on its diagonal.

    >>> import chainrule as cr
    >>> cr.diag(cr.tensor([1, 2]))
    tensor([[1, 0],
            [0, 2]])
    """
def diag_embed(input: Tensor, offset: builtins.int = 0, dim1: builtins.int = -2, dim2: builtins.int = -1, *, out: Any = None) -> Tensor:
    """The last dimension put on the diagonal of a new plane of zeros."""
def diagflat(input: Tensor, offset: builtins.int = 0, *, out: Any = None) -> Tensor:
    """A matrix with all elements, in order, on its diagonal."""
def diagonal(input: Tensor, offset: builtins.int = 0, dim1: builtins.int = 0, dim2: builtins.int = 1, *, out: Any = None) -> Tensor:
    """The diagonal of the plane of two dimensions as a new last dimension; a view."""
def diagonal_scatter(input: Tensor, src: Tensor, offset: builtins.int = 0, dim1: builtins.int = 0, dim2: builtins.int = 1, *, out: Any = None) -> Tensor:
    """A copy with `src` in place of `input.diagonal(offset, dim1, dim2)`."""
def diff(input: Tensor, n: builtins.int = 1, dim: builtins.int = -1, prepend: Tensor | None = None, append: Tensor | None = None, *, axis: builtins.int = -1, out: Any = None) -> Tensor:
    """The differences of neighbours along `dim`, taken `n` times; `prepend` and `append` are joined on first."""
def digamma(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The slope of the logarithm of the gamma function.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.digamma(cr.tensor([1.0, 2.0]))
    tensor([-0.5772,  0.4228])
    """
def dist(input: Tensor, other: Tensor, p: builtins.float = 2, *, out: Any = None) -> Tensor:
    """The p-norm of the difference of two tensors, which broadcast."""
def div(input: Tensor, other: Any, *, rounding_mode: str | None = None, out: Tensor | None = None) -> Tensor:
    """`input / other`, broadcast.

    Args:
        rounding_mode: None (true division; integers give floats), "floor" (downwards, as Python's `//`) or "trunc"
            (towards zero, as C's `/`); the gradient of a rounded quotient is zero.

    >>> import chainrule as cr
    >>> cr.div(cr.tensor([7, -7]), 2, rounding_mode="trunc")
    tensor([ 3, -3])
    """
def divide(input: Tensor, other: Any, *, rounding_mode: str | None = None, out: Tensor | None = None) -> Tensor:
    """`input / other`, broadcast.

    Args:
        rounding_mode: None (true division; integers give floats), "floor" (downwards, as Python's `//`) or "trunc"
            (towards zero, as C's `/`); the gradient of a rounded quotient is zero.

    >>> import chainrule as cr
    >>> cr.div(cr.tensor([7, -7]), 2, rounding_mode="trunc")
    tensor([ 3, -3])
    """
def dot(input: Tensor, tensor: Tensor, *, out: Any = None) -> Tensor:
    """The inner product of two vectors of the same length."""
def dsplit(input: Tensor, indices_or_sections: Any = None, *, out: Any = None, **other: Any) -> tuple[Tensor, ...]:
    """`tensor_split` along the dimension that the name says, into equal parts or at indices."""
def dstack(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor:
    """The tensors one behind the other, along dimension 2."""
def eig(*args: Any, **kwargs: Any) -> Any:
    """Removed from PyTorch in version 1.9: it raises, and says what to write instead."""
def einsum(equation: str, *operands: Any, out: Any = None) -> Tensor:
    """Sum products of the operands' elements as the equation says.

    equation: letters for the dimensions of each operand, commas between operands, and after an arrow those of the
        result (without an arrow: the letters that occur once, in alphabetical order). `...` stands for dimensions that
        broadcast.
    operands: tensors of one dtype. A repeated letter takes a diagonal; a dimension of size 1 broadcasts.

    >>> import chainrule as cr
    >>> a = cr.tensor([[1., 2.], [3., 4.]])
    >>> cr.einsum("ij,jk->ik", a, a)
    tensor([[ 7., 10.],
            [15., 22.]])
    >>> cr.einsum("ii", a)
    tensor(5.)
    """
def empty(*size: builtins.int | Sequence[builtins.int], out: Tensor | None=None, dtype: _dtype | None=None, layout: Any=None, device: Any=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False, memory_format: Any=None, generator: Any=None, names: Any=None) -> Tensor:
    """A tensor of the given size, with unspecified contents (here zeros)."""
def empty_like(input: Tensor, *, dtype: Any = None, device: Any = None, layout: Any = None, requires_grad: builtins.bool = False, memory_format: Any = None, pin_memory: builtins.bool = False) -> Tensor:
    """A tensor of the shape and dtype of `input`, with unspecified contents (here zeros)."""
def empty_permuted(size: Any, physical_layout: Any, *, out: Any = None, **options: Any) -> Tensor:
    """Zeros of this size, laid out in memory with its dimensions in the order `physical_layout`."""
def empty_strided(size: Any, stride: Any, *, dtype: Any = None, device: Any = None, requires_grad: builtins.bool = False, out: Any = None) -> Tensor:
    """A tensor with the given size and strides (in elements)."""
def eq(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Whether each element of `input` is equal to that of `other`.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of truth values.

    >>> import chainrule as cr
    >>> cr.eq(cr.tensor([1.0, 3.0]), cr.tensor([2.0, 3.0]))
    tensor([False,  True])
    """
def equal(input: Tensor, other: Tensor) -> builtins.bool:
    """Whether two tensors have the same shape and the same elements.

    >>> import chainrule as cr
    >>> cr.equal(cr.tensor([1, 2]), cr.tensor([1, 2])), cr.equal(cr.tensor([1, 2]), cr.tensor([[1, 2]]))
    (True, False)
    """
def erf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The error function, 2/sqrt(pi) times the integral of exp(-t**2) from 0 to x.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: erf is an area under the bell curve, so its slope is the bell curve.

    >>> import chainrule as cr
    >>> cr.erf(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8427])
    """
def erf_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `erf`."""
def erfc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """1 - erf(x), exact to the last digits where erf is near 1.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.erfc(cr.tensor([0.0, 1.0]))
    tensor([1.0000, 0.1573])
    """
def erfc_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `erfc`."""
def erfinv(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The number whose error function each element is; NaN outside of [-1, 1].

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.erfinv(cr.tensor([0.0, 0.5]))
    tensor([0.0000, 0.4769])
    """
def exp(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """e to the power of each element.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: exp is its own slope.

    >>> import chainrule as cr
    >>> cr.exp(cr.tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """
def exp2(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """2 to the power of each element.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of 2**x is 2**x times ln 2.

    >>> import chainrule as cr
    >>> cr.exp2(cr.tensor([0.0, 3.0]))
    tensor([1., 8.])
    """
def exp2_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `exp2`."""
def exp_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `exp`."""
def expm1(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """exp(x) - 1, exact to the last digits near 0.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: exp is its own slope.

    >>> import chainrule as cr
    >>> cr.expm1(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 1.7183])
    """
def expm1_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `expm1`."""
def eye(n: builtins.int, m: builtins.int | None = None, *, dtype: Any = None, device: Any = None, requires_grad: builtins.bool = False, layout: Any = None, out: Any = None) -> Tensor:
    """The identity matrix, n by m."""
def fill(input: Tensor, value: Any, *, out: Any = None) -> Tensor:
    """A tensor like `input` with every element `value` (a number or a 0-d tensor, to which gradients flow)."""
def fill_(self: Tensor, value: Any) -> Tensor:
    """Overwrite every element by a number or a 0-d tensor."""
def finfo(type: dtypes.dtype | None = None) -> None:
    """The limits of a floating point dtype (of the default one without an argument).

    >>> import chainrule as cr
    >>> cr.finfo(cr.float32).eps
    1.1920928955078125e-07
    """
def fix(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Each element without its fraction, rounded towards 0.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape.

    >>> import chainrule as cr
    >>> cr.trunc(cr.tensor([1.5, -1.5]))
    tensor([ 1., -1.])
    """
def fix_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `fix`."""
def flatten(input: Tensor, start_dim: builtins.int = 0, end_dim: builtins.int = -1, *, out: Any = None) -> Tensor:
    """The dimensions from `start_dim` to `end_dim` as one.

    >>> import chainrule as cr
    >>> cr.zeros(2, 3, 4).flatten(1).shape
    torch.Size([2, 12])
    """
def flip(input: Tensor, *dims: Any, out: Any = None, **named_dims: Any) -> Tensor:
    """A copy with the order reversed in the given dimensions."""
def fliplr(input: Tensor, *, out: Any = None) -> Tensor:
    """Reversed from left to right, in dimension 1."""
def flipud(input: Tensor, *, out: Any = None) -> Tensor:
    """Reversed upside down, in dimension 0."""
def float_power(input: Tensor, exponent: Any, *, out: Tensor | None = None) -> Tensor:
    """`input ** exponent` in float64.

    >>> import chainrule as cr
    >>> cr.float_power(cr.tensor([2, 3]), -1)
    tensor([0.5000, 0.3333], dtype=torch.float64)
    """
def floor(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The greatest whole number that is not above each element.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape.

    >>> import chainrule as cr
    >>> cr.floor(cr.tensor([1.5, -1.5]))
    tensor([ 1., -2.])
    """
def floor_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `floor`."""
def floor_divide(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The quotient, rounded down.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to.

    >>> import chainrule as cr
    >>> cr.floor_divide(cr.tensor([5.0, -5.0]), cr.tensor([3.0, 3.0]))
    tensor([ 1., -2.])
    """
def fmax(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The greater of two elements; of a number and NaN the number.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to.

    >>> import chainrule as cr
    >>> cr.fmax(cr.tensor([1.0, float("nan")]), cr.tensor([2.0, 3.0]))
    tensor([2., 3.])
    """
def fmin(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The smaller of two elements; of a number and NaN the number.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to.

    >>> import chainrule as cr
    >>> cr.fmin(cr.tensor([1.0, float("nan")]), cr.tensor([2.0, 3.0]))
    tensor([1., 3.])
    """
def fmod(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """What is left of a division rounded towards 0; it has the sign of `input`.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to.

    >>> import chainrule as cr
    >>> cr.fmod(cr.tensor([5.0, -5.0]), cr.tensor([3.0, 3.0]))
    tensor([ 2., -2.])
    """
def frac(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The fraction of each element, with its sign.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape.

    >>> import chainrule as cr
    >>> cr.frac(cr.tensor([1.5, -1.5]))
    tensor([ 0.5000, -0.5000])
    """
def frac_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `frac`."""
def frexp(input: Tensor, *, out: Any=None) -> tuple[Tensor, Tensor]:
    """A mantissa between 0.5 and 1 in magnitude and an integer exponent, `input == mantissa * 2**exponent`.

    >>> import chainrule as cr
    >>> m, e = cr.frexp(cr.tensor([3.0, 0.25]))
    >>> m, e
    (tensor([0.7500, 0.5000]), tensor([ 2, -1], dtype=torch.int32))
    """
def from_numpy(ndarray: np.ndarray[Any, Any], *, out: Any = None) -> Tensor:
    """A tensor on an array's own memory: a change of one is a change of the other."""
def full(size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, layout: Any = None, requires_grad: builtins.bool = False, out: Any = None) -> Tensor:
    """A tensor of the given size, full of `fill_value`."""
def full_like(input: Tensor, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: builtins.bool = False, memory_format: Any = None, layout: Any = None, out: Any = None) -> Tensor:
    """A tensor of the shape and dtype of `input`, full of `fill_value`."""
def gather(input: Tensor, dim: builtins.int, index: Tensor, *, sparse_grad: builtins.bool = False, out: Any = None) -> Tensor:
    """Elements picked along one dimension: `out[i][j] = input[index[i][j]][j]` for dim 0.

    >>> import chainrule as cr
    >>> cr.tensor([[1, 2], [3, 4]]).gather(1, cr.tensor([[1], [0]]))
    tensor([[2],
            [3]])
    """
def gcd(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The greatest common divisor of two integers.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to.

    >>> import chainrule as cr
    >>> cr.gcd(cr.tensor([12, 7]), cr.tensor([18, 21]))
    tensor([6, 7])
    """
def gcd_(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `gcd`."""
def ge(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Whether each element of `input` is at least that of `other`.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of truth values.

    >>> import chainrule as cr
    >>> cr.ge(cr.tensor([1.0, 3.0]), cr.tensor([2.0, 3.0]))
    tensor([False,  True])
    """
def ger(input: Tensor, vec2: Tensor, *, out: Any = None) -> Tensor:
    """The matrix of all products of elements of two vectors."""
def get_default_device() -> Device:
    """The CPU."""
def get_device(input: Tensor) -> builtins.int:
    """-1: the number of the CPU."""
def get_float32_matmul_precision() -> str:
    """What `set_float32_matmul_precision` was told."""
def get_num_interop_threads() -> builtins.int:
    """The number that was set, else that of the processors."""
def get_num_threads() -> builtins.int:
    """The number that was set, else that of the processors."""
def get_rng_state(*, out: Any = None) -> Tensor:
    """The default stream's state as a tensor of bytes."""
def gradient(input: Tensor, *, spacing: Any = None, dim: Dim = None, edge_order: builtins.int = 1, axis: Dim = None, out: Any = None) -> tuple[Tensor, ...]:
    """The slopes of a sampled function along each dimension, by central differences of second order.

    `spacing`: the distance of samples (1), one for all or one a dimension, or for each a 1-d tensor of coordinates.
    `edge_order`: 1 or 2, the order at the ends. Returns a tensor for each dimension.
    """
def greater(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Whether each element of `input` is greater than that of `other`.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of truth values.

    >>> import chainrule as cr
    >>> cr.gt(cr.tensor([1.0, 3.0]), cr.tensor([2.0, 3.0]))
    tensor([False, False])
    """
def greater_equal(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Whether each element of `input` is at least that of `other`.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of truth values.

    >>> import chainrule as cr
    >>> cr.ge(cr.tensor([1.0, 3.0]), cr.tensor([2.0, 3.0]))
    tensor([False,  True])
    """
def gt(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Whether each element of `input` is greater than that of `other`.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of truth values.

    >>> import chainrule as cr
    >>> cr.gt(cr.tensor([1.0, 3.0]), cr.tensor([2.0, 3.0]))
    tensor([False, False])
    """
def hardshrink(input: Tensor, lambd: builtins.float = 0.5, *, out: Any = None) -> Tensor:
    """Each element, but 0 for those within `lambd` of 0.

    >>> import chainrule as cr
    >>> cr.hardshrink(cr.tensor([-2.0, 0.3, 1.0]))
    tensor([-2.,  0.,  1.])
    """
def heaviside(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """0 below 0, 1 above, and `other` at 0: the unit step.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to.

    >>> import chainrule as cr
    >>> cr.heaviside(cr.tensor([-1.0, 0.0, 2.0]), cr.tensor([0.5, 0.5, 0.5]))
    tensor([0.0000, 0.5000, 1.0000])
    """
def histc(input: Tensor, bins: builtins.int = 100, min: builtins.float = 0, max: builtins.float = 0, *, out: Any = None) -> Tensor:
    """How many elements fall in each of `bins` equal steps from `min` to `max` (of the data, if both are equal)."""
def histogram(input: Tensor, bins: Any, *, range: Sequence[builtins.float] | None = None, weight: Tensor | None = None, density: builtins.bool = False, out: Any = None) -> Any:
    """The named tuple (hist, bin_edges): counts, or sums of weights, between edges that are given or equally spaced.

    `bins`: their number, or a 1-d tensor of ascending edges. `density`: divided so that the integral is 1.
    """
def histogramdd(input: Tensor, bins: Any, *, range: Sequence[builtins.float] | None = None, weight: Tensor | None = None, density: builtins.bool = False, out: Any = None) -> Any:
    """The named tuple (hist, bin_edges) of points, whose coordinates the last dimension of `input` holds.

    `bins`: their number, or for each dimension a number or all edges. `range`: low, high, low, high, ...
    """
def hsplit(input: Tensor, indices_or_sections: Any = None, *, out: Any = None, **other: Any) -> tuple[Tensor, ...]:
    """`tensor_split` along the dimension that the name says, into equal parts or at indices."""
def hstack(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor:
    """The tensors side by side: vectors end to end."""
def hypot(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """sqrt(x**2 + y**2), without overflow.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to.

    >>> import chainrule as cr
    >>> cr.hypot(cr.tensor([3.0, 5.0]), cr.tensor([4.0, 12.0]))
    tensor([ 5., 13.])
    """
def i0(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The modified Bessel function of the first kind, of order 0.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.i0(cr.tensor([0.0, 1.0]))
    tensor([1.0000, 1.2661])
    """
def i0_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `i0`."""
def igamma(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The lower incomplete gamma function, divided by gamma: P(input, other).

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to.

    >>> import chainrule as cr
    >>> cr.igamma(cr.tensor([1.0, 2.0]), cr.tensor([1.0, 2.0]))
    tensor([0.6321, 0.5940])
    """
def igammac(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The upper incomplete gamma function, divided by gamma: Q(input, other).

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to.

    >>> import chainrule as cr
    >>> cr.igammac(cr.tensor([1.0, 2.0]), cr.tensor([1.0, 2.0]))
    tensor([0.3679, 0.4060])
    """
def iinfo(type: dtypes.dtype) -> None:
    """The limits of an integer dtype.

    >>> import chainrule as cr
    >>> cr.iinfo(cr.int8)
    iinfo(min=-128, max=127, dtype=int8)
    """
def imag(input: Tensor, *, out: Any = None) -> Tensor:
    """The imaginary part of a complex tensor."""
def index_add(input: Tensor, dim: builtins.int, index: Tensor, source: Tensor, *, alpha: builtins.float = 1, out: Any = None) -> Tensor:
    """A copy with the slices of `source`, times `alpha`, added at the positions in `index`."""
def index_copy(input: Tensor, dim: builtins.int, index: Tensor, source: Tensor, *, out: Any = None) -> Tensor:
    """A copy with the slices at the positions in `index` replaced by those of `source`."""
def index_fill(input: Tensor, dim: builtins.int, index: Tensor, value: Any, *, out: Any = None) -> Tensor:
    """A copy with the slices at the positions in `index` filled with a number or a 0-d tensor."""
def index_put(input: Tensor, indices: Sequence[Any], values: Tensor, accumulate: builtins.bool = False, *, out: Any = None) -> Tensor:
    """A copy with `values` written (or added) at the elements that `indices`, one tensor per dimension, choose."""
def index_reduce(input: Tensor, dim: builtins.int, index: Tensor, source: Tensor, reduce: str, *, include_self: builtins.bool = True, out: Any = None) -> Tensor:
    """A copy with the slices of `source` combined into the positions in `index`: prod, mean, amax or amin."""
def index_select(input: Tensor, dim: builtins.int, index: Tensor, *, out: Any = None) -> Tensor:
    """The slices at the positions in `index`, a vector, along one dimension.

    >>> import chainrule as cr
    >>> cr.tensor([1, 2, 3]).index_select(0, cr.tensor([2, 0]))
    tensor([3, 1])
    """
def initial_seed() -> builtins.int:
    """The seed that the default stream was started from."""
def inner(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor:
    """The sums of products over the last dimension of both; the remaining dimensions side by side."""
def inverse(input: Tensor, *, out: Any = None) -> Tensor:
    """The inverses of square matrices; see `linalg.inv`."""
def is_complex(input: Tensor) -> builtins.bool:
    """Whether the elements are complex numbers."""
def is_deterministic_algorithms_warn_only_enabled() -> builtins.bool:
    """What `use_deterministic_algorithms` was told of warnings."""
def is_floating_point(input: Tensor) -> builtins.bool:
    """Whether the elements are floats."""
def is_nonzero(input: Tensor) -> builtins.bool:
    """Whether the only element is not 0."""
def is_same_size(input: Tensor, other: Tensor) -> builtins.bool:
    """Whether two tensors have one shape."""
def is_storage(obj: Any) -> builtins.bool:
    """Whether an object is a storage."""
def is_warn_always_enabled() -> builtins.bool:
    """What `set_warn_always` was told."""
def isclose(input: Tensor, other: Tensor, rtol: builtins.float = 1e-05, atol: builtins.float = 1e-08, equal_nan: builtins.bool = False, *, out: Any = None) -> Tensor:
    """Whether `|input - other| <= atol + rtol * |other|`, element by element; equal infinities are close.

    >>> import chainrule as cr
    >>> cr.isclose(cr.tensor([1.0, 2.0]), cr.tensor([1.0000001, 2.1]))
    tensor([ True, False])
    """
def isfinite(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is neither infinite nor NaN.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of truth values.

    >>> import chainrule as cr
    >>> cr.isfinite(cr.tensor([1.0, float("inf"), float("nan")]))
    tensor([ True, False, False])
    """
def isin(elements: Any, test_elements: Any, *, assume_unique: builtins.bool = False, invert: builtins.bool = False, out: Any = None) -> Tensor:
    """For each element whether it is among `test_elements`; with `invert` whether it is not."""
def isinf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is infinite, of either sign.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of truth values.

    >>> import chainrule as cr
    >>> cr.isinf(cr.tensor([1.0, float("inf"), float("nan")]))
    tensor([False,  True, False])
    """
def isnan(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is NaN.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of truth values.

    >>> import chainrule as cr
    >>> cr.isnan(cr.tensor([1.0, float("inf"), float("nan")]))
    tensor([False, False,  True])
    """
def isneginf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is minus infinity.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of truth values.

    >>> import chainrule as cr
    >>> cr.isneginf(cr.tensor([1.0, float("inf"), float("nan")]))
    tensor([False, False, False])
    """
def isposinf(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is plus infinity.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of truth values.

    >>> import chainrule as cr
    >>> cr.isposinf(cr.tensor([1.0, float("inf"), float("nan")]))
    tensor([False,  True, False])
    """
def isreal(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is real: True, as there are no complex tensors.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of truth values.

    >>> import chainrule as cr
    >>> cr.isreal(cr.tensor([1.0, 2.0]))
    tensor([True, True])
    """
def kron(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor:
    """The Kronecker product: each element of `input` replaced by its product with the whole of `other`."""
def kthvalue(input: Tensor, k: builtins.int, dim: builtins.int=-1, keepdim: builtins.bool=False, *, keepdims: builtins.bool=False, axis: builtins.int=-1, out: Any=None) -> ValuesIndices:
    """The named tuple (values, indices) of the k-th smallest element along `dim`, k from 1."""
def lcm(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The least common multiple of two integers.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to.

    >>> import chainrule as cr
    >>> cr.lcm(cr.tensor([4, 6]), cr.tensor([6, 7]))
    tensor([12, 42])
    """
def lcm_(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `lcm`."""
def ldexp(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """x times 2 to the power y.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.ldexp(cr.tensor([1.0, 3.0]), cr.tensor([2, 4]))
    tensor([ 4., 48.])
    """
def ldexp_(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `ldexp`."""
def le(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Whether each element of `input` is at most that of `other`.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of truth values.

    >>> import chainrule as cr
    >>> cr.le(cr.tensor([1.0, 3.0]), cr.tensor([2.0, 3.0]))
    tensor([True, True])
    """
def lerp(input: Tensor, end: Tensor, weight: Any, *, out: Any = None) -> Tensor:
    """`input + weight * (end - input)`: `input` where the weight is 0, `end` where it is 1.

    >>> import chainrule as cr
    >>> cr.lerp(cr.tensor([0.0, 10.0]), cr.tensor([1.0, 20.0]), 0.5)
    tensor([ 0.5000, 15.0000])
    """
def less(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Whether each element of `input` is less than that of `other`.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of truth values.

    >>> import chainrule as cr
    >>> cr.lt(cr.tensor([1.0, 3.0]), cr.tensor([2.0, 3.0]))
    tensor([ True, False])
    """
def less_equal(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Whether each element of `input` is at most that of `other`.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of truth values.

    >>> import chainrule as cr
    >>> cr.le(cr.tensor([1.0, 3.0]), cr.tensor([2.0, 3.0]))
    tensor([True, True])
    """
def lgamma(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithm of the absolute value of the gamma function.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of ln gamma is, by definition, digamma.

    >>> import chainrule as cr
    >>> cr.lgamma(cr.tensor([1.0, 5.0]))
    tensor([0.0000, 3.1781])
    """
def linspace(start: Any, end: Any, steps: builtins.int, *, dtype: Any = None, device: Any = None, layout: Any = None, requires_grad: builtins.bool = False, out: Any = None) -> Tensor:
    """`steps` numbers from `start` to `end`, both included, evenly spaced."""
def log(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The natural logarithm of each element; NaN below 0.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of ln is 1/x.

    >>> import chainrule as cr
    >>> cr.log(cr.tensor([1.0, 10.0]))
    tensor([0.0000, 2.3026])
    """
def log10(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithm to base 10 of each element.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of the logarithm to base 10 is 1/(x ln 10).

    >>> import chainrule as cr
    >>> cr.log10(cr.tensor([1.0, 1000.0]))
    tensor([0., 3.])
    """
def log10_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `log10`."""
def log1p(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """log(1 + x), exact to the last digits near 0.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of ln(1 + x) is 1/(1 + x).

    >>> import chainrule as cr
    >>> cr.log1p(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 0.6931])
    """
def log1p_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `log1p`."""
def log2(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logarithm to base 2 of each element.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of the logarithm to base 2 is 1/(x ln 2).

    >>> import chainrule as cr
    >>> cr.log2(cr.tensor([1.0, 8.0]))
    tensor([0., 3.])
    """
def log2_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `log2`."""
def log_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `log`."""
def log_softmax(input: Tensor, dim: builtins.int, dtype: _dtype | None = None, *, out: Any = None) -> Tensor:
    """The log of softmax, exact where softmax itself would round to 0."""
def logaddexp(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """log(exp(x) + exp(y)), without overflow.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to.

    >>> import chainrule as cr
    >>> cr.logaddexp(cr.tensor([0.0, 1000.0]), cr.tensor([0.0, 1000.0]))
    tensor([6.9315e-01, 1.0007e+03])
    """
def logaddexp2(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The logarithm to base 2 of 2**x + 2**y, without overflow.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to.

    >>> import chainrule as cr
    >>> cr.logaddexp2(cr.tensor([0.0, 3.0]), cr.tensor([0.0, 3.0]))
    tensor([1., 4.])
    """
def logcumsumexp(input: Tensor, dim: builtins.int, *, out: Any = None) -> Tensor:
    """The log of the running sum of exponentials along `dim`."""
def logdet(input: Tensor, *, out: Any = None) -> Tensor:
    """The logarithms of determinants: NaN where they are negative, -inf where they are 0."""
def logical_and(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Whether both elements are true (not 0).

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of truth values.

    >>> import chainrule as cr
    >>> cr.logical_and(cr.tensor([True, True, False]), cr.tensor([True, False, False]))
    tensor([ True, False, False])
    """
def logical_not(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether each element is false (0).

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of truth values.

    >>> import chainrule as cr
    >>> cr.logical_not(cr.tensor([True, False]))
    tensor([False,  True])
    """
def logical_or(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Whether at least one of the two elements is true (not 0).

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of truth values.

    >>> import chainrule as cr
    >>> cr.logical_or(cr.tensor([True, True, False]), cr.tensor([True, False, False]))
    tensor([ True,  True, False])
    """
def logical_xor(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Whether just one of the two elements is true (not 0).

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of truth values.

    >>> import chainrule as cr
    >>> cr.logical_xor(cr.tensor([True, True, False]), cr.tensor([True, False, False]))
    tensor([False,  True, False])
    """
def logit(input: Tensor, eps: builtins.float | None = None, *, out: Any = None) -> Tensor:
    """The inverse of the sigmoid, `log(x / (1 - x))`, of `input` clamped to [eps, 1 - eps] if `eps` is given."""
def logit_(input: Tensor, eps: builtins.float | None = None) -> Tensor:
    """In-place version of `logit`."""
def logspace(start: Any, end: Any, steps: builtins.int, base: builtins.float = 10.0, *, dtype: Any = None, device: Any = None, layout: Any = None, requires_grad: builtins.bool = False, out: Any = None) -> Tensor:
    """`base` to the power of `steps` evenly spaced exponents from `start` to `end`."""
def logsumexp(input: Tensor, dim: Dim, keepdim: builtins.bool = False, *, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
    """The log of the sum of the exponentials along `dim`, without overflow."""
def lstsq(*args: Any, **kwargs: Any) -> Any:
    """Removed from PyTorch in version 1.9: it raises, and says what to write instead."""
def lt(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Whether each element of `input` is less than that of `other`.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of truth values.

    >>> import chainrule as cr
    >>> cr.lt(cr.tensor([1.0, 3.0]), cr.tensor([2.0, 3.0]))
    tensor([ True, False])
    """
def lu(A: Tensor, pivot: builtins.bool = True, get_infos: builtins.bool = False, *, out: Any = None) -> Any:
    """The LU factorisation in one matrix, and its pivots; see `linalg.lu_factor`."""
def lu_solve(b: Tensor, LU_data: Tensor, LU_pivots: Tensor, *, out: Any = None) -> Tensor:
    """The solution of A x = b; see `linalg.lu_solve`, which takes the same in another order."""
def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: builtins.bool = True, unpack_pivots: builtins.bool = True, *, out: Any = None) -> Any:
    """P, L and U from what `lu_factor` returned; an empty tensor for what is not asked for."""
def manual_seed(seed: builtins.int) -> _Generator:
    """Start the default stream of random numbers from a seed: the same numbers as PyTorch's for it."""
def masked_fill(input: Tensor, mask: Tensor, value: Any, *, out: Any = None) -> Tensor:
    """A copy with `value` (a number or a 0-d tensor) wherever `mask` is True."""
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor, *, out: Any = None) -> Tensor:
    """A copy with the elements of `source`, in order, put where `mask` is True."""
def masked_select(input: Tensor, mask: Tensor, *, out: Any = None) -> Tensor:
    """The elements where `mask` is True, in one dimension."""
def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of two vectors, matrices, or stacks of matrices, whose leading dimensions broadcast.

    input: shape (..., n, k) or (k,); other: shape (..., k, m) or (k,), of the same dtype.
    Returns shape (..., n, m), without the dimensions that a vector does not have.
    Raises RuntimeError where shapes or dtypes do not fit.

    >>> import chainrule as cr
    >>> cr.tensor([[1., 2.], [3., 4.]]) @ cr.tensor([1., 1.])
    tensor([3., 7.])
    """
def matrix_exp(A: Tensor, *, out: Any = None) -> Tensor:
    """The exponentials of square matrices: I + A + A A / 2 + A A A / 6 + ..."""
def matrix_power(A: Tensor, n: builtins.int, *, out: Any = None) -> Tensor:
    """A @ A @ ... n times, by squaring; for a negative n the power of the inverse."""
def matrix_rank(*args: Any, **kwargs: Any) -> Any:
    """Removed from PyTorch in version 1.9: it raises, and says what to write instead."""
@overload
def max(input: Tensor, dim: None=None, keepdim: builtins.bool=False, *, keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor:
    """The maximum of all elements; with `dim` the named tuple (values, indices) along it; with a second tensor the elementwise one.

    The gradient goes to the chosen element; of everything, equal ones share it.
    """
@overload
def max(input: Tensor, dim: builtins.int, keepdim: builtins.bool=False, *, keepdims: builtins.bool=False, out: Any=None) -> ValuesIndices: ...
@overload
def max(input: Tensor, *, axis: builtins.int, keepdim: builtins.bool=False, keepdims: builtins.bool=False, out: Any=None) -> ValuesIndices: ...
@overload
def max(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def maximum(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The greater of two elements; NaN where one of them is.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to.

    >>> import chainrule as cr
    >>> cr.maximum(cr.tensor([1.0, 5.0]), cr.tensor([2.0, 3.0]))
    tensor([2., 5.])
    """
def mean(input: Tensor, dim: Dim=None, keepdim: builtins.bool=False, *, dtype: _dtype | None=None, axis: Dim=None, keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor:
    """The mean of all elements, or along `dim`. Only floats have one: give `dtype=` for integers.

    >>> import chainrule as cr
    >>> cr.tensor([1, 2, 4]).mean(dtype=cr.float32)
    tensor(2.3333)
    """
@overload
def median(input: Tensor, dim: None=None, keepdim: builtins.bool=False, *, keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor:
    """The median, the lower of two middle elements: of everything, or as (values, indices) along `dim`. NaN if any element is."""
@overload
def median(input: Tensor, dim: builtins.int, keepdim: builtins.bool=False, *, keepdims: builtins.bool=False, out: Any=None) -> ValuesIndices: ...
@overload
def median(input: Tensor, *, axis: builtins.int, keepdim: builtins.bool=False, keepdims: builtins.bool=False, out: Any=None) -> ValuesIndices: ...
def meshgrid(*tensors: Any, indexing: str | None = None, out: Any = None) -> tuple[Tensor, ...]:
    """The coordinates of all points of a grid, from those along each axis: a tensor per axis.

    indexing: "ij" (axis i is dimension i) or "xy" (the first two exchanged, as plots want it).

    >>> import chainrule as cr
    >>> cr.meshgrid(cr.tensor([1, 2]), cr.tensor([3, 4]), indexing="ij")[0]
    tensor([[1, 1],
            [2, 2]])
    """
@overload
def min(input: Tensor, dim: None=None, keepdim: builtins.bool=False, *, keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor:
    """The minimum of all elements; with `dim` the named tuple (values, indices) along it; with a second tensor the elementwise one.

    The gradient goes to the chosen element; of everything, equal ones share it.
    """
@overload
def min(input: Tensor, dim: builtins.int, keepdim: builtins.bool=False, *, keepdims: builtins.bool=False, out: Any=None) -> ValuesIndices: ...
@overload
def min(input: Tensor, *, axis: builtins.int, keepdim: builtins.bool=False, keepdims: builtins.bool=False, out: Any=None) -> ValuesIndices: ...
@overload
def min(input: Tensor, other: Tensor, *, out: Tensor | None=None) -> Tensor: ...
def minimum(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The smaller of two elements; NaN where one of them is.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to.

    >>> import chainrule as cr
    >>> cr.minimum(cr.tensor([1.0, 5.0]), cr.tensor([2.0, 3.0]))
    tensor([1., 3.])
    """
def mm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The product of two matrices, (n, k) and (k, m), without broadcasting."""
def mode(input: Tensor, dim: builtins.int=-1, keepdim: builtins.bool=False, *, keepdims: builtins.bool=False, axis: builtins.int=-1, out: Any=None) -> ValuesIndices:
    """The named tuple (values, indices) of the commonest element along `dim`, the least if there are several."""
def moveaxis(input: Tensor, source: Any, destination: Any, *, out: Any = None) -> Tensor:
    """Dimensions moved from `source` to `destination`; the others keep their order."""
def movedim(input: Tensor, source: Any, destination: Any, *, out: Any = None) -> Tensor:
    """Dimensions moved from `source` to `destination`; the others keep their order."""
def msort(input: Tensor, *, out: Any = None) -> Tensor:
    """The elements sorted along the first dimension."""
def mul(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The product of two tensors, element by element.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to. Its slope: each factor's slope is the other factor.

    >>> import chainrule as cr
    >>> cr.mul(cr.tensor([1.0, 5.0]), cr.tensor([2.0, 3.0]))
    tensor([ 2., 15.])
    """
def multinomial(input: Tensor, num_samples: builtins.int, replacement: builtins.bool = False, *, generator: Any = None, out: Any = None) -> Tensor:
    """Indices drawn in proportion to the weights in `input` (or in each of its rows)."""
def multiply(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The product of two tensors, element by element.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to. Its slope: each factor's slope is the other factor.

    >>> import chainrule as cr
    >>> cr.mul(cr.tensor([1.0, 5.0]), cr.tensor([2.0, 3.0]))
    tensor([ 2., 15.])
    """
def mv(input: Tensor, vec: Tensor, *, out: Any = None) -> Tensor:
    """The product of a matrix (n, k) and a vector (k,)."""
def mvlgamma(input: Tensor, p: builtins.int, *, out: Any = None) -> Tensor:
    """The logarithm of the multivariate gamma function of dimension `p`, for input > (p - 1) / 2.

    Its definition (Mardia, Kent, Bibby: Multivariate Analysis, 1979): the sum of lgamma(input - j / 2) for
    j = 0 ... p - 1, plus p (p - 1) / 4 log(pi).
    """
def nan_to_num(input: Tensor, nan: builtins.float | None = None, posinf: builtins.float | None = None, neginf: builtins.float | None = None, *, out: Any = None) -> Tensor:
    """NaN and the infinities replaced: by 0 and the dtype's largest and smallest number, or by what is given.

    >>> import chainrule as cr
    >>> cr.nan_to_num(cr.tensor([float("nan"), float("inf"), 1.0]), posinf=9)
    tensor([0., 9., 1.])
    """
def nan_to_num_(input: Tensor, nan: builtins.float | None = None, posinf: builtins.float | None = None, neginf: builtins.float | None = None) -> Tensor:
    """In-place version of `nan_to_num`."""
def nanmean(input: Tensor, dim: Dim = None, keepdim: builtins.bool = False, *, dtype: _dtype | None = None, axis: Dim = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
    """The mean of the elements that are not NaN."""
@overload
def nanmedian(input: Tensor, dim: None=None, keepdim: builtins.bool=False, *, keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor:
    """The median, the lower of two middle elements: of everything, or as (values, indices) along `dim`. NaN are passed over."""
@overload
def nanmedian(input: Tensor, dim: builtins.int, keepdim: builtins.bool=False, *, keepdims: builtins.bool=False, out: Any=None) -> ValuesIndices: ...
@overload
def nanmedian(input: Tensor, *, axis: builtins.int, keepdim: builtins.bool=False, keepdims: builtins.bool=False, out: Any=None) -> ValuesIndices: ...
def nanquantile(input: Tensor, q: Any, dim: builtins.int | None = None, keepdim: builtins.bool = False, *, interpolation: str = 'linear', axis: builtins.int | None = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
    """The q-quantiles of the elements that are not NaN."""
def nansum(input: Tensor, dim: Dim = None, keepdim: builtins.bool = False, *, dtype: _dtype | None = None, axis: Dim = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
    """The sum, NaN counted as 0."""
def narrow(input: Tensor, dim: builtins.int, start: Any, length: builtins.int, *, out: Any = None) -> Tensor:
    """The slice of `length` elements from `start` in one dimension; a view."""
def ne(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Whether each element of `input` differs from that of `other`.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of truth values.

    >>> import chainrule as cr
    >>> cr.ne(cr.tensor([1.0, 3.0]), cr.tensor([2.0, 3.0]))
    tensor([ True, False])
    """
def neg(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements with their signs changed.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape. Its slope: the sign stays.

    >>> import chainrule as cr
    >>> cr.neg(cr.tensor([1.0, -2.0]))
    tensor([-1.,  2.])
    """
def neg_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `neg`."""
def negative(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The elements with their signs changed.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape. Its slope: the sign stays.

    >>> import chainrule as cr
    >>> cr.neg(cr.tensor([1.0, -2.0]))
    tensor([-1.,  2.])
    """
def negative_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `negative`."""
def nextafter(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The next floating-point number after `input` on the way to `other`.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to.

    >>> import chainrule as cr
    >>> cr.nextafter(cr.tensor([1.0, 2.0]), cr.tensor([1.0, 2.0]))
    tensor([1., 2.])
    """
@overload
def nonzero(input: Tensor, *, as_tuple: Literal[False]=False, out: Tensor | None=None) -> Tensor:
    """The indices of the elements that are not zero: a row for each, or a tensor for each dimension (`as_tuple`)."""
@overload
def nonzero(input: Tensor, *, as_tuple: Literal[True]) -> tuple[Tensor, ...]: ...
def norm(input: Tensor, p: Any = 'fro', dim: Any = None, keepdim: builtins.bool = False, dtype: Any = None, *, axis: Any = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
    """The p-norm over `dim` (of all elements if None). Matrices are taken as vectors unless p is 'nuc'.

    >>> import chainrule as cr
    >>> cr.tensor([[3., 0.], [0., 4.]]).norm()
    tensor(5.)
    """
def normal(mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: builtins.bool = False, layout: Any = None, pin_memory: builtins.bool = False, out: Any = None) -> Tensor:
    """Normal random numbers, with a mean and a deviation for all (and a size), or for each element."""
def not_equal(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """Whether each element of `input` differs from that of `other`.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of truth values.

    >>> import chainrule as cr
    >>> cr.ne(cr.tensor([1.0, 3.0]), cr.tensor([2.0, 3.0]))
    tensor([ True, False])
    """
def numel(input: Tensor) -> builtins.int:
    """The number of elements."""
def ones(*size: builtins.int | Sequence[builtins.int], out: Tensor | None=None, dtype: _dtype | None=None, layout: Any=None, device: Any=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False, memory_format: Any=None, generator: Any=None, names: Any=None) -> Tensor:
    """A tensor of the given size, full of ones."""
def ones_like(input: Tensor, *, dtype: Any = None, device: Any = None, layout: Any = None, requires_grad: builtins.bool = False, memory_format: Any = None, pin_memory: builtins.bool = False) -> Tensor:
    """A tensor of the shape and dtype of `input`, full of ones."""
def orgqr(input: Tensor, input2: Tensor, *, out: Any = None) -> Tensor:
    """The columns of a product of reflections; see `linalg.householder_product`."""
def outer(input: Tensor, vec2: Tensor, *, out: Any = None) -> Tensor:
    """The matrix of all products of elements of two vectors."""
def pdist(input: Tensor, p: builtins.float = 2, *, out: Any = None) -> Tensor:
    """The distances of all pairs of rows of a matrix, in the order (0, 1), (0, 2), ..., (1, 2), ..."""
def permute(input: Tensor, *dims: Any, out: Any = None, **named_dims: Any) -> Tensor:
    """The dimensions in another order; a view.

    >>> import chainrule as cr
    >>> cr.zeros(2, 3, 4).permute(2, 0, 1).shape
    torch.Size([4, 2, 3])
    """
def pinverse(input: Tensor, rcond: builtins.float = 1e-15, *, out: Any = None) -> Tensor:
    """The pseudoinverse; see `linalg.pinv`."""
def poisson(input: Tensor, generator: Any = None, *, out: Any = None) -> Tensor:
    """Poisson random numbers of the rates in `input`."""
def polar(abs: Tensor, angle: Tensor, *, out: Any = None) -> Tensor:
    """abs (cos(angle) + i sin(angle))."""
def polygamma(n: builtins.int, input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The n-th derivative of the digamma function at `input`.

    >>> import chainrule as cr
    >>> cr.polygamma(1, cr.tensor([1.0]))
    tensor([1.6449])
    """
def positive(input: Tensor, *, out: Any = None) -> Tensor:
    """The input itself, as Python's `+x`."""
def pow(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """The elements of `input` to the power `other`.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to. Its slope: the power rule.

    >>> import chainrule as cr
    >>> cr.pow(cr.tensor([1.0, 2.0, 3.0]), 2)
    tensor([1., 4., 9.])
    """
def prelu(input: Tensor, weight: Tensor, *, out: Any = None) -> Tensor:
    """Each element, times a learned weight where it is negative; see `nn.functional.prelu`."""
def prod(input: Tensor, dim: builtins.int | None = None, keepdim: builtins.bool = False, *, dtype: _dtype | None = None, axis: builtins.int | None = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
    """The product of all elements, or along one dimension."""
def promote_types(type1: dtypes.dtype, type2: dtypes.dtype) -> dtypes.dtype:
    """The dtype that tensors of two dtypes have together."""
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: builtins.bool = False, *, out: Any = None) -> Tensor:
    """A copy with `source` written (or added) at positions in the flattened tensor."""
def qr(input: Tensor, some: builtins.bool = True, *, out: Any = None) -> Any:
    """The factors of A = Q R; see `linalg.qr`."""
def quantile(input: Tensor, q: Any, dim: builtins.int | None = None, keepdim: builtins.bool = False, *, interpolation: str = 'linear', axis: builtins.int | None = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
    """The q-quantiles: values below which the share q of the elements lies, interpolated between neighbours.

    `q`: a number in [0, 1], or a 1-d tensor of them, which then are the result's first dimension.
    `interpolation`: linear, lower, higher, midpoint or nearest. NaN if any element is.

    >>> import chainrule as cr
    >>> cr.tensor([1.0, 2.0, 3.0, 10.0]).quantile(0.5)
    tensor(2.5000)
    """
def rad2deg(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Radians as degrees.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.rad2deg(cr.tensor([0.0, 3.0]))
    tensor([  0.0000, 171.8873])
    """
def rad2deg_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `rad2deg`."""
def rand(*size: builtins.int | Sequence[builtins.int], out: Tensor | None=None, dtype: _dtype | None=None, layout: Any=None, device: Any=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False, memory_format: Any=None, generator: Any=None, names: Any=None) -> Tensor:
    """Random numbers, uniform in [0, 1)."""
def rand_like(input: Tensor, *, generator: Any = None, dtype: Any = None, device: Any = None, layout: Any = None, requires_grad: builtins.bool = False, memory_format: Any = None) -> Tensor:
    """Random numbers of the shape of `input`, uniform in [0, 1)."""
def randint(*args: Any, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: builtins.bool = False, layout: Any = None, low: Any = None, high: Any = None, size: Any = None, out: Any = None) -> Tensor:
    """Random integers: `randint(high, size)` or `randint(low, high, size)`, `high` not included."""
def randint_like(input: Tensor, *args: Any, dtype: Any = None, out: Any = None, **kwargs: Any) -> Tensor:
    """Random integers of the shape of `input`."""
def randn(*size: builtins.int | Sequence[builtins.int], out: Tensor | None=None, dtype: _dtype | None=None, layout: Any=None, device: Any=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False, memory_format: Any=None, generator: Any=None, names: Any=None) -> Tensor:
    """Random numbers, normal with mean 0 and deviation 1."""
def randn_like(input: Tensor, *, generator: Any = None, dtype: Any = None, device: Any = None, layout: Any = None, requires_grad: builtins.bool = False, memory_format: Any = None) -> Tensor:
    """Random numbers of the shape of `input`, normal with mean 0 and deviation 1."""
def randperm(n: builtins.int, *, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: builtins.bool = False, layout: Any = None, pin_memory: builtins.bool = False, out: Any = None) -> Tensor:
    """The integers from 0 to n - 1 in random order."""
def range(start: Any = 0, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None, requires_grad: builtins.bool = False, out: Any = None) -> Tensor:
    """The numbers from `start` to `end`, both included (deprecated in PyTorch, too)."""
def ravel(input: Tensor, *, out: Any = None) -> Tensor:
    """All elements in one dimension, one next to the other: a view where they lie so already."""
def real(input: Tensor, *, out: Any = None) -> Tensor:
    """The real part; a real tensor is its own."""
def reciprocal(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """1 over each element.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of 1/x is -1/x**2.

    >>> import chainrule as cr
    >>> cr.reciprocal(cr.tensor([2.0, 4.0]))
    tensor([0.5000, 0.2500])
    """
def reciprocal_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `reciprocal`."""
def relu(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Each element where it is positive, else 0.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape. Its slope: the slope is 1 where the input is positive, else 0.

    >>> import chainrule as cr
    >>> cr.relu(cr.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
def relu_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `relu`."""
def remainder(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """What is left of a division rounded down; it has the sign of `other`, as Python's %.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to.

    >>> import chainrule as cr
    >>> cr.remainder(cr.tensor([5.0, -5.0]), cr.tensor([3.0, 3.0]))
    tensor([2., 1.])
    """
def renorm(input: Tensor, p: builtins.float, dim: builtins.int, maxnorm: builtins.float, *, out: Any = None) -> Tensor:
    """Scale down the slices along `dim` whose p-norm is above `maxnorm`, so that they have that norm."""
def repeat_interleave(input: Tensor, repeats: Any = None, dim: builtins.int | None = None, *, output_size: builtins.int | None = None, axis: builtins.int | None = None, out: Any = None) -> Tensor:
    """Each element (each slice along `dim`) repeated on the spot; with `repeats` alone, the indices that would do it.

    >>> import chainrule as cr
    >>> cr.repeat_interleave(cr.tensor([1, 2]), 2)
    tensor([1, 1, 2, 2])
    """
def reshape(input: Tensor, *shape: Any, out: Any = None, **named_shape: Any) -> Tensor:
    """The same elements in another shape (one size may be -1): a view where possible, else a copy.

    >>> import chainrule as cr
    >>> cr.arange(4).reshape(2, 2)
    tensor([[0, 1],
            [2, 3]])
    """
def resize_as_(self: Tensor, the_template: Tensor, *, memory_format: Any = None) -> Tensor:
    """`resize_` to another tensor's shape."""
def resolve_conj(input: Tensor, *, out: Any = None) -> Tensor:
    """The tensor itself: conjugates are always computed."""
def resolve_neg(input: Tensor, *, out: Any = None) -> Tensor:
    """The tensor itself: conjugates are always computed."""
def result_type(tensor1: Any, tensor2: Any) -> dtypes.dtype:
    """The dtype that an operation on two operands gives."""
def roll(input: Tensor, shifts: Any, dims: Any = ..., *, out: Any = None) -> Tensor:
    """Elements moved along `dims` (or along the flattened tensor), re-entering at the other end.

    >>> import chainrule as cr
    >>> cr.tensor([1, 2, 3]).roll(1)
    tensor([3, 1, 2])
    """
def rot90(input: Tensor, k: builtins.int = 1, dims: Sequence[builtins.int] = ..., *, out: Any = None) -> Tensor:
    """Turned by 90 degrees `k` times in the plane of `dims`, from the first towards the second."""
def round(input: Tensor, *, decimals: builtins.int = 0, out: Any = None) -> Tensor:
    """The nearest integer, halves to the even one; or the nearest multiple of 10 to the power of `-decimals`.

    >>> import chainrule as cr
    >>> cr.round(cr.tensor([0.5, 1.5, 2.71828])), cr.round(cr.tensor([2.71828]), decimals=2)
    (tensor([0., 2., 3.]), tensor([2.7200]))
    """
def round_(input: Tensor, *, decimals: builtins.int = 0) -> Tensor:
    """In-place version of `round`."""
def row_stack(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor:
    """The tensors on top of each other, vectors as rows."""
def rsqrt(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """1 over the square root of each element.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.rsqrt(cr.tensor([4.0, 16.0]))
    tensor([0.5000, 0.2500])
    """
def rsqrt_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `rsqrt`."""
def rsub(input: Tensor, other: Any, *, alpha: builtins.float = 1, out: Any = None) -> Tensor:
    """`other - alpha * input`.

    >>> import chainrule as cr
    >>> cr.rsub(cr.tensor([1.0, 2.0]), 10)
    tensor([9., 8.])
    """
def scalar_tensor(s: Number, *, dtype: Any = None, device: Any = None, requires_grad: builtins.bool = False, out: Any = None) -> Tensor:
    """A 0-d tensor, of the default float dtype unless told otherwise."""
def scatter(input: Tensor, dim: builtins.int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None, out: Any = None) -> Tensor:
    """A copy with elements of `src` (or the number `value`) written along one dimension: the reverse of `gather`.

    reduce: "add" or "multiply" combines with what is there instead of replacing it.

    >>> import chainrule as cr
    >>> cr.zeros(3).scatter(0, cr.tensor([2]), 5.0)
    tensor([0., 0., 5.])
    """
def scatter_add(input: Tensor, dim: builtins.int, index: Tensor, src: Tensor, *, out: Any = None) -> Tensor:
    """A copy with elements of `src` added along one dimension, where they meet all of them."""
def scatter_reduce(input: Tensor, dim: builtins.int, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool = True, out: Any = None) -> Tensor:
    """A copy where the elements of `src` that go to the same place are combined: sum, prod, mean, amax or amin.

    include_self: whether what was there takes part.
    """
def searchsorted(sorted_sequence: Tensor, input: Tensor, *, out_int32: builtins.bool = False, right: builtins.bool = False, side: str | None = None, sorter: Tensor | None = None, out: Any = None) -> Tensor:
    """Where in an ascending sequence (its last dimension) each value would be inserted: before equals, `right` after.

    >>> import chainrule as cr
    >>> cr.searchsorted(cr.tensor([1.0, 3.0, 5.0]), cr.tensor([3.0, 9.0]))
    tensor([1, 3])
    """
def seed() -> builtins.int:
    """Start the default stream from a seed of the system's, and return it."""
def select(input: Tensor, dim: builtins.int, index: builtins.int, *, out: Any = None) -> Tensor:
    """The slice at one index of a dimension, without that dimension; a view."""
def select_scatter(input: Tensor, src: Tensor, dim: builtins.int, index: builtins.int, *, out: Any = None) -> Tensor:
    """A copy with `src` in place of `input.select(dim, index)`."""
def set_default_device(device: Any) -> None:
    """Accepts the CPU, refuses anything else."""
def set_default_tensor_type(t: Any) -> None:
    """Set the default float dtype by an old type name or class."""
def set_float32_matmul_precision(precision: str) -> None:
    """Keep a wish ("highest", "high", "medium"); products are always computed in full precision."""
def set_flush_denormal(mode: builtins.bool) -> builtins.bool:
    """False: numbers below the smallest normal one are never taken for 0."""
def set_num_interop_threads(num: builtins.int) -> None:
    """Keep a number; that of threads bounds those that share elementwise operations on big tensors. NumPy's own threads are set before Python starts: OMP_NUM_THREADS in the environment."""
def set_num_threads(num: builtins.int) -> None:
    """Keep a number; that of threads bounds those that share elementwise operations on big tensors. NumPy's own threads are set before Python starts: OMP_NUM_THREADS in the environment."""
def set_rng_state(new_state: Tensor) -> None:
    """Set the default stream's state."""
def set_warn_always(b: builtins.bool) -> None:
    """Keep a wish; Python's own filters say how often a warning is shown."""
def sgn(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sign of each element: -1, 0 or 1.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape.

    >>> import chainrule as cr
    >>> cr.sgn(cr.tensor([-3.0, 0.0, 2.0]))
    tensor([-1.,  0.,  1.])
    """
def sigmoid(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The logistic function 1 / (1 + exp(-x)).

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of the sigmoid s is s (1 - s).

    >>> import chainrule as cr
    >>> cr.sigmoid(cr.tensor([0.0, 2.0]))
    tensor([0.5000, 0.8808])
    """
def sigmoid_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `sigmoid`."""
def sign(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """-1, 0 or 1, as each element is below, at or above 0.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape.

    >>> import chainrule as cr
    >>> cr.sign(cr.tensor([-3.0, 0.0, 2.0]))
    tensor([-1.,  0.,  1.])
    """
def signbit(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Whether the sign bit of each element is set; that of -0.0 is.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of truth values.

    >>> import chainrule as cr
    >>> cr.signbit(cr.tensor([1.0, -2.0]))
    tensor([False,  True])
    """
def sin(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The sine of each element, in radians.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of sin is cos.

    >>> import chainrule as cr
    >>> cr.sin(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8415])
    """
def sin_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `sin`."""
def sinc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """sin(pi x) / (pi x), and 1 at 0.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.sinc(cr.tensor([0.0, 0.5]))
    tensor([1.0000, 0.6366])
    """
def sinc_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `sinc`."""
def sinh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The hyperbolic sine of each element.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of sinh is cosh.

    >>> import chainrule as cr
    >>> cr.sinh(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 1.1752])
    """
def sinh_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `sinh`."""
def slice_scatter(input: Tensor, src: Tensor, dim: builtins.int = 0, start: builtins.int | None = None, end: builtins.int | None = None, step: builtins.int = 1, *, axis: builtins.int = 0, out: Any = None) -> Tensor:
    """A copy with `src` in place of the slice `start:end:step` of one dimension."""
def slogdet(input: Tensor, *, out: Any=None) -> SignLogabsdet:
    """The signs of determinants and the logarithms of their magnitudes; see `linalg.slogdet`."""
def softmax(input: Tensor, dim: builtins.int, dtype: _dtype | None = None, *, out: Any = None) -> Tensor:
    """Exponentials along `dim`, divided by their sum.

    >>> import chainrule as cr
    >>> cr.tensor([0.0, 0.0, 1000.0]).softmax(0)
    tensor([0., 0., 1.])
    """
def solve(*args: Any, **kwargs: Any) -> Any:
    """Removed from PyTorch in version 1.9: it raises, and says what to write instead."""
def sort(input: Tensor, dim: builtins.int=-1, descending: builtins.bool=False, *, stable: builtins.bool=True, axis: builtins.int=-1, out: Any=None) -> ValuesIndices:
    """The named tuple (values, indices) of the elements in order along `dim`. NaN is greatest; ties keep their order.

    >>> import chainrule as cr
    >>> cr.tensor([3.0, 1.0, 2.0]).sort().indices
    tensor([1, 2, 0])
    """
def split(input: Tensor, split_size: Any = None, dim: builtins.int = 0, *, axis: builtins.int = 0, out: Any = None, **sizes: Any) -> tuple[Tensor, ...]:
    """Cut along `dim` into views of `split_size` (the last may be smaller), or of the sizes in a list.

    >>> import chainrule as cr
    >>> cr.arange(5).split(2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
def split_with_sizes(input: Tensor, split_sizes: Sequence[builtins.int], dim: builtins.int = 0, *, axis: builtins.int = 0, out: Any = None) -> tuple[Tensor, ...]:
    """Cut along `dim` into views of the given sizes; unlike PyTorch's, they may be changed in place."""
def sqrt(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The square root of each element; NaN below 0.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of a root is 1 over twice the root.

    >>> import chainrule as cr
    >>> cr.sqrt(cr.tensor([4.0, 9.0]))
    tensor([2., 3.])
    """
def sqrt_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `sqrt`."""
def square(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The square of each element.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape. Its slope: the power rule.

    >>> import chainrule as cr
    >>> cr.square(cr.tensor([1.0, -3.0]))
    tensor([1., 9.])
    """
def square_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `square`."""
def squeeze(input: Tensor, dim: Any = None, *, axis: Any = None, out: Any = None) -> Tensor:
    """Without the dimensions of size 1: all of them, or those named (which stay if their size is not 1).

    >>> import chainrule as cr
    >>> cr.zeros(1, 3, 1).squeeze(0).shape
    torch.Size([3, 1])
    """
def stack(tensors: Sequence[Tensor], dim: builtins.int = 0, *, axis: builtins.int = 0, out: Any = None) -> Tensor:
    """Tensors of one shape, side by side along a new dimension.

    >>> import chainrule as cr
    >>> cr.stack([cr.tensor([1, 2]), cr.tensor([3, 4])], dim=1)
    tensor([[1, 3],
            [2, 4]])
    """
def std(input: Tensor, dim: Dim = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: builtins.float | None = None, axis: Dim = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
    """The standard deviation: the root of `var`."""
def std_mean(input: Tensor, dim: Dim = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: builtins.float | None = None, axis: Dim = None, keepdims: builtins.bool = False, out: Any = None) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean."""
def sub(input: Tensor, other: Any, *, alpha: builtins.float = 1, out: Tensor | None = None) -> Tensor:
    """`input - alpha * other`, broadcast.

    >>> import chainrule as cr
    >>> cr.sub(cr.tensor([1.0, 2.0]), 1, alpha=2)
    tensor([-1.,  0.])
    """
def subtract(input: Tensor, other: Any, *, alpha: builtins.float = 1, out: Tensor | None = None) -> Tensor:
    """`input - alpha * other`, broadcast.

    >>> import chainrule as cr
    >>> cr.sub(cr.tensor([1.0, 2.0]), 1, alpha=2)
    tensor([-1.,  0.])
    """
def sum(input: Tensor, dim: Dim=None, keepdim: builtins.bool=False, *, dtype: _dtype | None=None, axis: Dim=None, keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor:
    """The sum of all elements, or along `dim`. Integers and bools are summed in int64.

    >>> import chainrule as cr
    >>> cr.tensor([[1.0, 2.0], [3.0, 4.0]]).sum(dim=0)
    tensor([4., 6.])
    """
def svd(input: Tensor, some: builtins.bool = True, compute_uv: builtins.bool = True, *, out: Any = None) -> Any:
    """The factors of A = U diag(S) V^T; see `linalg.svd`, which returns V transposed."""
def swapaxes(input: Tensor, dim0: builtins.int, dim1: builtins.int, *, out: Any = None) -> Tensor:
    """Two dimensions swapped; a view."""
def swapdims(input: Tensor, dim0: builtins.int, dim1: builtins.int, *, out: Any = None) -> Tensor:
    """Two dimensions swapped; a view."""
def symeig(*args: Any, **kwargs: Any) -> Any:
    """Removed from PyTorch in version 1.9: it raises, and says what to write instead."""
def t(input: Tensor, *, out: Any = None) -> Tensor:
    """The transpose of a matrix; vectors and 0-d tensors stay as they are."""
def take(input: Tensor, index: Tensor, *, out: Any = None) -> Tensor:
    """The elements at positions in the flattened tensor, in the shape of `index`."""
def take_along_dim(input: Tensor, indices: Tensor, dim: builtins.int | None = None, *, axis: builtins.int | None = None, out: Any = None) -> Tensor:
    """As `gather`, with the other dimensions broadcast; without `dim`, from the flattened tensor."""
def tan(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The tangent of each element, in radians.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of tan is 1 + tan squared.

    >>> import chainrule as cr
    >>> cr.tan(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5574])
    """
def tan_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `tan`."""
def tanh(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The hyperbolic tangent of each element.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape, of floats (integers become the default float). Its slope: the slope of tanh is 1 - tanh squared.

    >>> import chainrule as cr
    >>> cr.tanh(cr.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """
def tanh_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `tanh`."""
def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: builtins.bool = False, pin_memory: builtins.bool = False) -> Tensor:
    """A new tensor holding a copy of `data`.

    data: a number, nested sequences of numbers, an array or a tensor. Floats become the default dtype, ints int64.
    requires_grad: whether gradients are wanted; needs a floating point dtype.

    >>> import chainrule as cr
    >>> cr.tensor([[1, 2], [3, 4.5]])
    tensor([[1.0000, 2.0000],
            [3.0000, 4.5000]])
    """
def tensor_split(input: Tensor, indices_or_sections: Any = None, dim: builtins.int = 0, *, axis: builtins.int = 0, out: Any = None, **other: Any) -> tuple[Tensor, ...]:
    """Cut along `dim` into that many views of nearly equal size, or before each index of a list."""
def tensordot(a: Tensor, b: Tensor, dims: Any = 2, *, out: Any = None) -> Tensor:
    """Sum products over pairs of dimensions: the last `dims` of a with the first of b, or two lists of dimensions.

    >>> import chainrule as cr
    >>> cr.tensordot(cr.ones(2, 3, 4), cr.ones(3, 4, 5), dims=2).shape
    torch.Size([2, 5])
    """
def tile(input: Tensor, *dims: Any, out: Any = None, **named_dims: Any) -> Tensor:
    """As `repeat`, with missing leading numbers taken as 1."""
def topk(input: Tensor, k: builtins.int, dim: builtins.int=-1, largest: builtins.bool=True, sorted: builtins.bool=True, *, axis: builtins.int=-1, out: Any=None) -> ValuesIndices:
    """The named tuple (values, indices) of the k largest (or smallest) elements along `dim`, in order."""
def trace(input: Tensor, *, out: Any = None) -> Tensor:
    """The sum of a matrix's diagonal."""
def transpose(input: Tensor, dim0: builtins.int, dim1: builtins.int, *, out: Any = None) -> Tensor:
    """Two dimensions swapped; a view."""
def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: builtins.int = -1, axis: builtins.int = -1, out: Any = None) -> Tensor:
    """The integral of samples y by the trapezoidal rule: at places `x`, or `dx` apart."""
def trapz(y: Tensor, x: Tensor | None = None, *, dx: Any = None, dim: builtins.int = -1, axis: builtins.int = -1, out: Any = None) -> Tensor:
    """The integral of samples y by the trapezoidal rule: at places `x`, or `dx` apart."""
def triangular_solve(b: Tensor, A: Tensor, upper: builtins.bool = True, transpose: builtins.bool = False, unitriangular: builtins.bool = False, *, out: Any = None) -> Any:
    """The solution X of A X = b (A^T X = b if `transpose`), and a copy of A; see `linalg.solve_triangular`."""
def tril(input: Tensor, diagonal: builtins.int = 0, *, out: Any = None) -> Tensor:
    """The lower triangle of a matrix (or of each in a batch), zeros elsewhere; `diagonal` shifts its edge."""
def tril_indices(row: builtins.int, col: builtins.int, offset: builtins.int = 0, *, dtype: Any = None, device: Any = None, out: Any = None) -> Tensor:
    """The rows and columns, a 2 by n tensor, of the lower triangle of a `row` by `col` matrix."""
def triu(input: Tensor, diagonal: builtins.int = 0, *, out: Any = None) -> Tensor:
    """The upper triangle of a matrix (or of each in a batch), zeros elsewhere; `diagonal` shifts its edge."""
def triu_indices(row: builtins.int, col: builtins.int, offset: builtins.int = 0, *, dtype: Any = None, device: Any = None, out: Any = None) -> Tensor:
    """The rows and columns, a 2 by n tensor, of the upper triangle of a `row` by `col` matrix."""
def true_divide(input: Tensor, other: Any, *, rounding_mode: str | None = None, out: Tensor | None = None) -> Tensor:
    """`input / other`, broadcast.

    Args:
        rounding_mode: None (true division; integers give floats), "floor" (downwards, as Python's `//`) or "trunc"
            (towards zero, as C's `/`); the gradient of a rounded quotient is zero.

    >>> import chainrule as cr
    >>> cr.div(cr.tensor([7, -7]), 2, rounding_mode="trunc")
    tensor([ 3, -3])
    """
def trunc(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Each element without its fraction, rounded towards 0.

    input: a tensor.
    out: a tensor to write the result into.

    Returns a tensor of the same shape.

    >>> import chainrule as cr
    >>> cr.trunc(cr.tensor([1.5, -1.5]))
    tensor([ 1., -1.])
    """
def trunc_(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `trunc`."""
def typename(obj: Any) -> str:
    """The old type name of a tensor ('torch.FloatTensor'), the module and name of anything else's class."""
def unbind(input: Tensor, dim: builtins.int = 0, *, axis: builtins.int = 0, out: Any = None) -> tuple[Tensor, ...]:
    """The slices along a dimension, which is removed.

    Unlike PyTorch's, they are views that may be changed in place where gradients are recorded.
    """
def unflatten(input: Tensor, dim: builtins.int, sizes: Sequence[builtins.int], *, out: Any = None) -> Tensor:
    """One dimension as several, of the given sizes (one may be -1): the inverse of `flatten`."""
def unique(input: Tensor, sorted: builtins.bool = True, return_inverse: builtins.bool = False, return_counts: builtins.bool = False, dim: builtins.int | None = None, *, axis: builtins.int | None = None, out: Any = None) -> Any:
    """The different elements in ascending order (or slices along `dim`); where each went; how many there are."""
def unique_consecutive(input: Tensor, return_inverse: builtins.bool = False, return_counts: builtins.bool = False, dim: builtins.int | None = None, *, axis: builtins.int | None = None, out: Any = None) -> Any:
    """The first of each run of equal elements (or equal slices along `dim`)."""
def unravel_index(indices: Tensor, shape: Any, *, out: Any = None) -> tuple[Tensor, ...]:
    """Places in the flattened tensor as an index for each dimension."""
def unsafe_chunk(input: Tensor, chunks: builtins.int, dim: builtins.int = 0, *, axis: builtins.int = 0, out: Any = None) -> tuple[Tensor, ...]:
    """Cut along `dim` into at most `chunks` views of equal size; the last may be smaller.

    Unlike PyTorch's, the views may be changed in place where gradients are recorded.
    """
def unsafe_split(input: Tensor, split_size: Any = None, dim: builtins.int = 0, *, axis: builtins.int = 0, out: Any = None, **sizes: Any) -> tuple[Tensor, ...]:
    """Cut along `dim` into views of `split_size` (the last may be smaller), or of the sizes in a list.

    >>> import chainrule as cr
    >>> cr.arange(5).split(2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
def unsafe_split_with_sizes(input: Tensor, split_sizes: Sequence[builtins.int], dim: builtins.int = 0, *, axis: builtins.int = 0, out: Any = None) -> tuple[Tensor, ...]:
    """Cut along `dim` into views of the given sizes; unlike PyTorch's, they may be changed in place."""
def unsqueeze(input: Tensor, dim: builtins.int, *, out: Any = None) -> Tensor:
    """With a new dimension of size 1 before position `dim`."""
def use_deterministic_algorithms(mode: builtins.bool, *, warn_only: builtins.bool = False) -> None:
    """Ask that equal programs give equal results: they do in any case."""
def vander(x: Tensor, N: builtins.int | None = None, increasing: builtins.bool = False, *, out: Any = None) -> Tensor:
    """The matrix whose columns are powers of the vector x, the highest first unless `increasing`."""
def var(input: Tensor, dim: Dim = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: builtins.float | None = None, axis: Dim = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
    """The variance: the sum of squared distances from the mean, over n - `correction` (1 unless given)."""
def var_mean(input: Tensor, dim: Dim = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: builtins.float | None = None, axis: Dim = None, keepdims: builtins.bool = False, out: Any = None) -> tuple[Tensor, Tensor]:
    """The variance and the mean."""
def vdot(input: Tensor, other: Tensor, *, out: Any = None) -> Tensor:
    """The inner product of two vectors, the first one conjugated; for real numbers the same as `dot`."""
def view_as_complex(input: Tensor, *, out: Any = None) -> Tensor:
    """Complex numbers of the pairs along the last dimension (a copy, unlike PyTorch's view)."""
def view_as_real(input: Tensor, *, out: Any = None) -> Tensor:
    """Real and imaginary part along a new last dimension (a copy, unlike PyTorch's view)."""
def vsplit(input: Tensor, indices_or_sections: Any = None, *, out: Any = None, **other: Any) -> tuple[Tensor, ...]:
    """`tensor_split` along the dimension that the name says, into equal parts or at indices."""
def vstack(tensors: Sequence[Tensor], *, out: Any = None) -> Tensor:
    """The tensors on top of each other, vectors as rows."""
@overload
def where(condition: Tensor) -> tuple[Tensor, ...]:
    """Elements of `input` where `condition` holds, of `other` elsewhere; numbers are welcome.

    With the condition alone: the positions where it holds, a tensor per dimension.

    >>> import chainrule as cr
    >>> x = cr.tensor([-1.0, 2.0])
    >>> cr.where(x > 0, x, 0.0)
    tensor([0., 2.])
    """
@overload
def where(condition: Tensor, input: Operand, other: Operand, *, out: Tensor | None=None) -> Tensor: ...
def xlogy(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """x log(y), and 0 where x is 0.

    input: a tensor.
    other: a tensor of a shape that broadcasts with it, or a number.
    out: a tensor to write the result into.

    Returns a tensor of the shape that both broadcast to, of floats (integers become the default float).

    >>> import chainrule as cr
    >>> cr.xlogy(cr.tensor([0.0, 2.0]), cr.tensor([0.0, 3.0]))
    tensor([0.0000, 2.1972])
    """
def xlogy_(input: Tensor, other: Operand, *, out: Tensor | None = None) -> Tensor:
    """In-place version of `xlogy`."""
def zero_(self: Tensor) -> Tensor:
    """Overwrite every element by 0."""
def zeros(*size: builtins.int | Sequence[builtins.int], out: Tensor | None=None, dtype: _dtype | None=None, layout: Any=None, device: Any=None, requires_grad: builtins.bool=False, pin_memory: builtins.bool=False, memory_format: Any=None, generator: Any=None, names: Any=None) -> Tensor:
    """A tensor of the given size, full of zeros."""
def zeros_like(input: Tensor, *, dtype: Any = None, device: Any = None, layout: Any = None, requires_grad: builtins.bool = False, memory_format: Any = None, pin_memory: builtins.bool = False) -> Tensor:
    """A tensor of the shape and dtype of `input`, full of zeros."""
