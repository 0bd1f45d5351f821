"""Streaming reader of CommerceML: any size of file in a few megabytes, hardened.

The parser is fed in pieces and asked for finished records only; what was read is thrown away at
once, with everything before it. No document type, no entities, no network.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import BinaryIO, Final

from lxml import etree

from hansa.modules.erp.commerceml import documents, groups, offers, values
from hansa.modules.erp.commerceml.elements import Element, Extractor, Found, line_of, local, text_in
from hansa.modules.erp.commerceml.limits import Fault, Limits, MalformedFile
from hansa.modules.erp.commerceml.records import FileHeader, Record, Refusal, Section
from hansa.modules.erp.commerceml.values import Unreadable

ROOT: Final = "КоммерческаяИнформация"
NAMESPACE: Final = "urn:1C.ru:commerceml_"

_PIECE_BYTES: Final = 64 * 1024
_SECTIONS: Final[dict[str, Section]] = {
    "Классификатор": "classifier",
    "Каталог": "catalog",
    "ПакетПредложений": "offers",
    "ИзмененияПакетаПредложений": "offers",
}
_WATCHED: Final = (
    ROOT,
    *_SECTIONS,
    "Контейнер",
    "Товар",
    "Предложение",
    "Документ",
    "Группы",
    "Свойство",
    "СвойствоНоменклатуры",
    "ТипыЦен",
    "Склады",
    "ЕдиницыИзмерения",
    "Контрагент",
)
_CONTAINERS: Final = frozenset({ROOT, "Контейнер", *_SECTIONS})
# libxml2's numbers: unknown, unsupported, invalid and mixed encodings; limits of depth and size.
_CHARSET_ERRORS: Final = frozenset({31, 32, 81, 6003})
_LIMIT_ERRORS: Final = frozenset({89, 110, 114})

# Only a plain "no" makes an export a full one: on doubt nothing is switched off.
_FALSE: Final = frozenset({"false", "0", "нет", "ложь"})

_DEFAULT_LIMITS: Final = Limits()


def read(
    stream: BinaryIO, *, limits: Limits = _DEFAULT_LIMITS, skip: int = 0
) -> Iterator[Record | Refusal]:
    """Give the records of a file in its order, each with its ordinal; refusals in between.

    Records up to the ordinal `skip` are passed over without being looked into; headers are always
    given, because the records that follow need them. A refusal of a part of a record follows it.

    Raises:
        MalformedFile: the file breaks off, is no CommerceML, lies about its character set, has a
            document type, or has an element larger than the limits.
    """
    return _Reader(stream, limits, skip).records()


class _Reader:
    def __init__(self, stream: BinaryIO, limits: Limits, skip: int) -> None:
        self._stream = stream
        self._limits = limits
        self._skip = skip
        self._extract = Extractor(limits)
        self._ordinal = 0
        self._container: int | None = None
        self._containers = 0
        self._inside: Element | None = None
        self._root: Element | None = None
        self._sections: list[Element] = []
        self._headed: set[Element] = set()
        self._any_header = False

    def records(self) -> Iterator[Record | Refusal]:  # noqa: C901 - the one loop of the reader
        parser = etree.XMLPullParser(
            events=("start", "end"),
            tag=[f"{{*}}{name}" for name in _WATCHED],
            resolve_entities=False,
            load_dtd=False,
            dtd_validation=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        read_bytes = finished_at = 0
        while piece := self._stream.read(_PIECE_BYTES):
            read_bytes += len(piece)
            failure = _feed(parser, piece)
            finished = False
            for event, element in parser.read_events():
                assert isinstance(element, etree._Element)  # noqa: SLF001 - no comments are asked
                if self._root is None:
                    self._begin(element)
                if event == "start":
                    self._start(element)
                elif self._inside is None or self._inside is element:
                    yield from self._end(element)
                    finished = True
            if failure is not None:
                raise failure
            if finished:
                finished_at = read_bytes
            elif read_bytes - finished_at > self._limits.record_bytes_max:
                raise self._too_large()
        try:
            root = parser.close()
        except etree.XMLSyntaxError as error:
            raise _malformed(error, at_end=True) from None
        if self._root is None:
            self._begin(root)
        if not self._any_header:
            yield self._header(None)

    def _begin(self, element: Element) -> None:
        """Check the document as soon as its first element is seen."""
        tree = element.getroottree()
        root = tree.getroot()
        dtd: object = tree.docinfo.internalDTD  # the stubs say that there always is one
        if dtd is not None:
            raise MalformedFile(1, 1, "a document type declaration is not allowed", "doctype")
        name = etree.QName(root)
        line = line_of(root)
        if name.localname != ROOT:
            if _mistaken(name.localname):
                raise MalformedFile(
                    line, 1, "the file is not in the character set that it declares", "charset"
                )
            shown = name.localname[:60]
            raise MalformedFile(
                line, 1, f"the root element is {shown}, not {ROOT}", "not_commerceml"
            )
        namespace = str(name.namespace or "")
        if namespace and not namespace.startswith(NAMESPACE):
            raise MalformedFile(line, 1, f"unknown namespace {namespace[:80]}", "not_commerceml")
        self._root = root

    def _start(self, element: Element) -> None:
        if self._inside is not None:
            return
        name = local(element.tag)
        if name in _SECTIONS:
            self._sections.append(element)
        elif name == "Контейнер":
            self._containers += 1
            self._container = self._containers
        elif name != ROOT:
            self._inside = element

    def _end(self, element: Element) -> Iterator[Record | Refusal]:
        name = local(element.tag)
        if name == ROOT:
            return
        if name in _CONTAINERS:
            if name == "Контейнер":
                self._container = None
            else:
                yield from self._announce(element)
                self._sections.pop()
                self._headed.discard(element)
        else:
            section = self._sections[-1] if self._sections else None
            yield from self._announce(section)
            yield from self._finish(name, element)
            self._inside = None
        element.clear()
        parent = element.getparent()
        if parent is not None:
            while element.getprevious() is not None:
                del parent[0]

    def _announce(self, section: Element | None) -> Iterator[FileHeader]:
        """Give the header of a section once, when its first record is finished."""
        if section is None:
            if not self._any_header:
                self._any_header = True
                yield self._header(None)
        elif section not in self._headed:
            self._headed.add(section)
            self._any_header = True
            yield self._header(section)

    def _header(self, section: Element | None) -> FileHeader:
        root = self._root
        assert root is not None
        flag = section.get("СодержитТолькоИзменения") if section is not None else None
        return FileHeader(
            "documents" if section is None else _SECTIONS[local(section.tag)],
            (root.get("ВерсияСхемы") or "").strip(),
            _formed_at(root),
            changes_only=flag is None or flag.strip().casefold() not in _FALSE,
            section_id=None if section is None else text_in(section, "Ид"),
            catalog_id=None if section is None else text_in(section, "ИдКаталога"),
            classifier_id=None if section is None else text_in(section, "ИдКлассификатора"),
            ordinal=self._ordinal,
        )

    def _finish(self, name: str, element: Element) -> Iterator[Record | Refusal]:
        """Read one finished element; lists of small things give several records."""
        extract = self._extract
        match name:
            case "Группы":
                for found in groups.read_groups(extract, element, self._ordinal):
                    yield from self._give(found)
            case "ТипыЦен" | "Склады" | "ЕдиницыИзмерения":
                reading: dict[str, Callable[[Element, int], Record]] = {
                    "ТипыЦен": extract.price_type,
                    "Склады": extract.warehouse,
                    "ЕдиницыИзмерения": extract.unit_record,
                }
                for child in element:
                    where = f"{name}/{local(child.tag)}"
                    yield from self._give(
                        extract.record(child, self._ordinal + 1, reading[name], where)
                    )
            case _ if self._ordinal < self._skip:
                self._ordinal += 1
            case _:
                yield from self._give(self._one(name, element, self._ordinal + 1))

    def _one(self, name: str, element: Element, ordinal: int) -> Found:
        extract = self._extract
        match name:
            case "Предложение":
                return extract.record(
                    element,
                    ordinal,
                    lambda one, place: offers.read_offer(extract, one, place),
                    "Предложения/Предложение",
                )
            case "Товар":
                return extract.record(element, ordinal, extract.product, "Товары/Товар")
            case "Документ":
                return extract.record(
                    element,
                    ordinal,
                    lambda one, place: documents.read_document(
                        extract, one, place, self._container
                    ),
                    "Документ",
                )
            case "Контрагент":
                return extract.record(
                    element,
                    ordinal,
                    lambda one, place: documents.read_counterparty(extract, one, place),
                    "Контрагенты/Контрагент",
                )
            case _:
                return extract.record(element, ordinal, extract.property, "Свойства/Свойство")

    def _give(self, found: Found) -> Found:
        self._ordinal += 1
        return found if self._ordinal > self._skip else []

    def _too_large(self) -> MalformedFile:
        line = line_of(self._inside) if self._inside is not None else 0
        most = self._limits.record_bytes_max
        return MalformedFile(line, 0, f"one element is larger than {most} bytes", "too_large")


def _feed(parser: "etree.XMLPullParser", piece: bytes) -> MalformedFile | None:
    """Feed the parser; the error is given, not raised, because finished records come first."""
    try:
        parser.feed(piece)
    except etree.XMLSyntaxError as error:
        return _malformed(error, at_end=False)
    return None


def _malformed(error: etree.XMLSyntaxError, *, at_end: bool) -> MalformedFile:
    line, column = error.position
    code: int = getattr(error, "code", 0)  # the stubs do not know it
    fault: Fault = "truncated" if at_end else "syntax"
    what = (error.msg or "not well-formed").partition(", line ")[0]
    if code in _CHARSET_ERRORS:
        fault, what = "charset", f"the file is not in the character set that it declares ({what})"
    elif code in _LIMIT_ERRORS or "xcessive depth" in what or "huge" in what:
        fault = "too_deep" if "depth" in what else "too_large"
    elif at_end:
        what = f"the file breaks off ({what})"
    return MalformedFile(line or 0, column or 0, what, fault)


def _mistaken(name: str) -> bool:
    """Say whether a root's name is the right one read in the wrong character set."""
    for declared, real in (("cp1251", "utf-8"), ("latin-1", "utf-8"), ("latin-1", "cp1251")):
        try:
            if name.encode(declared).decode(real) == ROOT:
                return True
        except UnicodeError:
            continue
    return False


def _formed_at(root: Element) -> datetime | None:
    text = root.get("ДатаФормирования") or root.get("ДатаВыгрузки") or ""
    try:
        moment = values.moment(text)
    except Unreadable:
        return None
    clock = root.get("ВремяФормирования")
    if moment is None or not clock:
        return moment
    try:
        told = values.clock_time(clock)
    except Unreadable:
        return moment
    return datetime.combine(moment.date(), told) if told else moment
