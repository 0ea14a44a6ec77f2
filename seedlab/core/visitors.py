"""Visitors of a public host, known by a secret that their browsers keep."""

import hashlib
import re
from collections.abc import Mapping

COOKIE = "seedlab-visitor"
TOKEN = re.compile(r"[\w-]{32}", re.ASCII)
"""24 random bytes in base64url."""


def name_owner(cookies: Mapping[str, str], unknown: str) -> str:
    """Return the name under which a visitor's pictures are kept. The secret cannot be found from it.

    Args:
        cookies: of a request.
        unknown: what to return for a visitor without a valid cookie.
    """
    token = cookies.get(COOKIE, "")
    if not TOKEN.fullmatch(token):
        return unknown
    return hashlib.sha256(f"{COOKIE}:{token}".encode()).hexdigest()[:32]
