"""Translations: English is written in the source, Chinese in fieldops/translations/zh/, one .po file per area.

``build`` compiles all .po files into one catalogue for the server and writes static/i18n/zh.json for the scripts;
``check`` names everything untranslated, unused or at odds, and bare text in templates; ``missing`` prints what is still
to translate, ready to be pasted into the area's .po file.

Scripts say ``t("…")``, Python ``_("…")`` and its kin, templates ``_("…")`` or ``{% trans %}``. Text in a template that
is the same in every language carries ``{# untranslated: why #}`` on its line.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = "zh"
CATALOGUES = ROOT / "fieldops" / "translations" / LOCALE
COMPILED = CATALOGUES / "LC_MESSAGES" / "messages.mo"
FOR_SCRIPTS = ROOT / "static" / "i18n" / f"{LOCALE}.json"

#: Functions whose first argument (or the arguments named) is a text to translate.
PYTHON_KEYWORDS: dict[str, Any] = {
    "_": None,
    "_l": None,
    "_n": (1, 2),
    "N_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "lazy_pgettext": ((1, "c"), 2),
}
TEMPLATE_KEYWORDS: dict[str, Any] = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
#: `msg` marks a text that is stored and shown later by `t`.
SCRIPT_KEYWORDS: dict[str, Any] = {"t": None, "msg": None}

#: Attributes that people read or hear.
SPOKEN_ATTRIBUTES = {"alt", "aria-label", "aria-description", "aria-roledescription", "placeholder", "title"}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|(?<![%{])\{\w+\}")
LETTERS = re.compile(r"[^\W\d_]")
EXEMPT = re.compile(r"\{#-?\s*untranslated:\s*\S.*?#\}")


class Key(NamedTuple):
    """What gettext looks a text up by."""

    context: str | None
    text: str


class Use(NamedTuple):
    """A text in the source: its singular, its plural if it has one, and where it stands."""

    key: Key
    plural: str | None
    place: str


class Entry(NamedTuple):
    """A text in a .po file."""

    message: Message
    place: str


def relative(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def scripts() -> list[Path]:
    return [
        file
        for file in sorted((ROOT / "static").rglob("*.js"))
        if not {"vendor", "vendor.new", "i18n"} & set(file.relative_to(ROOT / "static").parts)
    ]


def templates() -> list[Path]:
    return sorted((ROOT / "templates").rglob("*.html"))


# --- what the source says --------------------------------------------------------------------------------------------
def extract(files: list[Path], method: str, keywords: dict[str, Any], options: dict[str, Any]) -> Iterator[Use]:
    for file in files:
        for line, text, _comments, context in extract_from_file(method, file, keywords=keywords, options=options):
            singular, plural = text[:2] if isinstance(text, (tuple, list)) else (text, None)
            if singular:
                yield Use(Key(context, singular), plural, f"{relative(file)}:{line}")


def script_uses() -> list[Use]:
    options = {"template_string": "False", "parse_template_string": "True"}
    return list(extract(scripts(), "javascript", SCRIPT_KEYWORDS, options))


def all_uses() -> list[Use]:
    python = sorted((ROOT / "fieldops").rglob("*.py"))
    # silent=false: a template that does not parse is an error here, not a template without texts.
    options = {"silent": "false", "newstyle_gettext": "true", "extensions": "jinja2.ext.do,jinja2.ext.loopcontrols"}
    return [
        *extract(python, "python", PYTHON_KEYWORDS, {}),
        *extract(templates(), "jinja2.ext:babel_extract", TEMPLATE_KEYWORDS, options),
        *script_uses(),
    ]


# --- what the catalogues say -----------------------------------------------------------------------------------------
def catalogues() -> list[Path]:
    return sorted(CATALOGUES.glob("*.po"))


def entries() -> dict[Key, list[Entry]]:
    found: dict[Key, list[Entry]] = defaultdict(list)
    for file in catalogues():
        with file.open("rb") as stream:
            catalogue = read_po(stream, locale=LOCALE, abort_invalid=True)
        for message in catalogue:
            if message.id:
                found[key_of(message)].append(Entry(message, f"{relative(file)}:{message.lineno}"))
    return found


def key_of(message: Message) -> Key:
    return Key(message.context, message.id[0] if isinstance(message.id, (tuple, list)) else message.id)


def forms(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def is_translated(message: Message) -> bool:
    return not message.fuzzy and all(forms(message.string))


# --- build -----------------------------------------------------------------------------------------------------------
def build() -> None:
    """Compile every translated entry into messages.mo, and those that the scripts use into zh.json."""
    known = entries()
    merged = Catalog(locale=LOCALE, fuzzy=False)
    for found in known.values():
        message = found[0].message
        if is_translated(message):
            merged.add(message.id, message.string, context=message.context)
    COMPILED.parent.mkdir(parents=True, exist_ok=True)
    with COMPILED.open("wb") as stream:
        write_mo(stream, merged)
    texts = {
        use.key.text: known[use.key][0].message.string
        for use in script_uses()
        if use.key in known and is_translated(known[use.key][0].message)
    }
    FOR_SCRIPTS.parent.mkdir(parents=True, exist_ok=True)
    FOR_SCRIPTS.write_text(json.dumps(texts, ensure_ascii=False, indent=0, sort_keys=True) + "\n", encoding="utf-8")


# --- check -----------------------------------------------------------------------------------------------------------
def untranslated(uses: list[Use], known: dict[Key, list[Entry]]) -> Iterator[str]:
    told = set()
    for use in uses:
        if use.key in told:
            continue
        told.add(use.key)
        found = known.get(use.key, [])
        if not found:
            yield f"{use.place}: no translation of {use.key.text!r}"
        elif not is_translated(found[0].message):
            yield f"{found[0].place}: {use.key.text!r} is fuzzy or empty"
        elif use.plural and len(forms(found[0].message.id)) == 1:
            yield f"{found[0].place}: {use.key.text!r} has the plural {use.plural!r} in {use.place}; add msgid_plural"


def contradictions(uses: list[Use], known: dict[Key, list[Entry]]) -> Iterator[str]:
    used = {use.key for use in uses}
    for key, found in known.items():
        if key not in used:
            yield f"{found[0].place}: {key.text!r} is used nowhere"
        for entry in found[1:]:
            yield f"{entry.place}: {key.text!r} is also in {found[0].place}; keep one"
        for entry in found:
            yield from placeholder_faults(entry)


def placeholder_faults(entry: Entry) -> Iterator[str]:
    wanted = sorted(PLACEHOLDER.findall(forms(entry.message.id)[-1]))
    for text in forms(entry.message.string):
        if text and sorted(PLACEHOLDER.findall(text)) != wanted:
            yield f"{entry.place}: placeholders differ between {entry.message.id!r} and {text!r}"


class BareText(HTMLParser):
    """Finds text and spoken attributes in a template from which Jinja's own parts have been blanked out."""

    SILENT = frozenset({"script", "style", "code", "kbd", "samp"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.silent = 0
        self.found: list[tuple[int, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.SILENT:
            self.silent += 1
        for name, value in attrs:
            if name in SPOKEN_ATTRIBUTES and value and LETTERS.search(value):
                self.found.append((self.getpos()[0], f'{name}="{value.strip()}"'))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.SILENT:
            self.silent = max(0, self.silent - 1)

    def handle_data(self, data: str) -> None:
        if self.silent:
            return
        for offset, line in enumerate(data.split("\n")):
            if LETTERS.search(line):
                self.found.append((self.getpos()[0] + offset, line.strip()))


def blank(source: str) -> str:
    """The template with Jinja's comments, statements and expressions, and its translated blocks, made to spaces."""

    def spaces(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match.group())

    for pattern in (
        r"\{#.*?#\}",
        r"\{%-?\s*(?P<block>trans|raw)\b.*?\{%-?\s*end(?P=block)\s*-?%\}",
        r"\{%.*?%\}",
        r"\{\{.*?\}\}",
    ):
        source = re.sub(pattern, spaces, source, flags=re.DOTALL)
    return source


def bare_text() -> Iterator[str]:
    for file in templates():
        source = file.read_text(encoding="utf-8")
        exempt = {number for number, line in enumerate(source.split("\n"), 1) if EXEMPT.search(line)}
        parser = BareText()
        parser.feed(blank(source))
        parser.close()
        for line, text in parser.found:
            if line not in exempt:
                yield f"{relative(file)}:{line}: bare text {text!r}; put it in _(…) or {{% trans %}}"


def check() -> int:
    uses, known = all_uses(), entries()
    faults = [*untranslated(uses, known), *contradictions(uses, known), *bare_text()]
    print("\n".join([*faults, f"messages: {len({use.key for use in uses})} texts, {len(faults)} faults"]))
    return 1 if faults else 0


# --- missing ---------------------------------------------------------------------------------------------------------
def area_of(place: str) -> str:
    """The .po file that a text belongs in, by the folder of the package, template or script that says it."""
    parts = place.partition(":")[0].split("/")
    if parts[0] == "static":
        return "static.po"
    return f"{parts[1]}.po" if len(parts) > 2 else "web.po"


def missing() -> int:
    uses, known = all_uses(), entries()
    wanted: dict[str, dict[Key, list[Use]]] = defaultdict(lambda: defaultdict(list))
    owners: dict[Key, str] = {}
    for use in uses:
        if not (use.key in known and is_translated(known[use.key][0].message)):
            wanted[owners.setdefault(use.key, area_of(use.place))][use.key].append(use)
    for area in sorted(wanted):
        print(f"\n# --- for {relative(CATALOGUES / area)}")
        for key, found in wanted[area].items():
            print_entry(key, found)
    return 0


def print_entry(key: Key, found: list[Use]) -> None:
    plural = next((use.plural for use in found if use.plural), None)
    print()
    for use in found:
        print(f"#: {use.place}")
    if key.context:
        print(f"msgctxt {quoted(key.context)}")
    print(f"msgid {quoted(key.text)}")
    if plural:
        print(f"msgid_plural {quoted(plural)}")
    print('msgstr[0] ""' if plural else 'msgstr ""')


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("command", choices=["build", "check", "missing"])
    command = parser.parse_args().command
    if command == "build":
        build()
        return 0
    return check() if command == "check" else missing()


if __name__ == "__main__":
    sys.exit(main())
