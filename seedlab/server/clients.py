"""Whom a request comes from, and how much of something each client has taken."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Receive, Scope

from seedlab.core.clients import name_client

PROXIES = "127.0.0.1,::1,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7"
"""The proxies of a Space, whose word on the visitor's address uvicorn takes (FORWARDED_ALLOW_IPS)."""


def find_client(scope: Scope) -> str:
    """Return the address that a request comes from; for IPv6, its network. uvicorn has followed trusted proxies."""
    address = scope["client"][0] if scope.get("client") else ""
    return name_client(address)


async def wait_for_end(receive: Receive) -> None:
    """Return when the client has gone. What it still sends is dropped."""
    while (await receive())["type"] != "http.disconnect":
        pass


class Shares:
    """Counts what clients hold of something that is limited. Used from one event loop, so it needs no lock.

    Args:
        total: the limit for all clients together.
        share: the limit for one client.
    """

    def __init__(self, total: int, share: int) -> None:
        self._total, self._share = total, share
        self._held: Counter[str] = Counter()

    def take(self, client: str, amount: int = 1) -> bool:
        """Take an amount, unless that would exceed a limit. Returns whether it was taken."""
        if self._held[client] + amount > self._share or self._held.total() + amount > self._total:
            self.give_back(client, 0)
            return False
        self._held[client] += amount
        return True

    def give_back(self, client: str, amount: int = 1) -> None:
        """Give back what was taken."""
        self._held[client] -= amount
        if self._held[client] <= 0:
            del self._held[client]

    @contextmanager
    def hold(self, client: str) -> Iterator[bool]:
        """Take one for the time of a block. Yields whether it was taken."""
        taken = self.take(client)
        try:
            yield taken
        finally:
            if taken:
                self.give_back(client)


class Held:
    """What one client's request holds of a share; it grows.

    Args:
        shares: what it is taken from.
    """

    def __init__(self, shares: Shares, client: str) -> None:
        self._shares, self._client, self._amount = shares, client, 0

    def take(self, amount: int) -> bool:
        """Take so much more, unless that would exceed a limit. Returns whether it was taken."""
        is_taken = self._shares.take(self._client, amount)
        self._amount += amount if is_taken else 0
        return is_taken

    def move(self, shares: Shares) -> None:
        """Hold it of other shares, if they have room."""
        if shares is not self._shares and shares.take(self._client, self._amount):
            self.give_back()
            self._shares = shares

    def give_back(self) -> None:
        """Give all of it back."""
        self._shares.give_back(self._client, self._amount)
