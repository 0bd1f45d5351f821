"""A site that speaks the exchange protocol and writes down what it was asked."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ORDER = """<?xml version="1.0" encoding="windows-1251"?>
<КоммерческаяИнформация xmlns="urn:1C.ru:commerceml_3" ВерсияСхемы="3.1">
<Контейнер><Документ><Ид>o-1</Ид><Номер>H-1</Номер><Дата>2026-11-21</Дата>
<Валюта>RUB</Валюта><Сумма>200.00</Сумма>
<Контрагенты><Контрагент><Наименование>Пётр</Наименование></Контрагент></Контрагенты>
<Склады><Склад><Ид>w1</Ид></Склад></Склады>
<Товары><Товар><Ид>g1</Ид><Наименование>Платье</Наименование><ЦенаЗаЕдиницу>100.00</ЦенаЗаЕдиницу>
<Количество>2</Количество><Сумма>200.00</Сумма></Товар>
<Товар><Ид>ORDER_DELIVERY</Ид><Наименование>Доставка</Наименование></Товар></Товары>
</Документ></Контейнер></КоммерческаяИнформация>""".encode("cp1251")

INFO = """<?xml version="1.0" encoding="windows-1251"?>
<Справочник><Cтатусы><Элемент><Ид>N</Ид><Название>Новый</Название></Элемент></Cтатусы>
</Справочник>""".encode("cp1251")


class StubSite:
    """What the site was asked (`calls`), what it holds (`files`), and how it answers."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, str]] = []
        self.queries: list[dict[str, str]] = []
        self.files: dict[str, bytes] = {}
        self.progress_left = 0
        self.refuse_import: str | None = None
        self.zip = "yes"
        self.file_limit = 1000
        self.cut_bodies = 0

    def steps(self) -> list[str]:
        return [f"{kind}/{mode}" for _, kind, mode in self.calls]

    def answer(  # noqa: C901, PLR0911 - one case a step
        self, query: dict[str, str], headers, body: bytes
    ) -> tuple[int, bytes]:
        mode, name = query["mode"], query.get("filename", "")
        if mode == "checkauth":
            if headers.get("Authorization") != "Basic b25lYzpzZWNyZXQ=":
                return 401, b"failure\nwrong password"
            return 200, b"success\nhansa_exchange\nabc\nsessid=feed\n"
        if "hansa_exchange=abc" not in headers.get("Cookie", ""):
            return 200, b"failure\nno session"
        match mode:
            case "init":
                return 200, f"zip={self.zip}\nfile_limit={self.file_limit}\n".encode()
            case "file":
                self.files[name] = self.files.get(name, b"") + body
            case "import":
                if self.refuse_import:
                    return 200, f"failure\n{self.refuse_import}".encode()
                if self.progress_left:
                    self.progress_left -= 1
                    return 200, "progress\nпрочитано 5".encode()
            case "query":
                return 200, ORDER
            case "info":
                return 200, INFO
        return 200, b"success\n"


@contextmanager
def running_stub():
    site = StubSite()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self):
            query = {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:
                site.cut_bodies += 1
                return
            site.calls.append((self.command, query["type"], query["mode"]))
            site.queries.append(query)
            status, content = site.answer(query, self.headers, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            try:
                self.wfile.write(content)
            except OSError:
                self.close_connection = True

        do_GET = do_POST = handle_any  # noqa: N815 - named by http.server

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_address[1]}/1c_exchange"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
