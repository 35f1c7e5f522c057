"""A graph as boxes and arrows: which there are and what stands on them, before anything has a place.

Where loops are folded, each step is stood for by the one that does the same in the first round; where a module is at
hand, by the box of the submodule whose parameters it reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from chainrule.base.language import say
from chainrule.core.tensor import LEAF
from chainrule.see.history.figures import Figure, figure, sizes
from chainrule.see.history.folds import Fold, fold
from chainrule.see.history.graph import Ancestor, History, step_keys
from chainrule.see.history.numbers import compute
from chainrule.see.history.slopes import expression, over, slope_formula

_FEW = 24  # as many steps are drawn one by one, loops or not
_LONGEST = 36  # letters in a box


@dataclass
class Box:
    """What stands in a box: a title, the value, the gradient."""

    kind: str  # "parameter", "input", "constant", "step", "module" or "result"
    title: str
    value: str | None = None
    gradient: str | None = None
    held: str | None = None  # what `.grad` holds
    hint: Any = None  # shown when the pointer rests on it: all of the value

    def texts(self) -> list[tuple[str, str]]:
        """Its lines with their roles."""
        roles = (("title", self.title), ("value", self.value), ("gradient", self.gradient), ("gradient", self.held))
        return [(role, _cut(text)) for role, text in roles if text]

    def lines(self) -> list[str]:
        """Its lines."""
        return [text for _, text in self.texts()]


class Arrow(NamedTuple):
    """An arrow from box to box, by their numbers."""

    tail: int
    head: int
    label: str  # the slope


@dataclass
class Group:
    """Boxes that were gone through `times` over, and the arrows from one round to the next."""

    members: list[int]
    times: int
    back: list[tuple[int, int]] = field(default_factory=list)


class Sketch(NamedTuple):
    """All of a picture but the places."""

    result: str
    boxes: list[Box]
    arrows: list[Arrow]
    groups: list[Group]


def sketch(history: History, model: Any, folding: bool, limit: int) -> Sketch:
    """The boxes and arrows of a history that was read but not computed; it is not, if there are too many."""
    steps = history.steps
    first, loops = _rounds(steps) if folding and len(steps) > _FEW else (list(range(len(steps))), [])
    rooms = _modules([s for i, s in enumerate(steps) if first[i] == i], model) if folding and model is not None else {}
    plan = _Plan(history, first, rooms)
    if rooms and any(tail > head for tail, head in plan.arrows):  # a path leaves a module and comes back into it
        plan = _Plan(history, first, {})
    refuse(len(plan.number), limit)
    compute(history)
    boxes = [_box(plan.things[key], history) for key in plan.number]
    arrows = [
        Arrow(
            tail, head, ", ".join(filter(None, [_slope(step, i) for step, i in ends if plan.stands[id(step)] is step]))
        )
        for (tail, head), ends in plan.arrows.items()
    ]
    places = {id(step): i for i, step in enumerate(steps)}
    groups = [_group(loop, steps, plan, places) for loop in loops]
    return Sketch(history.title, boxes, arrows, groups)


def refuse(n: int, limit: int) -> None:
    """Raise if a picture would have too many boxes."""
    if n > limit:
        raise ValueError(say(
            "this picture would have {n} boxes, and more than {limit} cannot be read. Draw a part: fewer rounds of the "
            "loop, a smaller input, or an intermediate value; explain(y) takes graphs of any size; limit={n} draws it "
            "all the same.", n=n, limit=limit,
        ))  # fmt: skip


class _Plan:
    """What is drawn as what: `stands` says for each step which step or room, `number` how boxes are counted."""

    def __init__(self, history: History, first: Sequence[int], rooms: dict[int, Room]) -> None:
        steps = history.steps
        shown = [step for i, step in enumerate(steps) if first[i] == i]
        self.stands: dict[int, Any] = {
            id(step): rooms.get(id(steps[first[i]]), steps[first[i]]) for i, step in enumerate(steps)
        }
        last = {id(self.stands[id(step)]): i for i, step in enumerate(shown)}  # a room is complete with its last step
        used = {id(x) for step in shown for x in step.inputs if isinstance(x, Ancestor) and x.kind != "step"}
        inside = {id(p) for room in rooms.values() for p in room.parameters}
        sources = [x for x in (*history.leaves, *history.constants) if id(x) in used - inside or x in history.results]
        self.things = {id(x): x for x in (*sources, *self.stands.values())}
        self.number = {key: i for i, key in enumerate([*map(id, sources), *sorted(last, key=last.__getitem__)])}
        self.arrows: dict[tuple[int, int], list[tuple[Ancestor, int]]] = {}  # with the operands that they stand for
        for step in shown:
            head = self.of(step)
            for i, x in enumerate(step.inputs):
                tail = self.of(x) if isinstance(x, Ancestor) else None
                if tail is not None and head is not None and tail != head:
                    self.arrows.setdefault((tail, head), []).append((step, i))

    def of(self, step: Ancestor) -> int | None:
        """The number of the box that a step is drawn as; None if it is not drawn."""
        return self.number.get(id(self.stands.get(id(step), step)))


def _box(x: Any, history: History) -> Box:
    if isinstance(x, Room):
        box = _box(x.members[-1], history)
        shapes = ", ".join(f"{str(p.name).rpartition('.')[2]} {sizes(p.shape or ())}" for p in x.parameters)
        return Box("module", x.title, box.value, box.gradient, hint=shapes)
    formula, name = expression(x), str(x.name)
    value, grad = figure(x.value), figure(x.grad)
    box = Box("result" if x in history.results else x.kind, name if formula is None else f"{name} = {formula}")
    if value is not None:
        box.value, box.hint = value.brief(), value
    if grad is not None and not (x in history.results and x.users == 0):
        box.gradient = _stated(over(history.title, name), grad)
    held = x.tensor._grad if x.tensor is not None and x.tensor._g is LEAF else None
    if held is not None:
        box.held = _stated(f"{name}.grad", Figure(held._a))
    return box


def _stated(name: str, x: Figure) -> str:
    brief = x.brief()
    return f"{name}: {brief}" if brief == sizes(x.shape) else f"{name} = {brief}"


def _slope(step: Ancestor, i: int) -> str:
    flow = step.flows[i] if step.flows is not None and i < len(step.flows) else None
    if flow is None or flow[0] is None:
        return ""
    slope = figure(flow[0])
    formula = slope_formula(step, i)
    words = str(formula) if formula is not None and len(str(formula)) <= 16 else ""
    number = slope.brief() if slope is not None and not slope.shape else ""
    return words if not number or words == number else f"{words} = {number}" if words else number


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


# -------------------------------------------------------------------------------------------------------------- loops


class Rounds(NamedTuple):
    """A folded loop: the positions of its first round start at `start`; a round has `period` steps."""

    start: int
    period: int
    times: int


def _rounds(steps: Sequence[Ancestor]) -> tuple[list[int], list[Rounds]]:
    """For each step the one that stands for it, and the loops that were found."""
    first = list(range(len(steps)))
    loops: list[Rounds] = []
    for item in fold(step_keys(steps)):
        if isinstance(item, Fold):
            _fold_into(item, first, loops)
    return first, loops


def _length(item: int | Fold) -> int:
    return 1 if isinstance(item, int) else item.times * sum(map(_length, item.items))


def _start(item: int | Fold) -> int:
    return item if isinstance(item, int) else _start(item.items[0])


def _fold_into(item: Fold, first: list[int], loops: list[Rounds]) -> None:
    start, period = _start(item), sum(map(_length, item.items))
    for inner in item.items:
        if isinstance(inner, Fold):
            _fold_into(inner, first, loops)
    for i in range(start + period, start + period * item.times):
        first[i] = first[i - period]
    loops.append(Rounds(start, period, item.times))


def _group(loop: Rounds, steps: Sequence[Ancestor], plan: _Plan, places: dict[int, int]) -> Group:
    start, period, times = loop
    members = {plan.number[id(plan.stands[id(step)])] for step in steps[start : start + period]}
    back: dict[tuple[int, int], None] = {}
    for step in steps[start + period : start + 2 * period]:  # what the second round takes from the first
        for x in step.inputs:
            if isinstance(x, Ancestor) and start <= places.get(id(x), -1) < start + period:
                back[plan.number[id(plan.stands[id(x)])], plan.number[id(plan.stands[id(step)])]] = None
    return Group(sorted(members), times, [(a, b) for a, b in back if a >= b])


# ------------------------------------------------------------------------------------------------------------ modules


class Room:
    """The steps of one call of a submodule."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.members: list[Ancestor] = []
        self.parameters: list[Ancestor] = []
        self.bare = True  # whether nothing but parameters has come in yet, as in a reshaped bias


