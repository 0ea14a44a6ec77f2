"""Addresses of models, as people type and paste them."""

import re
from urllib.parse import unquote

HUB_ID = re.compile(r"(?P<id>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(?:@(?P<revision>[\w./-]{1,100}))?")
"""A Hub id, and an optional revision."""

PAGE = re.compile(
    r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/(?P<id>[\w.-]+/[\w.-]+)"
    r"(?:/(?:tree|blob|resolve|commit)/(?P<revision>refs/pr/\d+|[\w.-]+))?(?:[/?#].*)?"
)
"""The URL of a model's page on the Hub, or of a page of one revision."""


def tidy_address(text: str) -> str:
    """Return the id or path in a pasted text, which may be the URL of a model's page or in quotes."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    page = PAGE.fullmatch(unquote(text))
    if page is None:
        return text
    return page["id"] if page["revision"] in (None, "main") else f"{page['id']}@{page['revision']}"
