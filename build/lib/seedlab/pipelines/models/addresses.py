"""What models are asked for by, as people type and paste it."""

import re
from urllib.parse import unquote

HUB_ID = re.compile(r"(?P<id>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(?:@(?P<revision>[\w./-]{1,100}))?")
"""The id of a model on the Hub, and a revision."""

PAGE = re.compile(
    r"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/(?P<id>[\w.-]+/[\w.-]+)"
    r"(?:/(?:tree|blob|resolve|commit)/(?P<revision>refs/pr/\d+|[\w.-]+))?(?:[/?#].*)?"
)
"""The address of its page there, or of a page of a revision."""


def tidy_address(text: str) -> str:
    """Take an id or a path out of what was pasted: out of the address of a model's page, or out of quotes."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    page = PAGE.fullmatch(unquote(text))
    if page is None:
        return text
    return page["id"] if page["revision"] in (None, "main") else f"{page['id']}@{page['revision']}"
