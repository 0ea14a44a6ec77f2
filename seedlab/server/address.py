"""The address that the page is served on, checked before gradio starts."""

import errno
import socket

from seedlab.core.errors import SeedLabError


def check_address(host: str, port: int | None) -> int | None:
    """Check that a host and port can be served on. Returns the port; a free one for 0.

    Args:
        host: a name or an address, IPv6 without brackets.
        port: None to let gradio look for a free one; then the host alone is checked.

    Raises:
        SeedLabError: they cannot be.
    """
    try:
        family, _, _, _, place = socket.getaddrinfo(host, port or 0, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise SeedLabError(_format_bad_host(host)) from error
    try:
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
            tried.bind(place)
            tried.listen(1)
            return int(tried.getsockname()[1]) if port is not None else None
    except OSError as error:
        raise SeedLabError(_explain(error, host, port)) from error


def format_taken(port: int | None) -> str:
    """Return the sentence that a port, or every one that gradio tries, is taken."""
    if port is None:
        return "All ports from 7860 to 7959 are taken: choose another with --port or SEEDLAB_PORT."
    return f"Port {port} is taken, maybe by another SeedLab: choose another with --port or SEEDLAB_PORT."


def _explain(error: OSError, host: str, port: int | None) -> str:
    if error.errno == errno.EADDRINUSE:
        return format_taken(port)
    if error.errno == errno.EACCES:
        return f"Port {port} is reserved for the system: choose one above 1023 with --port or SEEDLAB_PORT."
    return _format_bad_host(host)


def _format_bad_host(host: str) -> str:
    return f"“{host[:80]}” is not an address of this machine: choose another with --host or SEEDLAB_HOST."
