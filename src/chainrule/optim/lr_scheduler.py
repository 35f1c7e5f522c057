"""Schedules of the learning rate: `scheduler.step()` after each epoch sets `lr` in the optimiser's groups.

Each schedule is a formula, given in its chainable form: the next rate from the present one, so that schedules combine.
"""

from __future__ import annotations

import math
import warnings
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from chainrule.core.state import current
from chainrule.core.tensor import Tensor
from chainrule.optim.optimizer import Optimizer

Rates = list[float]


def _set(group: dict[str, Any], lr: float) -> None:
    if isinstance(group["lr"], Tensor):
        group["lr"].fill_(lr)
    else:
        group["lr"] = lr


def _per_group(optimizer: Optimizer, value: Any, name: str) -> list[Any]:
    n = len(optimizer.param_groups)
    if isinstance(value, (list, tuple)):
        if len(value) != n:
            raise ValueError(
                f"{name} must have the same length as optimizer.param_groups: expected {n}, got {len(value)}"
            )
        return list(value)
    return [value] * n


def _outside_traces() -> None:
    if current().trace is not None:
        raise RuntimeError(
            "a scheduler's step() was called inside a compiled function, where it would act once, while tracing. Call "
            "it outside, after the function: the compiled program reads the learning rate at each run."
        )


