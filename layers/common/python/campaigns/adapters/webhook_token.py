"""Tokens that Evolution signs with a webhook's `jwt_key`."""

from typing import Final

from campaigns.domain.instants import SECOND_MS

#: The clocks of two servers are not the same.
_LEEWAY_MS: Final = 60 * SECOND_MS


def is_signed(token: str, key: str, now: int) -> bool:
    """HS256 by that key and not expired, whatever else the token says. `now` in epoch ms."""
    # Imported here: most servers send the secret itself, and start-up does not pay for it.
    import jwt

    try:
        # The moment of its end is judged below: the library would ask the machine's clock.
        claims = jwt.decode(
            token, key, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False}
        )
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        return False
    expires_at = claims.get("exp")
    if not isinstance(expires_at, int) or isinstance(expires_at, bool):
        return False
    return now < expires_at * SECOND_MS + _LEEWAY_MS
