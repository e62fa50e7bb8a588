"""Addresses of WhatsApp: of a phone, or an alias (`@lid`) that tells none."""

import re
from typing import Final

from campaigns.domain.phone import InvalidPhone, Phone, parse_phone

#: A user, perhaps one of her devices, and the kind of address.
_JID: Final = re.compile(r"([0-9]{1,20})(?:_[0-9]+)?(?::[0-9]+)?@([a-z.]+)")
_OF_A_PHONE: Final = frozenset({"s.whatsapp.net", "c.us", "hosted"})
_ALIASES: Final = frozenset({"lid", "hosted.lid"})


def bare_jid(jid: str) -> str:
    """All devices of one person have one address; what is no address stays as it is."""
    found = _JID.fullmatch(jid)
    return f"{found[1]}@{found[2]}" if found else jid


def is_alias(jid: str) -> bool:
    found = _JID.fullmatch(jid)
    return found is not None and found[2] in _ALIASES


def phone_of(jid: str) -> Phone | None:
    """The phone of an address; None of an alias, and of what is no phone's."""
    found = _JID.fullmatch(jid)
    if found is None or found[2] not in _OF_A_PHONE:
        return None
    try:
        return parse_phone(f"+{found[1]}")
    except InvalidPhone:
        return None
