"""The answers to requests that are refused: one sentence, as JSON."""

from collections.abc import Mapping

from starlette.responses import JSONResponse

BUSY = {"Retry-After": "5"}


def make_refusal(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return an error response. Gradio's page shows `detail` of queued events, and `error` of the others."""
    return JSONResponse({"detail": sentence, "error": sentence}, status, headers)
