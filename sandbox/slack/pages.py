"""The page: channels, messages with buttons that can be pressed, and a switchboard."""

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from sandbox.slack.workspace import Message, Person, Workspace

STYLE = """
:root{color-scheme:light;--aubergine:#3f0e40;--pale:#f8f4f8;--line:#e3dde4;--ink:#1d1c1d;
--quiet:#616061;--green:#007a5a;--red:#c01343;--blue:#1264a3}
*{box-sizing:border-box}body{margin:0;color:var(--ink);font:15px/1.47 Lato,system-ui,sans-serif;
display:grid;grid-template-columns:250px 1fr;min-height:100vh}
nav{background:var(--aubergine);color:#e9dfea;padding:16px 0}nav h1{font-size:18px;margin:0 16px;
color:#fff}nav p{margin:2px 16px 16px;font-size:13px;opacity:.8}
nav a{display:flex;justify-content:space-between;gap:8px;color:inherit;text-decoration:none;
padding:5px 16px}nav a[aria-current]{background:var(--blue);color:#fff}
nav a b{background:#e01e5a;color:#fff;border-radius:9px;padding:0 8px;font-size:12px}
main{display:flex;flex-direction:column;min-width:0;max-height:100vh}
header{display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center;justify-content:space-between;
padding:12px 20px;border-bottom:1px solid var(--line)}header h2{margin:0;font-size:18px}
select,header button{font:inherit;padding:6px 8px;border:1px solid #b5a9b6;border-radius:6px;
background:#fff}
#messages{flex:1;overflow:auto;padding:16px 20px}
article{display:grid;grid-template-columns:40px minmax(0,1fr);gap:10px;padding:10px 0}
article>i{width:40px;height:40px;border-radius:8px;background:#1f4d3f;color:#fff;display:grid;
place-items:center;font:600 18px system-ui}article h3{font-size:15px;margin:0}
article h3 small{font-weight:400;color:var(--quiet);font-size:12px;margin-left:6px}
.app{background:#ddd;border-radius:3px;font-size:10px;padding:1px 4px;margin-left:5px}
.head{font-size:18px;font-weight:800;margin:6px 0}.section{display:flex;gap:14px;margin:8px 0;
justify-content:space-between;max-width:640px}.section>div{min-width:0;overflow-wrap:anywhere}
.section img,.picture{border-radius:8px;width:88px;height:110px;object-fit:cover;flex:none;
background:#eee}.context{color:var(--quiet);font-size:13px;margin:6px 0}
.actions{display:flex;flex-wrap:wrap;gap:8px;margin:8px 0 14px}.actions form{display:contents}
.actions button{font:700 15px/1 system-ui,sans-serif;min-height:40px;padding:0 14px;
border:1px solid #aaa;border-radius:8px;background:#fff;color:var(--ink);cursor:pointer}
.actions button.primary{background:var(--green);border-color:var(--green);color:#fff}
.actions button.danger{background:#fff;border-color:var(--red);color:var(--red)}
hr{border:0;border-top:1px solid var(--line);margin:10px 0}.fault{color:var(--red)}
.only{background:#fff8e1;border-radius:8px;padding:2px 10px}.only h4{margin:4px 0 0;font-size:12px;
font-weight:400;color:var(--quiet)}s{color:var(--quiet)}.none{color:var(--quiet);margin:48px 0;
text-align:center}footer{border-top:1px solid var(--line);padding:8px 20px;background:var(--pale)}
footer form{display:inline-block;margin:4px 4px 4px 0}footer button{font:inherit;font-size:13px;
padding:4px 10px;border:1px solid #b5a9b6;border-radius:14px;background:#fff;cursor:pointer}
summary{cursor:pointer;font-size:13px}:focus-visible{outline:3px solid var(--blue);
outline-offset:2px}p{margin:4px 0}
@media(max-width:700px){body{grid-template-columns:1fr;grid-template-rows:auto 1fr}
nav{padding:10px 0}nav p{display:none}nav ul{display:flex;overflow:auto}main{max-height:none}}
"""

