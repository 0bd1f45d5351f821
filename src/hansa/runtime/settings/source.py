"""How settings are declared, read from environment and file, and explained."""

from __future__ import annotations

import dataclasses
import difflib
import re
import tomllib
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = [
    "DEFAULT",
    "Description",
    "Secret",
    "SettingsInvalid",
    "describe",
    "masked_url",
    "read",
    "setting",
    "shown",
    "variable",
    "written",
]

PREFIX = "HANSA_"
FILE_VARIABLE = "HANSA_CONFIG"
FILE_NAME = "hansa.toml"
DEFAULT = "default"
WORDS_TRUE = frozenset({"true", "yes", "on", "1"})
WORDS_FALSE = frozenset({"false", "no", "off", "0"})


class SettingsInvalid(ValueError):
    """A setting is unknown or wrong. The text is meant for the person who starts Hansa."""


class Secret:
    """A text that shows itself only when asked by name.

    Not in logs, not in tracebacks, not in `print`.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Answer the text itself."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(set)" if self._text else "Secret(not set)"

    __str__ = __repr__


def setting(  # noqa: PLR0913 - a declaration, every part named at the call
    default: Any,
    meaning: str,
    *,
    section: str,
    at_least: float | None = None,
    at_most: float | None = None,
    pattern: str | None = None,
    expected: str | None = None,
    masked: bool = False,
) -> Any:
    """Declare a setting.

    `default` may be a function; the value is then derived from the machine.
    """
    derived = callable(default)
    metadata = {
        "meaning": meaning,
        "section": section,
        "at_least": at_least,
        "at_most": at_most,
        "pattern": pattern,
        "expected": expected,
        "masked": masked,
        "derived": derived,
    }
    if derived:
        return dataclasses.field(default_factory=default, metadata=metadata, repr=not masked)
    return dataclasses.field(default=default, metadata=metadata, repr=not masked)


@dataclass(frozen=True, slots=True)
class Description:
    """One setting as people see it."""

    name: str
    variable: str
    section: str
    expected: str
    default: str
    meaning: str
    masked: bool


def variable(name: str) -> str:
    """Name of the environment variable of a setting."""
    return PREFIX + name.upper()


def masked_url(text: str) -> str:
    """Hide user and password of an address."""
    return re.sub(r"//[^/@]*@", "//***@", text)


def written(value: object) -> str:
    """Write a value the way it is read from the environment, secrets too."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Secret):
        return value.reveal()
    return "" if value is None else str(value)


def shown(value: object, *, masked: bool = False) -> str:
    """Write a value for people, without giving secrets away."""
    if isinstance(value, Secret):
        return "(set)" if value else ""
    return masked_url(written(value)) if masked else written(value)


def describe(cls: type) -> Iterator[Description]:
    """Describe every declared setting of the dataclass, in order."""
    for field, kind in _declared(cls):
        default = "derived from the machine" if field.metadata["derived"] else shown(field.default)
        yield Description(
            name=field.name,
            variable=variable(field.name),
            section=field.metadata["section"],
            expected=_expected(field, kind),
            default=default,
            meaning=field.metadata["meaning"],
            masked=field.metadata["masked"],
        )


def read(
    cls: type, environ: Mapping[str, str], *, directory: Path
) -> tuple[dict[str, Any], dict[str, str]]:
    """Read every declared setting; answer the values that are set and the source of each setting.

    Raises:
        SettingsInvalid: one is unknown or wrong.
    """
    declared = {field.name: (field, kind) for field, kind in _declared(cls)}
    given: dict[str, tuple[object, str]] = {}
    for name, value, source in (*_from_file(environ, directory), *_from_environment(environ)):
        if name not in declared:
            raise SettingsInvalid(_unknown(name, source, declared))
        given[name] = (value, source)

    values: dict[str, Any] = {}
    sources = {
        name: "derived from the machine" if field.metadata["derived"] else DEFAULT
        for name, (field, _) in declared.items()
    }
    for name, (value, source) in given.items():
        field, kind = declared[name]
        try:
            values[name] = _check(field, _convert(kind, value))
        except ValueError as error:
            seen = "" if kind is Secret or field.metadata["masked"] else f" is {value!r}"
            raise SettingsInvalid(
                f"{name} from {source}{seen}: expected {_expected(field, kind)}"
            ) from error
        sources[name] = source
    return values, sources


