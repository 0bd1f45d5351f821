"""The page: chats, messages with buttons that can be pressed, and a switchboard."""

import html
from datetime import UTC, datetime
from typing import Any

from sandbox.telegram.chats import Chats, Message, Query

STYLE = """
:root{--blue:#2481cc;--ink:#0f1419;--quiet:#5b6b78;--line:#dfe5ea}
*{box-sizing:border-box}body{margin:0;color:var(--ink);font:15px/1.4 system-ui,sans-serif;
display:grid;grid-template-columns:280px 1fr;min-height:100vh;background:#fff}
nav{border-right:1px solid var(--line)}nav h1{margin:0;padding:16px;font-size:17px}
nav ul{list-style:none;margin:0;padding:0}nav a{display:flex;gap:12px;align-items:center;
padding:10px 16px;color:inherit;text-decoration:none}nav a[aria-current]{background:var(--blue);
color:#fff}nav i{width:44px;height:44px;border-radius:50%;background:#7a5bb5;color:#fff;
display:grid;place-items:center;font:600 18px system-ui;flex:none}
main{display:flex;flex-direction:column;min-width:0;max-height:100vh}
header{display:flex;flex-wrap:wrap;justify-content:space-between;align-items:center;gap:8px;
padding:12px 20px;border-bottom:1px solid var(--line)}h2{margin:0;font-size:16px}
select{font:inherit;padding:6px 8px;border:1px solid var(--line);border-radius:8px;background:#fff}
#messages{flex:1;overflow:auto;padding:16px 20px;background:#c9d8c0}
article{max-width:440px;margin:0 0 14px}.bubble{background:#fff;border-radius:12px 12px 12px 4px;
padding:8px 12px;box-shadow:0 1px 1px rgb(0 0 0/.12);overflow-wrap:anywhere;white-space:pre-line}
.bubble b.name{display:block;color:#6a48a3;white-space:normal}.bubble small{display:block;
text-align:right;color:var(--quiet);font-size:12px}.bubble img{display:block;max-width:160px;
border-radius:8px;margin:6px 0;border-left:3px solid var(--blue)}
.row{display:flex;gap:4px;margin-top:4px}.row form{flex:1;display:flex}
.row button,.row a{flex:1;min-height:42px;border:0;border-radius:8px;background:#4f6f52;color:#fff;
font:500 15px/1.2 system-ui;cursor:pointer;text-align:center;text-decoration:none;padding:11px 6px}
.row button[aria-busy=true]{opacity:.7}.toast{max-width:440px;background:#22303c;color:#fff;
border-radius:10px;padding:10px 14px;margin:0 0 10px}.toast.alert{background:#8a1f2d}
.none{color:#3d4f3d;text-align:center;margin-top:48px}footer{border-top:1px solid var(--line);
padding:8px 20px}footer form{display:inline-block;margin:4px 4px 4px 0}footer button{font:inherit;
font-size:13px;padding:4px 10px;border:1px solid var(--line);border-radius:14px;background:#fff;
cursor:pointer}summary{cursor:pointer;font-size:13px}.fault{color:#a3142b}
:focus-visible{outline:3px solid var(--blue);outline-offset:2px}
@media(max-width:700px){body{grid-template-columns:1fr;grid-template-rows:auto 1fr}
nav{border:0;border-bottom:1px solid var(--line)}nav ul{display:flex;overflow:auto}
nav h1{display:none}main{max-height:none}}
"""

# Asks for this page again and shows the messages anew when they are others than before.
SCRIPT = """
const of=(page,id)=>page.getElementById(id);
setInterval(async()=>{if(of(document,'pressing'))return;
try{const answer=await fetch(location.href);if(!answer.ok)return;
const fresh=new DOMParser().parseFromString(await answer.text(),'text/html');
const now=of(document,'messages'),then=of(fresh,'messages');
if(now.innerHTML!==then.innerHTML)now.innerHTML=then.innerHTML}catch{}},1000);
addEventListener('submit',event=>{if(event.submitter)event.submitter.id='pressing'});
const box=of(document,'messages');box.scrollTop=box.scrollHeight;
const who=of(document,'who');who.onchange=()=>who.form.submit();
"""