def _modules(steps: Sequence[Ancestor], model: Any) -> dict[int, Room]:
    """The room of each step that reads parameters of a submodule, or what was made of parameters alone."""
    owner: dict[int, str] = {}
    for name, module in model.named_modules():
        kind = type(module).__name__
        for p in module._parameters.values():
            if p is not None:
                owner.setdefault(id(p), f"{name}: {kind}" if name else kind)
    rooms: dict[int, Room] = {}
    for step in steps:
        inputs = [x for x in step.inputs if isinstance(x, Ancestor)]
        mine = [x for x in inputs if id(x.tensor) in owner]
        near = list(dict.fromkeys(rooms[id(x)] for x in inputs if id(x) in rooms))
        titles = [*(owner[id(x.tensor)] for x in mine), *(room.title for room in near if room.bare)]
        if not titles:
            continue
        room, *others = [r for r in near if r.title == titles[0]] or [Room(titles[0])]
        for other in others:  # they meet here
            room.members += other.members
            room.parameters += [p for p in other.parameters if p not in room.parameters]
            room.bare = room.bare and other.bare
        room.bare = room.bare and all(x in mine or x in room.members for x in inputs)
        room.members.append(step)
        room.parameters += [x for x in mine if x not in room.parameters]
        rooms |= {id(member): room for member in room.members}
    return rooms