# Asks for this page again and shows the messages anew when they are others than before.
SCRIPT = """
const of=(page,id)=>page.getElementById(id);let last='';
setInterval(async()=>{if(of(document,'pressing'))return;
try{const answer=await fetch(location.href);if(!answer.ok)return;
const fresh=new DOMParser().parseFromString(await answer.text(),'text/html');
for(const id of ['messages','channels']){const now=of(document,id),then=of(fresh,id);
if(now.innerHTML!==then.innerHTML)now.innerHTML=then.innerHTML}}catch{}},1000);
addEventListener('submit',event=>{const button=event.submitter;
if(button)button.id='pressing'});
const box=of(document,'messages');if(box)box.scrollTop=box.scrollHeight;
const who=of(document,'who');if(who)who.onchange=()=>who.form.submit();
"""

TROUBLES = {
    "wrong_signature": "next click is signed wrongly",
    "old_timestamp": "next click has an old timestamp",
    "unsigned": "next click is not signed",
    "twice": "next click arrives twice",
    "no_payload": "next click has no payload",
    "too_many": "next message: 429",
    "fail": "next call fails",
    "lose_answers": "next answer is lost",
}


def page(workspace: Workspace, channel_id: str, user: str, note: str = "") -> bytes:
    """Draw a channel as one person sees it."""
    channel = workspace.channels.get(channel_id)
    person = workspace.people.get(user)
    name = channel.name if channel is not None else ""
    return (
        '<!doctype html><html lang="ru"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>#{html.escape(name)} — practice Slack</title><style>{STYLE}</style>"
        f'<nav aria-label="Channels"><h1>Practice Slack</h1><p>Учебный Slack</p>'
        f'<ul id="channels" style="list-style:none;margin:0;padding:0">'
        f"{_channels(workspace, channel_id, user)}</ul></nav><main>"
        f"<header><h2># {html.escape(name)}</h2>{_who(workspace, channel_id, user)}</header>"
        f'<div id="messages" tabindex="0" role="log" aria-label="Messages">'
        f"{_note(note)}{_messages(workspace, channel_id, person)}</div>"
        f"<footer>{_troubles(channel_id, user)}</footer></main><script>{SCRIPT}</script></html>"
    ).encode()


def _channels(workspace: Workspace, current: str, user: str) -> str:
    rows = []
    for channel in workspace.channels.values():
        waiting = sum(
            any(block.get("type") == "actions" for block in message.blocks)
            for message in workspace.messages[channel.id]
        )
        mark = ' aria-current="page"' if channel.id == current else ""
        count = f"<b>{waiting}</b>" if waiting else ""
        address = f"/channels/{channel.id}?as={user}"
        rows.append(f'<li><a href="{address}"{mark}># {html.escape(channel.name)}{count}</a></li>')
    return "".join(rows)


def _who(workspace: Workspace, channel_id: str, user: str) -> str:
    options = "".join(
        f'<option value="{person.id}"{" selected" if person.id == user else ""}>'
        f"{html.escape(person.name)}{'' if channel_id in person.channels else ' (чужой)'}</option>"
        for person in workspace.people.values()
    )
    return f'<form><label>Вы — <select id="who" name="as">{options}</select></label></form>'


def _note(note: str) -> str:
    return f'<p class="fault" role="alert">⚠ {html.escape(note)}</p>' if note else ""


def _messages(workspace: Workspace, channel_id: str, person: Person | None) -> str:
    shown = [
        _message(message, channel_id, person)
        for message in workspace.messages.get(channel_id, ())
        if message.seen_by is None or (person is not None and message.seen_by == person.id)
    ]
    return "".join(shown) or '<p class="none">Здесь пока тихо</p>'


