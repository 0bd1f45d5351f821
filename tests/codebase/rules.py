"""Rules of our own that no linter has, each with code it must pass and code it must refuse.

A rule is a function from a source to findings (line, sentence). `path` of a sample decides where
the sample pretends to be.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.codebase.sources import Source

__all__ = ["RULES", "Rule", "Sample"]

Findings = Iterator[tuple[int, str]]

BANNED_NAMES = frozenset({"utils", "helpers", "common", "misc", "base", "manager", "data"})
FILE_LINES_MAX = 400
TEST_FILE_LINES_MAX = 800
FUNCTION_LINES_MAX = 60
SQL_METHODS = frozenset(
    {"all", "maybe", "one", "scalar", "execute", "execute_many", "executemany", "copy", "stream"}
)
SQL_START = re.compile(
    r"\s*(--[^\n]*\n\s*)*(select|insert into|update|delete from|with|merge into|values)\s",
    re.IGNORECASE,
)
CLOCKS = frozenset({"now", "utcnow", "today", "time", "time_ns"})
PURE = ("src/hansa/kernel/", "src/hansa/contracts/")
SUPPRESSION = re.compile(
    r"#\s*(noqa:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*|type:\s*ignore(\[[^\]]*\])?)(?P<rest>[^\n]*)$"
)


@dataclass(frozen=True)
class Sample:
    """Code that pretends to be at a path."""

    code: str
    path: str = "src/hansa/modules/stock/operations.py"


@dataclass(frozen=True)
class Rule:
    """One rule; `exempt` names files that break it, each with the reason. A stale one fails."""

    name: str
    find: Callable[[Source], Findings]
    good: tuple[Sample, ...]
    bad: tuple[Sample, ...]
    exempt: dict[str, str] = field(default_factory=dict)


def _is_pure(path: str) -> bool:
    return path.startswith(PURE) or path.endswith("/model.py")


def _is_module(path: str) -> bool:
    return path.startswith(("src/hansa/modules/", "src/hansa/surfaces/"))


# -- SQL -------------------------------------------------------------------------------------------


def _is_constant_sql(node: ast.expr) -> bool:
    """A literal, or a name in capitals, also of a module (`store.LOCK`) or chosen from a table."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    if isinstance(node, ast.Name):
        return node.id.strip("_").isupper()
    if isinstance(node, ast.Attribute):
        return node.attr.strip("_").isupper()
    if isinstance(node, ast.Subscript):
        return _is_constant_sql(node.value)
    if isinstance(node, ast.IfExp):
        return _is_constant_sql(node.body) and _is_constant_sql(node.orelse)
    return False


def find_built_sql(source: Source) -> Findings:
    """SQL is a constant: nothing is ever built into it."""
    if not _is_module(source.path):
        return
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr not in SQL_METHODS or not node.args:
            continue
        first = node.args[0]
        built = isinstance(first, ast.JoinedStr | ast.BinOp) or (
            isinstance(first, ast.Call)
            and isinstance(first.func, ast.Attribute)
            and first.func.attr in {"format", "join", "replace"}
        )
        if built and not _is_constant_sql(first):
            yield node.lineno, "SQL is built here; make it a constant in store.py with parameters"


def find_sql_outside_store(source: Source) -> Findings:
    """Every statement of a module is in its store."""
    if not _is_module(source.path) or "/store" in source.path:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
            if "\n" in text and SQL_START.match(text) and re.search(r"\b(from|set|into)\b", text):
                yield node.lineno, "a statement outside store.py"


# -- layers ----------------------------------------------------------------------------------------


