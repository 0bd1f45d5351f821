"""Whatever a person may read stands in Russian too: templates, refusals, permissions, notices."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import jinja2.ext
import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

import hansa
from hansa.assembly.modules import all_modules, permissions_of
from hansa.kernel.errors import HansaError
from hansa.modules.loyalty import offers
from hansa.runtime.html.catalogue import read_catalogue
from hansa.surfaces.backoffice import (
    loyalty_alerts,
    loyalty_coalition,
    loyalty_desk_words,
    loyalty_member,
    loyalty_overview,
    loyalty_partner_people,
    loyalty_rewards,
    loyalty_settlement_rule,
    loyalty_terms,
    order_words,
    presenting,
    rollout,
    rollout_history,
    rollout_people,
    shell,
)
from hansa.surfaces.partner_cabinet import offer_form
from hansa.surfaces.partner_cabinet import offers as cabinet_offers
from hansa.surfaces.partner_cabinet import shell as cabinet

ROOT = Path(hansa.__file__).parent
LANGUAGE = "ru"
FUNCTIONS = ("_", "gettext", "ngettext")
BARE_PERCENT = re.compile(r"%(?!%|\(\w+\)s)(?<!%%)")
JINJA = {"extensions": "jinja2.ext.do,jinja2.ext.loopcontrols"}
# How code names the function that translates, `words(request)("Saved.")` aside.
TRANSLATING = {"translate", "_translate", "translated"}


def translated() -> set[str]:
    known = read_catalogue(ROOT, (LANGUAGE,)).of(LANGUAGE)
    keys = known._catalog  # type: ignore[attr-defined]
    return {key if isinstance(key, str) else key[0] for key in keys}


def of_templates() -> Iterator[tuple[str, str]]:
    for path in sorted(ROOT.rglob("templates/**/*.html")):
        with path.open("rb") as source:
            for line, _, message, _ in jinja2.ext.babel_extract(source, FUNCTIONS, [], JINJA):
                first = message[0] if isinstance(message, tuple) else message
                if first:
                    yield f"{path.relative_to(ROOT)}:{line}", first


def forms_of_templates() -> Iterator[tuple[str, str]]:
    """Give every form of every sentence of templates, in both languages."""
    known: dict[str, set[str]] = {}
    for _, one in messages():
        known.setdefault(_forms(one.id)[0], set()).update(_forms(one.string))
    for path in sorted(ROOT.rglob("templates/**/*.html")):
        with path.open("rb") as source:
            for line, _, message, _ in jinja2.ext.babel_extract(source, FUNCTIONS, [], JINJA):
                forms = [one for one in _forms(message or "") if one]
                for form in (*forms, *known.get(forms[0], ())) if forms else ():
                    yield f"{path.relative_to(ROOT)}:{line}", form


def messages() -> Iterator[tuple[str, Message]]:
    """Give every translated sentence with the package it is in."""
    for path in sorted(ROOT.rglob("locale/*.po")):
        with path.open("rb") as source:
            for one in read_po(source):
                if one.id:
                    yield str(path.parents[1].relative_to(ROOT)), one


def of_refusals() -> Iterator[tuple[str, str]]:
    for module in pkgutil.walk_packages(hansa.__path__, "hansa."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    kinds = [HansaError]
    while kinds:
        kind = kinds.pop()
        if kind.__module__.startswith("hansa."):
            kinds += kind.__subclasses__()
            yield f"{kind.__module__}.{kind.__name__}", kind.message


def of_permissions() -> Iterator[tuple[str, str]]:
    for permission in permissions_of(all_modules()):
        yield permission.code, permission.title


def of_tables() -> Iterator[tuple[str, str]]:
    """Give the words that pages keep in tables."""
    tables = (
        offers.STATE_WORDS,
        order_words.STATES,
        order_words.STANDINGS,
        order_words.PAYMENTS,
        order_words.REFUNDS,
        rollout.STATES,
        {"killed": rollout.KILLED},
        loyalty_alerts.STATES,
        loyalty_desk_words.MEMBER_STATES,
        loyalty_desk_words.CORRECTION_STATES,
        loyalty_desk_words.DISPUTE_STATES,
        loyalty_rewards.ORDER_STATES,
        cabinet_offers.LISTS,
    )
    for table in tables:
        for label, _ in table.values():
            yield "order_words", label
    plain = (
        order_words.STEPS,
        rollout.REASONS,
        rollout_history.FIELDS,
        rollout_people.FAULTS,
        loyalty_alerts.KINDS,
        loyalty_desk_words.KINDS,
        loyalty_desk_words.FAILURES,
        loyalty_desk_words.DISPUTE_KINDS,
        loyalty_desk_words.SIDES,
        loyalty_member.REASONS,
        loyalty_member.PURPOSES,
        loyalty_overview.ABOUT,
        loyalty_coalition.POLICIES,
        loyalty_coalition.SETTLED,
        loyalty_terms.BILLINGS,
        loyalty_alerts.ABOUT,
        loyalty_alerts.DECISIONS,
        loyalty_alerts.ACTS,
        loyalty_partner_people.LANGUAGE_WORDS,
        loyalty_rewards.KINDS,
        loyalty_settlement_rule.EXHAUSTED,
        offer_form.CONDITIONS,
        offer_form.REWARDS,
        cabinet.NOTICES,
        {path: label for label, path, _ in cabinet.SECTIONS},
        dict(enumerate(offers.WEEKDAY_WORDS)),
    )
    for label in (label for table in plain for label in table.values()):
        yield "a table of words", label
    for notice, _ in presenting.NOTICES.values():
        yield "presenting.NOTICES", notice
    for title, sections in shell.SECTIONS:
        if title:
            yield "shell.SECTIONS", title
        for section in sections:
            yield "shell.SECTIONS", section.label


def of_code() -> Iterator[tuple[str, str]]:
    """Give the sentences that the code of surfaces has translated by name."""
    for path in sorted((ROOT / "surfaces").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not _translates(node.func):
                continue
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", argument.value


def _translates(function: ast.expr) -> bool:
    if isinstance(function, ast.Call):  # words(request)("...")
        function = function.func
        return isinstance(function, ast.Name) and function.id in {"words", "translator"}
    return isinstance(function, ast.Name) and function.id in TRANSLATING


@pytest.mark.parametrize("source", [of_templates, of_refusals, of_permissions, of_tables, of_code])
def test_every_sentence_is_translated(source) -> None:
    known = translated()
    found = list(source())

    missing = sorted({f"{where}: {text}" for where, text in found if text and text not in known})

    assert found, "the search itself must find something"
    assert not missing, "without a Russian translation:\n" + "\n".join(missing)


def test_a_sentence_is_translated_the_same_way_everywhere() -> None:
    """The last file wins: what differs is another sentence for readers, so it must be for us."""
    found: dict[str, dict[tuple[str, ...], str]] = {}
    for package, one in messages():
        found.setdefault(_forms(one.id)[0], {})[_forms(one.string)] = package

    differ = [
        f"{sentence}: {', '.join(f'{text[0]} ({package})' for text, package in texts.items())}"
        for sentence, texts in found.items()
        if len(texts) > 1
    ]

    assert found
    assert not differ, "make them equal, or the English distinct:\n" + "\n".join(differ)


@pytest.mark.parametrize(
    ("text", "is_bare"),
    [
        ("%(count)s of %(all)s", False),
        ("%(share)s %% of them", False),
        ("100% wool", True),
        ("50 %", True),
        ("%(share)s% of them", True),
        ("%s of them", True),
    ],
)
def test_a_bare_percent_is_known_by_what_follows(text: str, *, is_bare: bool) -> None:
    assert bool(BARE_PERCENT.search(text)) is is_bare


def test_no_sentence_of_a_template_has_a_bare_percent() -> None:
    """Jinja formats each of them, and `%` without a place is an error once the page is shown."""
    found = list(forms_of_templates())

    bare = sorted({f"{where}: {text}" for where, text in found if BARE_PERCENT.search(text)})

    assert found
    assert not bare, "write %% instead of %:\n" + "\n".join(bare)


@pytest.mark.parametrize(
    "path", sorted(ROOT.rglob("locale/*.po")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_a_catalogue_is_whole(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    with path.open("rb") as source:
        messages = [one for one in read_po(source, abort_invalid=True) if one.id]
    ids = [line for line in text.splitlines() if line.startswith("msgid ") and line != 'msgid ""']

    twice = [line for line, count in Counter(ids).items() if count > 1]
    empty = [one.id for one in messages if not all(_forms(one.string))]

    assert "Plural-Forms" in text
    assert not twice, f"named twice: {twice}"
    assert not empty, f"without a text: {empty}"


@pytest.mark.parametrize(
    "path", sorted(ROOT.rglob("locale/*.po")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_a_translation_has_the_places_of_its_sentence(path: Path) -> None:
    with path.open("rb") as source:
        messages = [one for one in read_po(source) if one.id]

    wrong = [
        one.id
        for one in messages
        for form in _forms(one.string)
        if _places(form) != _places(_forms(one.id)[-1])
    ]

    assert not wrong, f"other places than the English sentence: {wrong}"


def _forms(text: str | Sequence[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _places(text: str) -> set[str]:
    braces = {part.partition("}")[0] for part in text.split("{")[1:] if "}" in part}
    percents = {part.partition(")")[0] for part in text.split("%(")[1:]}
    return braces | percents
