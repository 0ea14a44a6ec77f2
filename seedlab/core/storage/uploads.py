"""How large files may be that are opened on the page."""

MEGABYTE = 2**20

PUBLIC_UPLOAD = 20 * MEGABYTE
"""Bytes of a visitor's file on a public host. Pictures have a few hundred kB, at most 10 MB."""

LOCAL_UPLOAD = 256 * MEGABYTE
"""Bytes of a file on the user's own machine, where a trail of hundreds of pictures opens too."""


def choose_max_upload(*, local: bool) -> int:
    """Return how many bytes a file may have.

    Args:
        local: whether only this machine reaches the server.
    """
    return LOCAL_UPLOAD if local else PUBLIC_UPLOAD


def format_too_large(limit: int) -> str:
    """Return why a file with more than `limit` bytes is refused, after its name."""
    advice = "choose a picture as SeedLab or another tool saved it, or a trail of fewer rounds"
    return f"is larger than {limit // MEGABYTE} MB: {advice}."