def _imports(source: Source) -> Iterator[tuple[int, str]]:
    """Names of imported modules; `from a.b import c` gives `a.b.c`, which may be a module too."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def find_impure_imports(source: Source) -> Findings:
    """The kernel stands on the standard library alone, contracts on the kernel."""
    if not source.path.startswith(PURE):
        return
    allowed = (
        ("hansa.kernel",) if "/kernel/" in source.path else ("hansa.kernel", "hansa.contracts")
    )
    for line, name in _imports(source):
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith(allowed):
            yield line, f"imports {name}"


# Modules made of services: each folder is a package of its own (`loyalty.guard.judge`).
OF_SERVICES = ("hansa.modules.loyalty",)


def find_private_imports(source: Source) -> Findings:
    """Others see of a module its package and nothing inside."""
    if not source.path.startswith("src/hansa/") or source.path.startswith("src/hansa/assembly/"):
        return
    own = ".".join(source.path.removeprefix("src/").split("/")[:3])
    for line, name in _imports(source):
        package, inside = ".".join(name.split(".")[:3]), name.split(".")[3:]
        if package in OF_SERVICES:
            inside = inside[1:]
        if not package.startswith("hansa.modules.") or package == own or not inside:
            continue
        # A class may be imported by its name (`orders.NewOrder`); what is inside a file may not.
        if len(inside) > 1 or not inside[0][0].isupper():
            yield line, f"imports {name}: use the package {package} (`stock.reserve`)"


def find_clocks(source: Source) -> Findings:
    """Time is given, never read."""
    if not (source.path.startswith(PURE) or source.path.startswith("src/hansa/modules/")):
        return
    for node in ast.walk(source.tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in CLOCKS
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in {"datetime", "date", "time", "dt"}
        ):
            yield node.lineno, "reads the clock; take `now` as a parameter or ask `context.clock`"


def find_io_in_pure_code(source: Source) -> Findings:
    """Pure code is not asynchronous and knows no Any."""
    if not _is_pure(source.path):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.AsyncFunctionDef):
            yield node.lineno, f"{node.name} is asynchronous in pure code"
        if isinstance(node, ast.Name) and node.id == "Any":
            yield node.lineno, "Any in pure code"


# -- shape -----------------------------------------------------------------------------------------


def find_long_files(source: Source) -> Findings:
    """A file is read in one sitting."""
    limit = TEST_FILE_LINES_MAX if source.path.startswith("tests/") else FILE_LINES_MAX
    lines = source.text.count("\n")
    if lines > limit:
        yield lines, f"{lines} lines, at most {limit}: make it a package"


def find_long_functions(source: Source) -> Findings:
    """A function fits a screen; its docstring does not count."""
    if source.path.startswith(("tests/", "benchmarks/")):
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            begins = node.lineno
            if ast.get_docstring(node) is not None and first.end_lineno is not None:
                begins = first.end_lineno
            lines = (node.end_lineno or begins) - begins
            if lines > FUNCTION_LINES_MAX:
                yield node.lineno, f"{node.name} has {lines} lines, at most {FUNCTION_LINES_MAX}"


def find_banned_names(source: Source) -> Findings:
    """Names say what is in the box."""
    words = set(source.path.removesuffix(".py").split("/"))
    for word in sorted(words & BANNED_NAMES):
        yield 1, f"a file or folder called {word}"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef):
            last = re.findall(r"[A-Z][a-z]*", node.name)[-1:]
            if last and last[0].lower() in BANNED_NAMES:
                yield node.lineno, f"a class called {node.name}"


def find_open_keywords(source: Source) -> Findings:
    """A function of the business says what it takes."""
    business = re.search(r"/modules/\w+/(model|operations|queries)\b", source.path)
    if not source.path.startswith(PURE) and business is None:
        return
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.args.kwarg is not None:
            yield node.lineno, f"{node.name} takes **{node.args.kwarg.arg}"


def find_unexplained_suppressions(source: Source) -> Findings:
    """Whoever silences a check says why, on the same line."""
    if source.path.startswith("tests/"):
        return
    for number, line in enumerate(source.text.splitlines(), start=1):
        found = SUPPRESSION.search(line)
        if found is not None and not found["rest"].strip(" -#—:"):
            yield number, "silences a check without a reason"


RULES = (
    Rule(
        name="SQL is never built",
        find=find_built_sql,
        good=(
            Sample("async def f(tx): await tx.all(store.LIST_LEVELS, {'id': 1})"),
            Sample("async def f(tx): await tx.all(LIST if fresh else LIST_ALL)"),
            Sample("async def f(tx): await tx.all(SORTED[order])"),
            Sample("def f(x): all(f'{x}')\nprint(len(x).all())"),
        ),
        bad=(
            Sample("async def f(tx): await tx.all(f'select {column} from stock_level')"),
            Sample("async def f(tx): await tx.all('select ' + column)"),
            Sample("async def f(tx): await tx.execute('select {}'.format(column))"),
        ),
    ),
    Rule(
        name="SQL lives in store.py",
        find=find_sql_outside_store,
        good=(
            Sample("A = '''\n select 1\n from x'''", path="src/hansa/modules/stock/store.py"),
            Sample(
                "A = '''\n select 1\n from x'''", path="src/hansa/modules/stock/store/levels.py"
            ),
            Sample("A = '''Select a shop\nfor the parcel'''"),
        ),
        bad=(Sample("A = '''\n select id\n   from stock_level\n'''"),),
    ),
    Rule(
        name="kernel and contracts stand on nothing",
        find=find_impure_imports,
        good=(
            Sample("from decimal import Decimal", path="src/hansa/kernel/money.py"),
            Sample("from hansa.kernel.message import Event", path="src/hansa/contracts/stock.py"),
        ),
        bad=(
            Sample("import msgspec", path="src/hansa/kernel/money.py"),
            Sample("from hansa.contracts import stock", path="src/hansa/kernel/money.py"),
            Sample("from hansa.runtime.clock import Clock", path="src/hansa/contracts/stock.py"),
        ),
    ),
    Rule(
        name="modules are used by their packages",
        find=find_private_imports,
        good=(
            Sample("from hansa.modules import pricing"),
            Sample("from hansa.modules.stock import store"),
            Sample("import hansa.modules.pricing"),
            Sample("from hansa.modules.pricing import PriceProfile"),
            Sample("from hansa.modules.loyalty import guard"),
            Sample("from hansa.modules.loyalty.guard import Alert"),
        ),
        bad=(
            Sample("from hansa.modules.loyalty.guard import store"),
            Sample("from hansa.modules.loyalty.guard.store.counting import LOAD_COUNTS"),
            Sample("from hansa.modules.pricing import store"),
            Sample("from hansa.modules.pricing.store import QUOTE"),
            Sample("from hansa.modules.pricing.model import PriceProfile"),
            Sample(
                "from hansa.modules.stock import hold", path="src/hansa/surfaces/storefront/a.py"
            ),
        ),
    ),
    Rule(
        name="time is given",
        find=find_clocks,
        good=(
            Sample("def f(now): return now"),
            Sample("from datetime import datetime\ndef f(): return datetime.fromisoformat('x')"),
            Sample("import time\nbegan = time.monotonic()"),
        ),
        bad=(
            Sample("from datetime import datetime\nnow = datetime.now(UTC)"),
            Sample("import time\nnow = time.time()", path="src/hansa/kernel/periods.py"),
        ),
    ),
    Rule(
        name="pure code is pure",
        find=find_io_in_pure_code,
        good=(Sample("def f() -> int: return 1", path="src/hansa/modules/stock/model.py"),),
        bad=(
            Sample("async def f() -> int: return 1", path="src/hansa/modules/stock/model.py"),
            Sample("def f(x: Any) -> int: return 1", path="src/hansa/kernel/money.py"),
        ),
    ),
    Rule(
        name="files are short",
        find=find_long_files,
        good=(Sample("a = 1\n" * 400), Sample("a = 1\n" * 800, path="tests/test_a.py")),
        bad=(Sample("a = 1\n" * 401), Sample("a = 1\n" * 801, path="tests/test_a.py")),
    ),
    Rule(
        name="functions are short",
        find=find_long_functions,
        good=(
            Sample("def f():\n" + "    a = 1\n" * 60),
            Sample('def f():\n    """One.\n' + "\n" * 50 + '    """\n' + "    a = 1\n" * 60),
        ),
        bad=(Sample("def f():\n" + "    a = 1\n" * 61),),
    ),
    Rule(
        name="names say what is in the box",
        find=find_banned_names,
        good=(Sample("class DataSheet: ...", path="src/hansa/runtime/database/pool.py"),),
        bad=(
            Sample("", path="src/hansa/modules/stock/utils.py"),
            Sample("class StockManager: ..."),
            Sample("", path="src/hansa/common/money.py"),
        ),
    ),
    Rule(
        name="functions say what they take",
        find=find_open_keywords,
        good=(Sample("def f(*, quantity): ..."),),
        bad=(Sample("def f(**options): ..."),),
    ),
    Rule(
        name="silenced checks have reasons",
        find=find_unexplained_suppressions,
        good=(
            Sample("import a  # noqa: F401 - for its effect"),
            Sample("x = f()  # type: ignore[attr-defined]  # no stubs"),
        ),
        bad=(Sample("import a  # noqa: F401"), Sample("x = f()  # type: ignore[attr-defined]")),
    ),
)
