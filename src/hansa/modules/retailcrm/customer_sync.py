"""Customers: compare those that stand on both sides, find or make the others, merge."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from hansa.kernel.errors import HansaError, Unavailable
from hansa.modules import parties
from hansa.modules.retailcrm import model, wording
from hansa.modules.retailcrm.client import CrmRefused, reason_of
from hansa.modules.retailcrm.model import PHONES, Kind, Link, Outgoing
from hansa.modules.retailcrm.side import Side
from hansa.modules.retailcrm.store import links, queues
from hansa.runtime.database import Transaction

_PROFILE = ("first_name", "last_name", "middle_name", "birthday")
_TAKEN = (
    "identifier_taken",
    "The {what} of customer {customer} in RetailCRM belongs to somebody else here.",
)


async def sync_customers(side: Side, rows: Sequence[Outgoing], known: Mapping[UUID, Link]) -> None:
    """Compare customers that the CRM has with what they are there, and bring both together."""
    told = await side.crm.by_ids("customers", [known[row.subject_id].crm_id for row in rows])
    for row in rows:
        link = known[row.subject_id]
        try:
            if link.crm_id not in told:
                await forget_gone(side, row, link)
            else:
                await _sync(side, row, link, told[link.crm_id])
        except Unavailable:
            raise
        except HansaError as refusal:
            async with side.context.database.transaction() as tx:
                await queues.refuse(
                    tx, side.connection.id, row, error=reason_of(refusal), now=side.now
                )


async def _sync(side: Side, row: Outgoing, link: Link, told: Mapping[str, Any]) -> None:
    if wording.lacks_our_id(told, link.internal_id):
        await side.crm.fix_external_id("customer", link.crm_id, str(link.internal_id))
    async with side.context.database.transaction() as tx:
        plan, agreed = await _compare(tx, side, link, told)
        await links.save_link(tx, side.connection.id, replace(link, agreed=agreed), now=side.now)
        if not plan.send:
            await queues.finish(tx, side.connection.id, row)
            return
        body = wording.customer_changes(plan.send)
        await queues.intend(
            tx, side.connection.id, Kind.CUSTOMER, [row.subject_id], {"customer": sorted(body)}
        )
    await side.crm.edit("customer", link.crm_id, side.site, body)
    async with side.context.database.transaction() as tx:
        both = {**agreed, **{name: plan.agreed[name] for name in plan.send}}
        await links.save_link(tx, side.connection.id, replace(link, agreed=both), now=side.now)
        await queues.finish(tx, side.connection.id, row)


async def _compare(
    tx: Transaction, side: Side, link: Link, told: Mapping[str, Any]
) -> tuple[model.Plan, dict[str, str]]:
    options = side.connection.options
    party = await parties.get_party(tx, party_id=link.internal_id)
    theirs = wording.crm_customer_fields(told, region=side.region)
    ours = wording.customer_fields(party)
    owners = {name: options.owner(Kind.CUSTOMER, name) for name in ours}
    plan = model.compare(
        agreed=link.agreed, ours=ours, theirs=theirs, owners=owners, secret=side.secret
    )
    lacking: set[str] = set()
    if plan.take:
        lacking = await _take_over(tx, side, party, link, plan.take)
        party = await parties.get_party(tx, party_id=link.internal_id)
        ours = wording.customer_fields(party)
        plan = model.compare(
            agreed=link.agreed,
            ours=ours,
            theirs=theirs,
            owners=owners,
            refused=set(plan.take),
            secret=side.secret,
        )
    agreed = {name: text for name, text in plan.agreed.items() if name not in plan.send}
    agreed |= {name: link.agreed[name] for name in plan.send if name in link.agreed}
    if lacking and PHONES in agreed:
        # Not known here, so never agreed on: else it would look like a number we took away.
        unknown = {model.fingerprint(PHONES, one, secret=side.secret) for one in lacking}
        agreed[PHONES] = " ".join(one for one in agreed[PHONES].split() if one not in unknown)
    return plan, agreed


async def _take_over(
    tx: Transaction, side: Side, party: parties.Party, link: Link, take: model.Fields
) -> set[str]:
    """Do here what a manager did in the CRM; give telephones that are somebody else's."""
    now = side.now
    if take.keys() & set(_PROFILE):
        await parties.save_profile(tx, party_id=party.id, profile=_profile(party, take), now=now)
    kind = parties.IdentifierKind
    if take.get("email"):
        new = parties.Identifier(kind=kind.EMAIL, value=take["email"])
        old = party.value_of(kind.EMAIL)
        if not await _add(tx, side, party.id, new):
            await _note_taken(tx, side, link, party, "e-mail")
        elif old is not None and model.fingerprint(
            "email", old, secret=side.secret
        ) == link.agreed.get("email"):
            gone = parties.Identifier(kind=kind.EMAIL, value=old)
            await parties.remove_identifier(tx, party_id=party.id, identifier=gone)
    lacking: set[str] = set()
    if PHONES in take:
        held = {one.value for one in party.identifiers if one.kind == kind.PHONE}
        wanted = set(take[PHONES].split())
        for number in sorted(wanted - held):
            if not await _add(
                tx, side, party.id, parties.Identifier(kind=kind.PHONE, value=number)
            ):
                lacking.add(number)
                await _note_taken(tx, side, link, party, "telephone")
        for number in sorted(held - wanted):
            gone = parties.Identifier(kind=kind.PHONE, value=number)
            await parties.remove_identifier(tx, party_id=party.id, identifier=gone)
    return lacking


