"""A pickle machine that builds data and can do nothing else.

A pickle is a program for a stack machine. Python's machine imports what a program names and calls what it puts on the
stack. This one has no import and no call: a name is either a known one (see `build`), which stays a mere word, or the
end of the story; "calling" a word looks up a function in `build.BUILDERS`, each of which checks its arguments.
Attributes are never set but for the notes (`_metadata`) that a state_dict carries. Python's `pickletools` decodes the
instructions, which runs nothing.
"""

from __future__ import annotations

import pickletools
import struct
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from pickle import UnpicklingError
from typing import IO, Any

from chainrule.nn.module import Module
from chainrule.serialization.build import BUILDERS, Storage, Word, checked_key, word
from chainrule.serialization.modules import class_of, restore

_NUMBERS_AND_STRINGS = {"BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINSTRING"}
_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None, "NEWTRUE": lambda: True, "NEWFALSE": lambda: False,
    "EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "EMPTY_DICT": dict, "EMPTY_SET": set,
}  # fmt: skip
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_MAPPINGS = (dict, OrderedDict, defaultdict, Counter)
DAMAGE = (IndexError, KeyError, ValueError, TypeError, AttributeError, OverflowError, MemoryError, EOFError,
           RecursionError, struct.error)  # fmt: skip


def unpickled(stream: IO[bytes], storage: Callable[[Any], Any], modules: bool = False) -> Any:
    """The object that the pickle at the stream's place describes; the stream is left behind it.

    `storage`: gives the memory for a persistent id. `modules`: whether whole modules may be in it. Raises
    UnpicklingError for anything but data.
    """
    try:
        return _Machine(storage, modules).run(stream)
    except UnpicklingError:
        raise
    except DAMAGE as error:
        raise UnpicklingError(f"the file is damaged, or was not written by save(): {error}") from None


class _Machine:
    def __init__(self, storage: Callable[[Any], Any], modules: bool) -> None:
        self.modules = modules
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []  # the stacks under the marks
        self.memo: dict[int, Any] = {}
        self.storage = storage

    def run(self, stream: IO[bytes]) -> Any:
        """Carry out instructions up to STOP."""
        for instruction, arg, _ in pickletools.genops(stream):
            if instruction.name == "STOP":
                break
            self.step(instruction.name, arg)
        (result,) = self.stack
        check_finished(result)
        return result

    def step(self, name: str, arg: Any) -> None:
        """One instruction."""
        stack, memo = self.stack, self.memo
        if name in _NUMBERS_AND_STRINGS:
            stack.append(arg)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name]())
        elif name in ("BINPUT", "LONG_BINPUT"):
            memo[arg] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            stack.append(memo[arg])
        elif name == "MARK":
            self.below.append(stack)
            self.stack = []
        elif name in _TUPLES:
            n = _TUPLES[name]
            stack[-n:] = [tuple(stack[i] for i in range(-n, 0))]
        elif name == "TUPLE":
            items = self.since_mark()
            self.stack.append(tuple(items))
        elif name in ("SETITEM", "SETITEMS"):
            items = self.since_mark() if name == "SETITEMS" else [stack.pop(), stack.pop()][::-1]
            self.fill(self.stack[-1], items)
        elif name in ("APPEND", "APPENDS"):
            items = self.since_mark() if name == "APPENDS" else [stack.pop()]
            if type(self.stack[-1]) is not list:
                raise UnpicklingError(f"can only append to lists, not to {type(self.stack[-1]).__name__}")
            self.stack[-1].extend(items)
        elif name == "GLOBAL":
            stack.append((self.modules and class_of(*arg.split(" ", 1))) or word(*arg.split(" ", 1)))
        elif name in ("REDUCE", "NEWOBJ"):
            args, made_by = stack.pop(), stack.pop()
            if name == "NEWOBJ" and isinstance(made_by, type) and args == ():  # a class of modules: see class_of
                stack.append(object.__new__(made_by))
                return
            if type(made_by) is not Word or type(args) is not tuple:
                raise UnpicklingError(f"can only build what a name stands for, not call {type(made_by).__name__}")
            stack.append(BUILDERS[made_by](*args))
        elif name == "BUILD":
            state = stack.pop()
            (restore if isinstance(stack[-1], Module) else annotate)(stack[-1], state)
        elif name == "BINPERSID":
            stack.append(self.storage(stack.pop()))
        elif name != "PROTO":
            raise UnpicklingError(f"unsupported instruction {name} in the file's pickle (save() writes protocol 2)")

    def since_mark(self) -> list[Any]:
        """What was put on the stack since the last mark."""
        items, self.stack = self.stack, self.below.pop()
        return items

    def fill(self, mapping: Any, items: list[Any]) -> None:
        """Set entries of a dict, given as key, value, key, value, ..."""
        if type(mapping) not in _MAPPINGS:
            raise UnpicklingError(f"can only set items of dicts, not of {type(mapping).__name__}")
        for key, value in zip(items[::2], items[1::2], strict=True):
            mapping[checked_key(key)] = value


def annotate(x: Any, state: Any) -> None:
    """Give an OrderedDict the attributes that were saved with it: a state_dict's `_metadata`."""
    if type(x) is not OrderedDict or type(state) is not dict:
        raise UnpicklingError(f"can only set attributes of an OrderedDict, not of {type(x).__name__}")
    for name, value in state.items():
        if type(name) is not str or hasattr(OrderedDict, name):
            raise UnpicklingError(f"an OrderedDict takes no attribute {name!r}")
        setattr(x, name, value)


def check_finished(result: Any) -> None:
    """Refuse a result with a name or bare memory in it, or with a container that contains itself. Not recursive."""
    inside: set[int] = set()  # the containers on the path to where we are
    done: set[int] = set()
    todo: list[tuple[Any, bool]] = [(result, False)]
    while todo:
        x, leaving = todo.pop()
        if type(x) in (Word, Storage) or isinstance(x, type):
            raise UnpicklingError(f"the file holds {x} itself, which is not data")
        if leaving:
            inside.discard(id(x))
            done.add(id(x))
        elif id(x) in inside:
            raise UnpicklingError(f"the file holds a {type(x).__name__} that contains itself")
        elif isinstance(x, (list, tuple, set, Module, *_MAPPINGS)) and id(x) not in done:
            inside.add(id(x))
            todo.append((x, True))
            if not isinstance(x, Module):
                todo.extend((y, False) for y in (x.values() if isinstance(x, dict) else x))
            todo.extend((y, False) for y in getattr(x, "__dict__", {}).values())
