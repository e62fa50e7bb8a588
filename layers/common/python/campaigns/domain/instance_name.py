"""What an instance is called on the deployment's own Evolution server.

The server tells anybody with its key whether a name is taken, so a name that a tenant could choose
freely would tell her of the others'.
"""

import re
import unicodedata
from typing import Final

_READABLE_LIMIT: Final = 40
_MARK_LENGTH: Final = 20
_UNNAMED: Final = "instancia"


def name_on_server(wish: str, mark: str) -> str:
    """A readable beginning made of `wish`, and an end made of `mark` that nobody can guess."""
    plain = unicodedata.normalize("NFKD", wish.casefold()).encode("ascii", "ignore").decode()
    readable = re.sub(r"[^a-z0-9]+", "-", plain)[:_READABLE_LIMIT].strip("-")
    return f"{readable or _UNNAMED}-{mark[:_MARK_LENGTH]}"
