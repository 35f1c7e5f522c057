"""Recurrent layers: one cell, a function of an input and a state, applied step after step.

The inputs of all steps go through their weights in one product. An LSTM's layer is then one op (`ops/recurrent`); other
layers' steps stay a list until the end, so that backward meets each of them once. A packed batch is the same list with
rows that grow fewer: where a sequence has ended, its row of the state is set aside (and in the reverse direction, where
it begins, its row joins).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from chainrule.api.joining import cat, stack
from chainrule.api.public import FUNCTIONS, named
from chainrule.base import dtypes
from chainrule.core.tensor import Tensor
from chainrule.nn import functional as f
from chainrule.nn import init
from chainrule.nn.module import Module
from chainrule.nn.parameter import blank
from chainrule.nn.utils.rnn import PackedSequence
from chainrule.ops import recurrent

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNBase", "RNNCell", "RNNCellBase"]

State = tuple[Tensor, ...]  # (h,), or (h, c) of an LSTM
Weights = Sequence[Any]  # weight_ih, weight_hh, bias_ih, bias_hh, and weight_hr of a projection


def _elman(activation: str) -> Callable[[Tensor, State, Weights], State]:
    def step(x: Tensor, state: State, w: Weights) -> State:
        both = x + f.linear(state[0], w[1], w[3])
        return (both.tanh() if activation == "tanh" else both.relu(),)

    return step


def _lstm(x: Tensor, state: State, w: Weights) -> State:
    h, c = recurrent.step(x + f.linear(state[0], w[1], w[3]), state[1])
    return (h if len(w) < 5 else f.linear(h, w[4])), c


def _gru(x: Tensor, state: State, w: Weights) -> State:
    """Cho et al., 2014; the reset gate acts after the product with the state, as in cuDNN."""
    (h,) = state
    xr, xz, xn = x.chunk(3, -1)
    hr, hz, hn = f.linear(h, w[1], w[3]).chunk(3, -1)
    new = (xn + (xr + hr).sigmoid() * hn).tanh()
    return ((h - new) * (xz + hz).sigmoid() + new,)


#: By mode: a step, from what the input puts into the gates, the state and the weights to the state; how many gates.
_STEPS = {"RNN_TANH": (_elman("tanh"), 1), "RNN_RELU": (_elman("relu"), 1), "LSTM": (_lstm, 4), "GRU": (_gru, 3)}


def _draw(module: Module, hidden_size: int) -> None:
    bound = 1.0 / math.sqrt(hidden_size)
    for p in module.parameters():
        init.uniform_(p, -bound, bound)


def _along(steps: Sequence[Tensor], state: State, step: Callable[[Tensor, State], State]) -> tuple[list[Tensor], State]:
    """Forwards over steps whose rows may grow fewer; the last state of every row."""
    out, ended = [], []
    for x in steps:
        rows = x._a.shape[0]
        if rows < state[0]._a.shape[0]:
            ended.append(tuple(s[rows:] for s in state))
            state = tuple(s[:rows] for s in state)
        state = step(x, state)
        out.append(state[0])
    return out, _joined([state, *reversed(ended)])


def _against(
    steps: Sequence[Tensor], start: State, step: Callable[[Tensor, State], State]
) -> tuple[list[Tensor], State]:
    """Backwards over steps; a row joins, with its initial state, where its sequence ends."""
    out: list[Tensor] = []
    state = tuple(s[:0] for s in start)
    for x in reversed(steps):
        rows, now = x._a.shape[0], state[0]._a.shape[0]
        if rows > now:
            late = tuple(s[now:rows] for s in start)
            state = late if not now else _joined([state, late])
        state = step(x, state)
        out.append(state[0])
    return out[::-1], state


def _joined(states: Sequence[State]) -> State:
    return states[0] if len(states) == 1 else tuple(cat(parts) for parts in zip(*states))


class RNNBase(Module):
    """What the recurrent layers share: parameters by layer and direction, and the way through them.

    Inputs are (steps, batch, input_size), (batch, steps, input_size) if `batch_first`, (steps, input_size) without a
    batch, or a `PackedSequence`. Weights start uniform within 1 / sqrt(hidden_size): PyTorch's numbers for the same
    seed.
    """

    def __init__(
        self, mode: str, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, proj_size: int = 0,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        for name, n in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
            if not isinstance(n, int):
                raise TypeError(f"{name} should be of type int, got: {type(n).__name__}")
            if n <= 0:
                raise ValueError(f"{name} must be greater than zero")
        if isinstance(dropout, bool) or not 0 <= dropout <= 1:
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
            )
        if dropout > 0 and num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
                f"num_layers greater than 1, but got dropout={dropout} and num_layers={num_layers}",
                stacklevel=3,
            )
        if not 0 <= proj_size < hidden_size:
            raise ValueError(f"proj_size has to be smaller than hidden_size, but got {proj_size} and {hidden_size}")
        self.mode, self.input_size, self.hidden_size, self.num_layers = mode, input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.proj_size = bidirectional, proj_size
        gates, out = _STEPS[mode][1] * hidden_size, proj_size or hidden_size
        for layer in range(num_layers):
            wide = input_size if layer == 0 else out * self._directions()
            shapes = [
                (gates, wide),
                (gates, out),
                *[(gates,), (gates,)] * bias,
                *[(proj_size, hidden_size)] * (proj_size > 0),
            ]
            for reverse in range(self._directions()):
                for name, shape in zip(self._names(layer, reverse), shapes):
                    self.register_parameter(name, blank(*shape, dtype=dtype))
        self.reset_parameters()

    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    def _names(self, layer: int, reverse: int) -> list[str]:
        kinds = ["weight_ih", "weight_hh", *["bias_ih", "bias_hh"] * self.bias, *["weight_hr"] * (self.proj_size > 0)]
        return [f"{kind}_l{layer}{'_reverse' * reverse}" for kind in kinds]

    def _weights(self, layer: int, reverse: int) -> list[Any]:
        found = [getattr(self, name) for name in self._names(layer, reverse)]
        return found if self.bias else [*found[:2], None, None, *found[2:]]

    @property
    def all_weights(self) -> list[list[Any]]:
        """The parameters of each layer and direction."""
        places = [(layer, reverse) for layer in range(self.num_layers) for reverse in range(self._directions())]
        return [[getattr(self, name) for name in self._names(*place)] for place in places]

    def reset_parameters(self) -> None:
        """Draw all weights anew."""
        _draw(self, self.hidden_size)

    def flatten_parameters(self) -> None:
        """Nothing: parameters lie in memory as they are."""

    def forward(self, input: Any, hx: Any = None) -> Any:
        """All outputs of the last layer, and the last state of every layer and direction."""
        if isinstance(input, PackedSequence):
            steps, rows, order, batched = input.data, input.batch_sizes.tolist(), input, True
        else:
            steps, rows, batched = self._together(input)
            order = None
        start = self._start(hx, rows[0], steps, batched)
        if order is not None and hx is not None and order.sorted_indices is not None:
            start = tuple(s.index_select(1, order.sorted_indices) for s in start)
        out: Any
        out, last = self._layers(steps, rows, start)
        if order is not None:
            if order.unsorted_indices is not None:
                last = tuple(s.index_select(1, order.unsorted_indices) for s in last)
            out = PackedSequence(out, *order[1:])
        else:
            out = out.reshape(len(rows), rows[0], out._a.shape[-1])
            if not batched:
                out, last = out.squeeze(1), tuple(s.squeeze(1) for s in last)
            elif self.batch_first:
                out = named(out.transpose(0, 1), "TransposeBackward1")
        return out, last if self.mode == "LSTM" else last[0]

    def _together(self, input: Tensor) -> tuple[Tensor, list[int], bool]:
        """The inputs of all steps below each other, how many rows each has, and whether there was a batch."""
        kind = self.mode.split("_")[0]
        shape = input._a.shape
        if len(shape) not in (2, 3):
            raise ValueError(f"{kind}: Expected input to be 2D or 3D, got {len(shape)}D instead")
        if shape[-1] != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {shape[-1]}"
            )
        weight = self._parameters["weight_ih_l0"]
        if weight is not None and input._a.dtype != weight._a.dtype:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({weight.dtype}). Convert input: "
                f"input.to({weight.dtype}), or convert model: model.to({input.dtype})"
            )
        batched = len(shape) == 3
        time = 1 if batched and self.batch_first else 0
        if not shape[time]:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        steps = input if batched else input.unsqueeze(1)
        steps = steps.transpose(0, 1) if time else steps
        many, rows = steps._a.shape[:2]
        return steps.reshape(many * rows, self.input_size), [rows] * many, batched

    def _start(self, hx: Any, rows: int, input: Tensor, batched: bool) -> State:
        """The initial state of all layers and directions, (layers * directions, batch, size) each."""
        many, two = self.num_layers * self._directions(), self.mode == "LSTM"
        sizes = [self.proj_size or self.hidden_size, self.hidden_size][: 1 + two]
        if hx is None:
            return tuple(FUNCTIONS["zeros"](many, rows, n, dtype=dtypes.of(input._a.dtype)) for n in sizes)
        given = tuple(hx) if two else (hx,)
        for i, (s, n) in enumerate(zip(given, sizes)):
            expected = (many, rows, n) if batched else (many, n)
            if len(s._a.shape) != len(expected):
                what = "batched 3-D" if batched else "unbatched 2-D"
                raise RuntimeError(
                    f"For {what} input, hx should also be {len(expected)}-D but got {len(s._a.shape)}-D tensor"
                )
            if s._a.shape != expected:
                which = f"hidden[{i}]" if two else "hidden"
                raise RuntimeError(f"Expected {which} size {expected}, got {list(s._a.shape)}")
        return given if batched else tuple(s.unsqueeze(1) for s in given)

    def _layers(self, steps: Tensor, rows: list[int], start: State) -> tuple[Tensor, State]:
        """All outputs, for the inputs of all steps below each other, so many rows each."""
        ends = []
        for layer in range(self.num_layers):
            if layer and self.dropout and self.training:
                steps = f.dropout(steps, self.dropout)
            sides = []
            for reverse in range(self._directions()):
                at, w = layer * self._directions() + reverse, self._weights(layer, reverse)
                out, end = self._layer(f.linear(steps, w[0], w[2]), rows, tuple(s[at] for s in start), w, reverse)
                sides.append(out)
                ends.append(end)
            steps = sides[0] if len(sides) == 1 else cat(sides, -1)
        return steps, tuple(stack(parts) for parts in zip(*ends))

    def _layer(self, x: Tensor, rows: list[int], state: State, w: Weights, reverse: int) -> tuple[Tensor, State]:
        """The same of one layer in one direction, of what the inputs put into its gates."""
        if self.mode == "LSTM" and not self.proj_size and min(rows) == max(rows):
            n = self.hidden_size
            x = (x if w[3] is None else x + w[3]).reshape(len(rows), rows[0], 4 * n)
            both = recurrent.lstm(x.flip(0) if reverse else x, w[1], *state)
            out, end = both[..., :n], both[-1]
            return (out.flip(0) if reverse else out).reshape(-1, n), (end[:, :n], end[:, n:])
        step, go = _STEPS[self.mode][0], _against if reverse else _along
        outputs, last = go(list(x.split(rows)), state, lambda x, s: step(x, s, w))
        return cat(outputs), last

    def extra_repr(self) -> str:
        """The sizes, and what is not as usual."""
        usual = {
            "proj_size": 0,
            "num_layers": 1,
            "bias": True,
            "batch_first": False,
            "dropout": 0,
            "bidirectional": False,
        }
        unusual = [f"{k}={getattr(self, k)}" for k, v in usual.items() if getattr(self, k) != v]
        return ", ".join([str(self.input_size), str(self.hidden_size), *unusual])


def _unprojected(name: str, options: dict[str, Any]) -> None:
    if "proj_size" in options:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")


class RNN(RNNBase):
    """h = tanh(W_ih x + b_ih + W_hh h + b_hh) at each step (Elman, 1990), or relu; `num_layers` of them.

    >>> import chainrule as cr
    >>> out, last = cr.nn.RNN(3, 5, batch_first=True)(cr.ones(2, 7, 3))
    >>> out.shape, last.shape
    (torch.Size([2, 7, 5]), torch.Size([1, 2, 5]))
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, nonlinearity: str = "tanh", *args: Any,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        _unprojected("RNN", kwargs)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(f"RNN_{nonlinearity.upper()}", input_size, hidden_size, num_layers, *args, **kwargs)
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """Long short-term memory: a cell state that gates write to and read from. Returns out, (h, c)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)


class GRU(RNNBase):
    """A gated recurrent unit: the state is moved towards a candidate by a gate."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _unprojected("GRU", kwargs)
        super().__init__("GRU", *args, **kwargs)


