"""A derivation for paper: a fragment of LaTeX with its steps and numbers, and a sheet of its own."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from chainrule.base.language import language, say
from chainrule.see.derive.algebra import NoFormula

if TYPE_CHECKING:
    from chainrule.see.derive.derivation import Derivation
    from chainrule.see.derive.steps import Step

ESCAPED = {"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
#: How pdflatex writes the letters of a language; XeLaTeX and LuaLaTeX take a font that has them.
ENCODINGS = {"en": "T1", "vi": "T5", "ru": "T2A", "th": "T1"}
#: Thai letters stand in for those that TeX's own fonts lack, which keep the Latin ones, the digits and the formulas.
THAI = r"""\directlua{luaotfload.add_fallback("thai", {"NotoSerifThai-Regular:mode=harf;script=thai;"})}
\setmainfont{Latin Modern Roman}[RawFeature={fallback=thai}] % or another font with Thai letters, in the line before
"""


def fragment(derivation: Derivation) -> str:
    """The function, each step with its sentence, the derivatives, and the values at the point; it needs amsmath."""
    function, *derivatives = [f"\\[ {left} = {right} \\]" for left, right in derivation.equations]
    lines = [function]
    steps: list[Step] = []
    with suppress(NoFormula):  # of whole vectors and matrices none are written
        steps = derivation.steps
    if steps:
        lines.append(r"\begin{enumerate}")
        for step in steps:
            lines += [rf"\item {text(step.sentence)}", f"\\[ {step.latex()} \\]"]
        lines.append(r"\end{enumerate}")
    lines += derivatives
    if derivation.values is not None:
        lines.append(text(say("at {point}:", point=derivation._point())))
        lefts = [derivation._tex_of_function(), *map(derivation._label_tex, derivation.derivatives)]
        values = [derivation.values.function, *derivation.values.derivatives.values()]
        lines += [f"\\[ {left} = {derivation._written(v)} \\]" for left, v in zip(lefts, values)]
    lines += [text(remark) for remark in derivation.remarks]
    return "\n".join(lines)


def program() -> str:
    """What compiles a sheet in the language chosen."""
    return "lualatex" if language() == "th" else "pdflatex"


def sheet(derivation: Derivation) -> str:
    """A document of its own, for pdflatex (of Thai for lualatex)."""
    code = language()
    own = THAI if code == "th" else ""
    return (
        "\\documentclass[a4paper]{article}\n\\usepackage{amsmath}\n"
        "\\ifdefined\\pdfoutput\\ifdefined\\directlua\\else\n"
        f"\\usepackage[utf8]{{inputenc}}\n\\usepackage[{ENCODINGS[code]}]{{fontenc}}\n"
        "\\fi\\fi\n"
        f"\\ifdefined\\directlua\n\\usepackage[no-math]{{fontspec}}\n{own}\\fi\n"
        "\\pagestyle{empty}\n\\begin{document}\n\\sloppy\n"
        f"{fragment(derivation)}\n\\end{{document}}\n"
    )


def text(said: str) -> str:
    """A sentence with all that TeX would take for its own escaped."""
    escaped = re.sub(r"[\\{}~^]", lambda m: ESCAPED[m[0]], said)
    return re.sub(r"([$&#%_])", r"\\\1", escaped).replace("<", r"\textless{}").replace(">", r"\textgreater{}")
