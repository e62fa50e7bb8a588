"""The browsable document: Powertools' copy of Swagger UI, whole in one page."""

from importlib.resources import files
from typing import Final

#: The page loads nothing and talks to nobody but the API that served it.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; connect-src 'self'"
)
_BUNDLE: Final = "aws_lambda_powertools.event_handler.openapi.swagger_ui"


def documentation_page(document: str) -> str:
    """HTML that shows the document; `document` is JSON."""
    # 1.7 MB of script, read by whoever opens the page and by nobody else.
    from aws_lambda_powertools.event_handler.openapi.swagger_ui import (
        generate_swagger_html,
    )

    bundle = files(_BUNDLE)
    script = bundle.joinpath("swagger-ui-bundle.min.js").read_text("utf-8")
    style = bundle.joinpath("swagger-ui.min.css").read_text("utf-8")
    # A text of the document must not end the script that holds it.
    return generate_swagger_html(document.replace("</", "<\\/"), script, style, "", None)