class RNNCellBase(Module):
    """One step as a module: (batch, input_size), or (input_size), and a state to the next state."""

    mode = ""
    nonlinearity = "tanh"

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        num_chunks: int = 1,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        self.weight_ih = blank(num_chunks * hidden_size, input_size, dtype=dtype)
        self.weight_hh = blank(num_chunks * hidden_size, hidden_size, dtype=dtype)
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, blank(num_chunks * hidden_size, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights anew."""
        _draw(self, self.hidden_size)

    def forward(self, input: Tensor, hx: Any = None) -> Any:
        """The next state."""
        kind = type(self).__name__
        if len(input._a.shape) not in (1, 2):
            raise ValueError(f"{kind}: Expected input to be 1D or 2D, got {len(input._a.shape)}D instead")
        two, batched = self.mode == "LSTM", len(input._a.shape) == 2
        x = input if batched else input.unsqueeze(0)
        if x._a.shape[1] != self.input_size:
            raise RuntimeError(f"input has inconsistent input_size: got {x._a.shape[1]} expected {self.input_size}")
        if hx is None:
            state = (FUNCTIONS["zeros"](x._a.shape[0], self.hidden_size, dtype=input.dtype),) * (1 + two)
        else:
            state = tuple(hx) if two else (hx,)
            state = state if batched else tuple(s.unsqueeze(0) for s in state)
        for s in state:
            if s._a.shape != (x._a.shape[0], self.hidden_size):
                raise RuntimeError(
                    f"hidden has inconsistent size: got {list(s._a.shape)}, expected "
                    f"{[x._a.shape[0], self.hidden_size]}"
                )
        driven = f.linear(x, self.weight_ih, self.bias_ih)
        new = _STEPS[self.mode][0](driven, state, [self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh])
        new = new if batched else tuple(s.squeeze(0) for s in new)
        return new if two else new[0]

    def extra_repr(self) -> str:
        """The sizes, and what is not as usual."""
        text = f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else f", bias={self.bias}")
        return text + (f", nonlinearity={self.nonlinearity}" if self.nonlinearity != "tanh" else "")


class RNNCell(RNNCellBase):
    """One step of `RNN`."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        if nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {nonlinearity}")
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity, self.mode = nonlinearity, f"RNN_{nonlinearity.upper()}"


class LSTMCell(RNNCellBase):
    """One step of `LSTM`: returns h and c."""

    mode = "LSTM"

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)


class GRUCell(RNNCellBase):
    """One step of `GRU`."""

    mode = "GRU"

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)
