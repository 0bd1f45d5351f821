"""The page: what came, whether its signature holds, and a switchboard of misbehaviour."""

import html
from datetime import UTC, datetime

import msgspec

from sandbox.webhooks.boxes import Box, Boxes, Delivery

SHOWN_MAX = 50
STYLE = """
:root{--ink:#14181d;--quiet:#5a6672;--line:#dde3e8;--good:#1b7a43;--bad:#a3142b;--on:#1d4ed8}
*{box-sizing:border-box}body{margin:0;color:var(--ink);font:15px/1.45 system-ui,sans-serif}
main{max-width:1000px;margin:0 auto;padding:16px}h1{font-size:22px;margin:0 0 4px}
nav{display:flex;gap:8px;overflow:auto;padding:8px 0}nav a{padding:6px 12px;border-radius:16px;
border:1px solid var(--line);color:inherit;text-decoration:none;white-space:nowrap}
nav a[aria-current]{background:var(--on);border-color:var(--on);color:#fff}
.quiet{color:var(--quiet);margin:0 0 12px}form{display:inline-block;margin:0 6px 6px 0}
button,input{font:inherit;padding:6px 12px;border:1px solid var(--line);border-radius:8px;
background:#fff}button{cursor:pointer}input{width:min(420px,70vw)}
article{border:1px solid var(--line);border-radius:10px;padding:10px 14px;margin:0 0 10px}
article header{display:flex;flex-wrap:wrap;gap:4px 12px;align-items:baseline}
article b{font-size:15px}.good{color:var(--good)}.bad{color:var(--bad)}small{color:var(--quiet)}
pre{margin:8px 0 0;overflow:auto;font:13px/1.4 ui-monospace,monospace}
:focus-visible{outline:3px solid var(--on);outline-offset:2px}
"""

# Asks for this page again and shows what came since.
SCRIPT = """
setInterval(async()=>{try{const answer=await fetch(location.href);if(!answer.ok)return;
const fresh=new DOMParser().parseFromString(await answer.text(),'text/html');
const now=document.getElementById('came'),then=fresh.getElementById('came');
if(now.innerHTML!==then.innerHTML)now.innerHTML=then.innerHTML}catch{}},1000);
"""

TROUBLES = {
    "fail": "next: 500",
    "gone": "next: 410",
    "too_many": "next: 429",
    "unavailable": "next: 503",
    "redirect": "next: redirect",
    "cut": "next: cut",
    "lose_answers": "next: lose the answer",
}


def page(boxes: Boxes, box: Box) -> bytes:
    """Draw one box."""
    name = html.escape(box.name)
    links = "".join(
        f'<a href="/boxes/{html.escape(one)}"{" aria-current=page" if one == box.name else ""}>'
        f"{html.escape(one)}</a>"
        for one in boxes
    )
    buttons = "".join(
        f'<form method="post" action="/control/{name}"><button name="{mood}" value="1">{words}'
        "</button></form>"
        for mood, words in TROUBLES.items()
    )
    came = "".join(_delivery(one) for one in reversed(box.deliveries[-SHOWN_MAX:]))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{name} — webhooks</title><style>{STYLE}</style>'
        f"<main><h1>Webhooks of {name}</h1><p class=quiet>POST /in/{name} · "
        f"{len(box.secrets)} secrets</p><nav aria-label=Boxes>{links}</nav>"
        f'<form method="post" action="/control/{name}"><input name="secret" '
        'aria-label="Secret" placeholder="whsec_… or whpk_…"> <button>Add the secret</button>'
        f"</form><details><summary>Misbehave</summary>{buttons}"
        f'<form method="post" action="/control/{name}"><button name="slow_seconds" value="30">slow'
        f'</button></form><form method="post" action="/control/{name}">'
        '<button name="slow_seconds" value="0">quick</button></form></details>'
        f'<div id="came" role="log" aria-label="Deliveries">{came or "<p>Nothing came yet.</p>"}'
        f"</div></main><script>{SCRIPT}</script></html>"
    ).encode()


def _delivery(one: Delivery) -> str:
    at = datetime.fromtimestamp(one.timestamp, UTC)
    event = one.event if isinstance(one.event, dict) else {}
    verdict = (
        f'<span class="bad">{html.escape(one.fault)}</span>'
        if one.fault
        else '<span class="good">signature holds</span>'
    )
    repeat = "<small>again</small>" if one.is_repeat else ""
    body = msgspec.json.format(msgspec.json.encode(one.event), indent=2).decode()
    return (
        f"<article><header><b>{html.escape(str(event.get('type', '?')))}</b>{verdict}"
        f"<span>answered {one.status}</span>{repeat}<small>{at:%Y-%m-%d %H:%M:%S} UTC</small>"
        f"<small>{html.escape(one.id)}</small></header><details><summary>Body</summary>"
        f"<pre>{html.escape(body)}</pre></details></article>"
    )
