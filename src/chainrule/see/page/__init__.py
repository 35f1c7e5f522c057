"""A web page to play with a function: one HTML file that needs no network, no server and no Python.

The function is traced, taken apart into single numbers (`function`, `scalar`) and written in JavaScript from the op
table (`emit`), with the optimisers (`optimisers`). The derivative rules go along as data (`rules`), so that the page
can differentiate what is typed there. The page itself is `web/`, plain ES modules that `link` joins and `document`
embeds; libraries, put there by `tools/vendor.py`, are in `vendor/`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from chainrule.base.language import say
from chainrule.see.page.document import GROW, composed
from chainrule.see.page.function import Function
from chainrule.see.page.still import still


class Page:
    """A page: `html`, its whole text. In a notebook it shows itself, as a picture where the notebook is not trusted."""

    def __init__(self, html: str, title: str, taken: Function) -> None:
        self.html, self.title, self._taken = html, title, taken

    def save(self, path: str | Path) -> Path:
        """Write the page into a file; returns its path."""
        path = Path(path)
        path.write_text(self.html, encoding="utf-8", newline="\n")
        return path

    def __repr__(self) -> str:
        return f"<page {self.title!r}, {len(self.html.encode()) / 1000:.0f} kB: save(path) writes it into a file>"

    def _repr_svg_(self) -> str:
        return still(self._taken)

    def _repr_html_(self) -> str:
        # Who shows no frames, scripts and styles, as notebooks that are not trusted, is left with the picture.
        picture = b64encode(self._repr_svg_().encode()).decode()
        why = say("This is a picture of a page to play with, which is shown where the notebook is trusted.")
        return (
            "<!DOCTYPE html>"  # for marimo, which puts it into a document of its own and measures that
            f'<iframe srcdoc="{escape(self.html)}" title="{escape(self.title)}" width="100%" height="820" '
            'sandbox="allow-scripts allow-downloads" style="border:0"></iframe>'
            f'<figure><img src="data:image/svg+xml;base64,{picture}" alt="{escape(self.title)}">'
            f"<figcaption>{why}</figcaption></figure>"
            f"<style>iframe + figure {{ display: none }}</style>{GROW}"
        )


def page(
    f: Callable[..., Any] | str | None = None, start: Any = None, *, lr: float | None = None,
    optimizer: str | None = None, steps: int | None = None, title: str | None = None, data: Any = None,
    model: Callable[..., Any] | str | None = None, **options: Any,
) -> Page:  # fmt: skip
    """A web page to play with a function: its curve or contours, its slopes, and descents on it.

    f: a function in the torch style, of numbers and small arrays, to one number; or an expression, "x**2 - 4*x + 5".
    start: a number or array for each argument: alone, as a tuple in their order, or as a dict by their names.
    lr: the learning rate; if it is left out, the page looks for one at which the descent arrives at a minimum.
    optimizer: one of `chainrule.optim`, by its name; its other options, such as momentum, go by their names too. If it
        is left out, gradient descent, or Adam where no rate is given and gradient descent arrives at none.
    steps: how many steps a descent has at first; if it is left out, as many as it takes to arrive, or 100.
    title: the title of the page.
    data: a pair (x, y) of n points (n numbers, or n pairs) and n numbers, shown beside the landscape, with what the
        model says of them; they can be moved. A loss that closes over vectors x and y shows them unasked.
    model: what says y: a function of x and of the arguments of f, or an expression of x and them, "a*x + b".
        Without f, the loss is the mean of the squares of its errors.

    Returns a `Page`. It computes in double precision, whatever dtypes the function uses.
    Raises ValueError for a function that cannot be shown, with the reason: one that decides by the values of tensors,
    that uses an op without JavaScript, or that has more than 50 numbers to move.

    An object with a method `_page(**options)` is asked for its own page.

    >>> import chainrule as cr
    >>> cr.page("x - 4*x**2 + x**4/4", start=4, lr=0.05).title
    'x - 4*x**2 + x**4/4'
    >>> cr.page(data=([0.0, 1, 2], [1.0, 3, 4]), model="a*x + b", start={"a": 0, "b": 0}).title
    'a*x + b'
    """
    own = getattr(f, "_page", None)
    if own is not None:
        given = {"start": start, "lr": lr, "optimizer": optimizer, "steps": steps, "title": title}
        made: Page = own(**{k: v for k, v in given.items() if v is not None}, **options)
        return made
    return Page(*composed(f, start, lr, optimizer, steps, title, options, data, model))