def _declared(cls: type) -> Iterator[tuple[dataclasses.Field[Any], Any]]:
    kinds = typing.get_type_hints(cls)
    for field in dataclasses.fields(cls):
        if "meaning" in field.metadata:
            yield field, kinds[field.name]


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, object, str]]:
    for key, value in sorted(environ.items()):
        if key.startswith(PREFIX) and key != FILE_VARIABLE:
            yield key.removeprefix(PREFIX).lower(), value, f"environment variable {key}"


def _from_file(environ: Mapping[str, str], directory: Path) -> Iterator[tuple[str, object, str]]:
    named = environ.get(FILE_VARIABLE)
    path = directory / (named or FILE_NAME)
    if not named and not path.exists():
        return
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsInvalid(
            f"{FILE_VARIABLE} names {path}, which cannot be read: {error}"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsInvalid(f"{path} is not valid TOML: {error}") from error
    for key, value in content.items():
        yield key, value, f"file {path}"


def _unknown(name: str, source: str, declared: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, declared, n=1)
    hint = f"; did you mean {near[0]}?" if near else "."
    return f"there is no setting {name} (from {source}){hint} `hansa check settings` lists all"


def _convert(kind: Any, value: object) -> object:  # noqa: PLR0911 - one return per type
    """Make a value of the declared type out of text (environment) or a TOML value."""
    if isinstance(kind, types.UnionType):
        inner = next(part for part in kind.__args__ if part is not type(None))
        return None if value == "" else _convert(inner, value)
    if typing.get_origin(kind) is typing.Literal:
        if value not in kind.__args__:
            raise ValueError(value)
        return value
    if typing.get_origin(kind) is tuple:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
            raise ValueError(value)
        return tuple(part.strip() for part in parts if part.strip())
    if kind is bool:
        return _convert_bool(value)
    if kind is int:
        return _convert_number(int, value)
    if kind is float:
        return _convert_number(float, value)
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError(value)
    converter: Callable[[str], object] = kind
    return converter(value)


def _convert_bool(value: object) -> bool:
    word = str(value).strip().lower()
    if word in WORDS_TRUE:
        return True
    if word in WORDS_FALSE:
        return False
    raise ValueError(value)


def _convert_number(kind: type[int | float], value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(value)  # noqa: TRY004 - a wrong setting, not a wrong program
    if kind is int and isinstance(value, float):
        raise ValueError(value)
    return kind(value)


def _check(field: dataclasses.Field[Any], value: Any) -> Any:
    least, most = field.metadata["at_least"], field.metadata["at_most"]
    pattern = field.metadata["pattern"]
    if least is not None and not value >= least:
        raise ValueError(value)
    if most is not None and not value <= most:
        raise ValueError(value)
    if pattern is not None and re.fullmatch(pattern, value) is None:
        raise ValueError(value)
    return value


def _expected(field: dataclasses.Field[Any], kind: Any) -> str:
    if field.metadata["expected"]:
        return str(field.metadata["expected"])
    least, most = field.metadata["at_least"], field.metadata["at_most"]
    text = _kind_words(kind)
    if least is not None and most is not None:
        return f"{text} from {least} to {most}"
    if least is not None:
        return f"{text}, at least {least}"
    return text


def _kind_words(kind: Any) -> str:
    if isinstance(kind, types.UnionType):
        inner = next(part for part in kind.__args__ if part is not type(None))
        return f"{_kind_words(inner)}, or nothing"
    if typing.get_origin(kind) is typing.Literal:
        return "one of " + ", ".join(kind.__args__)
    if typing.get_origin(kind) is tuple:
        return "a list separated by commas"
    words = {
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        str: "a text",
        Path: "a path",
        Secret: "a secret text",
    }
    return words[kind]
