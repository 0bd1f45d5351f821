"""Our own rules hold, and each catches what it is there to catch."""

from __future__ import annotations

import ast

import pytest

from tests.codebase.rules import RULES, Rule, Sample
from tests.codebase.sources import Source, sources

by_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def pretend(sample: Sample) -> Source:
    return Source(path=sample.path, text=sample.code, tree=ast.parse(sample.code))


@by_rule
def test_rule_holds(rule: Rule) -> None:
    broken = [
        f"{source.path}:{line}: {sentence}"
        for source in sources()
        if source.path not in rule.exempt
        for line, sentence in rule.find(source)
    ]

    assert not broken, "\n" + "\n".join(broken)


@by_rule
def test_rule_passes_good_code_and_refuses_bad(rule: Rule) -> None:
    assert rule.good
    assert rule.bad
    for sample in rule.good:
        assert list(rule.find(pretend(sample))) == [], sample.code
    for sample in rule.bad:
        assert list(rule.find(pretend(sample))) != [], sample.code


@by_rule
def test_no_exemption_is_stale(rule: Rule) -> None:
    needed = {source.path for source in sources() if list(rule.find(source))}

    assert set(rule.exempt) <= needed
