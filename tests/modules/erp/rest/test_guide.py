"""The guides for 1C programmers: what they show to copy works, what they list is all there is."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from hansa.kernel.errors import HansaError
from hansa.modules.erp.rest import errors
from hansa.modules.erp.rest.kinds import KINDS

HOW_TO = Path(__file__).parents[4] / "docs" / "how-to"
GUIDES = ("connect-1c-rest.md", "connect-1c-rest.ru.md")


def calls(guide: str) -> list[tuple[str, object]]:
    """Give the requests a guide shows: path and body."""
    text = (HOW_TO / guide).read_text()
    found = re.findall(r"```http\nPOST (\S+)\n(.*?)```", text, re.DOTALL)
    return [(path, json.loads(body)) for path, body in found]


def codes_of_errors() -> set[str]:
    return {
        one.code
        for one in vars(errors).values()
        if isinstance(one, type) and issubclass(one, HansaError) and one.code.startswith("erp.")
    }


@pytest.mark.parametrize("guide", GUIDES)
async def test_every_example_is_taken_as_it_stands(sender, guide):
    shown = calls(guide)
    assert {path.removeprefix("/erp/v1/") for path, _ in shown} >= set(KINDS)
    for path, body in shown:
        answer = await sender.post(path.removeprefix("/erp/v1/"), body)

        assert answer.status_code == 200, f"{path}: {answer.text}"
        for row in answer.json().get("rows", ()):
            # The guide's order is not in this shop, so that its two rows alone are refused.
            expected = {"applied", "unchanged"}
            if "order" in path or "shipments" in path:
                assert row["code"] == "erp.unknown_order", f"{path}: {row}"
            else:
                assert row["outcome"] in expected, f"{path}: {row}"


@pytest.mark.parametrize("guide", GUIDES)
def test_every_error_of_rows_and_batches_is_explained(guide):
    explained = set(re.findall(r"^\|.*?`(erp\.\w+)`", (HOW_TO / guide).read_text(), re.MULTILINE))

    assert codes_of_errors() <= explained


def test_both_guides_show_the_same_calls():
    english, russian = (
        [(path, _without_names(body)) for path, body in calls(guide)] for guide in GUIDES
    )

    assert english == russian


def _without_names(body: object) -> object:
    """Leave out what is in words."""
    text = msgspec.json.encode(body).decode()
    return re.sub(r'"(name|reason)":"[^"]*"', "", text)