TROUBLES = {
    "wrong_secret": "next update has a wrong secret",
    "no_secret": "next update has no secret",
    "twice": "next update comes twice",
    "too_many": "next message: 429",
    "fail": "next call fails",
    "lose_answers": "next answer is lost",
}


def page(chats: Chats, chat_id: int, user: int, fault: str) -> bytes:
    """Draw a chat as one person sees it."""
    chat = chats.chats.get(chat_id)
    title = html.escape(chat.title if chat is not None else "")
    current = ' aria-current="page"'
    rows = "".join(
        f'<li><a href="/chats/{one.id}?as={user}"{current if one.id == chat_id else ""}>'
        f'<i aria-hidden="true">{html.escape(one.title[:1])}</i>{html.escape(one.title)}</a></li>'
        for one in chats.chats.values()
    )
    options = "".join(
        f'<option value="{one.id}"{" selected" if one.id == user else ""}>'
        f"{html.escape(one.first_name)}{'' if chat_id in one.chats else ' (чужой)'}</option>"
        for one in chats.people.values()
    )
    told = f'<p class="fault" role="status">{html.escape(fault)}</p>' if fault else ""
    return (
        '<!doctype html><html lang="ru"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>{title} — practice Telegram</title><style>{STYLE}</style>"
        f'<nav aria-label="Chats"><h1>Practice Telegram</h1><ul>{rows}</ul></nav><main>'
        f"<header><h2>{title}</h2><form><label>Вы — "
        f'<select id="who" name="as">{options}</select></label></form></header>'
        f'<div id="messages" tabindex="0" role="log" aria-label="Messages">'
        f"{_messages(chats, chat_id, user)}</div>"
        f"<footer>{told}{_troubles(chat_id, user)}</footer></main>"
        f"<script>{SCRIPT}</script></html>"
    ).encode()


def _messages(chats: Chats, chat_id: int, user: int) -> str:
    asked = [one for one in chats.queries if one.chat == chat_id and one.user == user]
    spinning = {(one.message_id, one.data) for one in asked if not one.is_answered}
    shown = "".join(
        _message(message, chat_id, user, spinning) for message in chats.messages(chat_id)
    )
    return (shown or '<p class="none">Здесь пока тихо</p>') + _toast(asked)


def _toast(asked: list[Query]) -> str:
    if not asked or not asked[-1].text:
        return ""
    css = "toast alert" if asked[-1].is_alert else "toast"
    return f'<p class="{css}" role="status">{html.escape(asked[-1].text)}</p>'


def _message(message: Message, chat_id: int, user: int, spinning: set[tuple[int, str]]) -> str:
    at = datetime.fromtimestamp(message.date, UTC).astimezone()
    edited = "изменено " if message.edited_at is not None else ""
    picture = ""
    if message.preview.startswith(("http://", "https://")):
        picture = f'<img src="{html.escape(message.preview)}" alt="" loading="lazy">'
    rows = "".join(
        f'<div class="row">{"".join(_button(one, message, chat_id, user, spinning) for one in row)}'
        "</div>"
        for row in message.keyboard
    )
    return (
        f'<article data-id="{message.message_id}"><div class="bubble"><b class="name">Hansa</b>'
        f"{message.text}{picture}<small>{edited}{at:%H:%M}</small></div>{rows}</article>"
    )


def _button(
    button: dict[str, Any],
    message: Message,
    chat_id: int,
    user: int,
    spinning: set[tuple[int, str]],
) -> str:
    label = html.escape(str(button["text"]))
    if button.get("url"):
        return f'<a href="{html.escape(str(button["url"]))}">{label} ↗</a>'
    data = str(button["callback_data"])
    busy = ' aria-busy="true"' if (message.message_id, data) in spinning else ""
    hidden = {"chat": chat_id, "message_id": message.message_id, "user": user, "data": data}
    inputs = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(str(value))}">'
        for name, value in hidden.items()
    )
    mark = " ⏳" if busy else ""
    return (
        f'<form method="post" action="/press">{inputs}<button{busy}>{label}{mark}</button></form>'
    )


def _troubles(chat_id: int, user: int) -> str:
    buttons = "".join(
        f'<form method="post" action="/control?chat={chat_id}&amp;as={user}">'
        f'<button name="{name}" value="1">{words}</button></form>'
        for name, words in TROUBLES.items()
    )
    return f"<details><summary>What else can happen</summary>{buttons}</details>"
