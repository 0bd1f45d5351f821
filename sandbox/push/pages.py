"""The page of a practice push service: telephones with what they show, and a switchboard."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.push.moods import TROUBLES

STYLE = """
:root{--ink:#14181d;--quiet:#5d6975;--line:#dde3e8;--bar:#1f5f8b}*{box-sizing:border-box}
body{margin:0;color:var(--ink);background:#eef2f5;font:15px/1.45 system-ui,sans-serif}
header{background:var(--bar);color:#fff;padding:14px 20px}h1{margin:0;font-size:18px}
header p{margin:2px 0 0;font-size:13px}main{display:flex;flex-wrap:wrap;gap:20px;padding:20px}
section{width:340px;max-width:100%;background:#fff;border:1px solid var(--line);
border-radius:22px;padding:16px;min-height:180px}h2{margin:0 0 2px;font-size:15px}
.id{color:var(--quiet);font-size:12px;overflow-wrap:anywhere;margin:0 0 10px}
article{background:#f4f6f8;border-radius:14px;padding:10px 12px;margin:0 0 8px;
overflow-wrap:anywhere}article b{display:block}article small{color:var(--quiet);display:block;
font-size:12px}.none{color:var(--quiet)}footer{padding:0 20px 24px}form{display:inline-block;
margin:4px 6px 4px 0}button{font:inherit;font-size:13px;padding:6px 12px;border:1px solid
var(--line);border-radius:16px;background:#fff;cursor:pointer}.refused{color:#97182c}
:focus-visible{outline:3px solid var(--bar);outline-offset:2px}
"""

SCRIPT = """
setInterval(async()=>{try{const answer=await fetch(location.href);if(!answer.ok)return;
const fresh=new DOMParser().parseFromString(await answer.text(),'text/html');
const now=document.querySelector('main'),then=fresh.querySelector('main');
if(now.innerHTML!==then.innerHTML)now.innerHTML=then.innerHTML}catch{}},1000);
"""


@dataclass(frozen=True)
class Shown:
    """A message on a telephone."""

    title: str
    body: str
    at: float
    note: str = ""


@dataclass(frozen=True)
class Telephone:
    """A device with what it shows, the newest first."""

    name: str
    address: str
    messages: Sequence[Shown]
    is_gone: bool = False


def page(title: str, about: str, telephones: Sequence[Telephone], refusals: Sequence[str]) -> bytes:
    """Draw the page."""
    drawn = "".join(_telephone(one) for one in telephones)
    empty = '<p class="none">Nobody has registered a device yet.</p>'
    told = "".join(f'<p class="refused">{html.escape(one)}</p>' for one in refusals)
    buttons = "".join(
        f'<form method="post" action="/control"><button name="{name}" value="1">{words}</button>'
        "</form>"
        for name, words in TROUBLES.items()
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{html.escape(title)}</title>'
        f"<style>{STYLE}</style><header><h1>{html.escape(title)}</h1><p>{html.escape(about)}</p>"
        f"</header><main>{drawn or empty}</main><footer>{told}"
        f"<details><summary>What else can happen</summary>{buttons}</details></footer>"
        f"<script>{SCRIPT}</script></html>"
    ).encode()


def _telephone(one: Telephone) -> str:
    shown = "".join(
        f"<article><b>{html.escape(message.title)}</b>{html.escape(message.body)}"
        f"<small>{datetime.fromtimestamp(message.at, UTC):%d.%m %H:%M:%S} UTC"
        f"{' · ' + html.escape(message.note) if message.note else ''}</small></article>"
        for message in one.messages
    )
    gone = " (gone)" if one.is_gone else ""
    return (
        f'<section><h2>{html.escape(one.name)}{gone}</h2><p class="id">{html.escape(one.address)}'
        f"</p>{shown or '<p class=none>Nothing arrived yet.</p>'}</section>"
    )
