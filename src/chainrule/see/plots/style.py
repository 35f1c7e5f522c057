"""How plots look: colours that the colour-blind can tell apart, on light and on dark, and letters for every language.

Figures that are made here get a theme; axes that are given keep theirs, and what is drawn takes colours that show on
them. The colours are those of Okabe and Ito, https://jfly.uni-koeln.de/color/.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from chainrule.base.extras import extra
from chainrule.base.language import language, say

THAI = {  # families with Thai letters that systems bring along, and their files
    "Noto Sans Thai": "notosansthai-regular", "Sarabun": "sarabun-regular", "TH Sarabun New": "thsarabunnew",
    "Leelawadee UI": "leelawui", "Thonburi": "thonburi", "Garuda": "garuda", "Loma": "loma", "Waree": "waree",
    "Tahoma": "tahoma",
}  # fmt: skip


@dataclass(frozen=True)
class Look:
    """The colours of a theme."""

    dark: bool
    face: str
    ink: str
    faint: str
    first: str  # the function
    second: str  # its slope
    third: str  # what is pointed at
    way: str  # a path, on contours too
    bad: str  # what runs away
    ramp: str  # matplotlib's name of the colours of heights
    cycle: tuple[str, ...]


LIGHT = Look(
    False, "#ffffff", "#222222", "#c8c8c8", "#0072b2", "#d55e00", "#009e73", "#d55e00", "#cc79a7", "Blues_r",
    ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#222222"),
)  # fmt: skip
DARK = Look(
    True, "#16181d", "#e8e8e8", "#4a4e57", "#56b4e9", "#e69f00", "#2ec99b", "#e69f00", "#e58fc0", "Blues_r",
    ("#56b4e9", "#e69f00", "#2ec99b", "#e58fc0", "#f0e442", "#ff8a3d", "#e8e8e8"),
)  # fmt: skip
THEMES = {"light": LIGHT, "dark": DARK}
_warned = False


def matplotlib() -> Any:
    """matplotlib's pyplot; an ImportError that says what to install."""
    return extra("matplotlib.pyplot", "see", "a plot")


@contextmanager
def look(theme: str | None, ax: Any = None) -> Iterator[Look]:
    """The colours to draw in, while figures made within have the theme, and labels a language that can be lettered.

    theme: "light", "dark", or None for the one that goes with `ax`, or else with matplotlib's own settings.
    """
    pyplot = matplotlib()
    if theme is not None and theme not in THEMES:
        raise ValueError(f"theme must be 'light', 'dark' or None, but got {theme!r}")
    face = pyplot.rcParams["axes.facecolor"] if ax is None else ax.get_facecolor()
    chosen = THEMES[theme] if theme else DARK if _is_dark(face) else LIGHT
    with ExitStack() as stack:
        if ax is None:
            stack.enter_context(_settings(pyplot, {**_shape(), **(_colours(chosen) if theme else {})}))
        if language() == "th" and not thai_fonts():
            _warn()
            stack.enter_context(language("en"))  # type: ignore[arg-type]
        yield chosen


@contextmanager
def _settings(pyplot: Any, settings: dict[str, Any]) -> Iterator[None]:
    """matplotlib's settings for a while. A notebook's backend is loaded with the first figure, in here, and turns on
    that figures are shown: that is kept, as it would be undone with the settings, and no later figure be shown."""
    shows = pyplot.isinteractive()
    try:
        with pyplot.rc_context(settings):
            try:
                yield
            finally:
                shows = pyplot.isinteractive()
    finally:
        (pyplot.ion if shows else pyplot.ioff)()


def finish(ax: Any, chosen: Look, legend: bool = True, **place: Any) -> None:
    """The legend, where it covers least or at the place given, and letters that the language needs."""
    if legend and ax.get_legend_handles_labels()[0]:
        ax.legend(framealpha=0.85, facecolor=ax.get_facecolor(), edgecolor="none", labelcolor=chosen.ink, **place)
    if language() == "th":
        from matplotlib.text import Text

        for text in ax.findobj(Text):
            text.set_fontfamily([*matplotlib().rcParams["font.family"], *thai_fonts()])


@cache
def thai_fonts() -> tuple[str, ...]:
    """The families with Thai letters that matplotlib knows, or can be shown on this system."""
    from matplotlib import font_manager

    known = font_manager.fontManager
    if not any(font.name in THAI for font in known.ttflist):  # its list may be older than a font
        for path in font_manager.findSystemFonts():
            if Path(path).stem.lower() in THAI.values():
                known.addfont(path)
    there = {font.name for font in known.ttflist}
    return tuple(name for name in THAI if name in there)


def _warn() -> None:
    global _warned
    if not _warned:
        _warned = True
        warnings.warn(
            say(
                "There is no font with Thai letters here, so plots are labelled in English; install one, such as "
                "Noto Sans Thai."
            ),
            UserWarning,
            stacklevel=5,
        )


def _is_dark(colour: Any) -> bool:
    from matplotlib.colors import to_rgba

    red, green, blue, alpha = to_rgba(colour)
    return alpha > 0.5 and 0.3 * red + 0.6 * green + 0.1 * blue < 0.5


def _shape() -> dict[str, Any]:
    return {
        "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": "medium", "lines.linewidth": 1.8,
        "legend.fontsize": "small", "figure.constrained_layout.use": True,
    }  # fmt: skip


def _colours(chosen: Look) -> dict[str, Any]:
    ink = ("text.color", "axes.labelcolor", "axes.titlecolor", "xtick.color", "ytick.color", "axes.edgecolor")
    face = ("figure.facecolor", "axes.facecolor", "savefig.facecolor")
    return {**dict.fromkeys(ink, chosen.ink), **dict.fromkeys(face, chosen.face), "grid.color": chosen.faint}
