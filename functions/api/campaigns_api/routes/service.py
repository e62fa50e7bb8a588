"""What the API says of itself and of its caller: health, me, and its own document."""

from campaigns_api.call import Answered, Call
from campaigns_api.document import document_json
from campaigns_api.documentation_page import CONTENT_SECURITY_POLICY, documentation_page
from campaigns_api.health import checked
from campaigns_api.models.service import HealthOut, MeOut, TenantBrief
from campaigns_api.operations import Routes
from campaigns_api.reply import JSON, Reply

_KEPT_SECONDS = 300

routes = Routes("service", "/")


@routes.get("health", role=None, also=(503,))
def get_health(call: Call) -> Answered[HealthOut]:
    """Say whether the service works. Looked at every ten seconds at most."""
    health = checked(call.app)
    return Answered(200 if health.status == "ok" else 503, health)


@routes.get("api/me/")
def get_me(call: Call) -> MeOut:
    """Say whose key this is, and what it may do."""
    tenant = call.app.tenants.read(call.tenant_id)
    brief = TenantBrief(
        id=tenant.tenant_id, name=tenant.name, timezone=tenant.timezone, locale=tenant.locale
    )
    return MeOut(tenant=brief, key_id=call.caller.key_id, role=call.caller.role)


@routes.get("openapi.json", role=None, in_document=False)
def get_document(_: Call) -> Reply:
    """The OpenAPI document."""
    return Reply(200, JSON, document_json(), {"Cache-Control": f"max-age={_KEPT_SECONDS}"})


@routes.get("docs", role=None, in_document=False)
def get_documentation(_: Call) -> Reply:
    """The document to browse, without anything from elsewhere."""
    headers = {
        "Cache-Control": f"max-age={_KEPT_SECONDS}",
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    }
    return Reply(200, "text/html; charset=utf-8", documentation_page(document_json()), headers)
