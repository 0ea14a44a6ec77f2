"""Text from users: checking and quoting it."""


def is_whole(text: str) -> bool:
    """Whether a text can be encoded. JSON allows unpaired surrogates, which no encoding has."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def decode(data: bytes) -> str:
    """Decode text that should be Latin-1. Many tools write UTF-8, which other text hardly ever is by accident."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def quote(text: str, limit: int = 40) -> str:
    """Quote a user's text for an error message: truncated, and without unpaired surrogates."""
    return f"“{text[:limit].encode('utf-8', 'replace').decode()}”"
