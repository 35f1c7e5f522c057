"""chainrule: derivatives and gradient descent that show their work, in PyTorch's style, on NumPy alone.

>>> import chainrule as cr
>>> x = cr.tensor(5.0, requires_grad=True)
>>> y = x**2 - 4 * x + 5
>>> y.backward()
>>> x.grad
tensor(6.)
"""

from __future__ import annotations

import math as _math
import warnings as _warnings
from importlib import import_module as _import_module
from typing import Any as _Any

# Torch does not warn of overflow or of 1/0. NumPy's words of these, from the package's own lines alone, are not shown:
# np.errstate around each op would cost more than many ops. The user's own NumPy speaks, and so do other libraries.
_warnings.filterwarnings(
    "ignore", r"(divide by zero|overflow|underflow|invalid value) encountered", RuntimeWarning, r"chainrule\."
)

from chainrule import ops as _ops
from chainrule.api import (  # importing publishes functions and installs methods
    added_products as _added_products,
    arithmetic as _arithmetic,
    backward as _backward,
    building as _building,
    complexes as _complexes,
    converting as _converting,
    creation as _creation,
    cumulative as _cumulative,
    device as _device,
    indexing as _indexing,
    joining as _joining,
    legacy as _legacy,
    limits as _limits,
    masking as _masking,
    matrices as _matrices,
    operators as _operators,
    printing as _printing,
    products as _products,
    random as _random,
    ranges as _ranges,
    reductions as _reductions,
    repr as _repr,
    scattering as _scattering,
    settings as _settings,
    shaping as _shaping,
    slicing as _slicing,
    sorting as _sorting,
    statistics as _statistics,
    storage as _storage,
    tensor as _tensor,
)
from chainrule.api.backward import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from chainrule.api.device import device
from chainrule.api.layout import (
    channels_last,
    channels_last_3d,
    contiguous_format,
    layout,
    memory_format,
    preserve_format,
    strided,
)
from chainrule.api.printing import get_printoptions, set_printoptions
from chainrule.api.public import FUNCTIONS as _FUNCTIONS
from chainrule.api.random import default_generator
from chainrule.base import dtypes as _dtypes
from chainrule.base import errors as _errors
from chainrule.base.dtypes import dtype, get_default_dtype, set_default_dtype
from chainrule.base.shapes import Size
from chainrule.core import registry as _registry
from chainrule.core.tensor import Tensor
from chainrule.version import __version__

globals().update(_dtypes.NAMES)
globals().update(_FUNCTIONS)

pi, e, inf, nan = _math.pi, _math.e, _math.inf, _math.nan
newaxis = None
math = _math  # torch has it by accident, and notebooks say torch.math.pi


def _machine_code(*what: _Any) -> _Any:
    try:
        import llvmlite
    except ImportError:
        _registry.machine_code = None
        return None
    from chainrule.compiler.native.kernels import kernel

    _registry.machine_code = kernel
    return kernel(*what)


_registry.machine_code = _machine_code  # for long arrays, loaded where the first one comes


def is_tensor(obj: _Any) -> bool:
    """Whether an object is a tensor."""
    return isinstance(obj, Tensor)


_HOMES = {  # names that are imported where they are first used, by the module that has them
    "": """
        accelerator amp autograd backends compiler cuda descend distributions fft func functional jit linalg masked nn
        optim plot random run see serialization signal special types utils
    """,
    "amp": "autocast",
    "base.language": "language",
    "compiler": "compile",
    "descend": "minimize sweep",
    "descend.constraints": "Constraint",
    "fitting": "fit",
    "func": "value_and_grad vmap",
    "nn.functional": """
        adaptive_avg_pool1d avg_pool1d bilinear celu celu_ channel_shuffle conv1d conv2d conv3d conv_transpose1d
        conv_transpose2d conv_transpose3d cosine_similarity group_norm layer_norm max_pool1d max_pool2d max_pool3d
        pairwise_distance pixel_shuffle pixel_unshuffle rms_norm rrelu rrelu_ selu selu_ threshold threshold_
    """,
    "nn.functional.kernels": """
        alpha_dropout batch_norm constant_pad_nd dropout dropout_ embedding feature_alpha_dropout grid_sampler
        grid_sampler_2d grid_sampler_3d instance_norm native_batch_norm native_group_norm native_layer_norm
    """,
    "random": "fork_rng",
    "run": "stand_in",
    "see.check.checking": "check",
    "see.derive.formula": "derive",
    "see.exercise.ask": "exercise",
    "see.explain.story": "explain",
    "see.page": "page",
    "see.picture.drawing": "picture",
    "serialization": "load save",
    "signal": "bartlett_window blackman_window hamming_window hann_window kaiser_window",
}
_MODULES = {"plot": "see.plots"}  # modules that stand elsewhere than their names say
# not for those who look around
_ROOMS = {"annotations", "api", "base", "cli", "core", "descend", "fitting", "lite", "ops", "run", "see"}
_LATER = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> _Any:
    if name not in _LATER:
        raise AttributeError(_errors.missing("chainrule", name, __dir__()))
    home = _LATER[name]
    module = _import_module(f"chainrule.{home or _MODULES.get(name, name)}")
    found = globals()[name] = getattr(module, name) if home else module  # so that nobody asks here again
    return found


def __dir__() -> list[str]:
    return sorted({n for n in {*globals(), *_LATER} - _ROOMS if not n.startswith("_")} | {"__version__"})