def _message(message: Message, channel_id: str, person: Person | None) -> str:
    at = datetime.fromtimestamp(float(message.ts), UTC).astimezone()
    edited = " <small>(изменено)</small>" if message.edited_ts else ""
    body = "".join(
        _block(block, channel_id, message, person) for block in message.blocks
    ) or _paragraph(message.text)
    fault = f'<p class="fault">⚠ {html.escape(message.fault)}</p>' if message.fault else ""
    only = "<h4>Видно только вам</h4>" if message.seen_by else ""
    css = ' class="only"' if message.seen_by else ""
    return (
        f'<article data-ts="{message.ts}"><i aria-hidden="true">H</i><div{css}>{only}'
        f'<h3>Hansa<span class="app">APP</span><small>{at:%H:%M}</small>{edited}</h3>'
        f"{body}{fault}</div></article>"
    )


def _block(
    block: Mapping[str, Any], channel_id: str, message: Message, person: Person | None
) -> str:
    match block["type"]:
        case "header":
            return f'<p class="head">{html.escape(block["text"]["text"])}</p>'
        case "section":
            text = _text(block["text"]) if "text" in block else ""
            fields = "".join(f"<p>{_text(one)}</p>" for one in block.get("fields", ()))
            accessory = block.get("accessory", {})
            picture = _picture(accessory) if accessory.get("type") == "image" else ""
            return f'<div class="section"><div>{text}{fields}</div>{picture}</div>'
        case "context":
            parts = [_text(one) for one in block["elements"] if one.get("type") != "image"]
            return f'<p class="context">{" ".join(parts)}</p>'
        case "image":
            return _picture(block)
        case "actions":
            buttons = "".join(
                _button(one, block, channel_id, message, person) for one in block["elements"]
            )
            return f'<div class="actions">{buttons}</div>'
        case _:
            return "<hr>"


def _button(
    element: Mapping[str, Any],
    block: Mapping[str, Any],
    channel_id: str,
    message: Message,
    person: Person | None,
) -> str:
    hidden = {
        "channel": channel_id,
        "ts": message.ts,
        "user": person.id if person is not None else "",
        "action": msgspec.json.encode({**element, "block_id": block.get("block_id", "")}).decode(),
    }
    inputs = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(value, quote=True)}">'
        for name, value in hidden.items()
    )
    css = element.get("style", "")
    label = html.escape(element["text"]["text"])
    return (
        f'<form method="post" action="/press">{inputs}<button class="{css}">{label}</button></form>'
    )


def _picture(image: Mapping[str, Any]) -> str:
    address, words = (html.escape(str(image[name])) for name in ("image_url", "alt_text"))
    return f'<img src="{address}" alt="{words}" loading="lazy">'


def _text(text: Mapping[str, Any]) -> str:
    if text["type"] == "plain_text":
        return html.escape(text["text"])
    return _marked(text["text"])


def _paragraph(text: str) -> str:
    return f"<p>{_marked(text)}</p>"


_LINK = re.compile(r"&lt;(https?://[^|&]+(?:&amp;[^|&]+)*)\|([^&]+)&gt;")
_MARKS = (("*", "b"), ("_", "em"), ("~", "s"), ("`", "code"))


def _marked(text: str) -> str:
    """Draw Slack's own markup; its three escapes are undone first."""
    plain = text
    for escaped, character in (("&lt;", "\x01"), ("&gt;", "\x02"), ("&amp;", "&")):
        plain = plain.replace(escaped, character)
    shown = html.escape(plain, quote=False)
    shown = _LINK.sub(r'<a href="\1">\2</a>', shown)
    for mark, tag in _MARKS:
        sign = re.escape(mark)
        shown = re.sub(
            rf"(?<![\w{sign}]){sign}(\S(?:[^\n{sign}]*\S)?){sign}(?!\w)",
            rf"<{tag}>\1</{tag}>",
            shown,
        )
    return shown.replace("\x01", "&lt;").replace("\x02", "&gt;").replace("\n", "<br>")


def _troubles(channel_id: str, user: str) -> str:
    buttons = "".join(
        f'<form method="post" action="/control?channel={channel_id}&amp;as={user}">'
        f'<button name="{name}" value="1">{words}</button></form>'
        for name, words in TROUBLES.items()
    )
    return f"<details><summary>What else can happen</summary>{buttons}</details>"
