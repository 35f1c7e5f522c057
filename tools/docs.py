"""Build the site into a folder, once for each language, and look at what was built.

    python tools/docs.py [--out FOLDER] [--only LANGUAGE ...]
    python tools/docs.py --catalogues     brings docs/locale up to date with the pages, for translators

Warnings are errors, and so are an example that does not print what it says, a link within the site that leads nowhere,
and anything that a page would fetch from another host.
"""

from __future__ import annotations

import argparse
import doctest
import inspect
import os
import re
import subprocess
import sys
import tempfile
import time
from html import unescape
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
LANGUAGES = ("en", "th", "vi", "ru")
FETCHED = re.compile(
    r"""<(?:script|img|iframe|source|link)\b[^>]*?\b(?:src|href)=["']?((?:https?:)?//[^"'\s>]+)"""
    r"""|url\(["']?((?:https?:)?//[^"')]+)"""
)
LINK = re.compile(r"""<a\b[^>]*?\bhref="([^"]+)\"""")
NAMED = re.compile(r"""\b(?:id|name)="([^"]+)\"""")


def build(language: str, out: Path) -> None:
    """The site in one language; raises CalledProcessError if anything warns."""
    folder, kept = (out if language == "en" else out / language), out.parent / f"{out.name}.kept" / language
    command = [
        sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q", "-j", "auto",
        "-D", f"language={language}", "-d", str(kept), str(DOCS), str(folder),
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as scratch:
        profile = Path(scratch, "profile_default")
        profile.mkdir()
        (profile / "ipython_kernel_config.py").write_text("c.IPKernelApp.log_level = 40  # errors\n")
        own = {"CHAINRULE_LANGUAGE": language, "IPYTHONDIR": scratch}  # no settings of who builds it
        subprocess.run(command, check=True, env={**os.environ, **own})


def catalogues() -> int:
    """Write what is to be translated into docs/locale, beside the translations that are there."""
    pot = ROOT / "out" / "pot"
    subprocess.run(
        [sys.executable, "-m", "sphinx", "-b", "gettext", "-q", "-D", "language=th", "-D", "nb_execution_mode=off",
         str(DOCS), str(pot)], check=True,
    )  # fmt: skip
    for lesson in (pot / "lessons").glob("*_*.pot"):
        lesson.unlink()  # lessons are written in their language
    intl = [str(Path(sys.executable).with_name("sphinx-intl")), "update", "-p", str(pot), "-d", str(DOCS / "locale")]
    return subprocess.run([*intl, *(w for code in LANGUAGES[1:] for w in ("-l", code))]).returncode


def examples() -> tuple[int, list[str]]:
    """How many examples the docstrings have, and what those print that print something else than they say."""
    import reference

    import chainrule

    options = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    runner, failed, tried = doctest.DocTestRunner(optionflags=options), [], 0
    for name in reference.public():
        home = sys.modules.get(getattr(inspect.unwrap(name.what), "__module__", None) or "", chainrule)
        known = {**vars(home), "cr": chainrule, name.name: name.what}
        test = doctest.DocTestParser().get_doctest(name.doc, known, name.path, name.path, 0)
        chainrule.manual_seed(0)
        said: list[str] = []
        result = runner.run(test, out=said.append)
        tried += result.attempted
        failed += ["".join(said)] if result.failed else []
    return tried, failed


def faults(out: Path) -> list[str]:
    """Links within the site that lead nowhere, and what is fetched from elsewhere."""
    pages = {p.resolve(): p.read_text(encoding="utf-8") for p in out.rglob("*.html")}
    own = {p: re.sub(r'srcdoc="[^"]*"', "", text) for p, text in pages.items()}
    anchors = {p: {unescape(a) for a in NAMED.findall(text)} for p, text in own.items()}
    found = []
    for page, text in own.items():
        where = page.relative_to(out.resolve())
        found += [f"{where}: fetches {a or b}" for a, b in FETCHED.findall(text) if 'rel="canonical"' not in a]
        for link in map(unescape, LINK.findall(text)):
            if re.match(r"[a-z]+:|//", link):
                continue
            path, _, anchor = link.partition("#")
            target = (page.parent / unquote(path)).resolve() if path else page
            if not target.exists():
                found.append(f"{where}: {link} leads nowhere")
            elif anchor and target in anchors and unquote(anchor) not in anchors[target]:
                found.append(f"{where}: {link} is no place there")
    return sorted(set(found))


def main() -> int:
    """Build and look."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "docs")
    parser.add_argument("--only", nargs="*", choices=LANGUAGES, default=LANGUAGES)
    parser.add_argument("--catalogues", action="store_true")
    given = parser.parse_args()
    if given.catalogues:
        return catalogues()
    began = time.perf_counter()
    for language in given.only:
        build(language, given.out)
    tried, wrong = examples()
    wrong += faults(given.out) if tuple(given.only) == LANGUAGES else []
    print(*wrong, sep="\n")
    pages = len([*given.out.rglob("*.html")])
    print(f"{pages} pages, {tried} lines of examples, {len(wrong)} faults, {time.perf_counter() - began:.0f} s")
    print(f"open {given.out / 'index.html'}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
