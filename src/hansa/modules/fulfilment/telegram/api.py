"""Where Telegram tells what was pressed."""

import hmac
from typing import Annotated

import msgspec
from litestar import Response, post

from hansa.modules.fulfilment.channels import Channels
from hansa.modules.fulfilment.chat.clicks import Pressed, Reply, take_press
from hansa.modules.fulfilment.chat.refusals import NotFromTheVendor, UpdateInvalid
from hansa.modules.fulfilment.model import Answerer, ShopChannel
from hansa.modules.fulfilment.telegram.channel import UPDATES_PATH, TelegramChannel
from hansa.runtime.http import NO_CSRF, NO_KEY, PUBLIC, Request

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header
ANSWER_MAX = 200
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class _User(msgspec.Struct):
    id: int
    first_name: str = ""
    last_name: str = ""


class _Chat(msgspec.Struct):
    id: int


class _Message(msgspec.Struct):
    message_id: int
    chat: _Chat


class _Query(msgspec.Struct):
    id: _Name
    from_: _User = msgspec.field(name="from")
    message: _Message | None = None
    data: str = ""


class _Update(msgspec.Struct):
    update_id: int
    callback_query: _Query | None = None


class CallbackAnswer(msgspec.Struct, frozen=True):
    """A call of the Bot API in the answer to an update: stops the spinner, shows the words."""

    callback_query_id: str
    text: str
    show_alert: bool
    method: str = "answerCallbackQuery"


@post(
    UPDATES_PATH,
    tags=["Fulfilment"],
    summary="Updates of Telegram",
    status_code=200,
    opt={
        PUBLIC: "has the secret that only Telegram was told",
        NO_CSRF: "comes from a program",
        NO_KEY: "an answer that comes again is known as such",
    },
)
async def take_update(request: Request) -> Response[CallbackAnswer | None]:
    """Take a press of a button in one short transaction; answer it in the answer to the update."""
    body = await request.body()
    secret = request.context.settings.telegram_secret.reveal()
    sent = request.headers.get(SECRET_HEADER, "")
    channel = request.context.service(Channels).get(ShopChannel.TELEGRAM)
    if not isinstance(channel, TelegramChannel) or not secret:
        raise NotFromTheVendor  # nothing was set up, so nobody can prove anything
    if not hmac.compare_digest(secret.encode(), sent.encode()):
        raise NotFromTheVendor
    try:
        query = msgspec.json.decode(body, type=_Update).callback_query
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UpdateInvalid from error
    if query is None:  # of a kind that was not asked for
        return Response(None)
    reply = await _take(request, query)
    text = channel.say(reply.language, reply.told)[:ANSWER_MAX]
    return Response(CallbackAnswer(query.id, text, show_alert=not reply.is_done))


async def _take(request: Request, query: _Query) -> Reply:
    user, message = query.from_, query.message
    name = f"{user.first_name} {user.last_name}".strip() or str(user.id)
    pressed = Pressed(
        token=query.data,
        address=str(message.chat.id) if message is not None else "",
        message=str(message.message_id) if message is not None else "",
        by=Answerer(channel=ShopChannel.TELEGRAM, user=str(user.id), name=name),
    )
    async with request.transaction() as tx:
        return await take_press(
            tx, channel=ShopChannel.TELEGRAM, pressed=pressed, now=request.received_at
        )


ROUTES = (take_update,)