class LRScheduler:
    """The base of schedules: `get_lr` gives the rates at `last_epoch`, one per group."""

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}] "
                    f"when resuming scheduler with last_epoch >= 0"
                )
        self.base_lrs: Rates = [float(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._is_initial = True
        self._step_count = 0
        self.step()
        self._is_initial = False

    def get_lr(self) -> Rates:
        """The rates at `last_epoch`."""
        raise NotImplementedError

    def get_last_lr(self) -> Rates:
        """The rates last set."""
        return self._last_lr

    def step(self, epoch: int | None = None) -> None:
        """Go to the next epoch (or to `epoch`) and set its rates."""
        _outside_traces()
        self._counted(epoch)
        self._go(epoch)

    def _go(self, epoch: int | None = None) -> None:
        if epoch is None:
            self.last_epoch += 1
            rates = self.get_lr()
        else:
            self.last_epoch = epoch
            closed = getattr(self, "_get_closed_form_lr", None)
            rates = closed() if closed is not None else self.get_lr()
        for group, lr in zip(self.optimizer.param_groups, rates):
            _set(group, lr)
        self._last_lr: Rates = [float(group["lr"]) for group in self.optimizer.param_groups]

    def _counted(self, epoch: Any) -> None:
        """Count a step, and warn of what torch warns of: steps in the wrong order, and the number of an epoch."""
        count, optimizer = getattr(self, "_step_count", 2), self.optimizer
        ours = type(optimizer).step.__module__.startswith("chainrule.")  # whose own step() tells that it was called
        if count == 1 and ours and not optimizer._opt_called:
            warnings.warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch 1.1.0 and later, you "
                "should call them in the opposite order: `optimizer.step()` before `lr_scheduler.step()`. As it "
                "stands, the first value of the learning rate schedule is skipped.",
                UserWarning,
                stacklevel=3,
            )
        if epoch is not None:
            warnings.warn(
                "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. "
                "Please use `scheduler.step()` to step the scheduler.",
                UserWarning,
                stacklevel=3,
            )
        self._step_count = count + 1

    def _rates(self) -> Rates:
        return [float(group["lr"]) for group in self.optimizer.param_groups]

    def state_dict(self) -> dict[str, Any]:
        """All that the schedule knows but for the optimiser and functions."""
        return {k: v for k, v in self.__dict__.items() if k != "optimizer" and not _functions(v)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        self.__dict__.update(state_dict)


_LRScheduler = LRScheduler  # its name before PyTorch 2.0


def _functions(x: Any) -> bool:
    return callable(x) or (isinstance(x, list) and any(callable(y) for y in x))


class LambdaLR(LRScheduler):
    """The initial rate times a function of the epoch."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Any, last_epoch: int = -1) -> None:
        self.lr_lambdas: list[Callable[[int], float]] = _per_group(optimizer, lr_lambda, "lr_lambda")
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> Rates:
        """The rates at `last_epoch`."""
        return [lr * f(self.last_epoch) for f, lr in zip(self.lr_lambdas, self.base_lrs)]


class MultiplicativeLR(LambdaLR):
    """Each epoch the rate is multiplied by a function of the epoch."""

    def get_lr(self) -> Rates:
        """The rates at `last_epoch`."""
        if self._is_initial:
            return self._rates()
        return [lr * f(self.last_epoch) for f, lr in zip(self.lr_lambdas, self._rates())]


class _Factor(LRScheduler):
    """The rate is multiplied by `factor()` at each epoch after the first."""

    def factor(self) -> float:
        raise NotImplementedError

    def get_lr(self) -> Rates:
        """The rates at `last_epoch`."""
        if self._is_initial and self.last_epoch == 0:
            return self._rates()
        factor = self.factor()
        return [lr * factor for lr in self._rates()]


class StepLR(_Factor):
    """Every `step_size` epochs the rate is multiplied by `gamma`; an epoch ends where `step()` is called.

    >>> import chainrule as cr
    >>> optimizer = cr.optim.SGD([cr.tensor(1.0, requires_grad=True)], lr=0.4)
    >>> scheduler = cr.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> optimizer.param_groups[0]["lr"]
    0.2
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def factor(self) -> float:
        """By what the rate is multiplied at `last_epoch`."""
        return self.gamma if self.last_epoch and self.last_epoch % self.step_size == 0 else 1.0

    def _get_closed_form_lr(self) -> Rates:
        return [lr * self.gamma ** (self.last_epoch // self.step_size) for lr in self.base_lrs]


class MultiStepLR(_Factor):
    """At each milestone the rate is multiplied by `gamma`."""

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def factor(self) -> float:
        """By what the rate is multiplied at `last_epoch`."""
        return float(self.gamma ** self.milestones[self.last_epoch])

    def _get_closed_form_lr(self) -> Rates:
        passed = bisect_right(sorted(self.milestones.elements()), self.last_epoch)
        return [lr * self.gamma**passed for lr in self.base_lrs]


class ConstantLR(_Factor):
    """`factor` times the rate for `total_iters` epochs, then the rate."""

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        if factor > 1.0 or factor < 0:
            raise ValueError("Constant multiplicative factor expected to be between 0 and 1.")
        self.first, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> Rates:
        """The rates at `last_epoch`."""
        if self.last_epoch == 0:
            return [lr * self.first for lr in self._rates()]
        return [lr / self.first for lr in self._rates()] if self.last_epoch == self.total_iters else self._rates()

    def _get_closed_form_lr(self) -> Rates:
        return [lr * (self.first if self.last_epoch < self.total_iters else 1.0) for lr in self.base_lrs]


class LinearLR(_Factor):
    """From `start_factor` to `end_factor` times the rate in equal steps over `total_iters` epochs."""

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1.0 / 3, end_factor: float = 1.0, total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        if start_factor > 1.0 or start_factor <= 0:
            raise ValueError("Starting multiplicative factor expected to be greater than 0 and less or equal to 1.")
        if end_factor > 1.0 or end_factor < 0:
            raise ValueError("Ending multiplicative factor expected to be between 0 and 1.")
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def _at(self, epoch: int) -> float:
        rise = (self.end_factor - self.start_factor) * min(self.total_iters, epoch) / self.total_iters
        return self.start_factor + rise

    def get_lr(self) -> Rates:
        """The rates at `last_epoch`."""
        if self.last_epoch == 0:
            return [lr * self.start_factor for lr in self._rates()]
        if self._is_initial or self.last_epoch > self.total_iters:
            return self._rates()
        return [lr * (self._at(self.last_epoch) / self._at(self.last_epoch - 1)) for lr in self._rates()]

    def _get_closed_form_lr(self) -> Rates:
        return [lr * self._at(self.last_epoch) for lr in self.base_lrs]


class ExponentialLR(_Factor):
    """Each epoch the rate is multiplied by `gamma`."""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def factor(self) -> float:
        """By what the rate is multiplied at `last_epoch`."""
        return 1.0 if self._is_initial else self.gamma

    def _get_closed_form_lr(self) -> Rates:
        return [lr * self.gamma**self.last_epoch for lr in self.base_lrs]


class PolynomialLR(_Factor):
    """The rate times `(1 - epoch / total_iters) ** power`, then 0."""

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def factor(self) -> float:
        """By what the rate is multiplied at `last_epoch`."""
        if self._is_initial or self.last_epoch > self.total_iters:
            return 1.0
        n, epoch = self.total_iters, self.last_epoch
        return float(((1.0 - epoch / n) / (1.0 - (epoch - 1) / n)) ** self.power)

    def _get_closed_form_lr(self) -> Rates:
        left = 1.0 - min(self.total_iters, self.last_epoch) / self.total_iters
        return [lr * left**self.power for lr in self.base_lrs]


class CosineAnnealingLR(LRScheduler):
    """From the rate down to `eta_min` along a cosine over `T_max` epochs, then up (Loshchilov and Hutter, 2017)."""

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> Rates:
        """The rates at `last_epoch`."""
        t, n, low = self.last_epoch, self.T_max, self.eta_min
        if self._is_initial:
            return self._rates()
        if (t - 1 - n) % (2 * n) == 0:  # at the bottom the present rate says nothing about the height
            rise = (1 - math.cos(math.pi / n)) / 2
            return [lr + (base - low) * rise for lr, base in zip(self._rates(), self.base_lrs)]
        ratio = (1 + math.cos(math.pi * t / n)) / (1 + math.cos(math.pi * (t - 1) / n))
        return [ratio * (lr - low) + low for lr in self._rates()]

    def _get_closed_form_lr(self) -> Rates:
        height = (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2
        return [self.eta_min + (lr - self.eta_min) * height for lr in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half a cosine down to `eta_min` over `T_0` epochs, then anew, each time `T_mult` times as long."""

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        if T_0 <= 0 or not isinstance(T_0, int):
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if T_mult < 1 or not isinstance(T_mult, int):
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        self.T_0, self.T_i, self.T_mult, self.eta_min, self.T_cur = T_0, T_0, T_mult, eta_min, float(last_epoch)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> Rates:
        """The rates at `last_epoch`."""
        height = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (lr - self.eta_min) * height for lr in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go to the next epoch, or to `epoch`, which may be between two."""
        _outside_traces()
        at = self.last_epoch + 1 if epoch is None else epoch
        if at < 0:
            raise ValueError(f"Expected non-negative epoch, but got {epoch}")
        start, length = 0.0, self.T_0
        if self.T_mult == 1:
            start = at // length * length
        else:
            cycle = int(math.log(at / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            start = self.T_0 * (self.T_mult**cycle - 1) / (self.T_mult - 1)
            length = self.T_0 * self.T_mult**cycle
        self.T_cur, self.T_i = at - start, length
        self.last_epoch = math.floor(at)
        for group, lr in zip(self.optimizer.param_groups, self.get_lr()):
            _set(group, lr)
        self._last_lr = self._rates()


class CyclicLR(LRScheduler):
    """Up and down between two rates (Smith, 2017)."""

    def __init__(
        self, optimizer: Optimizer, base_lr: Any, max_lr: Any, step_size_up: int = 2000,
        step_size_down: int | None = None, mode: str = "triangular", gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle", cycle_momentum: bool = True, base_momentum: Any = 0.8, max_momentum: Any = 0.9,
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError("mode is invalid and scale_fn is None")
        base = _per_group(optimizer, base_lr, "base_lr")
        if last_epoch == -1:
            for group, lr in zip(optimizer.param_groups, base):
                _set(group, lr)
        self.max_lrs = _per_group(optimizer, max_lr, "max_lr")
        down = float(step_size_up if step_size_down is None else step_size_down)
        self.total_size = float(step_size_up) + down
        self.step_ratio = step_size_up / self.total_size
        self.mode, self.gamma, self.scale_mode, self.scale_fn = mode, gamma, scale_mode, scale_fn
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.momentum_key = _momentum_key(optimizer)
            self.base_momentums = _per_group(optimizer, base_momentum, "base_momentum")
            self.max_momentums = _per_group(optimizer, max_momentum, "max_momentum")
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base

    def _scale(self, cycle: float) -> float:
        if self.scale_fn is not None:
            return self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.mode == "triangular2":
            return 1 / (2.0 ** (cycle - 1))
        return self.gamma**self.last_epoch if self.mode == "exp_range" else 1.0

    def get_lr(self) -> Rates:
        """The rates at `last_epoch`; the momenta are set here too."""
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        height = (x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)) * self._scale(cycle)
        if self.cycle_momentum:
            for group, low, high in zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums):
                _set_momentum(group, self.momentum_key, high - (high - low) * height)
        return [low + (high - low) * height for low, high in zip(self.base_lrs, self.max_lrs)]


def _momentum_key(optimizer: Optimizer) -> str:
    for key in ("momentum", "betas"):
        if key in optimizer.defaults:
            return key
    raise ValueError("optimizer must support momentum or beta1 with `cycle_momentum` option enabled")


def _set_momentum(group: dict[str, Any], key: str, value: float) -> None:
    group[key] = (value, *group["betas"][1:]) if key == "betas" else value


class OneCycleLR(LRScheduler):
    """Up to `max_lr`, then down to far below the start, in one cycle (Smith and Topin, 2018)."""

    def __init__(
        self, optimizer: Optimizer, max_lr: Any, total_steps: int | None = None, epochs: int | None = None,
        steps_per_epoch: int | None = None, pct_start: float = 0.3, anneal_strategy: str = "cos",
        cycle_momentum: bool = True, base_momentum: Any = 0.85, max_momentum: Any = 0.95, div_factor: float = 25.0,
        final_div_factor: float = 1e4, three_phase: bool = False, last_epoch: int = -1,
    ) -> None:  # fmt: skip
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
            total_steps = epochs * steps_per_epoch
        if total_steps <= 0:
            raise ValueError(f"Expected positive integer total_steps, but got {total_steps}")
        if not 0 <= pct_start <= 1:
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self.total_steps, self.anneal_strategy, self.cycle_momentum = total_steps, anneal_strategy, cycle_momentum
        top = float(pct_start * total_steps) - 1
        last = total_steps - 1
        ends = [top, float(2 * pct_start * total_steps) - 2, last] if three_phase else [top, last]
        marks = ["initial", "max", "initial", "min"] if three_phase else ["initial", "max", "min"]
        self._phases = list(zip([0.0, *ends[:-1]], ends, marks, marks[1:]))
        tops = _per_group(optimizer, max_lr, "max_lr")
        lows = _per_group(optimizer, base_momentum, "base_momentum")
        highs = _per_group(optimizer, max_momentum, "max_momentum")
        if last_epoch == -1:
            for group, high in zip(optimizer.param_groups, tops):
                group["initial_lr"], group["max_lr"] = high / div_factor, high
                group["min_lr"] = group["initial_lr"] / final_div_factor
        if cycle_momentum:
            self.momentum_key = _momentum_key(optimizer)
            self._momenta = [{"initial": b, "max": a, "min": b} for a, b in zip(lows, highs)]
        super().__init__(optimizer, last_epoch)

    def _between(self, a: float, b: float, part: float) -> float:
        return (
            b + (a - b) / 2.0 * (math.cos(math.pi * part) + 1) if self.anneal_strategy == "cos" else (b - a) * part + a
        )

    def get_lr(self) -> Rates:
        """The rates at `last_epoch`; the momenta are set here too."""
        t = self.last_epoch
        if t > self.total_steps:
            raise ValueError(f"Tried to step {t} times. The specified number of total steps is {self.total_steps}")
        phase = next((p for p in self._phases if t <= p[1]), self._phases[-1])
        start, end, a, b = phase
        part = (t - start) / (end - start)
        rates = []
        for i, group in enumerate(self.optimizer.param_groups):
            rates.append(self._between(group[f"{a}_lr"], group[f"{b}_lr"], part))
            if self.cycle_momentum:
                m = self._momenta[i]
                _set_momentum(group, self.momentum_key, self._between(m[a], m[b], part))
        return rates


class SequentialLR(LRScheduler):
    """Schedules one after the other, each from its milestone on."""

    def __init__(
        self, optimizer: Optimizer, schedulers: list[Any], milestones: list[int], last_epoch: int = -1
    ) -> None:
        _check_schedulers(optimizer, schedulers, "SequentialLR")
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "Sequential Schedulers expects number of schedulers provided to be one more than the number "
                "of milestone "
                f"points, but got number of schedulers {len(schedulers)} "
                f"and the number of milestones to be {len(milestones)}"
            )
        self._schedulers, self._milestones = schedulers, milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        for group in optimizer.param_groups:
            _set(group, group["initial_lr"])
        for scheduler in schedulers:
            scheduler.last_epoch -= 1
        schedulers[0]._is_initial = True
        schedulers[0].step()
        schedulers[0]._is_initial = False
        self._last_lr = schedulers[0].get_last_lr()

    def step(self, epoch: int | None = None) -> None:
        """Go to the next epoch and set its rates."""
        _outside_traces()
        self.last_epoch += 1
        i = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[i]
        if i > 0 and self._milestones[i - 1] == self.last_epoch:
            scheduler._go(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()

    def state_dict(self) -> dict[str, Any]:
        """The parts' states."""
        return _states(self)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        _load_states(self, state_dict)


class ChainedScheduler(LRScheduler):
    """Several schedules at once: each step, all of them in order."""

    def __init__(self, schedulers: Sequence[Any], optimizer: Optimizer | None = None) -> None:
        _check_schedulers(
            optimizer or (schedulers[0].optimizer if schedulers else None), schedulers, "ChainedScheduler"
        )
        self._schedulers = schedulers
        self.optimizer = schedulers[0].optimizer
        self._last_lr = self._rates()

    def step(self, epoch: int | None = None) -> None:
        """Go to the next epoch and set its rates."""
        _outside_traces()
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = self._rates()

    def state_dict(self) -> dict[str, Any]:
        """The parts' states."""
        return _states(self)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        _load_states(self, state_dict)


def _check_schedulers(optimizer: Any, schedulers: Sequence[Any], name: str) -> None:
    if not schedulers:
        raise ValueError(f"{name} expects at least one scheduler to be chained, but got no scheduler.")
    for i, scheduler in enumerate(schedulers):
        if isinstance(scheduler, ReduceLROnPlateau):
            raise ValueError(f"{name} does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs")
        if scheduler.optimizer is not optimizer:
            raise ValueError(
                f"{name} expects all schedulers to belong to the same optimizer, but scheduler {i} does not"
            )


def _states(chain: Any) -> dict[str, Any]:
    own = {k: v for k, v in chain.__dict__.items() if k not in ("optimizer", "_schedulers")}
    return {**own, "_schedulers": [s.state_dict() for s in chain._schedulers]}


def _load_states(chain: Any, state: dict[str, Any]) -> None:
    chain.__dict__.update({k: v for k, v in state.items() if k != "_schedulers"})
    for scheduler, held in zip(chain._schedulers, state["_schedulers"]):
        scheduler.load_state_dict(held)


class ReduceLROnPlateau(LRScheduler):
    """Multiplies the rate by `factor` when the metric has not improved for more than `patience` epochs."""

    def __init__(
        self, optimizer: Optimizer, mode: str = "min", factor: float = 0.1, patience: int = 10, threshold: float = 1e-4,
        threshold_mode: str = "rel", cooldown: int = 0, min_lr: Any = 0, eps: float = 1e-8,
    ) -> None:  # fmt: skip
        if factor >= 1.0:
            raise ValueError("Factor should be < 1.0.")
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
        if mode not in ("min", "max"):
            raise ValueError(f"mode {mode} is unknown!")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold mode {threshold_mode} is unknown!")
        self.optimizer, self.mode, self.factor, self.patience = optimizer, mode, factor, patience
        self.threshold, self.threshold_mode, self.cooldown, self.eps = threshold, threshold_mode, cooldown, eps
        self.min_lrs = _per_group(optimizer, min_lr, "min_lr")
        self.last_epoch = 0
        self._last_lr = self._rates()
        self.num_bad_epochs = self.cooldown_counter = 0
        self.best = math.inf if mode == "min" else -math.inf

    def _better(self, a: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        bound = (
            self.best * (1 + sign * self.threshold)
            if self.threshold_mode == "rel"
            else self.best + sign * self.threshold
        )
        return a > bound if self.mode == "max" else a < bound

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        """Look at the metric of this epoch, and lower the rates if it has stopped improving."""
        if epoch is not None:
            warnings.warn("The epoch parameter in `scheduler.step()` is deprecated; call it without.", stacklevel=2)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        now = float(metrics)
        if self._better(now):
            self.best, self.num_bad_epochs = now, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            for group, least in zip(self.optimizer.param_groups, self.min_lrs):
                lr = float(group["lr"])
                lower = max(lr * self.factor, least)
                if lr - lower > self.eps:
                    _set(group, lower)
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._last_lr = self._rates()
