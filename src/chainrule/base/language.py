"""The language in which sentences for people are said: English, Thai, Vietnamese or Russian.

A sentence is written in English where it is needed, `say("the slope of {x} is {s}", x="y", s=3)`, and looked up in the
catalogue of the language at the moment it is said. The catalogues are gettext's, in `locale/`; `make catalogues` finds
the sentences, keeps the catalogues complete and compiles them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # loaded where a sentence is said: together they take as long to import as all of `base`
    import gettext
    from pathlib import Path

    FOLDER: Path

LANGUAGES = {"en": "English", "th": "ไทย", "vi": "Tiếng Việt", "ru": "Русский"}
_FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "locale")

_chosen: str | None = None
_catalogues: dict[str, gettext.NullTranslations] = {}


class Chosen(str):
    """The code of a language that was chosen; as a context manager it brings back the one before."""

    before: str | None

    def __enter__(self) -> str:
        return str(self)

    def __exit__(self, *_: object) -> None:
        global _chosen
        _chosen = self.before


def language(name: str | None = None) -> str:
    """Choose the language of sentences for people, or ask which it is.

    name: "en", "th", "vi" or "ru" (a region, as in "vi_VN", is left aside). Without it nothing is changed.

    Returns the language's code, which is a context manager for the time of a `with`. Until one is chosen, it is that of
    the environment variable CHAINRULE_LANGUAGE, else the system's if there is a catalogue for it, else English.

    Raises ValueError for a language that is not there.

    >>> import chainrule as cr
    >>> with cr.language("ru"):
    ...     cr.language()
    'ru'
    """
    global _chosen
    if name is None:
        return _chosen or _default()
    code = _code(name)
    if code is None:
        raise ValueError(
            f"no language {name!r} here; there are {', '.join(f'{k} ({v})' for k, v in LANGUAGES.items())}"
        )
    chosen = Chosen(code)
    chosen.before, _chosen = _chosen, code
    return chosen


def say(text: str, /, **values: Any) -> str:
    """The sentence `text` in the language chosen, its {names} filled with `values`."""
    said = _catalogue(language()).gettext(text)
    return said.format(**values) if values else said


def say_count(one: str, many: str, n: int, /, **values: Any) -> str:
    """A sentence about `n` things, in the form that the language has for that many; {n} is filled too."""
    return form(one, many, n).format(n=n, **values)


def form(one: str, many: str, n: int) -> str:
    """The form itself, with nothing filled in."""
    return _catalogue(language()).ngettext(one, many, n)


def _code(name: str) -> str | None:
    code = name.replace("-", "_").split("_")[0].split(".")[0].lower()
    return code if code in LANGUAGES else None


def _default() -> str:
    asked = os.environ.get("CHAINRULE_LANGUAGE")
    if asked:
        return _code(asked) or "en"
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(variable):
            return _code(os.environ[variable].split(":")[0]) or "en"
    import locale

    return _code(locale.getlocale()[0] or "en") or "en"


def _catalogue(code: str) -> gettext.NullTranslations:
    if code not in _catalogues:
        import gettext

        _catalogues[code] = gettext.translation("chainrule", _FOLDER, [code], fallback=True)
    return _catalogues[code]


def __getattr__(name: str) -> Path:
    if name != "FOLDER":  # where the catalogues are
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pathlib import Path

    return Path(_FOLDER)
