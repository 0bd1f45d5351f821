"""The accounts as the assembly sees them."""

from hansa.modules.accounts import api, api_admin
from hansa.modules.accounts.authenticator import AccountsAuthenticator
from hansa.modules.accounts.jobs import ForgetOld, forget_old
from hansa.modules.accounts.links import SendLink, send_link
from hansa.modules.accounts.oauth import api as oauth_api
from hansa.modules.accounts.oauth import api_admin as oauth_api_admin
from hansa.runtime.module import JobHandler, Module, Periodic, Permission

MODULE = Module(
    name="accounts",
    routes=[*api.ROUTES, *api_admin.ROUTES, *oauth_api.ROUTES, *oauth_api_admin.ROUTES],
    services=[AccountsAuthenticator],
    jobs=[
        JobHandler(job=SendLink, handle=send_link),
        JobHandler(job=ForgetOld, handle=forget_old),
    ],
    periodic=[Periodic(cron="17 * * * *", job=ForgetOld())],
    permissions=[
        Permission(code="accounts.view", title="See users, roles and keys"),
        Permission(code="accounts.edit", title="Change users, roles and keys"),
        Permission(code="accounts.audit", title="Read the audit log"),
        Permission(code="accounts.manage_clients", title="Make and end OAuth 2 clients"),
    ],
)
