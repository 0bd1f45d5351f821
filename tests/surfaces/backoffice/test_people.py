"""Users, roles, keys, one's own page, and what stands in the audit log."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pyotp

from hansa.modules import accounts
from tests.surfaces.backoffice.conftest import PASSWORD, enter


async def test_somebody_is_let_in_and_works(root, site, committing) -> None:
    await root.send(
        "/office/roles/new",
        {"code": "packer", "title_en": "Packer", "permissions": ["orders.view", "orders.edit"]},
    )
    made = await root.send(
        "/office/users/new",
        {"email": "Vera@Example.com", "name": "Vera", "password": PASSWORD, "roles": "packer"},
    )

    async with site.client(keyed=False) as client:
        await enter(client, "vera@example.com")
        orders = await client.get("/office/orders", headers={"Accept": "text/html"})
        users = await client.get("/office/users", headers={"Accept": "text/html"})
    assert orders.status_code == 200
    assert users.status_code == 403
    assert "Vera" in await root.open(made.headers["location"])
    assert "Packer" in await root.open("/office/users?q=vera")


async def test_a_user_without_a_password_is_sent_a_link(root, committing) -> None:
    made = await root.send("/office/users/new", {"email": "late@example.com"})

    assert "done=invited" in made.headers["location"]
    async with committing.snapshot() as snap:
        args = await snap.all(
            "select args from jobs.procrastinate_jobs where task_name like '%%link%%'"
        )
    assert len(args) == 1


async def test_refused_forms_keep_what_was_typed(root) -> None:
    weak = await root.send(
        "/office/users/new",
        {"email": "weak@example.com", "name": "Weak", "password": "1234567890"},
        status=422,
    )
    taken = await root.send(
        "/office/users/new",
        {"email": "root@example.com", "name": "Again", "password": PASSWORD},
        status=422,
    )
    role = await root.send(
        "/office/roles/new",
        {"code": "Ы", "title_ru": "Новая", "permissions": "orders.view"},
        status=422,
    )
    key = await root.send("/office/api-keys", {"scopes": "orders.view"}, status=422)

    assert 'id="field-password-error"' in weak.text
    assert 'value="weak@example.com"' in weak.text
    assert "1234567890" not in weak.text, "a password is not shown again"
    assert 'id="field-email-error"' in taken.text
    assert 'value="Новая"' in role.text
    assert re.search(r'value="orders.view"[^>]* checked', role.text)
    assert 'id="field-name-error"' in key.text
    assert re.search(r'value="orders.view"[^>]* checked', key.text)


async def test_nobody_gives_more_than_they_may_do(sign_in, root) -> None:
    async with sign_in("accounts.view", "accounts.edit", email="clerk@example.com") as clerk:
        user = await clerk.send(
            "/office/users/new",
            {"email": "x@example.com", "password": PASSWORD, "roles": "administrator"},
            status=422,
        )
        role = await clerk.send(
            "/office/roles/new",
            {"code": "big", "title_en": "Big", "permissions": "orders.cancel"},
            status=422,
        )
        key = await clerk.send(
            "/office/api-keys", {"name": "k", "scopes": "orders.cancel"}, status=422
        )
        owner = await clerk.send(
            f"/office/users/{root.user.id}", {"name": "Mine", "is_active": "1"}, status=422
        )
        await clerk.send(f"/office/users/{root.user.id}/sessions/end", status=403)
        await clerk.send(f"/office/users/{root.user.id}/two-factor/remove", status=403)

    for refused in (user, role, key, owner):
        assert "is missing" in unescape(refused.text)
    assert await root.open("/office/users")


async def test_whoever_is_switched_off_is_out_at_once(root, sign_in, site) -> None:
    async with sign_in("orders.view", email="gone@example.com") as gone:
        await root.send(f"/office/users/{gone.user.id}", {"name": "Gone", "roles": "role-gone"})

        answer = await gone.client.get("/office/orders", headers={"Accept": "text/html"})
        assert answer.status_code == 303
        await enter(gone.client, "gone@example.com", status=422)


async def test_the_last_administrator_stays(root) -> None:
    refused = await root.send(
        f"/office/users/{root.user.id}", {"name": "Root", "is_active": "1"}, status=422
    )

    assert "last active administrator" in refused.text
    assert await root.open("/office/users")


async def test_a_shopper_is_no_member_of_staff(root, committing, now) -> None:
    async with committing.transaction() as tx:
        shopper = await accounts.create_user(
            tx, email="anna@example.com", password=PASSWORD, kind="shopper", now=now
        )

    await root.open(f"/office/users/{shopper.id}", status=404)
    await root.send(
        f"/office/users/{shopper.id}", {"roles": "administrator", "is_active": "1"}, status=404
    )


async def test_roles_are_changed_and_deleted(root, committing) -> None:
    await root.send("/office/roles/new", {"code": "own", "title_en": "Own"})
    twice = await root.send("/office/roles/new", {"code": "own", "title_en": "Own"}, status=422)
    await root.send(
        "/office/roles/own", {"title_en": "Our own", "permissions": ["stock.view", "orders.view"]}
    )
    fixed = await root.send(
        "/office/roles/administrator", {"title_en": "x", "permissions": "orders.view"}, status=422
    )

    assert "Our own" in await root.open("/office/roles")
    assert 'id="field-code-error"' in twice.text
    assert "built in" in fixed.text
    async with committing.snapshot() as snap:
        role = await accounts.find_role(snap, code="own")
    assert role is not None
    assert role.permissions == ("orders.view", "stock.view")
    await root.send("/office/roles/own/remove")
    await root.open("/office/roles/own", status=404)


async def test_a_key_is_shown_once_and_ends(root, site) -> None:
    async def make(name: str) -> str:
        form = {"name": name, "scopes": "orders.view"}
        made = await root.send("/office/api-keys", form, status=200)
        secret = re.search(r"hk_[0-9a-f]{12}_[A-Za-z0-9_-]{20,}", made.text)
        assert secret
        assert made.headers["cache-control"] == "no-store"
        return secret[0]

    async def asks(secret: str) -> int:
        async with site.client(headers={"Authorization": f"Bearer {secret}"}) as program:
            return (await program.get("/api/v1/orders")).status_code

    ended, kept = await make("till"), await make("site")
    listed = await root.open("/office/api-keys")
    row = re.search(
        r"<tr[^>]*>(?:(?!</tr>).)*till.*?(/office/api-keys/[0-9a-f-]{36}/revoke)", listed
    )
    assert row
    await root.send(row[1])

    assert ended not in listed
    assert await asks(kept) == 200
    assert await asks(ended) == 401
    assert row[1] not in await root.open("/office/api-keys")


async def test_a_second_factor_is_set_up_and_asked_for(root, site, clock) -> None:
    begun = await root.send("/office/me/two-factor", status=200)
    assert "<svg" in begun.text
    secret = re.search(r'data-copy="([A-Z2-7]{32})"', begun.text)
    assert secret
    one_time = pyotp.TOTP(secret[1])
    wrong = await root.send("/office/me/two-factor/confirm", {"code": "000000x"}, status=422)
    on = await root.send(
        "/office/me/two-factor/confirm", {"code": one_time.at(clock.now())}, status=200
    )
    shown = re.search(r'<p class="log">([^<]+)</p>', on.text)
    assert shown
    recovery = shown[1].split()
    clock.advance(timedelta(minutes=2))

    assert 'id="field-code-error"' in wrong.text
    assert len(set(recovery)) == 10
    assert begun.headers["cache-control"] == on.headers["cache-control"] == "no-store"
    async with site.client(keyed=False) as client:
        asked = await enter(client, "root@example.com", status=200)
        ticket = re.search(r'name="ticket" value="([^"]+)"', asked.text)
        token = re.search(r'name="csrf_token" value="([^"]+)"', asked.text)
        assert ticket
        assert token
        form = {"csrf_token": token[1], "ticket": ticket[1]}
        refused = await client.post("/office/sign-in", data={**form, "code": "123"})
        entered = await client.post(
            "/office/sign-in", data={**form, "code": one_time.at(clock.now())}
        )
        me = await client.get("/office/me")
    assert refused.status_code == 422
    assert entered.status_code == 303
    assert me.status_code == 200

    await root.send("/office/me/two-factor/remove", {"code": recovery[0]})
    async with site.client(keyed=False) as client:
        await enter(client, "root@example.com")


async def test_a_new_password_signs_other_browsers_out(root, site) -> None:
    new = "another long one, nobody knows"
    async with site.client(keyed=False) as other:
        await enter(other, "root@example.com")
        wrong = await root.send(
            "/office/me/password", {"password_now": "no", "password_new": new}, status=422
        )
        weak = await root.send(
            "/office/me/password", {"password_now": PASSWORD, "password_new": "short"}, status=422
        )
        await root.send("/office/me/password", {"password_now": PASSWORD, "password_new": new})
        out = await other.get("/office/me", headers={"Accept": "text/html"})
        await enter(other, "root@example.com", status=422)
        await enter(other, "root@example.com", password=new)

    assert 'id="field-password_now-error"' in wrong.text
    assert 'id="field-password_new-error"' in weak.text
    assert out.status_code == 303
    assert await root.open("/office/me")


async def test_one_ends_ones_own_sessions_only(root, sign_in, site) -> None:
    async with site.client(keyed=False) as other:
        await enter(other, "root@example.com")
        page = await root.open("/office/me")
        ends = re.findall(r"/office/me/sessions/[0-9a-f-]{36}/end", page)
        assert len(ends) == 1, "this browser's own session has no button"
        async with sign_in("orders.view") as stranger:
            await stranger.send(ends[0], status=404)
        assert (await other.get("/office/me")).status_code == 200
        await root.send(ends[0])
        out = await other.get("/office/me", headers={"Accept": "text/html"})

    assert out.status_code == 303


async def test_a_forgotten_password_is_set_by_a_link(root, site, committing, clock) -> None:
    async with site.client(keyed=False) as client:
        page = await client.get("/office/forgotten")
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert token
        form = {"csrf_token": token[1]}
        known = await client.post("/office/forgotten", data={**form, "email": "root@example.com"})
        unknown = await client.post("/office/forgotten", data={**form, "email": "no@example.com"})
        async with committing.transaction() as tx:
            link = await accounts.make_link_token(
                tx, user_id=root.user.id, purpose="password", now=clock.now()
            )
        shown = await client.get(f"/office/password-reset/{link}")
        weak = await client.post(
            "/office/new-password", data={**form, "token": link, "password": "short"}
        )
        new = "a completely different sentence"
        done = await client.post(
            "/office/new-password", data={**form, "token": link, "password": new}
        )
        again = await client.post(
            "/office/new-password", data={**form, "token": link, "password": new}
        )
        await enter(client, "root@example.com", password=new)

    assert known.text.replace(token[1], "") == unknown.text.replace(token[1], "")
    assert link in shown.text
    assert [weak.status_code, done.status_code, again.status_code] == [422, 303, 422]


async def test_the_audit_log_is_filtered_and_given_as_a_file(root) -> None:
    await root.send("/office/roles/new", {"code": "seen", "title_en": "Seen"})
    await root.send("/office/roles/seen", {"title_en": "Seen", "permissions": "stock.view"})

    whole = await root.open("/office/audit")
    role = await root.open("/office/audit?subject_kind=role&subject_id=seen")
    other = await root.open("/office/audit?action=orders.cancel")
    own = await root.open(f"/office/audit?actor={root.user.id}")
    sheet = await root.open("/office/audit.csv?subject_kind=role")

    assert "accounts.sign_in" in whole
    assert "accounts.save_role" in role
    assert "<ins>stock.view</ins>" in role
    assert "accounts.sign_in" not in role
    assert "accounts.save_role" not in other
    assert "accounts.save_role" in own
    assert sheet.count("accounts.save_role") == 2
