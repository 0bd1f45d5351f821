"""The pages of partners' programs."""

from __future__ import annotations

import json
import re
from datetime import timedelta

from joserfc.jwk import ECKey

HOME = "/office/oauth-clients"
FORM = {"name": "Till of Moda", "scopes": ["loyalty.view"], "networks": "127.0.0.1\n10.0.0.0/8"}


async def _made(root) -> tuple[str, str, str]:
    """Make a client; give its page, its public name and its secret."""
    page = await root.send(HOME, FORM, status=200)
    public_id = re.search(r"hc_[0-9a-f]{20}", page.text)
    secret = re.search(r"hcs_[A-Za-z0-9_-]{43}", page.text)
    url = re.search(rf"{HOME}/[0-9a-f-]{{36}}", page.text)
    assert public_id
    assert secret
    assert url
    assert page.headers["cache-control"] == "no-store"
    return url[0], public_id[0], secret[0]


async def _token_status(site, public_id: str, secret: str) -> int:
    form = {
        "grant_type": "client_credentials",
        "client_id": public_id,
        "client_secret": secret,
    }
    async with site.client() as program:
        return (await program.post("/oauth/token", data=form)).status_code


async def test_a_client_is_made_its_secret_shown_once_and_it_ends(root, site) -> None:
    url, public_id, secret = await _made(root)
    assert await _token_status(site, public_id, secret) == 200

    listed, shown = await root.open(HOME), await root.open(url)
    await root.send(f"{url}/revoke")

    assert public_id in listed
    assert "10.0.0.0/8" in shown
    assert secret not in listed + shown
    assert await _token_status(site, public_id, secret) == 401
    assert f"{url}/revoke" not in await root.open(url)


async def test_secrets_are_replaced_side_by_side(root, site, clock) -> None:
    url, public_id, first = await _made(root)
    clock.advance(timedelta(seconds=1))

    page = await root.send(f"{url}/secrets", {"overlap_hours": "24"}, status=200)
    second = re.search(r"hcs_[A-Za-z0-9_-]{43}", page.text)
    assert second
    both = [await _token_status(site, public_id, one) for one in (first, second[0])]
    ends = re.findall(rf"{url}/secrets/[0-9a-f-]{{36}}/revoke", page.text)
    await root.send(ends[-1])
    after = [await _token_status(site, public_id, one) for one in (first, second[0])]

    assert (both, after) == ([200, 200], [401, 200])


async def test_public_keys_are_pasted_and_taken_away(root) -> None:
    url, *_ = await _made(root)
    key = ECKey.generate_key("P-256")
    public, private = ({**key.as_dict(private=part), "kid": "moda-1"} for part in (False, True))

    refused = await root.send(f"{url}/keys", {"jwk": json.dumps(private)}, status=422)
    nonsense = await root.send(f"{url}/keys", {"jwk": "-----BEGIN"}, status=422)
    await root.send(f"{url}/keys", {"jwk": json.dumps({"keys": [public]})})
    shown = await root.open(url)
    remove = re.search(rf"{url}/keys/[0-9a-f-]{{36}}/remove", shown)
    assert remove
    await root.send(remove[0])

    assert "private part" in refused.text
    assert "not JSON" in nonsense.text
    assert "moda-1" in shown
    assert "moda-1" not in await root.open(url)


async def test_what_cannot_be_stays_in_the_form(root) -> None:
    page = await root.send(HOME, {**FORM, "networks": "somewhere"}, status=422)
    unnamed = await root.send(HOME, {**FORM, "name": ""}, status=422)

    assert "neither an address" in page.text
    assert 'value="Till of Moda"' in page.text
    assert 'id="field-name-error"' in unnamed.text
