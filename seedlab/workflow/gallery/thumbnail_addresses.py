"""The addresses of thumbnails: nobody can guess them, and each is valid for one visitor."""

import hmac
import secrets

from seedlab.core.errors import SeedLabError

PREFIX = "seedlab/thumbnails"
"""Below the path that `seedlab.server.middleware.paths` keeps open."""

ENDING = ".webp"
DIGITS = 40
"""Hex digits of a signature: 160 bits."""


class ThumbnailAddresses:
    """Signs the names of pictures for their owners. Addresses are valid until the process ends; nothing is stored."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def make(self, name: str, owner: str) -> str:
        """Return the address of a picture's thumbnail, relative to the page.

        Args:
            name: of the picture in the store.
        """
        return f"{PREFIX}/{name}.{self._sign(name, owner)}{ENDING}"

    def read(self, text: str, owner: str) -> str:
        """Return the name of the picture whose thumbnail has this address.

        Args:
            text: the last part of the address, which is untrusted.

        Raises:
            SeedLabError: it is not an address that was made for this owner.
        """
        name, _, signature = text.removesuffix(ENDING).rpartition(".")
        expected = self._sign(name, owner).encode()
        if not hmac.compare_digest(signature.encode("utf-8", "surrogatepass"), expected):
            raise SeedLabError("This picture does not exist any more.")
        return name

    def _sign(self, name: str, owner: str) -> str:
        text = f"{owner}\n{name}".encode("utf-8", "surrogatepass")
        return hmac.new(self._key, text, "sha256").hexdigest()[:DIGITS]
