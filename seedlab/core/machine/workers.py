"""Workers: processes that make pictures for this one, on this machine or in a cluster."""

import re
from dataclasses import dataclass

from seedlab.core.errors import SeedLabError

MAX_LOCAL, MAX_THREADS = 64, 1024
LOCAL = re.compile(r"local:(?P<count>[0-9]{1,4})")
ADDRESS = re.compile(r"(?P<host>[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\]):(?P<port>[0-9]{1,5})")
WORKERS_HELP = "make pictures in other processes: local:N for N on this machine, HOST:PORT to join a Ray cluster"
THREADS_HELP = "how many threads one operation has on a CPU; this decides a picture's bytes"


@dataclass(frozen=True)
class Workers:
    """Where the workers are.

    Attributes:
        local: how many are started on this machine; 0 to join a cluster.
        address: of the cluster, as "10.0.0.1:6379"; "" without one.
    """

    local: int = 0
    address: str = ""


def parse_workers(text: str | None) -> Workers | None:
    """Read "local:N" or "HOST:PORT"; None and "" stand for no workers.

    Raises:
        SeedLabError: the text is neither.
    """
    given = (text or "").strip()
    if not given:
        return None
    if (match := LOCAL.fullmatch(given)) is not None:
        if not 1 <= int(match["count"]) <= MAX_LOCAL:
            raise SeedLabError(f"There can be 1 to {MAX_LOCAL} workers on this machine: use --workers local:2, say.")
        return Workers(local=int(match["count"]))
    match = ADDRESS.fullmatch(given)
    if match is None or not 1 <= int(match["port"]) <= 65535:
        raise SeedLabError(
            f"“{given[:60]}” names no workers: use local:N for N on this machine, or HOST:PORT for a Ray cluster."
        )
    return Workers(address=given)


def parse_threads(text: str | int | None) -> int | None:
    """Read a number of threads; None and "" stand for torch's own choice.

    Raises:
        SeedLabError: it is not a number in 1...MAX_THREADS.
    """
    given = "" if text is None else str(text).strip()
    if not given:
        return None
    if not given.isascii() or not given.isdigit() or len(given) > 5 or not 1 <= int(given) <= MAX_THREADS:
        raise SeedLabError(f"“{given[:20]}” is not a number of threads: use 1 to {MAX_THREADS} for --threads.")
    return int(given)
