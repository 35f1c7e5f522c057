"""The table of operations: every op by its name, and what an op may say of itself in columns.

It stands below all that reads it; the ops are put in as `ops/` declares them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from chainrule.core.op import Op

REGISTRY: dict[str, Op] = {}
Attrs = dict[str, Any]  # the attributes in a call of an op, by name
OPERATORS: dict[str, Op] = {}  # the ops that are Python's operators, by their sign
# Of an elementwise op, the number of a rule of its (or None), attributes and operands: what computes that of long
# arrays in one pass, or None. The compiler can, which stands above all that asks (`core/blocks.py`).
machine_code: Callable[..., Any] | None = None
COLUMNS = {  # what an op may say of itself besides its kernel and its rule, for those who write it elsewhere
    "aliases": "further names that it is published by",
    "at": "of the number of dimensions and the attributes: the axes in their new order (moves='axes'), or the index of "
    "the part that it takes or fills ('part', 'inset'); None where there is none",
    "batch": "how it computes a batch at once, a rule (`core/leading.py`); without one it is run on each sample",
    "bounds": "between which numbers the result lies, of the operands' bounds (`ops/intervals.py`)",
    "complex": "True: it takes complex operands (`core/conjugate.py`); 'only': it is for them alone; a name: of the op "
    "that takes them in its place",
    "doc": "what its function computes, in a line; then an example for doctest (`api/operators.py` adds the arguments)",
    "folds": "many elements become one: 'total', 'average', 'largest' or 'smallest'",
    "inplace": "False: no method with an underscore",
    "js": "JavaScript of doubles; %0, %1 stand for the operands",
    "matrix": "what it is among matrices (`see/derive/matrix_rules.py`)",
    "mend": "what mends a NaN or an infinity that it makes, a sentence (`ops/mends.py`)",
    "mend_slope": "the same of its slope",
    "moves": "each element is one of an operand's, or 0; the order stays ('regroup'), axes change places ('axes'), "
    "elements repeat ('spread'), it takes a part ('part') or sets it in zeros ('inset'), or else ('other'); 'each': "
    "every element stays where it is; 'like': only shape and dtype are an operand's",
    "native": "its function in vector maths, where its kernel is more than NumPy",
    "neutral": "for each operand the number that leaves the other one as it is, None where there is none",
    "numbers": "the names of its node where the first, or the second, operand is a number",
    "objects": "True: its kernel works on arrays of Python objects too, by their + and *",
    "operator": "the sign that Python has for it",
    "orderly": "whether elements are in order in memory: True always, False perhaps not; else as those of the operands",
    "parts": "the op in simpler ones, just as exact; None where it stays whole",
    "passes": "True: NumPy goes over memory several times for it, or slowly, though it has a price",
    "price": "about how many simple instructions an element takes, where it is fewer than a function takes; or a "
    "function of the operands that says it",
    "probe": "attributes to run the rule with, when it is looked for what the rule reads",
    "publish": "False: it is no function of its own name",
    "reads_numbers": "True: its rule wants to know which operands were numbers",
    "refuse": "raises for dtypes that it does not take: of (the result's dtype, the operands)",
    "scales": "what a factor common to its operands does: 'product', 'quotient', 'negative' or 'sum'",
    "steepest": "its largest slope, where it is nearly flat at its ends",
    "sympy": "an expression of SymPy's in %0, %1 (a name alone: that function of them); or a function in simpler ops, "
    "as people write it",
    "tex": "LaTeX in %0, %1",
    "ufunc": "the NumPy ufunc that it is, where its kernel is not that ufunc itself",
    "unrounded": "positions at which a number beside halves is a float32; at others it is rounded to a half first",
    "why": "a sentence about its slope",
}


@cache
def by_ufunc() -> dict[np.ufunc, Op]:
    """The op that a NumPy ufunc is, among those for real numbers."""
    real = (op for op in REGISTRY.values() if op.columns.get("complex") != "only")
    said = {op.columns.get("ufunc", op.kernel): op for op in real}
    return {ufunc: op for ufunc, op in said.items() if hasattr(ufunc, "nin")}