def _profile(party: parties.Party, take: model.Fields) -> parties.Profile:
    ours = wording.customer_fields(party) | dict(take)
    names = [ours[name] for name in ("first_name", "middle_name", "last_name") if ours[name]]
    try:
        birth_on = date.fromisoformat(ours["birthday"]) if ours["birthday"] else None
    except ValueError:
        birth_on = party.birth_on
    return parties.Profile(
        kind=party.kind,
        display_name=" ".join(names) or party.display_name,
        given_name=ours["first_name"],
        family_name=ours["last_name"],
        middle_name=ours["middle_name"],
        legal_name=party.legal_name,
        language=party.language,
        birth_on=birth_on,
    )


async def _add(tx: Transaction, side: Side, party_id: UUID, identifier: parties.Identifier) -> bool:
    try:
        await parties.add_identifier(
            tx, party_id=party_id, identifier=identifier, now=side.now, region=side.region
        )
    except (parties.IdentifierTaken, parties.IdentifierInvalid):
        return False
    return True


async def _note_taken(
    tx: Transaction, side: Side, link: Link, party: parties.Party, what: str
) -> None:
    code, message = _TAKEN
    await queues.add_refusal(
        tx,
        side.connection.id,
        kind=Kind.CUSTOMER,
        crm_id=link.crm_id,
        internal_id=party.id,
        code=f"{code}:{what}",
        message=message,
        facts={"what": what, "customer": str(link.crm_id)},
        now=side.now,
    )


async def forget_gone(side: Side, row: Outgoing, link: Link) -> None:
    """The CRM has the customer no more: they are made anew when they next matter."""
    async with side.context.database.transaction() as tx:
        await links.remove_link(tx, side.connection.id, Kind.CUSTOMER, link.internal_id)
        await queues.finish(tx, side.connection.id, row)


# -- those the CRM does not have ---------------------------------------------------------------


async def ensure_customer(side: Side, party_id: UUID, *, tried: bool = False) -> int:
    """Give the CRM's customer who is a party of ours: the one linked, one like it, or a new one.

    One like it has our id, else the same telephone, else the same e-mail.
    """
    async with side.context.database.snapshot() as snap:
        party = await parties.get_party(snap, party_id=party_id)
        known = await links.links_of(snap, side.connection.id, Kind.CUSTOMER, [party.id])
    if party.id in known:
        return known[party.id].crm_id
    crm_id = await _find(side, party, tried=tried)
    if crm_id is None:
        body = wording.new_customer(party, side.connection.options)
        try:
            crm_id = await side.crm.create("customer", side.site, body)
        except CrmRefused:
            found = await side.crm.by_external_ids("customers", [str(party.id)])
            if str(party.id) not in found:
                raise
            crm_id = int(found[str(party.id)]["id"])
        await keep_made(side, {party.id: (party, crm_id)})
        return crm_id
    async with side.context.database.transaction() as tx:
        link = Link(kind=Kind.CUSTOMER, internal_id=party.id, crm_id=crm_id)
        await links.save_link(tx, side.connection.id, link, now=side.now)
        await queues.mark(tx, side.connection.id, Kind.CUSTOMER, [party.id], now=side.now)
    return crm_id


async def keep_made(side: Side, made: Mapping[UUID, tuple[parties.Party, int]]) -> None:
    """Note which customer of the CRM stands for which of ours, and that both are alike."""
    async with side.context.database.transaction() as tx:
        for party_id, (party, crm_id) in made.items():
            link = Link(
                kind=Kind.CUSTOMER,
                internal_id=party_id,
                crm_id=crm_id,
                agreed=model.fingerprints(wording.customer_fields(party), secret=side.secret),
            )
            await links.save_link(tx, side.connection.id, link, now=side.now)


