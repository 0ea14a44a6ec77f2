"""The user comments in an XMP packet, which is XML."""

from xml.parsers import expat

MAX_CHARACTERS = 2**20
USER_COMMENT = "http://ns.adobe.com/exif/1.0/ UserComment"


class _DoctypeError(ValueError):
    """The packet declares a document type, which no XMP packet has: entities can grow without limit."""


def list_user_comments(packet: str) -> list[str]:
    """Return the texts in the user comments of an untrusted packet, in order; [] if it cannot be parsed."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.add
    try:
        parser.Parse(packet.strip("\ufeff\0 \r\n\t")[:MAX_CHARACTERS], True)
    except (expat.ExpatError, ValueError):
        return []
    return [text for each in reader.texts if (text := "".join(each).strip())]


def _refuse(*_: object) -> None:
    raise _DoctypeError


class _Reader:
    """Collects the text of the elements in user comments."""

    def __init__(self) -> None:
        self.texts: list[list[str]] = []
        self._depth = 0
        """How many user comments, one in the other, are open."""

    def start(self, name: str, _: object) -> None:
        self._depth += name == USER_COMMENT
        if self._depth:
            self.texts.append([])

    def end(self, name: str) -> None:
        self._depth -= name == USER_COMMENT

    def add(self, text: str) -> None:
        if self._depth:
            self.texts[-1].append(text)
