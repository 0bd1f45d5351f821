"""Numbers of cards: `9`, the programme's number (3), eleven digits of chance, a check digit.

The digits are drawn, not counted, so nobody guesses the card of the next customer; the check digit
(Luhn) catches every single wrong digit and nearly every swapped pair.
"""

import secrets

from stdnum import luhn

DIGITS = 16
SERIAL_DIGITS = 11
SHOWN_DIGITS = 4
_INDUSTRY = "9"


def draw_number(programme_number: int) -> str:
    """Draw the number of a card of a programme."""
    serial = secrets.randbelow(10**SERIAL_DIGITS)
    body = f"{prefix_of(programme_number)}{serial:0{SERIAL_DIGITS}d}"
    return body + str(luhn.calc_check_digit(body))


def prefix_of(programme_number: int) -> str:
    """Give what numbers of a programme's cards begin with."""
    return f"{_INDUSTRY}{programme_number:03d}"


def is_number(text: str) -> bool:
    """Tell whether a text can be the number of a card of ours."""
    is_digits = text.isascii() and text.isdigit() and len(text) == DIGITS
    return is_digits and text.startswith(_INDUSTRY) and bool(luhn.is_valid(text))
