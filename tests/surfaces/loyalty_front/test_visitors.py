"""Where pages of the members' app and calls of native shells go."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

import msgspec
import pytest

from hansa.modules.loyalty.sessions import bucket_in
from hansa.modules.loyalty.sessions.model import HANDOVER_PREFIX, KEY_PREFIX, token_of
from hansa.surfaces.loyalty_front import visitors
from hansa.surfaces.loyalty_front.asking import Name, Wanted
from hansa.surfaces.loyalty_front.sending import Refused
from hansa.surfaces.loyalty_front.visitors import Sent

MEMBER = UUID("018f2f5e-0000-7000-8000-0000000000ff")
PHONE = "+79161234567"
ASKED = Wanted(names=(Name("phone", PHONE),), fallback=f"phone|{PHONE}", is_one=True)


def sent(path: str, *, cookie: str = "", kind: bytes = visitors.FORM, **form: str) -> Sent:
    method = "POST" if form else "GET"
    return Sent(method, f"/ru/loyalty{path}", "", kind, cookie.encode(), urlencode(form).encode())


@pytest.mark.parametrize("prefix", ["", KEY_PREFIX, HANDOVER_PREFIX])
def test_a_secret_says_the_bucket_of_its_member(prefix: str) -> None:
    assert bucket_in(token_of(prefix, MEMBER)) == 255


@pytest.mark.parametrize("token", ["", "a7", "zz.x", "A7.x", "hmk_x", "a7." + "x" * 200, "x.a7.y"])
def test_what_is_no_secret_of_ours_says_no_bucket(token: str) -> None:
    assert bucket_in(token) is None


def test_a_page_comes_from_the_cell_of_the_cookie() -> None:
    cookie = f"hansa_session=x; hansa_member={token_of('', MEMBER)}"
    signed_in, stranger = sent("/card", cookie=cookie), sent("/card")

    assert visitors.page_wanted(signed_in) == Wanted(member_id=UUID(int=255))
    assert visitors.page_wanted(stranger) is None
    assert (visitors.is_alike(signed_in), visitors.is_alike(stranger)) == (False, True)
    assert visitors.is_alike(sent("/worker.js", cookie=cookie))


def test_whoever_signs_in_is_looked_for_however_the_telephone_is_spelt() -> None:
    cookie = f"hansa_member={token_of('', MEMBER)}"
    for path in ("/sign-in", "/sign-in/join", "/sign-in/"):
        form = sent(path, cookie=cookie, phone=" 8 (916) 123-45-67 ")
        assert visitors.page_wanted(form) == ASKED
    assert visitors.page_wanted(sent("/sign-in/code", challenge=str(MEMBER))) == Wanted(MEMBER)
    token = token_of(HANDOVER_PREFIX, MEMBER)
    handed = visitors.page_wanted(sent("/shell/session", token=token))
    assert handed == Wanted(member_id=UUID(int=255))


def test_a_form_that_a_cell_might_read_otherwise_is_refused() -> None:
    twice = sent("/sign-in", phone=PHONE)._replace(content=b"phone=1&phone=2")
    other = sent("/sign-in", kind=b"multipart/form-data; boundary=x", phone=PHONE)
    for form in (twice, other):
        with pytest.raises(Refused):
            visitors.page_wanted(form)


def test_a_shell_that_joins_somebody_must_find_nobody_elsewhere() -> None:
    def answer(*, agrees: bool) -> Wanted | None:
        content = msgspec.json.encode({"phone": PHONE, "code": "1", "agrees": agrees})
        return visitors.shell_wanted(f"sign-ins/{MEMBER}/answer", b"", content)

    assert answer(agrees=False) == Wanted(member_id=MEMBER)
    assert answer(agrees=True) == ASKED._replace(member_id=MEMBER)
    key = b"Bearer " + token_of(KEY_PREFIX, MEMBER).encode()
    assert visitors.shell_wanted("sessions", key, b"") == Wanted(member_id=UUID(int=255))
