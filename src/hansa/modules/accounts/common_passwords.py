"""Passwords that are tried first by whoever guesses; compared in lower case."""

_STEMS = (
    "password passw0rd p@ssw0rd qwerty qwertyuiop qwerty123 asdfgh asdfghjkl zxcvbnm 1q2w3e4r "
    "1q2w3e4r5t 1qaz2wsx qazwsx qazwsxedc abc123 iloveyou letmein welcome monkey dragon football "
    "baseball superman batman sunshine princess master login admin administrator root toor test "
    "guest secret changeme default hansa пароль йцукен йцукенг любовь привет марина наташа максим "
    "lubov privet parol marina natasha maksim samsung spartak dinamo zenit"
).split()
_TAILS = ("", "1", "12", "123", "1234", "12345", "123456", "!", "1!", "123!", "2024", "2025", "2026")
_DIGITS = "1234567890123456789012345678901234567890"

COMMON_PASSWORDS = frozenset(
    {stem + tail for stem in _STEMS for tail in _TAILS}
    | {stem * 2 for stem in _STEMS}
    | {_DIGITS[:length] for length in range(4, 25)}
    | {"9876543210", "0987654321", "1234512345", "1122334455", "0123456789", "12344321"}
)
