"""Background work of the desk: posting what was approved, exactly once; measuring offers."""

from datetime import timedelta
from uuid import UUID

from hansa.kernel.errors import HansaError, Unavailable
from hansa.modules.loyalty.desk import corrections, disputes
from hansa.modules.loyalty.desk.comparing import run_measure_offer, run_measure_offers
from hansa.modules.loyalty.desk.model import Correction, CorrectionState
from hansa.modules.loyalty.desk.work import (
    MeasureOffer,
    MeasureOffers,
    PostApproved,
    PostCorrection,
)
from hansa.modules.loyalty.members import MemberRef, RefKind
from hansa.modules.loyalty.points import HOUSE, Correct, Poster
from hansa.runtime.context import Context
from hansa.runtime.module import JobHandler, Periodic

PAGE = 200
LEFT_AFTER = timedelta(minutes=2)


async def run_post_correction(context: Context, job: PostCorrection) -> None:
    """Post an approved correction and note what became of it.

    The key and the content of the posting follow from the correction: after a crash between the
    posting and the note the same posting is answered again, and noted then.
    """
    async with context.database.snapshot(single=True) as snap:
        correction = await corrections.get_correction(snap, correction_id=job.correction_id)
    if correction.state is CorrectionState.APPROVED:
        await _post(context, correction)


async def run_post_approved(context: Context, _: PostApproved) -> None:
    """Post what was approved some minutes ago and is not posted yet."""
    before = context.clock.now() - LEFT_AFTER
    async with context.database.snapshot(single=True) as snap:
        left = await corrections.list_left(snap, before=before, limit=PAGE)
    for correction_id in left:
        await run_post_correction(context, PostCorrection(correction_id=correction_id))


async def _post(context: Context, correction: Correction) -> None:
    assert correction.decided_at is not None, "what is approved was decided"
    posting_id: UUID | None = None
    failure = ""
    try:
        receipt = await context.service(Poster).submit(
            Correct(
                owner=HOUSE,
                key=f"hansa:correction:{correction.id}",
                programme_id=correction.programme_id,
                happened_at=correction.decided_at,
                member=MemberRef(RefKind.ID, str(correction.member_id)),
                points=correction.points,
                reason=correction.reason,
                approved_by=correction.decided_by,
            )
        )
        posting_id = receipt.posting_id
    except Unavailable:
        raise
    except HansaError as refusal:
        failure = refusal.code
    now = context.clock.now()
    async with context.database.transaction() as tx:
        is_noted = await corrections.end_correction(
            tx, correction=correction, posting_id=posting_id, failure=failure, now=now
        )
        if is_noted and correction.dispute_id is not None:
            await disputes.settle_dispute(
                tx, correction=correction, is_posted=posting_id is not None, now=now
            )


JOBS = (
    JobHandler(job=PostCorrection, handle=run_post_correction),
    JobHandler(job=PostApproved, handle=run_post_approved),
    JobHandler(job=MeasureOffer, handle=run_measure_offer),
    JobHandler(job=MeasureOffers, handle=run_measure_offers),
)
PERIODIC = (
    Periodic(cron="*/5 * * * *", job=PostApproved()),
    Periodic(cron="17 3 * * *", job=MeasureOffers()),
)