async def _find(side: Side, party: parties.Party, *, tried: bool) -> int | None:
    if tried:
        found = await side.crm.by_external_ids("customers", [str(party.id)])
        if str(party.id) in found:
            return int(found[str(party.id)]["id"])
    kind = parties.IdentifierKind
    phones = [one.value for one in party.identifiers if one.kind == kind.PHONE]
    for phone in phones[:3]:
        for told in await side.crm.find_customers(phone=phone):
            theirs = wording.crm_customer_fields(told, region=side.region)
            if phone in theirs[PHONES].split() and await _is_free(side, told, party.id):
                return int(told["id"])
    email = party.value_of(kind.EMAIL)
    if email is not None:
        for told in await side.crm.find_customers(email=email):
            if await _is_free(side, told, party.id):
                return int(told["id"])
    return None


async def _is_free(side: Side, told: Mapping[str, Any], party_id: UUID) -> bool:
    """Say whether a customer of the CRM is nobody else of ours."""
    crm_id = int(told["id"])
    async with side.context.database.snapshot() as snap:
        taken = await links.links_of_crm(snap, side.connection.id, Kind.CUSTOMER, [crm_id])
        if crm_id in taken and taken[crm_id].internal_id != party_id:
            return False
        ours = wording.external_id(told.get("externalId"))
        if ours is None or ours == party_id:
            return True
        standing = await parties.resolve(snap, party_ids=[ours])
        return standing.get(ours, party_id) == party_id


# -- those of the CRM that we do not have ------------------------------------------------------


async def meet(tx: Transaction, side: Side, told: Mapping[str, Any], *, now: datetime) -> UUID:
    """Give the party who is a customer of the CRM, known or new.

    By the link, else our id in the CRM, else by the CRM's number, telephone and e-mail. If two of
    the CRM are one here, a person is told.
    """
    crm_id, connection_id = int(told["id"]), side.connection.id
    known = await links.links_of_crm(tx, connection_id, Kind.CUSTOMER, [crm_id])
    if crm_id in known:
        return known[crm_id].internal_id
    party_id = await _party_of(tx, side, told, now)
    taken = await links.links_of(tx, connection_id, Kind.CUSTOMER, [party_id])
    if party_id in taken:
        await queues.add_refusal(
            tx,
            connection_id,
            kind=Kind.CUSTOMER,
            crm_id=crm_id,
            internal_id=party_id,
            code="customer_twice",
            message="Customers {first} and {second} of RetailCRM are one person here: "
            "merge them there.",
            facts={"first": str(taken[party_id].crm_id), "second": str(crm_id)},
            now=now,
        )
        return party_id
    link = Link(kind=Kind.CUSTOMER, internal_id=party_id, crm_id=crm_id)
    await links.save_link(tx, connection_id, link, now=now)
    await queues.mark(tx, connection_id, Kind.CUSTOMER, [party_id], now=now)
    return party_id


async def _party_of(tx: Transaction, side: Side, told: Mapping[str, Any], now: datetime) -> UUID:
    ours = wording.external_id(told.get("externalId"))
    if ours is not None:
        standing = await parties.resolve(tx, party_ids=[ours])
        if ours in standing:
            return standing[ours]
    fields = wording.crm_customer_fields(told, region=side.region)
    system = f"retailcrm:{side.connection.id}"
    number = parties.Identifier(
        kind=parties.IdentifierKind.OUTSIDE, value=str(told["id"]), system=system
    )
    return await parties.match_or_create(
        tx,
        party=parties.NewParty(
            given_name=fields["first_name"],
            family_name=fields["last_name"],
            middle_name=fields["middle_name"],
            display_name=" ".join(
                fields[name] for name in ("first_name", "middle_name", "last_name") if fields[name]
            ),
        ),
        identifiers=[number, *identifiers_of(fields, side.region)],
        now=now,
        region=side.region,
        trusted=True,
    )


def identifiers_of(fields: model.Fields, region: str) -> list[parties.Identifier]:
    """Give telephones and e-mail that are some, in the order they match by."""
    kind = parties.IdentifierKind
    asked = [parties.Identifier(kind=kind.PHONE, value=one) for one in fields[PHONES].split()]
    asked.append(parties.Identifier(kind=kind.EMAIL, value=fields["email"]))
    good = []
    for one in asked:
        with suppress(parties.IdentifierInvalid):
            good.append(parties.normalise(one, region=region))
    return good
