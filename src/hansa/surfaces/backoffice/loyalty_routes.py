"""Routes of the pages about members, corrections, cases, programmes and reports."""

from hansa.surfaces.backoffice import (
    loyalty_coalition,
    loyalty_corrections,
    loyalty_disputes,
    loyalty_member,
    loyalty_member_acts,
    loyalty_members,
    loyalty_overview,
    loyalty_partner_people,
    loyalty_partners,
    loyalty_posting,
    loyalty_reports,
    loyalty_reward_form,
    loyalty_rewards,
    loyalty_settlement_rule,
    loyalty_terms,
)

ROUTES = (
    *loyalty_overview.ROUTES,
    *loyalty_members.ROUTES,
    *loyalty_member.ROUTES,
    *loyalty_member_acts.ROUTES,
    *loyalty_posting.ROUTES,
    *loyalty_corrections.ROUTES,
    *loyalty_disputes.ROUTES,
    *loyalty_coalition.ROUTES,
    *loyalty_partners.ROUTES,
    *loyalty_partner_people.ROUTES,
    *loyalty_terms.ROUTES,
    *loyalty_rewards.ROUTES,
    *loyalty_reward_form.ROUTES,
    *loyalty_settlement_rule.ROUTES,
    *loyalty_reports.ROUTES,
)
