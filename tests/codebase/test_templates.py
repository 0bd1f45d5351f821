"""Templates work under the content security policy, and every form that changes carries a token."""

from __future__ import annotations

import re
from pathlib import Path

import jinja2
import pytest

from tests.codebase.sources import ROOT
from tests.codebase.templates import RULES, TemplateRule, find, templates

by_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
FORM = re.compile(r"<form\b.*?</form>", re.IGNORECASE | re.DOTALL)
CHANGES = re.compile(r"\bmethod\s*=\s*[\"']post", re.IGNORECASE)
TOKEN = re.compile(r"csrf", re.IGNORECASE)


def unprotected_forms(text: str) -> list[str]:
    """Forms that post without a token of their own."""
    return [
        form[:80]
        for form in FORM.findall(text)
        if CHANGES.search(form[: form.index(">") + 1]) and not TOKEN.search(form)
    ]


@by_rule
def test_templates_keep_the_rule(rule: TemplateRule) -> None:
    broken = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in templates()
        for line in find(rule, path.read_text(encoding="utf-8"))
    ]

    assert not broken, "\n".join(broken)


@by_rule
def test_rule_passes_good_templates_and_refuses_bad(rule: TemplateRule) -> None:
    assert not [sample for sample in rule.good if find(rule, sample)]
    assert not [sample for sample in rule.bad if not find(rule, sample)]


def test_every_form_that_changes_something_carries_a_token() -> None:
    unprotected = [
        f"{path.relative_to(ROOT)}: {form}"
        for path in templates()
        for form in unprotected_forms(path.read_text(encoding="utf-8"))
    ]

    assert not unprotected, "\n".join(unprotected)


def test_form_without_token_is_found() -> None:
    assert unprotected_forms('<form method="post" action="/x"><input name="a"></form>')
    assert not unprotected_forms('<form method="post">{{ csrf_field() }}</form>')
    assert not unprotected_forms('<form action="/search"><input name="q"></form>')


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_template_is_well_formed(path: Path) -> None:
    environment = jinja2.Environment(
        autoescape=True, extensions=["jinja2.ext.i18n", "jinja2.ext.loopcontrols", "jinja2.ext.do"]
    )

    environment.parse(path.read_text(encoding="utf-8"))
