"""Where Slack tells what was pressed."""

from typing import Annotated
from urllib.parse import parse_qs

import msgspec
import structlog
from litestar import Response, post

from hansa.modules.fulfilment.chat.clicks import Pressed, take_press
from hansa.modules.fulfilment.chat.refusals import NotFromTheVendor, UpdateInvalid
from hansa.modules.fulfilment.model import Answerer, ShopChannel
from hansa.modules.fulfilment.slack.signing import (
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    is_signed,
)
from hansa.modules.fulfilment.slack.work import TellPressed
from hansa.runtime.http import NO_CSRF, NO_KEY, PUBLIC, Request

ACTIONS_PATH = "/api/v1/fulfilment/slack/actions"
_ACTIONS_MAX = 5
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]

_log = structlog.get_logger(__name__)


class _User(msgspec.Struct):
    id: _Name
    name: str = ""
    username: str = ""


class _Channel(msgspec.Struct):
    id: _Name


class _Container(msgspec.Struct):
    message_ts: str = ""
    channel_id: str = ""


class _Action(msgspec.Struct):
    value: Annotated[str, msgspec.Meta(max_length=2000)] = ""


class _Payload(msgspec.Struct):
    type: str


class _Click(msgspec.Struct):
    user: _User
    channel: _Channel
    container: _Container
    actions: list[_Action]


@post(
    ACTIONS_PATH,
    tags=["Fulfilment"],
    summary="Clicks in Slack",
    status_code=200,
    opt={
        PUBLIC: "signed by Slack",
        NO_CSRF: "comes from a program",
        NO_KEY: "an answer that comes again is known as such",
    },
)
async def take_click(request: Request) -> Response[None]:
    """Take a click: prove it, take the answer in one short transaction, acknowledge.

    Slack shows an error to whoever pressed unless it is answered 200 within three seconds; what the
    message looks like afterwards is the business of a job.
    """
    body = await request.body()
    if not is_signed(
        secret=request.context.settings.slack_signing_secret.reveal(),
        body=body,
        timestamp=request.headers.get(TIMESTAMP_HEADER, ""),
        signature=request.headers.get(SIGNATURE_HEADER, ""),
        now=request.received_at.timestamp(),
    ):
        raise NotFromTheVendor
    click = _read(body)
    if click is None:
        return Response(None)
    for action in click.actions[:_ACTIONS_MAX]:
        await _take(request, click, action.value)
    return Response(None)


async def _take(request: Request, click: _Click, token: str) -> None:
    user, address = click.user, click.channel.id
    pressed = Pressed(
        token=token,
        address=address,
        message=click.container.message_ts,
        by=Answerer(
            channel=ShopChannel.SLACK, user=user.id, name=user.name or user.username or user.id
        ),
    )
    async with request.transaction() as tx:
        reply = await take_press(
            tx, channel=ShopChannel.SLACK, pressed=pressed, now=request.received_at
        )
        if not reply.is_done:
            _log.info("a click changed nothing", user=user.id, why=reply.told.message)
            await tx.enqueue(
                TellPressed(
                    address=address,
                    user=user.id,
                    language=reply.language,
                    message=reply.told.message,
                    data=dict(reply.told.data),
                )
            )


def _read(body: bytes) -> _Click | None:
    """Read the click of a proven body; nothing if it is something we did not ask for.

    Raises:
        UpdateInvalid: it cannot be read.
    """
    try:
        fields = parse_qs(body.decode(), strict_parsing=True, max_num_fields=20)
        if "payload" not in fields and "ssl_check" in fields:
            return None
        payload = fields["payload"][0]
        if msgspec.json.decode(payload, type=_Payload).type != "block_actions":
            return None
        return msgspec.json.decode(payload, type=_Click)
    except (KeyError, ValueError, msgspec.DecodeError, RecursionError) as error:
        raise UpdateInvalid from error


ROUTES = (take_click,)
