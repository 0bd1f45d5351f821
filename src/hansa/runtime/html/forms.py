"""Forms: what was typed, what it means, and what is wrong with it, each in its place.

    class SignInFields(msgspec.Struct):
        email: Annotated[str, msgspec.Meta(max_length=254)]
        password: str
        remember: bool = False

    form = await read_form(request, SignInFields)
    if form.value is not None:
        try:
            await accounts.sign_in(request, email=form.value.email, ...)
            return go_to(request, "/account")
        except accounts.WrongPassword as error:
            form.add("password", error)
    return Page("storefront/sign-in.html", form=form, status_code=422)

The template shows `form.text("email")`, `form.error("email")` and `form_errors(form.errors)`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar, get_type_hints

import msgspec
from litestar.datastructures import UploadFile

from hansa.kernel.errors import HansaError
from hansa.runtime.http import csrf, numbers, problems
from hansa.runtime.http.faults import body_faults
from hansa.runtime.http.request import Request

T = TypeVar("T", bound=msgspec.Struct)

WHOLE = ""
"""The field under which an error stands that belongs to no field."""

_NUMBERS = {
    msgspec.inspect.IntType,
    msgspec.inspect.FloatType,
    msgspec.inspect.DecimalType,
}
_UNTOUCHED = ("password", "secret")
_GROUP_MARKS = str.maketrans({" ": None, "\u00a0": None, "\u202f": None, "\u2212": "-"})


class Form(Generic[T]):
    """One form as it was sent, or as it is first shown."""

    def __init__(
        self,
        values: Mapping[str, Any] | None = None,
        *,
        value: T | None = None,
        request: Request | None = None,
    ) -> None:
        self.values: dict[str, Any] = dict(values or {})
        self.value = value
        self.errors: dict[str, str] = {}
        self._request = request

    def text(self, field: str, default: str = "") -> str:
        """Give what was typed into a field."""
        value = self.values.get(field)
        if value is None:
            return default
        return str(value[0] if isinstance(value, list) and value else value or default)

    def texts(self, field: str) -> list[str]:
        """Give every value of a field that may be chosen several times."""
        value = self.values.get(field)
        if value is None:
            return []
        return [str(one) for one in value] if isinstance(value, list) else [str(value)]

    def checked(self, field: str, value: str | None = None) -> bool:
        """Tell whether a box is ticked, or one of several choices is chosen."""
        sent = self.texts(field)
        return bool(sent) if value is None else value in sent

    def error(self, field: str) -> str:
        """Give what is wrong with a field, or nothing."""
        return self.errors.get(field, "")

    def add(self, field: str, error: HansaError | str) -> None:
        """Note an error at a field, or at `WHOLE`, in the reader's language; void `value`."""
        if isinstance(error, HansaError) and self._request is not None:
            sentence = problems.detail(self._request, error)
        elif self._request is not None:
            sentence = problems.translated(self._request, str(error))
        else:
            sentence = str(error)
        self.errors.setdefault(field, sentence)
        self.value = None


async def read_form(request: Request, kind: type[T]) -> Form[T]:
    """Read a form into a struct; what cannot be read is in `errors`, what was typed stays.

    Texts are stripped, but not those whose name begins with `password` or `secret`. An empty field
    counts as left out. Numbers may be written with a comma and spaces. Fields the struct does not
    have are ignored.
    """
    sent = await request.form()
    wanted = get_type_hints(kind, include_extras=True)
    typed: dict[str, Any] = {}
    cleaned: dict[str, Any] = {}
    for name, annotation in wanted.items():
        texts = [_stripped(name, one) for one in sent.getall(name, [])]
        texts = [one for one in texts if one != ""]
        if not texts:
            continue
        several = _is_list(annotation)
        typed[name] = texts if several else texts[0]
        cleaned[name] = (
            [_plain(one, annotation) for one in texts] if several else _plain(texts[0], annotation)
        )
    form: Form[T] = Form(typed, request=request)
    try:
        form.value = msgspec.convert(cleaned, kind, strict=False)
    except (msgspec.ValidationError, ValueError, ArithmeticError):
        for fault in body_faults(cleaned, kind):
            sentence = problems.translated(request, fault.message)
            form.add(
                fault.field.partition("[")[0].partition(".")[0],
                problems.filled(sentence, fault.data),
            )
        if not form.errors:
            form.add(WHOLE, "Some fields are missing or wrong; see each below.")
    return form


async def uploads(request: Request, field: str) -> Sequence[UploadFile]:
    """Give the files of a form's field."""
    sent = await request.form()
    return [one for one in sent.getall(field, []) if isinstance(one, UploadFile) and one.filename]


def first_shown(request: Request, **values: Any) -> Form[Any]:
    """Make a form that has not been sent yet, with the values it begins with."""
    return Form(
        {name: value for name, value in values.items() if value is not None}, request=request
    )


def _stripped(name: str, value: Any) -> Any:
    if not isinstance(value, str) or name.startswith(_UNTOUCHED) or name == csrf.FIELD:
        return value
    return value.strip()


def _is_list(annotation: Any) -> bool:
    return isinstance(
        msgspec.inspect.type_info(annotation),
        msgspec.inspect.ListType | msgspec.inspect.VarTupleType | msgspec.inspect.SetType,
    )


def _plain(text: Any, annotation: Any) -> Any:
    """Write a number or a tick as msgspec reads it."""
    if not isinstance(text, str):
        return text
    kinds = _kinds(msgspec.inspect.type_info(annotation))
    if msgspec.inspect.BoolType in kinds:
        return {"on": "true", "off": "false"}.get(text, text)
    if kinds & _NUMBERS:
        plain = text.translate(_GROUP_MARKS).replace(",", ".")
        try:
            numbers.check_decimal(plain, "")
        except numbers.NumberInvalid:
            return "?"  # no number, and refused as such
        return plain
    return text


def _kinds(info: msgspec.inspect.Type) -> set[type[msgspec.inspect.Type]]:
    if isinstance(info, msgspec.inspect.UnionType):
        return {kind for one in info.types for kind in _kinds(one)}
    if isinstance(info, msgspec.inspect.Metadata):
        return _kinds(info.type)
    if isinstance(
        info, msgspec.inspect.ListType | msgspec.inspect.VarTupleType | msgspec.inspect.SetType
    ):
        return _kinds(info.item_type)
    return {type(info)}
