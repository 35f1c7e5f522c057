"""What a tensor says of itself, and its conversions: attributes, `.data`, `.grad`, `.item()`, `.numpy()`, `len`, ..."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from chainrule.api.device import CPU, device
from chainrule.api.layout import RANKS, last, strided, with_channels_last
from chainrule.api.public import install
from chainrule.base import dtypes, errors, memory
from chainrule.base.language import say
from chainrule.base.shapes import Size, dim_index, numel
from chainrule.core.op import REGISTRY
from chainrule.core.state import MODE, current
from chainrule.core.tape import Node, Watch, as_leaf, meet, numbers, payload, store
from chainrule.core.tensor import LEAF, Tensor, alias, new, shareable, stand_for, wrap

ndarray = np.ndarray
GRAD_OF_NONLEAF = (
    "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be "
    "populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf Tensor, "
    "use .retain_grad() on the non-leaf Tensor."
)


@install
class _Attributes:
    @property
    def shape(self: Tensor) -> Size:
        """The size of each dimension."""
        return Size(self._a.shape)

    @property
    def dtype(self: Tensor) -> dtypes.dtype:
        """The element type."""
        return dtypes.of(self._a.dtype)

    @property
    def ndim(self: Tensor) -> int:
        """The number of dimensions."""
        return len(self._a.shape)

    @property
    def device(self: Tensor) -> device:
        """Where the tensor lives: always the CPU."""
        return CPU

    @property
    def requires_grad(self: Tensor) -> bool:
        """Whether gradients flow to or through this tensor."""
        return self._g is not None

    @requires_grad.setter
    def requires_grad(self: Tensor, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self: Tensor, requires_grad: bool = True) -> Tensor:
        """Ask for gradients of this leaf (or stop asking), in place."""
        if isinstance(self._g, Node):
            if not requires_grad:
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables. If you want to use a computed variable "
                    "in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
                )
            return self
        if requires_grad and self._a.dtype.kind not in "fc":
            raise RuntimeError(errors.no_floats(self.dtype))
        if requires_grad and self._frozen:
            raise RuntimeError("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.")
        return as_leaf(self, requires_grad)

    @property
    def is_leaf(self: Tensor) -> bool:
        """Whether this tensor was not computed by a recorded operation."""
        return not isinstance(self._g, Node)

    @property
    def grad_fn(self: Tensor) -> Node | None:
        """The recorded operation that computed this tensor, or None."""
        g = self._g
        return g.named() if isinstance(g, Node) else None

    @property
    def grad(self: Tensor) -> Tensor | None:
        """The accumulated gradient of a leaf; None until a backward pass reached it."""
        g = self._grad
        meet(self)
        if g is None and isinstance(self._g, Node) and not self._retains:
            import warnings

            warnings.warn(GRAD_OF_NONLEAF, UserWarning, stacklevel=2)
        return g

    @grad.setter
    def grad(self: Tensor, value: Tensor | None) -> None:
        meet(self)
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(
                    f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}"
                )
            if value is self:
                raise RuntimeError("can't assign Variable as its own grad")
            if value._a.shape != self._a.shape:
                raise RuntimeError(
                    f"assigned grad has data of a different size: {list(value._a.shape)} for {list(self._a.shape)}"
                )
            if value._a.dtype != self._a.dtype:
                raise RuntimeError(f"assigned grad has data of a different type: {value.dtype} for {self.dtype}")
        self._grad = value

    @grad.deleter
    def grad(self: Tensor) -> None:
        meet(self)
        self._grad = None

    @property
    def data(self: Tensor) -> Tensor:
        """The same memory without history and with a version of its own: changes to it go unseen by backward."""
        t = new(Tensor)
        t._a = a = self._a
        t._g = t._v = None
        if type(a) is not ndarray:
            t._a = shareable(self)
        stand_for(t, self)
        return t

    @data.setter
    def data(self: Tensor, value: Tensor) -> None:
        if MODE.get() is not None and isinstance(value, Tensor) and tracing():
            store(self, payload(value))
            return
        if isinstance(value, Tensor) and value._a is self._a:  # x.data -= ...
            return
        if not isinstance(value, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        if value is not self:
            if self._g is not None and value._a.dtype.kind != "f":
                raise RuntimeError(
                    f"data set to a tensor that requires gradients must be floating point, not {value.dtype}"
                )
            self._a = value._a if type(value._a) is np.ndarray else shareable(value)

    def detach(self: Tensor) -> Tensor:
        """The same memory as a tensor without history, nor tangents; in-place changes are seen by both."""
        return alias(self)

    def detach_(self: Tensor) -> Tensor:
        """Cut this tensor from the graph that computed it, in place."""
        if self._base is not None:
            raise RuntimeError("Can't detach views in-place. Use detach() instead.")
        self._g = None
        return self

    def retain_grad(self: Tensor) -> None:
        """Keep the gradient of this non-leaf in `.grad`."""
        if self._g is None:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if isinstance(self._g, Node):
            self._g.watch = self._g.watch or Watch()
            self._g.watch.retain = weakref.ref(self)
            self._retains = True

    @property
    def retains_grad(self: Tensor) -> bool:
        """Whether this non-leaf keeps its gradient."""
        return self._retains

    @property
    def _version(self: Tensor) -> int:
        return self._v.count if self._v is not None else 0

    @property
    def T(self: Tensor) -> Tensor:
        """The tensor with its dimensions reversed."""
        return REGISTRY["permute"](self, dims=tuple(range(len(self._a.shape)))[::-1])

    @property
    def mT(self: Tensor) -> Tensor:
        """The tensor with its last two dimensions swapped."""
        n = len(self._a.shape)
        if n == 1:
            raise RuntimeError("tensor.mT is only supported on matrices or batches of matrices. Got 1-D tensor.")
        return REGISTRY["transpose"](self, dim0=-2, dim1=-1) if n else self

    @property
    def H(self: Tensor) -> Tensor:
        """The matrix transposed, its numbers conjugated."""
        n = len(self._a.shape)
        if n not in (0, 2):
            also = " For batches of matrices, consider using tensor.mH" if n > 2 else ""
            raise RuntimeError(f"tensor.H is only supported on matrices (2-D tensors). Got {n}-D tensor.{also}")
        return self.mT.conj()

    @property
    def mH(self: Tensor) -> Tensor:
        """`mT`, with the numbers conjugated."""
        if len(self._a.shape) == 1:
            raise RuntimeError("tensor.mH is only supported on matrices or batches of matrices. Got 1-D tensor.")
        return self.mT.conj()

    @property
    def itemsize(self: Tensor) -> int:
        """Bytes an element takes."""
        return int(self._a.dtype.itemsize)

    @property
    def nbytes(self: Tensor) -> int:
        """Bytes the elements take."""
        return int(self._a.nbytes)

    is_cuda = is_sparse = is_quantized = is_mkldnn = is_mps = is_meta = False
    layout = strided
    names = property(lambda self: (None,) * len(self._a.shape), doc="None for each dimension: they have no names here.")
    output_nr = property(lambda self: getattr(self._g, "index", 0), doc="Which result of its operation the tensor is.")
    _is_view = lambda self: self._base is not None  # noqa: E731

    def is_inference(self: Tensor) -> bool:
        """Whether it was made in inference mode."""
        return self._frozen

    def size(self: Tensor, dim: int | None = None) -> Any:
        """The shape, or the size of one dimension."""
        s = self._a.shape
        return Size(s) if dim is None else s[dim_index(dim, len(s))]

    def dim(self: Tensor) -> int:
        """The number of dimensions."""
        return len(self._a.shape)

    ndimension = dim

    def numel(self: Tensor) -> int:
        """The number of elements."""
        return numel(self._a.shape)

    nelement = numel

    def element_size(self: Tensor) -> int:
        """Bytes an element takes."""
        return int(self._a.dtype.itemsize)

    def is_floating_point(self: Tensor) -> bool:
        """Whether the elements are floats."""
        return bool(self._a.dtype.kind == "f")

    def is_complex(self: Tensor) -> bool:
        """Whether the elements are complex numbers."""
        return bool(self._a.dtype.kind == "c")

    def is_signed(self: Tensor) -> bool:
        """Whether the elements have a sign."""
        return bool(self._a.dtype.kind in "ifc")


@install
class _Memory:
    def stride(self: Tensor, dim: int | None = None) -> Any:
        """The steps in memory, in elements, from one index to the next."""
        a = np.asarray(self._a)
        steps = tuple(s // a.itemsize for s in a.strides)
        return steps if dim is None else steps[dim_index(dim, a.ndim)]

    def is_contiguous(self: Tensor, memory_format: Any = None) -> bool:
        """Whether the elements lie in memory in order, without gaps."""
        laid = _laid(self)
        if laid is not None and memory_format in RANKS:
            return laid.ndim == RANKS[memory_format] and memory.channels_last(laid)
        return laid is not None and bool(laid.flags.c_contiguous)

    def contiguous(self: Tensor, memory_format: Any = None) -> Tensor:
        """The tensor itself if its elements lie in order, else a copy in which they do."""
        laid = _laid(self)
        if last(memory_format, self._a.shape):
            return self if self.is_contiguous(memory_format) else with_channels_last(self)  # type: ignore
        if laid is None:  # a reshape is a view where it can be
            return REGISTRY["reshape"](self, shape=tuple(self._a.shape))  # type: ignore[no-any-return]
        return self if laid.flags.c_contiguous else REGISTRY["clone"](self)  # type: ignore[no-any-return]

    def data_ptr(self: Tensor) -> int:
        """The address of the first element."""
        return int(shareable(self).__array_interface__["data"][0])


@install
class _Conversions:
    def item(self: Tensor) -> Any:
        """The only element as a Python number."""
        a = numbers(self) if tracing() else self._a
        if type(a) is not np.ndarray or a.size == 1:
            return a.item()
        raise RuntimeError(errors.many_elements(a.size, True))

    def tolist(self: Tensor) -> Any:
        """The elements as nested lists of Python numbers."""
        return (numbers(self) if tracing() else self._a).tolist()

    def numpy(self: Tensor, *, force: bool = False) -> np.ndarray[Any, Any]:
        """The elements as a NumPy array that shares the tensor's memory."""
        if self._g is not None and not force:
            raise RuntimeError(errors.NUMPY_OF_GRAD)
        a = payload(self) if tracing() else shareable(self)
        return a if isinstance(a, np.ndarray) else np.asarray(a)  # which a graph's value refuses

    def __array__(self: Tensor, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if self._g is not None:
            raise RuntimeError(f"{errors.NUMPY_OF_GRAD} {errors.numpy_called()}")
        a = self.numpy()
        return np.array(a, dtype, copy=copy) if copy is not None else np.asarray(a, dtype)

    __array_priority__ = 1000  # so that ndarray * tensor asks the tensor

    def __array_wrap__(self: Tensor, array: Any, context: Any = None, return_scalar: bool = False) -> Tensor:
        return wrap(np.asarray(array))

    def __float__(self: Tensor) -> float:
        return float(_scalar(self))

    def __int__(self: Tensor) -> int:
        return int(_scalar(self))

    def __complex__(self: Tensor) -> complex:
        return complex(_scalar(self))

    def __index__(self: Tensor) -> int:
        a = self._a
        if a.dtype.kind not in "iu" or a.size != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(a.item())

    def __bool__(self: Tensor) -> bool:
        a = payload(self)
        if type(a) is np.ndarray and a.size != 1:
            raise RuntimeError(
                "Boolean value of Tensor with no values is ambiguous"
                if a.size == 0
                else f"Boolean value of Tensor with more than one value is ambiguous (shape {list(a.shape)}); "
                + say("use .any() or .all()")
            )
        return bool(a)

    def __len__(self: Tensor) -> int:
        if not self._a.shape:
            raise TypeError("len() of a 0-d tensor")
        return int(self._a.shape[0])

    def __contains__(self: Tensor, x: Any) -> bool:
        return bool(np.any(numbers(self) == numbers(x)))

    def __hash__(self: Tensor) -> int:
        return id(self)

    def __reversed__(self: Tensor) -> Tensor:
        return REGISTRY["flip"](self, dims=tuple(range(len(self._a.shape)))) if self._a.shape else self

    def __deepcopy__(self: Tensor, memo: dict[int, Any]) -> Tensor:
        if isinstance(self._g, Node):
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the "
                "moment."
            )
        copy = type(self).__new__(type(self)) if type(self) is not Tensor else wrap(None)
        copy.__dict__.update({k: v for k, v in self.__dict__.items() if k not in ("_v", "_views", "_base", "_path")})
        copy._a, copy._v = self._a.copy(), None
        copy._grad = self._grad.__deepcopy__(memo) if self._grad is not None else None
        memo[id(self)] = copy
        return copy

    def __reduce__(self: Tensor) -> Any:
        if isinstance(self._g, Node):
            raise RuntimeError("Only graph leaves can be pickled; detach() the tensor first.")
        return _rebuild, (type(self), np.asarray(self._a), self._g is not None)


def _laid(x: Tensor) -> Any:
    """An array laid out in memory as x is; None where a trace does not know."""
    trace = current().trace
    return x._a if trace is None else trace.layout(x)


def _rebuild(cls: type, a: Any, requires_grad: bool) -> Tensor:
    t = wrap(a)
    if cls is not Tensor:
        t.__class__ = cls
    t._g = LEAF if requires_grad else None
    return t


def _scalar(x: Tensor) -> Any:
    a = payload(x)
    if type(a) is np.ndarray:
        if a.size != 1:
            raise ValueError(errors.many_elements(a.size, False))
        return a.item()
    return a if isinstance(a, np.generic) else numbers(x).item()


def tracing() -> bool:
    """Whether operations are being traced."""
    m = MODE.get()
    return m is not None and m.trace is not None
