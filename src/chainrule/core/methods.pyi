"""Written by tools/stubs.py (`make stubs`) from what the package publishes: change that, not this."""

from chainrule.api.device import device as _device
from chainrule.api.layout import layout as _layout
from chainrule.api.reductions import Dim
from chainrule.api.storage import TypedStorage
from chainrule.api.storage import UntypedStorage
from chainrule.base import dtypes
from chainrule.base.dtypes import dtype as _dtype
from chainrule.base.shapes import Size
from chainrule.core.tape import Node
from chainrule.core.tape import Removable
from chainrule.core.tensor import Operand
from chainrule.core.tensor import Tensor
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from typing import Any
from typing import Literal
from typing import NamedTuple
from typing import overload
import builtins
import numpy as np

class ValuesIndices(NamedTuple):
    values: Tensor
    indices: Tensor

class MinMax(NamedTuple):
    min: Tensor
    max: Tensor

class SignLogabsdet(NamedTuple):
    sign: Tensor
    logabsdet: Tensor
class Methods:
    """All that can be asked of a tensor."""

    def __init__(self, *args: Any, **kwargs: Any) -> None: ...
    def __abs__(self) -> Tensor:
        """The absolute value of each element."""
    def __add__(self, other: Operand) -> Tensor:
        """`self + other`."""
    def __and__(self, other: Operand) -> Tensor:
        """`self & other`."""
    def __array__(self, dtype: Any = None, copy: builtins.bool | None = None) -> np.ndarray[Any, Any]: ...
    __array_priority__: builtins.int
    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: builtins.bool = False) -> Tensor: ...
    def __bool__(self) -> builtins.bool: ...
    def __complex__(self) -> complex: ...
    def __contains__(self, x: Any) -> builtins.bool: ...
    def __deepcopy__(self, memo: dict[builtins.int, Any]) -> Tensor: ...
    def __dir__(self) -> list[str]:
        """Default dir() implementation."""
    def __eq__(self, other: object) -> Tensor: ...  # type: ignore[override]
    def __float__(self) -> builtins.float: ...
    def __floordiv__(self, other: Operand) -> Tensor:
        """`self // other`."""
    def __format__(self, spec: str) -> str:
        """Default object formatter."""
    def __ge__(self, other: Operand) -> Tensor:
        """`self >= other`."""
    def __getitem__(self, index: Any) -> Tensor:
        """The chosen elements: a view for numbers, slices, None and `...`; a copy for arrays of positions and masks."""
    def __gt__(self, other: Operand) -> Tensor:
        """`self > other`."""
    def __hash__(self) -> builtins.int:
        """Return hash(self)."""
    def __iadd__(self, y: Operand) -> Tensor:
        """`self += other`."""
    def __iand__(self, other: Operand) -> Tensor:
        """`self &= other`."""
    def __ifloordiv__(self, other: Operand) -> Tensor:
        """`self //= other`."""
    def __ilshift__(self, other: Operand) -> Tensor:
        """`self <<= other`."""
    def __imatmul__(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `matmul`."""
    def __imod__(self, other: Operand) -> Tensor:
        """`self %= other`."""
    def __imul__(self, y: Operand) -> Tensor:
        """`self *= other`."""
    def __index__(self) -> builtins.int: ...
    def __int__(self) -> builtins.int: ...
    def __invert__(self, *, out: Tensor | None = None) -> Tensor:
        """The bits of each integer (or truth value), each turned over."""
    def __ior__(self, other: Operand) -> Tensor:
        """`self |= other`."""
    def __ipow__(self, other: Operand) -> Tensor:
        """`self **= other`."""
    def __irshift__(self, other: Operand) -> Tensor:
        """`self >>= other`."""
    def __isub__(self, y: Operand) -> Tensor:
        """`self -= other`."""
    def __iter__(self) -> Iterator[Tensor]:
        """self[0], self[1], ... as `_getitem` gives them one by one; what they share is asked once."""
    def __itruediv__(self, y: Operand) -> Tensor:
        """`self /= other`."""
    def __ixor__(self, other: Operand) -> Tensor:
        """`self ^= other`."""
    def __le__(self, other: Operand) -> Tensor:
        """`self <= other`."""
    def __len__(self) -> builtins.int: ...
    def __lshift__(self, other: Operand) -> Tensor:
        """`self << other`."""
    def __lt__(self, other: Operand) -> Tensor:
        """`self < other`."""
    def __matmul__(self, other: Tensor | np.ndarray[Any, Any]) -> Tensor: ...
    def __mod__(self, other: Operand) -> Tensor:
        """`self % other`."""
    def __mul__(self, other: Operand) -> Tensor:
        """`self * other`."""
    def __ne__(self, other: object) -> Tensor: ...  # type: ignore[override]
    def __neg__(self) -> Tensor:
        """The elements with their signs changed."""
    def __or__(self, other: Operand) -> Tensor:
        """`self | other`."""
    def __pos__(self) -> Tensor:
        """`+self`."""
    def __pow__(self, other: Operand) -> Tensor:
        """`self ** other`."""
    def __radd__(self, other: Operand) -> Tensor:
        """`other + self`."""
    def __rand__(self, other: Operand) -> Tensor:
        """`other & self`."""
    def __reversed__(self) -> Tensor: ...
    def __rfloordiv__(self, other: Operand) -> Tensor:
        """`other // self`."""
    def __rlshift__(self, other: Operand) -> Tensor:
        """`other << self`."""
    def __rmatmul__(self, other: Tensor | np.ndarray[Any, Any]) -> Tensor: ...
    def __rmod__(self, other: Operand) -> Tensor:
        """`other % self`."""
    def __rmul__(self, other: Operand) -> Tensor:
        """`other * self`."""
    def __ror__(self, other: Operand) -> Tensor:
        """`other | self`."""
    def __rpow__(self, other: Operand) -> Tensor:
        """`other ** self`."""
    def __rrshift__(self, other: Operand) -> Tensor:
        """`other >> self`."""
    def __rshift__(self, other: Operand) -> Tensor:
        """`self >> other`."""
    def __rsub__(self, other: Operand) -> Tensor:
        """`other - self`."""
    def __rtruediv__(self, other: Operand) -> Tensor:
        """`other / self`."""
    def __rxor__(self, other: Operand) -> Tensor:
        """`other ^ self`."""
    def __setitem__(self, index: Any, value: Any) -> None:
        """Write into the chosen elements, in place; gradients flow to `value`, and none to what it replaced."""
    def __sub__(self, other: Operand) -> Tensor:
        """`self - other`."""
    def __truediv__(self, other: Operand) -> Tensor:
        """`self / other`."""
    def __xor__(self, other: Operand) -> Tensor:
        """`self ^ other`."""
    def abs(self) -> Tensor:
        """The absolute value of each element."""
    def abs_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `abs`."""
    def absolute(self) -> Tensor:
        """The absolute value of each element."""
    def absolute_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `absolute`."""
    def acos(self) -> Tensor:
        """The angle, in radians, whose cosine each element is; NaN outside of [-1, 1]."""
    def acos_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `acos`."""
    def acosh(self) -> Tensor:
        """The number, from 0 up, whose hyperbolic cosine each element is; NaN below 1."""
    def acosh_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `acosh`."""
    def add(self, other: Any, *, alpha: builtins.float = 1, out: Tensor | None = None) -> Tensor:
        """`input + alpha * other`, broadcast."""
    def add_(self, other: Any, *, alpha: builtins.float = 1) -> Tensor:
        """In-place version of `add`."""
    def addbmm(self, batch1: Tensor, batch2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1, out: Any = None) -> Tensor:
        """beta * input + alpha * (the sum of the products of two stacks of matrices)."""
    def addbmm_(self, batch1: Tensor, batch2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1) -> Tensor:
        """In-place version of `addbmm`."""
    def addcdiv(self, tensor1: Tensor, tensor2: Tensor, *, value: builtins.float = 1, out: Any = None) -> Tensor:
        """`input + value * tensor1 / tensor2`."""
    def addcdiv_(self, tensor1: Tensor, tensor2: Tensor, *, value: builtins.float = 1) -> Tensor:
        """In-place version of `addcdiv`."""
    def addcmul(self, tensor1: Tensor, tensor2: Tensor, *, value: builtins.float = 1, out: Any = None) -> Tensor:
        """`input + value * tensor1 * tensor2`."""
    def addcmul_(self, tensor1: Tensor, tensor2: Tensor, *, value: builtins.float = 1) -> Tensor:
        """In-place version of `addcmul`."""
    def addmm(self, mat1: Tensor, mat2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1, out: Any = None) -> Tensor:
        """beta * input + alpha * (mat1 @ mat2); `input` is broadcast to the product's shape."""
    def addmm_(self, mat1: Tensor, mat2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1) -> Tensor:
        """In-place version of `addmm`."""
    def addmv(self, mat: Tensor, vec: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1, out: Any = None) -> Tensor:
        """beta * input + alpha * (mat @ vec)."""
    def addmv_(self, mat: Tensor, vec: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1) -> Tensor:
        """In-place version of `addmv`."""
    def addr(self, vec1: Tensor, vec2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1, out: Any = None) -> Tensor:
        """beta * input + alpha * outer(vec1, vec2)."""
    def addr_(self, vec1: Tensor, vec2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1) -> Tensor:
        """In-place version of `addr`."""
    def adjoint(self, *, out: Any = None) -> Tensor:
        """The last two dimensions swapped (the conjugate transpose of a complex matrix)."""
    def all(self, dim: Dim = None, keepdim: builtins.bool = False, *, axis: Dim = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
        """Whether all elements, or all along `dim`, are nonzero."""
    def allclose(self, other: Tensor, rtol: builtins.float = 1e-05, atol: builtins.float = 1e-08, equal_nan: builtins.bool = False) -> builtins.bool:
        """Whether all elements are close; see `isclose`."""
    def amax(self, dim: Dim = None, keepdim: builtins.bool = False, *, axis: Dim = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
        """The maximum along one or several dimensions; equal elements share the gradient."""
    def amin(self, dim: Dim = None, keepdim: builtins.bool = False, *, axis: Dim = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
        """The minimum along one or several dimensions; equal elements share the gradient."""
    def aminmax(self, *, dim: builtins.int | None=None, keepdim: builtins.bool=False, axis: builtins.int | None=None, keepdims: builtins.bool=False, out: Any=None) -> MinMax:
        """The named tuple (min, max) of all elements, or along one dimension."""
    def angle(self, *, out: Any = None) -> Tensor:
        """The angle from the positive real axis, in radians."""
    def any(self, dim: Dim = None, keepdim: builtins.bool = False, *, axis: Dim = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
        """Whether any element, or any along `dim`, is nonzero."""
    def apply_(self, callable: Callable[[Any], Any]) -> Tensor:
        """Replace each element by a function of it, in place. Slow, and without a gradient."""
    def arccos(self) -> Tensor:
        """The angle, in radians, whose cosine each element is; NaN outside of [-1, 1]."""
    def arccos_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `arccos`."""
    def arccosh(self) -> Tensor:
        """The number, from 0 up, whose hyperbolic cosine each element is; NaN below 1."""
    def arccosh_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `arccosh`."""
    def arcsin(self) -> Tensor:
        """The angle, in radians, whose sine each element is; NaN outside of [-1, 1]."""
    def arcsin_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `arcsin`."""
    def arcsinh(self) -> Tensor:
        """The number whose hyperbolic sine each element is."""
    def arcsinh_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `arcsinh`."""
    def arctan(self) -> Tensor:
        """The angle, in radians, whose tangent each element is."""
    def arctan2(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """The angle of the point (other, input), in radians from -pi to pi."""
    def arctan2_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `arctan2`."""
    def arctan_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `arctan`."""
    def arctanh(self) -> Tensor:
        """The number whose hyperbolic tangent each element is; NaN outside of [-1, 1]."""
    def arctanh_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `arctanh`."""
    def argmax(self, dim: builtins.int | None = None, keepdim: builtins.bool = False, *, axis: builtins.int | None = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
        """Where the maximum is: in the flattened tensor, or along `dim`; the first of equal ones."""
    def argmin(self, dim: builtins.int | None = None, keepdim: builtins.bool = False, *, axis: builtins.int | None = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
        """Where the minimum is: in the flattened tensor, or along `dim`; the first of equal ones."""
    def argsort(self, dim: builtins.int = -1, descending: builtins.bool = False, *, stable: builtins.bool = True, axis: builtins.int = -1, out: Any = None) -> Tensor:
        """The indices that sort along `dim`."""
    def argwhere(self, *, out: Any = None) -> Tensor:
        """The indices of the elements that are not zero, a row for each."""
    def as_strided(self, size: Sequence[builtins.int], stride: Sequence[builtins.int], storage_offset: builtins.int | None = None, *, out: Any = None) -> Tensor:
        """A view with any sizes and strides (in elements) into the memory of a tensor."""
    def as_strided_(self, *args: Any, _name: str = 'as_strided_', **kwargs: Any) -> Tensor:
        """`as_strided` in place: the tensor itself gets the new shape."""
    def as_strided_scatter(self, src: Tensor, size: Sequence[builtins.int], stride: Sequence[builtins.int], storage_offset: builtins.int | None = None, *, out: Any = None) -> Tensor:
        """A copy with `src` in place of `input.as_strided(size, stride, storage_offset)`."""
    def asin(self) -> Tensor:
        """The angle, in radians, whose sine each element is; NaN outside of [-1, 1]."""
    def asin_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `asin`."""
    def asinh(self) -> Tensor:
        """The number whose hyperbolic sine each element is."""
    def asinh_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `asinh`."""
    def atan(self) -> Tensor:
        """The angle, in radians, whose tangent each element is."""
    def atan2(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """The angle of the point (other, input), in radians from -pi to pi."""
    def atan2_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `atan2`."""
    def atan_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `atan`."""
    def atanh(self) -> Tensor:
        """The number whose hyperbolic tangent each element is; NaN outside of [-1, 1]."""
    def atanh_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `atanh`."""
    def backward(self, gradient: Any = None, retain_graph: builtins.bool | None = None, create_graph: builtins.bool = False, inputs: Any = None) -> None:
        """Add the gradients of this tensor to the `.grad` of the leaves it was computed from."""
    def baddbmm(self, batch1: Tensor, batch2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1, out: Any = None) -> Tensor:
        """beta * input + alpha * bmm(batch1, batch2)."""
    def baddbmm_(self, batch1: Tensor, batch2: Tensor, *, beta: builtins.float = 1, alpha: builtins.float = 1) -> Tensor:
        """In-place version of `baddbmm`."""
    def bernoulli(self, p: builtins.float | None = None, *, generator: Any = None, out: Any = None) -> Tensor:
        """0s and 1s, 1 with the probability that `input` holds at that place (or p)."""
    def bernoulli_(self, p: Any = 0.5, *, generator: Any = None) -> Tensor:
        """Fill with 0s and 1s, 1 with probability p (a number, or a tensor of probabilities)."""
    def bfloat16(self, memory_format: Any = None) -> Tensor:
        """This tensor as bfloat16."""
    def bincount(self, weights: Tensor | None = None, minlength: builtins.int = 0, *, out: Any = None) -> Tensor:
        """How often each number from 0 on occurs in a 1-d tensor of non-negative integers, or the sum of its weights."""
    def bitwise_and(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """The bits of two integers (or two truth values) joined by and."""
    def bitwise_and_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `bitwise_and`."""
    def bitwise_left_shift(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """The bits of each integer, moved `other` places up."""
    def bitwise_left_shift_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `bitwise_left_shift`."""
    def bitwise_not(self, *, out: Tensor | None = None) -> Tensor:
        """The bits of each integer (or truth value), each turned over."""
    def bitwise_not_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `bitwise_not`."""
    def bitwise_or(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """The bits of two integers (or two truth values) joined by or."""
    def bitwise_or_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `bitwise_or`."""
    def bitwise_right_shift(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """The bits of each integer, moved `other` places down."""
    def bitwise_right_shift_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `bitwise_right_shift`."""
    def bitwise_xor(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """The bits of two integers (or two truth values) joined by exclusive or."""
    def bitwise_xor_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `bitwise_xor`."""
    def bmm(self, mat2: Tensor, *, out: Any = None) -> Tensor:
        """The products of two stacks of matrices, (b, n, k) and (b, k, m)."""
    def bool(self, memory_format: Any = None) -> Tensor:
        """This tensor as bool."""
    def broadcast_to(self, *size: Any, shape: Any = None, out: Any = None) -> Tensor:
        """Expanded to a shape, by the rules of broadcasting."""
    def byte(self, memory_format: Any = None) -> Tensor:
        """This tensor as uint8."""
    def cauchy_(self, median: builtins.float = 0.0, sigma: builtins.float = 1.0, *, generator: Any = None) -> Tensor:
        """Fill with Cauchy distributed numbers."""
    def ceil(self) -> Tensor:
        """The smallest whole number that is not below each element."""
    def ceil_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `ceil`."""
    def char(self, memory_format: Any = None) -> Tensor:
        """This tensor as int8."""
    def cholesky(self, upper: builtins.bool = False, *, out: Any = None) -> Tensor:
        """The Cholesky factor of a symmetric positive-definite matrix; see `linalg.cholesky`."""
    def cholesky_inverse(self, upper: builtins.bool = False, *, out: Any = None) -> Tensor:
        """The inverse of A, given its Cholesky factor L (its transpose if `upper`)."""
    def cholesky_solve(self, L: Tensor, upper: builtins.bool = False, *, out: Any = None) -> Tensor:
        """The solution X of A X = B, given the Cholesky factor L of A (its transpose if `upper`)."""
    def chunk(self, chunks: builtins.int, dim: builtins.int = 0, *, axis: builtins.int = 0, out: Any = None) -> tuple[Tensor, ...]:
        """Cut along `dim` into at most `chunks` views of equal size; the last may be smaller."""
    def clamp(self, min: Any = None, max: Any = None, *, out: Any = None) -> Tensor:
        """Each element, raised to `min` and then lowered to `max`."""
    def clamp_(self, min: Any = None, max: Any = None) -> Tensor:
        """In-place version of `clamp`."""
    def clamp_max(self, max: Any, *, out: Any = None) -> Tensor:
        """The smaller of each element and `max`, a number or a tensor."""
    def clamp_max_(self, max: Any) -> Tensor:
        """In-place version of `clamp_max`."""
    def clamp_min(self, min: Any, *, out: Any = None) -> Tensor:
        """The larger of each element and `min`, a number or a tensor."""
    def clamp_min_(self, min: Any) -> Tensor:
        """In-place version of `clamp_min`."""
    def clip(self, min: Any = None, max: Any = None, *, out: Any = None) -> Tensor:
        """Each element, raised to `min` and then lowered to `max`."""
    def clip_(self, min: Any = None, max: Any = None) -> Tensor:
        """In-place version of `clip`."""
    def clone(self, *, memory_format: Any = None, out: Any = None) -> Tensor:
        """A copy with the tensor's history: gradients flow through it."""
    def conj(self, *, out: Any = None) -> Tensor:
        """The conjugate; a real tensor is its own."""
    def conj_physical(self, *, out: Any = None) -> Tensor:
        """The conjugate; a real tensor is its own."""
    def contiguous(self, memory_format: Any = None) -> Tensor:
        """The tensor itself if its elements lie in order, else a copy in which they do."""
    def copy_(self, src: Any, non_blocking: builtins.bool = False) -> Tensor:
        """Overwrite the elements by those of `src`, broadcast to this shape and converted to this dtype."""
    def copysign(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """The size of `input` with the sign of `other`."""
    def copysign_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `copysign`."""
    def corrcoef(self, *, out: Any = None) -> Tensor:
        """The correlation matrix of variables (rows) by observations (columns)."""
    def cos(self) -> Tensor:
        """The cosine of each element, in radians."""
    def cos_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `cos`."""
    def cosh(self) -> Tensor:
        """The hyperbolic cosine of each element."""
    def cosh_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `cosh`."""
    def count_nonzero(self, dim: Dim = None, *, axis: Dim = None, out: Any = None) -> Tensor:
        """How many elements are not zero."""
    def cov(self, *, correction: builtins.int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None, out: Any = None) -> Tensor:
        """The covariance matrix of variables (rows) by observations (columns)."""
    def cpu(self, memory_format: Any = None) -> Tensor:
        """This tensor: it is there already."""
    def cross(self, other: Tensor, dim: builtins.int | None = None, *, axis: builtins.int | None = None, out: Any = None) -> Tensor:
        """The cross products of vectors of length 3 along a dimension (by default the first of size 3)."""
    def cuda(self, *_: Any, **__: Any) -> Tensor:
        """Refuses: there is no GPU here."""
    def cummax(self, dim: builtins.int, *, out: Any=None) -> ValuesIndices:
        """The named tuple (values, indices) of the running maximum along `dim`, of ties the last."""
    def cummin(self, dim: builtins.int, *, out: Any=None) -> ValuesIndices:
        """The named tuple (values, indices) of the running minimum along `dim`, of ties the last."""
    def cumprod(self, dim: builtins.int, *, dtype: _dtype | None = None, out: Any = None) -> Tensor:
        """The running product along `dim`."""
    def cumprod_(self, dim: builtins.int, *, dtype: _dtype | None = None) -> Tensor:
        """In-place version of `cumprod`."""
    def cumsum(self, dim: builtins.int, *, dtype: _dtype | None = None, out: Any = None) -> Tensor:
        """The running sum along `dim`."""
    def cumsum_(self, dim: builtins.int, *, dtype: _dtype | None = None) -> Tensor:
        """In-place version of `cumsum`."""
    def data_ptr(self) -> builtins.int:
        """The address of the first element."""
    def deg2rad(self) -> Tensor:
        """Degrees as radians."""
    def deg2rad_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `deg2rad`."""
    def det(self, *, out: Any = None) -> Tensor:
        """The determinants of square matrices. Its gradient is right for singular matrices too."""
    def detach(self) -> Tensor:
        """The same memory as a tensor without history, nor tangents; in-place changes are seen by both."""
    def detach_(self) -> Tensor:
        """Cut this tensor from the graph that computed it, in place."""
    def diag(self, diagonal: builtins.int = 0, *, out: Any = None) -> Tensor:
        """The diagonal of a matrix as a vector, or a matrix with a vector on its diagonal."""
    def diag_embed(self, offset: builtins.int = 0, dim1: builtins.int = -2, dim2: builtins.int = -1, *, out: Any = None) -> Tensor:
        """The last dimension put on the diagonal of a new plane of zeros."""
    def diagflat(self, offset: builtins.int = 0, *, out: Any = None) -> Tensor:
        """A matrix with all elements, in order, on its diagonal."""
    def diagonal(self, offset: builtins.int = 0, dim1: builtins.int = 0, dim2: builtins.int = 1, *, out: Any = None) -> Tensor:
        """The diagonal of the plane of two dimensions as a new last dimension; a view."""
    def diagonal_scatter(self, src: Tensor, offset: builtins.int = 0, dim1: builtins.int = 0, dim2: builtins.int = 1, *, out: Any = None) -> Tensor:
        """A copy with `src` in place of `input.diagonal(offset, dim1, dim2)`."""
    def diff(self, n: builtins.int = 1, dim: builtins.int = -1, prepend: Tensor | None = None, append: Tensor | None = None, *, axis: builtins.int = -1, out: Any = None) -> Tensor:
        """The differences of neighbours along `dim`, taken `n` times; `prepend` and `append` are joined on first."""
    def digamma(self) -> Tensor:
        """The slope of the logarithm of the gamma function."""
    def digamma_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `digamma`."""
    def dim(self) -> builtins.int:
        """The number of dimensions."""
    def dim_order(self) -> tuple[builtins.int, ...]:
        """The dimensions from the one with the widest steps in memory to the narrowest."""
    def dist(self, other: Tensor, p: builtins.float = 2, *, out: Any = None) -> Tensor:
        """The p-norm of the difference of two tensors, which broadcast."""
    def div(self, other: Any, *, rounding_mode: str | None = None, out: Tensor | None = None) -> Tensor:
        """`input / other`, broadcast."""
    def div_(self, other: Any, *, rounding_mode: str | None = None) -> Tensor:
        """In-place version of `div`."""
    def divide(self, other: Any, *, rounding_mode: str | None = None, out: Tensor | None = None) -> Tensor:
        """`input / other`, broadcast."""
    def divide_(self, other: Any, *, rounding_mode: str | None = None) -> Tensor:
        """In-place version of `divide`."""
    def dot(self, tensor: Tensor, *, out: Any = None) -> Tensor:
        """The inner product of two vectors of the same length."""
    def double(self, memory_format: Any = None) -> Tensor:
        """This tensor as float64."""
    def dsplit(self, indices_or_sections: Any = None, *, out: Any = None, **other: Any) -> tuple[Tensor, ...]:
        """`tensor_split` along the dimension that the name says, into equal parts or at indices."""
    def eig(self, **kwargs: Any) -> Any:
        """Removed from PyTorch in version 1.9: it raises, and says what to write instead."""
    def element_size(self) -> builtins.int:
        """Bytes an element takes."""
    def eq(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """Whether each element of `input` is equal to that of `other`."""
    def eq_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `eq`."""
    def equal(self, other: Tensor) -> builtins.bool:
        """Whether two tensors have the same shape and the same elements."""
    def erf(self) -> Tensor:
        """The error function, 2/sqrt(pi) times the integral of exp(-t**2) from 0 to x."""
    def erf_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `erf`."""
    def erfc(self) -> Tensor:
        """1 - erf(x), exact to the last digits where erf is near 1."""
    def erfc_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `erfc`."""
    def erfinv(self) -> Tensor:
        """The number whose error function each element is; NaN outside of [-1, 1]."""
    def erfinv_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `erfinv`."""
    def exp(self) -> Tensor:
        """e to the power of each element."""
    def exp2(self) -> Tensor:
        """2 to the power of each element."""
    def exp2_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `exp2`."""
    def exp_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `exp`."""
    def expand(self, *sizes: Any, size: Any = None, implicit: builtins.bool = False, out: Any = None) -> Tensor:
        """Dimensions of size 1 stretched to the given sizes without a copy; -1 keeps a size. New dimensions go in front."""
    def expand_as(self, other: Tensor, *, out: Any = None) -> Tensor:
        """Expanded to the shape of `other`."""
    def expm1(self) -> Tensor:
        """exp(x) - 1, exact to the last digits near 0."""
    def expm1_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `expm1`."""
    def exponential_(self, lambd: builtins.float = 1.0, *, generator: Any = None) -> Tensor:
        """Fill with exponentially distributed numbers of rate `lambd`."""
    def fill_(self, value: Any) -> Tensor:
        """Overwrite every element by a number or a 0-d tensor."""
    def fill_diagonal_(self, fill_value: builtins.float, wrap: builtins.bool = False) -> Tensor:
        """Overwrite the main diagonal; with `wrap`, begin again after every N rows of a tall matrix."""
    def fix(self) -> Tensor:
        """Each element without its fraction, rounded towards 0."""
    def fix_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `fix`."""
    def flatten(self, start_dim: builtins.int = 0, end_dim: builtins.int = -1, *, out: Any = None) -> Tensor:
        """The dimensions from `start_dim` to `end_dim` as one."""
    def flip(self, *dims: Any, out: Any = None, **named_dims: Any) -> Tensor:
        """A copy with the order reversed in the given dimensions."""
    def fliplr(self, *, out: Any = None) -> Tensor:
        """Reversed from left to right, in dimension 1."""
    def flipud(self, *, out: Any = None) -> Tensor:
        """Reversed upside down, in dimension 0."""
    def float(self, memory_format: Any = None) -> Tensor:
        """This tensor as float32."""
    def float_power(self, exponent: Any, *, out: Tensor | None = None) -> Tensor:
        """`input ** exponent` in float64."""
    def float_power_(self, exponent: Any) -> Tensor:
        """In-place version of `float_power`."""
    def floor(self) -> Tensor:
        """The greatest whole number that is not above each element."""
    def floor_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `floor`."""
    def floor_divide(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """The quotient, rounded down."""
    def floor_divide_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `floor_divide`."""
    def fmax(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """The greater of two elements; of a number and NaN the number."""
    def fmin(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """The smaller of two elements; of a number and NaN the number."""
    def fmod(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """What is left of a division rounded towards 0; it has the sign of `input`."""
    def fmod_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `fmod`."""
    def frac(self) -> Tensor:
        """The fraction of each element, with its sign."""
    def frac_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `frac`."""
    def frexp(self, *, out: Any=None) -> tuple[Tensor, Tensor]:
        """A mantissa between 0.5 and 1 in magnitude and an integer exponent, `input == mantissa * 2**exponent`."""
    def gather(self, dim: builtins.int, index: Tensor, *, sparse_grad: builtins.bool = False, out: Any = None) -> Tensor:
        """Elements picked along one dimension: `out[i][j] = input[index[i][j]][j]` for dim 0."""
    def gcd(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """The greatest common divisor of two integers."""
    def gcd_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `gcd`."""
    def ge(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """Whether each element of `input` is at least that of `other`."""
    def ge_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `ge`."""
    def geometric_(self, p: builtins.float, *, generator: Any = None) -> Tensor:
        """Fill with geometrically distributed numbers."""
    def ger(self, vec2: Tensor, *, out: Any = None) -> Tensor:
        """The matrix of all products of elements of two vectors."""
    def get_device(self) -> builtins.int:
        """-1: the number of the CPU."""
    def greater(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """Whether each element of `input` is greater than that of `other`."""
    def greater_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `greater`."""
    def greater_equal(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """Whether each element of `input` is at least that of `other`."""
    def greater_equal_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `greater_equal`."""
    def gt(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """Whether each element of `input` is greater than that of `other`."""
    def gt_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `gt`."""
    def half(self, memory_format: Any = None) -> Tensor:
        """This tensor as float16."""
    def hardshrink(self, lambd: builtins.float = 0.5, *, out: Any = None) -> Tensor:
        """Each element, but 0 for those within `lambd` of 0."""
    def heaviside(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """0 below 0, 1 above, and `other` at 0: the unit step."""
    def heaviside_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `heaviside`."""
    def histc(self, bins: builtins.int = 100, min: builtins.float = 0, max: builtins.float = 0, *, out: Any = None) -> Tensor:
        """How many elements fall in each of `bins` equal steps from `min` to `max` (of the data, if both are equal)."""
    def histogram(self, bins: Any, *, range: Sequence[builtins.float] | None = None, weight: Tensor | None = None, density: builtins.bool = False, out: Any = None) -> Any:
        """The named tuple (hist, bin_edges): counts, or sums of weights, between edges that are given or equally spaced."""
    def hsplit(self, indices_or_sections: Any = None, *, out: Any = None, **other: Any) -> tuple[Tensor, ...]:
        """`tensor_split` along the dimension that the name says, into equal parts or at indices."""
    def hypot(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """sqrt(x**2 + y**2), without overflow."""
    def hypot_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `hypot`."""
    def i0(self) -> Tensor:
        """The modified Bessel function of the first kind, of order 0."""
    def i0_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `i0`."""
    def igamma(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """The lower incomplete gamma function, divided by gamma: P(input, other)."""
    def igamma_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `igamma`."""
    def igammac(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """The upper incomplete gamma function, divided by gamma: Q(input, other)."""
    def igammac_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `igammac`."""
    def index_add(self, dim: builtins.int, index: Tensor, source: Tensor, *, alpha: builtins.float = 1, out: Any = None) -> Tensor:
        """A copy with the slices of `source`, times `alpha`, added at the positions in `index`."""
    def index_add_(self, dim: builtins.int, index: Tensor, source: Tensor, *, alpha: builtins.float = 1) -> Tensor:
        """In-place version of `index_add`."""
    def index_copy(self, dim: builtins.int, index: Tensor, source: Tensor, *, out: Any = None) -> Tensor:
        """A copy with the slices at the positions in `index` replaced by those of `source`."""
    def index_copy_(self, dim: builtins.int, index: Tensor, source: Tensor) -> Tensor:
        """In-place version of `index_copy`."""
    def index_fill(self, dim: builtins.int, index: Tensor, value: Any, *, out: Any = None) -> Tensor:
        """A copy with the slices at the positions in `index` filled with a number or a 0-d tensor."""
    def index_fill_(self, dim: builtins.int, index: Tensor, value: Any) -> Tensor:
        """In-place version of `index_fill`."""
    def index_put(self, indices: Sequence[Any], values: Tensor, accumulate: builtins.bool = False, *, out: Any = None) -> Tensor:
        """A copy with `values` written (or added) at the elements that `indices`, one tensor per dimension, choose."""
    def index_put_(self, indices: Sequence[Any], values: Tensor, accumulate: builtins.bool = False) -> Tensor:
        """In-place version of `index_put`."""
    def index_reduce(self, dim: builtins.int, index: Tensor, source: Tensor, reduce: str, *, include_self: builtins.bool = True, out: Any = None) -> Tensor:
        """A copy with the slices of `source` combined into the positions in `index`: prod, mean, amax or amin."""
    def index_reduce_(self, dim: builtins.int, index: Tensor, source: Tensor, reduce: str, *, include_self: builtins.bool = True) -> Tensor:
        """In-place version of `index_reduce`."""
    def index_select(self, dim: builtins.int, index: Tensor, *, out: Any = None) -> Tensor:
        """The slices at the positions in `index`, a vector, along one dimension."""
    def inner(self, other: Tensor, *, out: Any = None) -> Tensor:
        """The sums of products over the last dimension of both; the remaining dimensions side by side."""
    def int(self, memory_format: Any = None) -> Tensor:
        """This tensor as int32."""
    def inverse(self, *, out: Any = None) -> Tensor:
        """The inverses of square matrices; see `linalg.inv`."""
    def is_coalesced(self) -> builtins.bool:
        """Whether it is sparse and has each place once: never here, tensors are dense."""
    def is_complex(self) -> builtins.bool:
        """Whether the elements are complex numbers."""
    def is_conj(self) -> builtins.bool:
        """Whether its conjugation is still to be done: never here, it is done at once."""
    def is_contiguous(self, memory_format: Any = None) -> builtins.bool:
        """Whether the elements lie in memory in order, without gaps."""
    is_cpu: builtins.bool
    is_cuda: builtins.bool
    def is_floating_point(self) -> builtins.bool:
        """Whether the elements are floats."""
    def is_inference(self) -> builtins.bool:
        """Whether it was made in inference mode."""
    is_meta: builtins.bool
    is_mkldnn: builtins.bool
    is_mps: builtins.bool
    def is_neg(self) -> builtins.bool:
        """Whether its change of sign is still to be done: never here, it is done at once."""
    def is_nonzero(self) -> builtins.bool:
        """Whether the only element is not 0."""
    def is_pinned(self) -> builtins.bool:
        """Whether it lies in memory that is kept for copies to a GPU: never here."""
    is_quantized: builtins.bool
    def is_set_to(self, tensor: Tensor) -> builtins.bool:
        """Whether two tensors are the same part of the same memory."""
    def is_shared(self) -> builtins.bool:
        """Whether it lies in memory that processes share: never here."""
    def is_signed(self) -> builtins.bool:
        """Whether the elements have a sign."""
    is_sparse: builtins.bool
    def isclose(self, other: Tensor, rtol: builtins.float = 1e-05, atol: builtins.float = 1e-08, equal_nan: builtins.bool = False, *, out: Any = None) -> Tensor:
        """Whether `|input - other| <= atol + rtol * |other|`, element by element; equal infinities are close."""
    def isfinite(self, *, out: Tensor | None = None) -> Tensor:
        """Whether each element is neither infinite nor NaN."""
    def isinf(self, *, out: Tensor | None = None) -> Tensor:
        """Whether each element is infinite, of either sign."""
    def isnan(self, *, out: Tensor | None = None) -> Tensor:
        """Whether each element is NaN."""
    def isneginf(self, *, out: Tensor | None = None) -> Tensor:
        """Whether each element is minus infinity."""
    def isposinf(self, *, out: Tensor | None = None) -> Tensor:
        """Whether each element is plus infinity."""
    def isreal(self, *, out: Tensor | None = None) -> Tensor:
        """Whether each element is real: True, as there are no complex tensors."""
    def item(self) -> builtins.float | builtins.int:
        """The only element as a Python number."""
    def kron(self, other: Tensor, *, out: Any = None) -> Tensor:
        """The Kronecker product: each element of `input` replaced by its product with the whole of `other`."""
    def kthvalue(self, k: builtins.int, dim: builtins.int=-1, keepdim: builtins.bool=False, *, keepdims: builtins.bool=False, axis: builtins.int=-1, out: Any=None) -> ValuesIndices:
        """The named tuple (values, indices) of the k-th smallest element along `dim`, k from 1."""
    layout: _layout
    def lcm(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """The least common multiple of two integers."""
    def lcm_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `lcm`."""
    def ldexp(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """x times 2 to the power y."""
    def ldexp_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `ldexp`."""
    def le(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """Whether each element of `input` is at most that of `other`."""
    def le_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `le`."""
    def lerp(self, end: Tensor, weight: Any, *, out: Any = None) -> Tensor:
        """`input + weight * (end - input)`: `input` where the weight is 0, `end` where it is 1."""
    def lerp_(self, end: Tensor, weight: Any) -> Tensor:
        """In-place version of `lerp`."""
    def less(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """Whether each element of `input` is less than that of `other`."""
    def less_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `less`."""
    def less_equal(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """Whether each element of `input` is at most that of `other`."""
    def less_equal_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `less_equal`."""
    def lgamma(self) -> Tensor:
        """The logarithm of the absolute value of the gamma function."""
    def lgamma_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `lgamma`."""
    def log(self) -> Tensor:
        """The natural logarithm of each element; NaN below 0."""
    def log10(self) -> Tensor:
        """The logarithm to base 10 of each element."""
    def log10_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `log10`."""
    def log1p(self) -> Tensor:
        """log(1 + x), exact to the last digits near 0."""
    def log1p_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `log1p`."""
    def log2(self) -> Tensor:
        """The logarithm to base 2 of each element."""
    def log2_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `log2`."""
    def log_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `log`."""
    def log_normal_(self, mean: builtins.float = 1.0, std: builtins.float = 2.0, *, generator: Any = None) -> Tensor:
        """Fill with numbers whose logarithms are normal."""
    def log_softmax(self, dim: builtins.int, dtype: _dtype | None = None, *, out: Any = None) -> Tensor:
        """The log of softmax, exact where softmax itself would round to 0."""
    def logaddexp(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """log(exp(x) + exp(y)), without overflow."""
    def logaddexp2(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """The logarithm to base 2 of 2**x + 2**y, without overflow."""
    def logcumsumexp(self, dim: builtins.int, *, out: Any = None) -> Tensor:
        """The log of the running sum of exponentials along `dim`."""
    def logdet(self, *, out: Any = None) -> Tensor:
        """The logarithms of determinants: NaN where they are negative, -inf where they are 0."""
    def logical_and(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """Whether both elements are true (not 0)."""
    def logical_and_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `logical_and`."""
    def logical_not(self, *, out: Tensor | None = None) -> Tensor:
        """Whether each element is false (0)."""
    def logical_not_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `logical_not`."""
    def logical_or(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """Whether at least one of the two elements is true (not 0)."""
    def logical_or_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `logical_or`."""
    def logical_xor(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """Whether just one of the two elements is true (not 0)."""
    def logical_xor_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `logical_xor`."""
    def logit(self, eps: builtins.float | None = None, *, out: Any = None) -> Tensor:
        """The inverse of the sigmoid, `log(x / (1 - x))`, of `input` clamped to [eps, 1 - eps] if `eps` is given."""
    def logit_(self, eps: builtins.float | None = None) -> Tensor:
        """In-place version of `logit`."""
    def logsumexp(self, dim: Dim, keepdim: builtins.bool = False, *, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
        """The log of the sum of the exponentials along `dim`, without overflow."""
    def long(self, memory_format: Any = None) -> Tensor:
        """This tensor as int64."""
    def lstsq(self, **kwargs: Any) -> Any:
        """Removed from PyTorch in version 1.9: it raises, and says what to write instead."""
    def lt(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """Whether each element of `input` is less than that of `other`."""
    def lt_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `lt`."""
    def lu(self, pivot: builtins.bool = True, get_infos: builtins.bool = False, *, out: Any = None) -> Any:
        """The LU factorisation in one matrix, and its pivots; see `linalg.lu_factor`."""
    def lu_solve(self, LU_data: Tensor, LU_pivots: Tensor, *, out: Any = None) -> Tensor:
        """The solution of A x = b; see `linalg.lu_solve`, which takes the same in another order."""
    def map_(self, tensor: Tensor, callable: Callable[[Any, Any], Any]) -> Tensor:
        """Replace each element by a function of it and of another tensor's, in place. Slow, and without a gradient."""
    def masked_fill(self, mask: Tensor, value: Any, *, out: Any = None) -> Tensor:
        """A copy with `value` (a number or a 0-d tensor) wherever `mask` is True."""
    def masked_fill_(self, mask: Tensor, value: Any) -> Tensor:
        """`masked_fill` in place."""
    def masked_scatter(self, mask: Tensor, source: Tensor, *, out: Any = None) -> Tensor:
        """A copy with the elements of `source`, in order, put where `mask` is True."""
    def masked_scatter_(self, mask: Tensor, source: Tensor) -> Tensor:
        """In-place version of `masked_scatter`."""
    def masked_select(self, mask: Tensor, *, out: Any = None) -> Tensor:
        """The elements where `mask` is True, in one dimension."""
    def matmul(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
        """The product of two vectors, matrices, or stacks of matrices, whose leading dimensions broadcast."""
    def matrix_exp(self, *, out: Any = None) -> Tensor:
        """The exponentials of square matrices: I + A + A A / 2 + A A A / 6 + ..."""
    def matrix_power(self, n: builtins.int, *, out: Any = None) -> Tensor:
        """A @ A @ ... n times, by squaring; for a negative n the power of the inverse."""
    def matrix_rank(self, **kwargs: Any) -> Any:
        """Removed from PyTorch in version 1.9: it raises, and says what to write instead."""
    @overload
    def max(self, dim: None=None, keepdim: builtins.bool=False, *, keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor:
        """The maximum of all elements; with `dim` the named tuple (values, indices) along it; with a second tensor the elementwise one."""
    @overload
    def max(self, dim: builtins.int, keepdim: builtins.bool=False, *, keepdims: builtins.bool=False, out: Any=None) -> ValuesIndices: ...
    @overload
    def max(self, *, axis: builtins.int, keepdim: builtins.bool=False, keepdims: builtins.bool=False, out: Any=None) -> ValuesIndices: ...
    @overload
    def max(self, other: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def maximum(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """The greater of two elements; NaN where one of them is."""
    def mean(self, dim: Dim=None, keepdim: builtins.bool=False, *, dtype: _dtype | None=None, axis: Dim=None, keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor:
        """The mean of all elements, or along `dim`. Only floats have one: give `dtype=` for integers."""
    @overload
    def median(self, dim: None=None, keepdim: builtins.bool=False, *, keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor:
        """The median, the lower of two middle elements: of everything, or as (values, indices) along `dim`. NaN if any element is."""
    @overload
    def median(self, dim: builtins.int, keepdim: builtins.bool=False, *, keepdims: builtins.bool=False, out: Any=None) -> ValuesIndices: ...
    @overload
    def median(self, *, axis: builtins.int, keepdim: builtins.bool=False, keepdims: builtins.bool=False, out: Any=None) -> ValuesIndices: ...
    @overload
    def min(self, dim: None=None, keepdim: builtins.bool=False, *, keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor:
        """The minimum of all elements; with `dim` the named tuple (values, indices) along it; with a second tensor the elementwise one."""
    @overload
    def min(self, dim: builtins.int, keepdim: builtins.bool=False, *, keepdims: builtins.bool=False, out: Any=None) -> ValuesIndices: ...
    @overload
    def min(self, *, axis: builtins.int, keepdim: builtins.bool=False, keepdims: builtins.bool=False, out: Any=None) -> ValuesIndices: ...
    @overload
    def min(self, other: Tensor, *, out: Tensor | None=None) -> Tensor: ...
    def minimum(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """The smaller of two elements; NaN where one of them is."""
    def mm(self, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
        """The product of two matrices, (n, k) and (k, m), without broadcasting."""
    def mode(self, dim: builtins.int=-1, keepdim: builtins.bool=False, *, keepdims: builtins.bool=False, axis: builtins.int=-1, out: Any=None) -> ValuesIndices:
        """The named tuple (values, indices) of the commonest element along `dim`, the least if there are several."""
    def moveaxis(self, source: Any, destination: Any, *, out: Any = None) -> Tensor:
        """Dimensions moved from `source` to `destination`; the others keep their order."""
    def movedim(self, source: Any, destination: Any, *, out: Any = None) -> Tensor:
        """Dimensions moved from `source` to `destination`; the others keep their order."""
    def msort(self, *, out: Any = None) -> Tensor:
        """The elements sorted along the first dimension."""
    def mul(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """The product of two tensors, element by element."""
    def mul_(self, y: Operand) -> Tensor:
        """In-place version of `mul`."""
    def multinomial(self, num_samples: builtins.int, replacement: builtins.bool = False, *, generator: Any = None, out: Any = None) -> Tensor:
        """Indices drawn in proportion to the weights in `input` (or in each of its rows)."""
    def multiply(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """The product of two tensors, element by element."""
    def multiply_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `multiply`."""
    def mv(self, vec: Tensor, *, out: Any = None) -> Tensor:
        """The product of a matrix (n, k) and a vector (k,)."""
    def mvlgamma(self, p: builtins.int, *, out: Any = None) -> Tensor:
        """The logarithm of the multivariate gamma function of dimension `p`, for input > (p - 1) / 2."""
    def mvlgamma_(self, p: builtins.int) -> Tensor:
        """In-place version of `mvlgamma`."""
    name: str | None
    def nan_to_num(self, nan: builtins.float | None = None, posinf: builtins.float | None = None, neginf: builtins.float | None = None, *, out: Any = None) -> Tensor:
        """NaN and the infinities replaced: by 0 and the dtype's largest and smallest number, or by what is given."""
    def nan_to_num_(self, nan: builtins.float | None = None, posinf: builtins.float | None = None, neginf: builtins.float | None = None) -> Tensor:
        """In-place version of `nan_to_num`."""
    def nanmean(self, dim: Dim = None, keepdim: builtins.bool = False, *, dtype: _dtype | None = None, axis: Dim = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
        """The mean of the elements that are not NaN."""
    @overload
    def nanmedian(self, dim: None=None, keepdim: builtins.bool=False, *, keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor:
        """The median, the lower of two middle elements: of everything, or as (values, indices) along `dim`. NaN are passed over."""
    @overload
    def nanmedian(self, dim: builtins.int, keepdim: builtins.bool=False, *, keepdims: builtins.bool=False, out: Any=None) -> ValuesIndices: ...
    @overload
    def nanmedian(self, *, axis: builtins.int, keepdim: builtins.bool=False, keepdims: builtins.bool=False, out: Any=None) -> ValuesIndices: ...
    def nanquantile(self, q: Any, dim: builtins.int | None = None, keepdim: builtins.bool = False, *, interpolation: str = 'linear', axis: builtins.int | None = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
        """The q-quantiles of the elements that are not NaN."""
    def nansum(self, dim: Dim = None, keepdim: builtins.bool = False, *, dtype: _dtype | None = None, axis: Dim = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
        """The sum, NaN counted as 0."""
    def narrow(self, dim: builtins.int, start: Any, length: builtins.int, *, out: Any = None) -> Tensor:
        """The slice of `length` elements from `start` in one dimension; a view."""
    def ndimension(self) -> builtins.int:
        """The number of dimensions."""
    def ne(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """Whether each element of `input` differs from that of `other`."""
    def ne_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `ne`."""
    def neg(self) -> Tensor:
        """The elements with their signs changed."""
    def neg_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `neg`."""
    def negative(self) -> Tensor:
        """The elements with their signs changed."""
    def negative_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `negative`."""
    def nelement(self) -> builtins.int:
        """The number of elements."""
    def new(self, *args: Any) -> Tensor:
        """The old constructor: sizes or data, in this tensor's dtype."""
    def new_empty(self, *size: Any, dtype: Any = None, device: Any = None, layout: Any = None, requires_grad: builtins.bool = False, pin_memory: builtins.bool = False) -> Tensor:
        """A tensor of the given size and this tensor's dtype, with unspecified contents (here zeros)."""
    def new_empty_strided(self, size: Any, stride: Any, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: builtins.bool = False, requires_grad: builtins.bool = False) -> Tensor:
        """Zeros of this size, laid out in memory by these steps, of this tensor's dtype."""
    def new_full(self, size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None, requires_grad: builtins.bool = False) -> Tensor:
        """A tensor of the given size and this tensor's dtype, full of `fill_value`."""
    def new_ones(self, *size: Any, dtype: Any = None, device: Any = None, layout: Any = None, requires_grad: builtins.bool = False, pin_memory: builtins.bool = False) -> Tensor:
        """A tensor of the given size and this tensor's dtype, full of ones."""
    def new_tensor(self, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: builtins.bool = False) -> Tensor:
        """A new tensor of this tensor's dtype from data."""
    def new_zeros(self, *size: Any, dtype: Any = None, device: Any = None, layout: Any = None, requires_grad: builtins.bool = False, pin_memory: builtins.bool = False) -> Tensor:
        """A tensor of the given size and this tensor's dtype, full of zeros."""
    def nextafter(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """The next floating-point number after `input` on the way to `other`."""
    def nextafter_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `nextafter`."""
    @overload
    def nonzero(self, *, as_tuple: Literal[False]=False, out: Tensor | None=None) -> Tensor:
        """The indices of the elements that are not zero: a row for each, or a tensor for each dimension (`as_tuple`)."""
    @overload
    def nonzero(self, *, as_tuple: Literal[True]) -> tuple[Tensor, ...]: ...
    def norm(self, p: Any = 'fro', dim: Any = None, keepdim: builtins.bool = False, dtype: Any = None, *, axis: Any = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
        """The p-norm over `dim` (of all elements if None). Matrices are taken as vectors unless p is 'nuc'."""
    def normal_(self, mean: builtins.float = 0.0, std: builtins.float = 1.0, *, generator: Any = None) -> Tensor:
        """Fill with normal numbers."""
    def not_equal(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """Whether each element of `input` differs from that of `other`."""
    def not_equal_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `not_equal`."""
    def numel(self) -> builtins.int:
        """The number of elements."""
    def numpy(self, *, force: builtins.bool = False) -> np.ndarray[Any, Any]:
        """The elements as a NumPy array that shares the tensor's memory."""
    def orgqr(self, input2: Tensor, *, out: Any = None) -> Tensor:
        """The columns of a product of reflections; see `linalg.householder_product`."""
    def outer(self, vec2: Tensor, *, out: Any = None) -> Tensor:
        """The matrix of all products of elements of two vectors."""
    def permute(self, *dims: Any, out: Any = None, **named_dims: Any) -> Tensor:
        """The dimensions in another order; a view."""
    def pinverse(self, rcond: builtins.float = 1e-15, *, out: Any = None) -> Tensor:
        """The pseudoinverse; see `linalg.pinv`."""
    def polygamma(self, n: builtins.int, *, out: Any = None) -> Tensor:
        """The n-th derivative of the digamma function."""
    def polygamma_(self, n: builtins.int) -> Tensor:
        """In-place version of `polygamma`."""
    def positive(self, *, out: Any = None) -> Tensor:
        """The input itself, as Python's `+x`."""
    def pow(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """The elements of `input` to the power `other`."""
    def pow_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `pow`."""
    def prelu(self, weight: Tensor, *, out: Any = None) -> Tensor:
        """Each element, times a learned weight where it is negative; see `nn.functional.prelu`."""
    def prod(self, dim: builtins.int | None = None, keepdim: builtins.bool = False, *, dtype: _dtype | None = None, axis: builtins.int | None = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
        """The product of all elements, or along one dimension."""
    def put(self, index: Tensor, source: Tensor, accumulate: builtins.bool = False, *, out: Any = None) -> Tensor:
        """A copy with `source` written (or added) at positions in the flattened tensor."""
    def put_(self, index: Tensor, source: Tensor, accumulate: builtins.bool = False) -> Tensor:
        """In-place version of `put`."""
    def qr(self, some: builtins.bool = True, *, out: Any = None) -> Any:
        """The factors of A = Q R; see `linalg.qr`."""
    def quantile(self, q: Any, dim: builtins.int | None = None, keepdim: builtins.bool = False, *, interpolation: str = 'linear', axis: builtins.int | None = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
        """The q-quantiles: values below which the share q of the elements lies, interpolated between neighbours."""
    def rad2deg(self) -> Tensor:
        """Radians as degrees."""
    def rad2deg_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `rad2deg`."""
    def random_(self, from_: Any = None, to: Any = None, *, generator: Any = None, **kw: Any) -> Tensor:
        """Fill with random integers: all that the dtype holds, or from `from` up to `to`."""
    def ravel(self, *, out: Any = None) -> Tensor:
        """All elements in one dimension, one next to the other: a view where they lie so already."""
    def reciprocal(self) -> Tensor:
        """1 over each element."""
    def reciprocal_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `reciprocal`."""
    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> Removable:
        """Call `hook(grad)` when this tensor's gradient is known; what it returns replaces the gradient."""
    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> Removable:
        """Call `hook(tensor)` after a leaf's gradient was accumulated."""
    def relu(self) -> Tensor:
        """Each element where it is positive, else 0."""
    def relu_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `relu`."""
    def remainder(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """What is left of a division rounded down; it has the sign of `other`, as Python's %."""
    def remainder_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `remainder`."""
    def renorm(self, p: builtins.float, dim: builtins.int, maxnorm: builtins.float, *, out: Any = None) -> Tensor:
        """Scale down the slices along `dim` whose p-norm is above `maxnorm`, so that they have that norm."""
    def renorm_(self, p: builtins.float, dim: builtins.int, maxnorm: builtins.float) -> Tensor:
        """In-place version of `renorm`."""
    def repeat(self, *repeats: Any, out: Any = None, **named_repeats: Any) -> Tensor:
        """The tensor copied side by side, `repeats[i]` times in dimension i; more numbers than dimensions make new ones."""
    def repeat_interleave(self, repeats: Any = None, dim: builtins.int | None = None, *, output_size: builtins.int | None = None, axis: builtins.int | None = None, out: Any = None) -> Tensor:
        """Each element (each slice along `dim`) repeated on the spot; with `repeats` alone, the indices that would do it."""
    def requires_grad_(self, requires_grad: builtins.bool = True) -> Tensor:
        """Ask for gradients of this leaf (or stop asking), in place."""
    def reshape(self, *shape: Any, out: Any = None, **named_shape: Any) -> Tensor:
        """The same elements in another shape (one size may be -1): a view where possible, else a copy."""
    def reshape_as(self, other: Tensor, *, out: Any = None) -> Tensor:
        """The same elements in the shape of `other`."""
    def resize_(self, *sizes: Any, memory_format: Any = None) -> Tensor:
        """Give the tensor another shape and as many elements as that takes; new ones are 0."""
    def resize_as_(self, the_template: Tensor, *, memory_format: Any = None) -> Tensor:
        """`resize_` to another tensor's shape."""
    def resolve_conj(self, *, out: Any = None) -> Tensor:
        """The tensor itself: conjugates are always computed."""
    def resolve_neg(self, *, out: Any = None) -> Tensor:
        """The tensor itself: conjugates are always computed."""
    def retain_grad(self) -> None:
        """Keep the gradient of this non-leaf in `.grad`."""
    def roll(self, shifts: Any, dims: Any = ..., *, out: Any = None) -> Tensor:
        """Elements moved along `dims` (or along the flattened tensor), re-entering at the other end."""
    def rot90(self, k: builtins.int = 1, dims: Sequence[builtins.int] = ..., *, out: Any = None) -> Tensor:
        """Turned by 90 degrees `k` times in the plane of `dims`, from the first towards the second."""
    def round(self, *, decimals: builtins.int = 0, out: Any = None) -> Tensor:
        """The nearest integer, halves to the even one; or the nearest multiple of 10 to the power of `-decimals`."""
    def round_(self, *, decimals: builtins.int = 0) -> Tensor:
        """In-place version of `round`."""
    def rsqrt(self) -> Tensor:
        """1 over the square root of each element."""
    def rsqrt_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `rsqrt`."""
    def scatter(self, dim: builtins.int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None, out: Any = None) -> Tensor:
        """A copy with elements of `src` (or the number `value`) written along one dimension: the reverse of `gather`."""
    def scatter_(self, dim: builtins.int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None) -> Tensor:
        """In-place version of `scatter`."""
    def scatter_add(self, dim: builtins.int, index: Tensor, src: Tensor, *, out: Any = None) -> Tensor:
        """A copy with elements of `src` added along one dimension, where they meet all of them."""
    def scatter_add_(self, dim: builtins.int, index: Tensor, src: Tensor) -> Tensor:
        """In-place version of `scatter_add`."""
    def scatter_reduce(self, dim: builtins.int, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool = True, out: Any = None) -> Tensor:
        """A copy where the elements of `src` that go to the same place are combined: sum, prod, mean, amax or amin."""
    def scatter_reduce_(self, dim: builtins.int, index: Tensor, src: Tensor, reduce: str, *, include_self: builtins.bool = True) -> Tensor:
        """In-place version of `scatter_reduce`."""
    def select(self, dim: builtins.int, index: builtins.int, *, out: Any = None) -> Tensor:
        """The slice at one index of a dimension, without that dimension; a view."""
    def select_scatter(self, src: Tensor, dim: builtins.int, index: builtins.int, *, out: Any = None) -> Tensor:
        """A copy with `src` in place of `input.select(dim, index)`."""
    def sgn(self) -> Tensor:
        """The sign of each element: -1, 0 or 1."""
    def sgn_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `sgn`."""
    def share_memory_(self) -> Tensor:
        """The tensor itself: other processes get copies."""
    def short(self, memory_format: Any = None) -> Tensor:
        """This tensor as int16."""
    def sigmoid(self) -> Tensor:
        """The logistic function 1 / (1 + exp(-x))."""
    def sigmoid_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `sigmoid`."""
    def sign(self) -> Tensor:
        """-1, 0 or 1, as each element is below, at or above 0."""
    def sign_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `sign`."""
    def signbit(self, *, out: Tensor | None = None) -> Tensor:
        """Whether the sign bit of each element is set; that of -0.0 is."""
    def sin(self) -> Tensor:
        """The sine of each element, in radians."""
    def sin_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `sin`."""
    def sinc(self) -> Tensor:
        """sin(pi x) / (pi x), and 1 at 0."""
    def sinc_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `sinc`."""
    def sinh(self) -> Tensor:
        """The hyperbolic sine of each element."""
    def sinh_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `sinh`."""
    @overload
    def size(self, dim: None=None) -> Size:
        """The shape, or the size of one dimension."""
    @overload
    def size(self, dim: builtins.int) -> builtins.int: ...
    def slice_scatter(self, src: Tensor, dim: builtins.int = 0, start: builtins.int | None = None, end: builtins.int | None = None, step: builtins.int = 1, *, axis: builtins.int = 0, out: Any = None) -> Tensor:
        """A copy with `src` in place of the slice `start:end:step` of one dimension."""
    def slogdet(self, *, out: Any=None) -> SignLogabsdet:
        """The signs of determinants and the logarithms of their magnitudes; see `linalg.slogdet`."""
    def softmax(self, dim: builtins.int, dtype: _dtype | None = None, *, out: Any = None) -> Tensor:
        """Exponentials along `dim`, divided by their sum."""
    def solve(self, **kwargs: Any) -> Any:
        """Removed from PyTorch in version 1.9: it raises, and says what to write instead."""
    def sort(self, dim: builtins.int=-1, descending: builtins.bool=False, *, stable: builtins.bool=True, axis: builtins.int=-1, out: Any=None) -> ValuesIndices:
        """The named tuple (values, indices) of the elements in order along `dim`. NaN is greatest; ties keep their order."""
    def split(self, split_size: Any = None, dim: builtins.int = 0, *, axis: builtins.int = 0, out: Any = None, **sizes: Any) -> tuple[Tensor, ...]:
        """Cut along `dim` into views of `split_size` (the last may be smaller), or of the sizes in a list."""
    def split_with_sizes(self, split_sizes: Sequence[builtins.int], dim: builtins.int = 0, *, axis: builtins.int = 0, out: Any = None) -> tuple[Tensor, ...]:
        """Cut along `dim` into views of the given sizes; unlike PyTorch's, they may be changed in place."""
    def sqrt(self) -> Tensor:
        """The square root of each element; NaN below 0."""
    def sqrt_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `sqrt`."""
    def square(self) -> Tensor:
        """The square of each element."""
    def square_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `square`."""
    def squeeze(self, dim: Any = None, *, axis: Any = None, out: Any = None) -> Tensor:
        """Without the dimensions of size 1: all of them, or those named (which stay if their size is not 1)."""
    def squeeze_(self, *args: Any, _name: str = 'squeeze_', **kwargs: Any) -> Tensor:
        """`squeeze` in place: the tensor itself gets the new shape."""
    def std(self, dim: Dim = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: builtins.float | None = None, axis: Dim = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
        """The standard deviation: the root of `var`."""
    def storage(self) -> TypedStorage:
        """The memory that this tensor lies in, as elements."""
    def storage_offset(self) -> builtins.int:
        """Where the first element lies in its storage."""
    @overload
    def stride(self, dim: None=None) -> tuple[builtins.int, ...]:
        """The steps in memory, in elements, from one index to the next."""
    @overload
    def stride(self, dim: builtins.int) -> builtins.int: ...
    def sub(self, other: Any, *, alpha: builtins.float = 1, out: Tensor | None = None) -> Tensor:
        """`input - alpha * other`, broadcast."""
    def sub_(self, other: Any, *, alpha: builtins.float = 1) -> Tensor:
        """In-place version of `sub`."""
    def subtract(self, other: Any, *, alpha: builtins.float = 1, out: Tensor | None = None) -> Tensor:
        """`input - alpha * other`, broadcast."""
    def subtract_(self, other: Any, *, alpha: builtins.float = 1) -> Tensor:
        """In-place version of `subtract`."""
    def sum(self, dim: Dim=None, keepdim: builtins.bool=False, *, dtype: _dtype | None=None, axis: Dim=None, keepdims: builtins.bool=False, out: Tensor | None=None) -> Tensor:
        """The sum of all elements, or along `dim`. Integers and bools are summed in int64."""
    def sum_to_size(self, *size: Any, out: Any = None) -> Tensor:
        """The sum over the dimensions that `expand` would have made from a tensor of this size."""
    def svd(self, some: builtins.bool = True, compute_uv: builtins.bool = True, *, out: Any = None) -> Any:
        """The factors of A = U diag(S) V^T; see `linalg.svd`, which returns V transposed."""
    def swapaxes(self, dim0: builtins.int, dim1: builtins.int, *, out: Any = None) -> Tensor:
        """Two dimensions swapped; a view."""
    def swapaxes_(self, *args: Any, _name: str = 'swapaxes_', **kwargs: Any) -> Tensor:
        """`swapaxes` in place: the tensor itself gets the new shape."""
    def swapdims(self, dim0: builtins.int, dim1: builtins.int, *, out: Any = None) -> Tensor:
        """Two dimensions swapped; a view."""
    def swapdims_(self, *args: Any, _name: str = 'swapdims_', **kwargs: Any) -> Tensor:
        """`swapdims` in place: the tensor itself gets the new shape."""
    def symeig(self, **kwargs: Any) -> Any:
        """Removed from PyTorch in version 1.9: it raises, and says what to write instead."""
    def t(self, *, out: Any = None) -> Tensor:
        """The transpose of a matrix; vectors and 0-d tensors stay as they are."""
    def t_(self, *args: Any, _name: str = 't_', **kwargs: Any) -> Tensor:
        """`t` in place: the tensor itself gets the new shape."""
    def take(self, index: Tensor, *, out: Any = None) -> Tensor:
        """The elements at positions in the flattened tensor, in the shape of `index`."""
    def take_along_dim(self, indices: Tensor, dim: builtins.int | None = None, *, axis: builtins.int | None = None, out: Any = None) -> Tensor:
        """As `gather`, with the other dimensions broadcast; without `dim`, from the flattened tensor."""
    def tan(self) -> Tensor:
        """The tangent of each element, in radians."""
    def tan_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `tan`."""
    def tanh(self) -> Tensor:
        """The hyperbolic tangent of each element."""
    def tanh_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `tanh`."""
    def tensor_split(self, indices_or_sections: Any = None, dim: builtins.int = 0, *, axis: builtins.int = 0, out: Any = None, **other: Any) -> tuple[Tensor, ...]:
        """Cut along `dim` into that many views of nearly equal size, or before each index of a list."""
    def tile(self, *dims: Any, out: Any = None, **named_dims: Any) -> Tensor:
        """As `repeat`, with missing leading numbers taken as 1."""
    def to(self, *args: Any, dtype: Any = None, device: Any = None, copy: builtins.bool = False, memory_format: Any = None, **_: Any) -> Tensor:
        """This tensor in another dtype (or of another tensor's); the only device is the CPU."""
    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers."""
    def topk(self, k: builtins.int, dim: builtins.int=-1, largest: builtins.bool=True, sorted: builtins.bool=True, *, axis: builtins.int=-1, out: Any=None) -> ValuesIndices:
        """The named tuple (values, indices) of the k largest (or smallest) elements along `dim`, in order."""
    def trace(self, *, out: Any = None) -> Tensor:
        """The sum of a matrix's diagonal."""
    def transpose(self, dim0: builtins.int, dim1: builtins.int, *, out: Any = None) -> Tensor:
        """Two dimensions swapped; a view."""
    def transpose_(self, *args: Any, _name: str = 'transpose_', **kwargs: Any) -> Tensor:
        """`transpose` in place: the tensor itself gets the new shape."""
    def triangular_solve(self, A: Tensor, upper: builtins.bool = True, transpose: builtins.bool = False, unitriangular: builtins.bool = False, *, out: Any = None) -> Any:
        """The solution X of A X = b (A^T X = b if `transpose`), and a copy of A; see `linalg.solve_triangular`."""
    def tril(self, diagonal: builtins.int = 0, *, out: Any = None) -> Tensor:
        """The lower triangle of a matrix (or of each in a batch), zeros elsewhere; `diagonal` shifts its edge."""
    def tril_(self, diagonal: builtins.int = 0) -> Tensor:
        """In-place version of `tril`."""
    def triu(self, diagonal: builtins.int = 0, *, out: Any = None) -> Tensor:
        """The upper triangle of a matrix (or of each in a batch), zeros elsewhere; `diagonal` shifts its edge."""
    def triu_(self, diagonal: builtins.int = 0) -> Tensor:
        """In-place version of `triu`."""
    def true_divide(self, other: Any, *, rounding_mode: str | None = None, out: Tensor | None = None) -> Tensor:
        """`input / other`, broadcast."""
    def true_divide_(self, other: Any, *, rounding_mode: str | None = None) -> Tensor:
        """In-place version of `true_divide`."""
    def trunc(self) -> Tensor:
        """Each element without its fraction, rounded towards 0."""
    def trunc_(self, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `trunc`."""
    @overload
    def type(self, dtype: None=None, non_blocking: builtins.bool=False) -> str:
        """The old type name (`'torch.FloatTensor'`), or this tensor converted to a dtype or to such a type."""
    @overload
    def type(self, dtype: Any, non_blocking: builtins.bool=False) -> Tensor: ...
    def type_as(self, other: Tensor) -> Tensor:
        """This tensor in the dtype of another."""
    def unbind(self, dim: builtins.int = 0, *, axis: builtins.int = 0, out: Any = None) -> tuple[Tensor, ...]:
        """The slices along a dimension, which is removed."""
    def unflatten(self, dim: builtins.int, sizes: Sequence[builtins.int], *, out: Any = None) -> Tensor:
        """One dimension as several, of the given sizes (one may be -1): the inverse of `flatten`."""
    def unfold(self, dimension: builtins.int, size: builtins.int, step: builtins.int, *, out: Any = None) -> Tensor:
        """Windows of `size` elements, `step` apart, along a dimension; the window is a new last dimension. A view."""
    def uniform_(self, from_: builtins.float = 0.0, to: builtins.float = 1.0, *, generator: Any = None, **kw: Any) -> Tensor:
        """Fill with numbers uniform in [from, to)."""
    def unique(self, sorted: builtins.bool = True, return_inverse: builtins.bool = False, return_counts: builtins.bool = False, dim: builtins.int | None = None, *, axis: builtins.int | None = None, out: Any = None) -> Any:
        """The different elements in ascending order (or slices along `dim`); where each went; how many there are."""
    def unique_consecutive(self, return_inverse: builtins.bool = False, return_counts: builtins.bool = False, dim: builtins.int | None = None, *, axis: builtins.int | None = None, out: Any = None) -> Any:
        """The first of each run of equal elements (or equal slices along `dim`)."""
    def unsafe_chunk(self, chunks: builtins.int, dim: builtins.int = 0, *, axis: builtins.int = 0, out: Any = None) -> tuple[Tensor, ...]:
        """Cut along `dim` into at most `chunks` views of equal size; the last may be smaller."""
    def unsafe_split(self, split_size: Any = None, dim: builtins.int = 0, *, axis: builtins.int = 0, out: Any = None, **sizes: Any) -> tuple[Tensor, ...]:
        """Cut along `dim` into views of `split_size` (the last may be smaller), or of the sizes in a list."""
    def unsafe_split_with_sizes(self, split_sizes: Sequence[builtins.int], dim: builtins.int = 0, *, axis: builtins.int = 0, out: Any = None) -> tuple[Tensor, ...]:
        """Cut along `dim` into views of the given sizes; unlike PyTorch's, they may be changed in place."""
    def unsqueeze(self, dim: builtins.int, *, out: Any = None) -> Tensor:
        """With a new dimension of size 1 before position `dim`."""
    def unsqueeze_(self, *args: Any, _name: str = 'unsqueeze_', **kwargs: Any) -> Tensor:
        """`unsqueeze` in place: the tensor itself gets the new shape."""
    def untyped_storage(self) -> UntypedStorage:
        """The memory that this tensor lies in, as bytes."""
    def var(self, dim: Dim = None, unbiased: builtins.bool | None = None, keepdim: builtins.bool = False, *, correction: builtins.float | None = None, axis: Dim = None, keepdims: builtins.bool = False, out: Any = None) -> Tensor:
        """The variance: the sum of squared distances from the mean, over n - `correction` (1 unless given)."""
    def vdot(self, other: Tensor, *, out: Any = None) -> Tensor:
        """The inner product of two vectors, the first one conjugated; for real numbers the same as `dot`."""
    def view(self, *shape: Any, dtype: Any = None, size: Any = None, out: Any = None) -> Tensor:
        """The same memory in another shape (one size may be -1), or its bits read as another dtype."""
    def view_as(self, other: Tensor, *, out: Any = None) -> Tensor:
        """A view in the shape of `other`."""
    volatile: builtins.bool
    def vsplit(self, indices_or_sections: Any = None, *, out: Any = None, **other: Any) -> tuple[Tensor, ...]:
        """`tensor_split` along the dimension that the name says, into equal parts or at indices."""
    def where(self, condition: Tensor, other: Any) -> Tensor:
        """The elements of this tensor where `condition` is true, those of `other` elsewhere."""
    def xlogy(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """x log(y), and 0 where x is 0."""
    def xlogy_(self, other: Operand, *, out: Tensor | None = None) -> Tensor:
        """In-place version of `xlogy`."""
    def zero_(self) -> Tensor:
        """Overwrite every element by 0."""
    @builtins.property
    def H(self) -> Tensor:
        """The matrix transposed, its numbers conjugated."""
    @builtins.property
    def T(self) -> Tensor:
        """The tensor with its dimensions reversed."""
    @builtins.property
    def data(self) -> Tensor:
        """The same memory without history and with a version of its own: changes to it go unseen by backward."""
    @data.setter
    def data(self, value: Tensor) -> None: ...
    @builtins.property
    def device(self) -> _device:
        """Where the tensor lives: always the CPU."""
    @builtins.property
    def dtype(self) -> dtypes.dtype:
        """The element type."""
    @builtins.property
    def grad(self) -> Tensor | None:
        """The accumulated gradient of a leaf; None until a backward pass reached it."""
    @grad.setter
    def grad(self, value: Tensor | None) -> None: ...
    @builtins.property
    def grad_fn(self) -> Node | None:
        """The recorded operation that computed this tensor, or None."""
    @builtins.property
    def imag(self) -> Tensor:
        """The imaginary part of a complex tensor."""
    @imag.setter
    def imag(self, value: Tensor) -> None: ...
    @builtins.property
    def is_leaf(self) -> builtins.bool:
        """Whether this tensor was not computed by a recorded operation."""
    @builtins.property
    def itemsize(self) -> builtins.int:
        """Bytes an element takes."""
    @builtins.property
    def mH(self) -> Tensor:
        """`mT`, with the numbers conjugated."""
    @builtins.property
    def mT(self) -> Tensor:
        """The tensor with its last two dimensions swapped."""
    @builtins.property
    def names(self) -> tuple[None, ...]: ...
    @builtins.property
    def nbytes(self) -> builtins.int:
        """Bytes the elements take."""
    @builtins.property
    def ndim(self) -> builtins.int:
        """The number of dimensions."""
    @builtins.property
    def output_nr(self) -> builtins.int: ...
    @builtins.property
    def real(self) -> Tensor:
        """The real part; a real tensor is its own."""
    @real.setter
    def real(self, value: Tensor) -> None: ...
    @builtins.property
    def requires_grad(self) -> builtins.bool:
        """Whether gradients flow to or through this tensor."""
    @requires_grad.setter
    def requires_grad(self, value: builtins.bool) -> None: ...
    @builtins.property
    def retains_grad(self) -> builtins.bool:
        """Whether this non-leaf keeps its gradient."""
    @builtins.property
    def shape(self) -> Size:
        """The size of each dimension."""
