"""Two sides that are edited at will come to the same end, and then leave each other in peace."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from hansa.modules.retailcrm import Owner, Plan, reconcile

FIELDS = ("status", "city", "phones")
OWNERS = {"status": Owner.CRM, "city": Owner.SHOP, "phones": Owner.SHOP}
VALUES = {
    "status": st.sampled_from(["placed", "packed", "cancelled"]),
    "city": st.sampled_from(["", "Тверь", "Клин"]),
    "phones": st.sets(st.sampled_from(["+71", "+72", "+73"])).map(lambda s: " ".join(sorted(s))),
}


@dataclass
class Sides:
    """Both sides and what they last agreed on; the CRM's answer may get lost."""

    ours: dict[str, str] = field(default_factory=lambda: dict.fromkeys(FIELDS, ""))
    theirs: dict[str, str] = field(default_factory=lambda: dict.fromkeys(FIELDS, ""))
    agreed: dict[str, str] = field(default_factory=dict)

    def plan(self) -> Plan:
        return reconcile(agreed=self.agreed, ours=self.ours, theirs=self.theirs, owners=OWNERS)

    def meet(self, *, answer_is_lost: bool = False, refuses: frozenset[str] = frozenset()) -> Plan:
        plan = self.plan()
        refused = refuses & plan.take.keys()
        self.ours.update({k: v for k, v in plan.take.items() if k not in refused})
        plan = reconcile(
            agreed=self.agreed,
            ours=self.ours,
            theirs=self.theirs,
            owners=OWNERS,
            refused=set(plan.take) | refused,
        )
        kept = {k: self.agreed[k] for k in plan.send if k in self.agreed}
        self.agreed = {k: v for k, v in plan.agreed.items() if k not in plan.send} | kept
        self.theirs.update(plan.send)
        if not answer_is_lost:
            self.agreed.update({k: plan.agreed[k] for k in plan.send})
        return plan


edits = st.sampled_from(FIELDS).flatmap(
    lambda name: st.tuples(st.sampled_from(["ours", "theirs"]), st.just(name), VALUES[name])
)
meetings = st.tuples(st.sampled_from(["meet", "lost"]), st.just(""), st.just(""))


@given(st.lists(st.one_of(edits, meetings), max_size=30))
def test_whatever_is_edited_both_sides_end_alike_and_at_rest(steps):
    sides = Sides()
    for what, name, value in steps:
        if what == "meet":
            sides.meet()
        elif what == "lost":
            sides.meet(answer_is_lost=True)
        else:
            getattr(sides, what)[name] = value
    sides.meet()
    sides.meet()
    assert sides.ours == sides.theirs
    assert not sides.plan().send
    assert not sides.plan().take


@given(st.lists(st.one_of(edits, meetings), max_size=20))
def test_what_is_refused_here_ends_as_ours(steps):
    sides, refuses = Sides(), frozenset({"status"})
    for what, name, value in steps:
        if what in {"meet", "lost"}:
            sides.meet(refuses=refuses)
        elif (what, name) != ("ours", "status"):
            getattr(sides, what)[name] = value
    sides.meet(refuses=refuses)
    sides.meet(refuses=refuses)
    assert sides.theirs["status"] == sides.ours["status"] == ""
    assert not sides.plan().send


def test_who_alone_changed_a_field_is_followed_whoever_owns_it():
    base = {"status": "placed", "city": "Тверь"}
    owners = {"status": Owner.SHOP, "city": Owner.CRM}
    theirs = {**base, "status": "packed"}
    plan = reconcile(agreed=base, ours=base, theirs=theirs, owners=owners)
    assert (plan.take, plan.send) == ({"status": "packed"}, {})
    ours = {**base, "city": "Клин"}
    plan = reconcile(agreed=base, ours=ours, theirs=base, owners=owners)
    assert (plan.take, plan.send) == ({}, {"city": "Клин"})


def test_both_changed_it_and_its_owner_counts():
    base = {"status": "placed"}
    sides = {"agreed": base, "ours": {"status": "packed"}, "theirs": {"status": "cancelled"}}
    plan = reconcile(**sides, owners={"status": Owner.CRM})
    assert plan.take == {"status": "cancelled"}
    plan = reconcile(**sides, owners={"status": Owner.SHOP})
    assert plan.send == {"status": "packed"}


def test_a_word_we_do_not_have_is_left_alone_until_we_change_the_field():
    base = {"status": "placed"}
    owners = {"status": Owner.CRM}
    assert not reconcile(agreed=base, ours=base, theirs={}, owners=owners).send
    ours = {"status": "packed"}
    assert reconcile(agreed=base, ours=ours, theirs={}, owners=owners).send == ours


def test_telephones_are_added_and_taken_away_by_both():
    plan = reconcile(
        agreed={"phones": "+71 +72"},
        ours={"phones": "+71 +73"},
        theirs={"phones": "+72 +74"},
        owners=OWNERS,
    )
    assert plan.send == plan.take == {"phones": "+73 +74"}
