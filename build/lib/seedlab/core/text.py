"""Text that people wrote: whether it can be written, and how it is quoted in a sentence."""


def is_whole(text: str) -> bool:
    """Whether a text can be written: JSON lets in halves of surrogate pairs, which no encoding has."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def quote(text: str, limit: int = 40) -> str:
    """Quote what somebody wrote, in a sentence: cut short, and without the halves of characters that JSON lets in."""
    return f"“{text[:limit].encode('utf-8', 'replace').decode()}”"
