"""Security headers of every answer."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SPACE_PAGES = "'self' https://huggingface.co https://*.huggingface.co https://*.hf.space"
"""A Space is shown inside a page of the Hub."""

CONTENT = (
    "default-src 'self'",
    # Gradio's page has inline scripts, and makes functions of the templates of HTML components.
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "worker-src 'self' blob:",
)
ALWAYS = ("object-src 'none'", "base-uri 'self'", "form-action 'self'")
UNUSED = "camera", "microphone", "geolocation", "display-capture", "usb", "serial", "payment", "midi"


def make_headers(*, on_space: bool) -> dict[str, str]:
    """Return the security headers.

    Args:
        on_space: whether the page is embedded in the Hub's, whose header loads scripts and pictures from there.
    """
    ancestors = f"frame-ancestors {SPACE_PAGES}" if on_space else "frame-ancestors 'self'"
    policy = (*ALWAYS, ancestors) if on_space else (*CONTENT, *ALWAYS, ancestors)
    headers = {
        "content-security-policy": "; ".join(policy),
        "permissions-policy": ", ".join(f"{name}=()" for name in UNUSED),
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
    }
    return headers if on_space else headers | {"x-frame-options": "SAMEORIGIN"}


class SecurityHeaders:
    """Middleware that adds headers to every answer that does not have them."""

    def __init__(self, app: ASGIApp, headers: dict[str, str]) -> None:
        self._app, self._headers = app, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and complete its answer."""

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, complete)
