"""Partners' API of statements (`/loyalty/v1/statements`): a partner reads its own and no other."""

from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.params import FromPath, QueryParameter
from litestar.response import Stream

from hansa.modules.loyalty.programmes.calling import partner_of
from hansa.modules.loyalty.settlement import calling, queries
from hansa.modules.loyalty.settlement.bodies import LineView, StatementView
from hansa.modules.loyalty.settlement.files import FileFormat, statement_file
from hansa.runtime.http import Cursor, Limit, ListPage, Request, authorise
from hansa.runtime.http.paging import LIMIT_DEFAULT

TAGS = ["Loyalty: statements"]
HOME = "/loyalty/v1/statements"
PERMISSION = "loyalty.statements"

Format = Annotated[FileFormat, QueryParameter(name="format")]


@get(HOME, tags=TAGS, summary="List your statements")
async def list_own_statements(
    request: Request, after: Cursor = None, limit: Limit = LIMIT_DEFAULT
) -> ListPage[StatementView]:
    """Give closed statements of all programmes you take part in, the latest first."""
    authorise(request, PERMISSION)
    return await calling.page_of_statements(
        request,
        partner_id=partner_of(request).id,
        programme_id=None,
        after=after,
        limit=limit,
    )


@get(HOME + "/{statement_id:uuid}", tags=TAGS, summary="See a statement")
async def show_own_statement(request: Request, statement_id: FromPath[UUID]) -> StatementView:
    """Give one of your statements; what is another's is not there."""
    authorise(request, PERMISSION)
    partner = partner_of(request)
    async with request.snapshot() as snap:
        found = await queries.get_statement(snap, statement_id=statement_id, partner_id=partner.id)
        return await calling.statement_view(request, snap, found)


@get(HOME + "/{statement_id:uuid}/lines", tags=TAGS, summary="List a statement's lines")
async def list_own_lines(
    request: Request,
    statement_id: FromPath[UUID],
    after: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> ListPage[LineView]:
    """Give the transfers one of your statements is made of."""
    authorise(request, PERMISSION)
    return await calling.page_of_lines(
        request,
        statement_id=statement_id,
        partner_id=partner_of(request).id,
        after=after,
        limit=limit,
    )


@get(HOME + "/{statement_id:uuid}/file", tags=TAGS, summary="Download a statement")
async def download_own(
    request: Request, statement_id: FromPath[UUID], file_format: Format = FileFormat.XLSX
) -> Stream:
    """Give one of your statements as Excel or PDF, in the language asked for."""
    authorise(request, PERMISSION)
    return await statement_file(
        request,
        statement_id=statement_id,
        file_format=file_format,
        partner_id=partner_of(request).id,
    )


ROUTES = (list_own_statements, show_own_statement, list_own_lines, download_own)
