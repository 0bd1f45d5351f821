"""Hide what must not be read in logs: secrets, card numbers, telephones, e-mail addresses."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

MASK = "***"
_DEPTH_MAX = 8

# Whole words of a field's name, in any of the usual spellings (snake, kebab, camel).
_SECRET_NAME = re.compile(
    r"(?:^|[_\W])(?:pass(?:word|wd|phrase)?|pwd|secret|tokens?|authorization|cookies?|"
    r"(?:api|access|private|secret|signing)[_-]?key|apikey|credentials?|signature|otp|totp|"
    r"cvv|cvc|pan|card[_-]?number|csrf[_-]?token|session[_-]?id|sid)(?:$|[_\W])",
    re.IGNORECASE,
)
_PERSONAL_NAME = re.compile(
    r"(?:^|[_\W])(?:phones?|telephones?|e?mails?)(?:$|[_\W])", re.IGNORECASE
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_EMAIL = re.compile(r"\b([\w.+-])[\w.+-]*@([\w-]+(?:\.[\w-]+)+)")
_BEARER = re.compile(r"\b(Bearer|Basic|Token)\s+[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE)
# Tokens of chat bots by their looks: Slack's, and Telegram's, which stands in addresses.
_BOT_TOKEN = re.compile(r"(?:\bxox[abeprs]-[A-Za-z0-9-]{6,}|\d{8,12}:AA[A-Za-z0-9_-]{33})")
_URL_LOGIN = re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)")
_CARD = re.compile(r"(?<![\w-])(?:\d[ -]?){12,18}\d(?![\w-])")
_PHONE = re.compile(
    r"(?<![\w.+-])(?:\+\d{1,3}|8)[\s(-]*\d{3}[\s)-]*\d{3}[\s-]*\d{2}[\s-]*\d{2}(?!\w)"
)
_JSON_SECRET = re.compile(r'"([\w-]{2,40})"\s*:\s*"((?:[^"\\]|\\.)*)"')


def is_secret_name(name: str) -> bool:
    """Tell whether a field of this name holds a secret."""
    return _SECRET_NAME.search(_CAMEL.sub("_", name)) is not None


def mask_text(text: str) -> str:
    """Hide what looks like a secret or a person's data inside a text."""
    if "@" in text:
        text = _URL_LOGIN.sub(MASK, text)
        text = _EMAIL.sub(rf"\1{MASK}@\2", text)
    text = _BEARER.sub(rf"\1 {MASK}", text)
    if "xox" in text or ":" in text:
        text = _BOT_TOKEN.sub(MASK, text)
    text = _PHONE.sub(_hide_phone, text)
    text = _CARD.sub(_hide_card, text)
    if '"' in text:
        text = _JSON_SECRET.sub(_hide_json, text)
    return text


def mask_url(url: str) -> str:
    """Hide secrets in the query and the log-in part of an address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return mask_text(url)
    query = [
        (name, MASK if is_secret_name(name) else mask_text(value))
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return mask_text(urlunsplit(parts._replace(query=urlencode(query, safe="*@"), fragment="")))


def mask_value(name: str, value: Any, depth: int = 0) -> Any:
    """Hide a value by its name and content; containers are gone through."""
    if is_secret_name(name):
        return MASK if value else value
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return MASK if depth >= _DEPTH_MAX else _mask_items(name, value, depth + 1)
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    text = str(value)
    if _PERSONAL_NAME.search(_CAMEL.sub("_", name)) and "@" not in text:
        return MASK + text[-2:]
    return mask_text(text)


def _mask_items(name: str, value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        return {str(key): mask_value(str(key), item, depth) for key, item in value.items()}
    return [mask_value(name, item, depth) for item in value]


def _hide_phone(found: re.Match[str]) -> str:
    return MASK + found.group()[-2:]


def _hide_json(found: re.Match[str]) -> str:
    if not is_secret_name(found.group(1)):
        return found.group()
    return f'"{found.group(1)}": "{MASK}"'


def _hide_card(found: re.Match[str]) -> str:
    digits = [int(character) for character in found.group() if character.isdigit()]
    doubled = [
        digit if place % 2 == 0 else (digit * 2 - 9 if digit > 4 else digit * 2)  # noqa: PLR2004 - Luhn: two-digit doubles count as their cross sum
        for place, digit in enumerate(reversed(digits))
    ]
    if sum(doubled) % 10:  # not a card number: an order number, a bar code, an identifier
        return found.group()
    return MASK + found.group()[-4:]
