"""What is searched for in the index, as SQL. Every text from users is a parameter, never a part of the statement."""

import base64
import binascii
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from seedlab.core.errors import SeedLabError
from seedlab.images.index.words import has_words, write_match, write_patterns

OPERATOR = ""
"""The owner who sees every picture of the store: the only user of a local page, and the commands."""

NOBODY = "nobody"
"""The owner of a visitor who is not known: nothing belongs to them."""

ALL_PICTURES, ALL_DATES = "pictures AS p", "p.made"
OWN_PICTURES, OWN_DATES = "own.owners AS o CROSS JOIN pictures AS p ON p.name = o.name", "o.since"
"""CROSS JOIN keeps SQLite from beginning with the pictures of all owners."""

KEPT, REJECTED = "keep", "reject"
MARKS = ("", KEPT, REJECTED)

MAX_COUNT = 500
"""Pictures of one page."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """Which pictures to find. The defaults find all.

    Attributes:
        words: words of the prompt, or their beginnings; all of them must be there.
        model: a model's id; "" for any.
        seed: None for any.
        stars: the least number of stars.
        mark: "keep" or "reject"; "" for any.
        hide_rejected: whether rejected pictures are left out.
        drafts: True for drafts alone, False for finished pictures alone, None for both.
        since, until: when they were made, in seconds since 1970; `until` is excluded.
    """

    words: str = ""
    model: str = ""
    seed: int | None = None
    stars: int = 0
    mark: str = ""
    hide_rejected: bool = False
    drafts: bool | None = None
    since: float | None = None
    until: float | None = None


@dataclass(frozen=True)
class Query:
    """Pictures as SQL.

    Attributes:
        tables: what follows FROM.
        conditions: all of them hold.
        parameters: the values in the conditions.
        dates: the column that says when a picture was made, for this owner.
    """

    tables: str
    conditions: tuple[str, ...]
    parameters: Mapping[str, Any]
    dates: str

    def where(self, condition: str, **parameters: Any) -> Self:
        """Return the pictures of which this condition holds too."""
        return replace(self, conditions=(*self.conditions, condition), parameters={**self.parameters, **parameters})

    @property
    def text(self) -> str:
        """The statement from FROM on."""
        where = f" WHERE {' AND '.join(self.conditions)}" if self.conditions else ""
        return f"FROM {self.tables}{where}"


def write_query(search: Search, owner: str, *, has_full_text: bool = False) -> Query:
    """Return what finds an owner's pictures."""
    is_all = owner == OPERATOR
    tables, dates = (ALL_PICTURES, ALL_DATES) if is_all else (OWN_PICTURES, OWN_DATES)
    marks = "LEFT JOIN own.marks AS m ON m.owner = :owner AND m.name = p.name"
    query = Query(f"{tables} {marks}", () if is_all else ("o.owner = :owner",), {"owner": owner}, dates)
    conditions = (*_write_fields(search), *_write_words(search, has_full_text), *_write_dates(search, dates))
    for condition, parameters in conditions:
        query = query.where(condition, **parameters)
    return query


Condition = tuple[str, dict[str, Any]]


def _write_fields(search: Search) -> list[Condition]:
    given: dict[str, tuple[bool, Any]] = {
        "p.model = :model": (bool(search.model), search.model),
        "p.seed = :seed": (search.seed is not None, str(search.seed)),
        "m.stars >= :stars": (search.stars > 0, search.stars),
        "m.mark = :mark": (bool(search.mark), search.mark),
        "COALESCE(m.mark, '') != :hidden": (search.hide_rejected, REJECTED),
        "(p.draft_steps IS NOT NULL) = :drafts": (search.drafts is not None, search.drafts),
    }
    return [(text, {text.rpartition(":")[2]: value}) for text, (is_given, value) in given.items() if is_given]


def _write_words(search: Search, has_full_text: bool) -> list[Condition]:
    if not has_words(search.words):
        # Punctuation alone finds nothing, but an empty field everything.
        return [("FALSE", {})] if search.words.strip() else []
    if has_full_text:
        # The plus keeps SQLite from sorting all that was found: it goes through the dates, and stops at the page's end.
        condition = "+p.id IN (SELECT rowid FROM full_text WHERE full_text MATCH :match)"
        return [(condition, {"match": write_match(search.words)})]
    patterns = write_patterns(search.words)
    return [(f"p.words LIKE :word{n} ESCAPE '!'", {f"word{n}": each}) for n, each in enumerate(patterns)]


def _write_dates(search: Search, dates: str) -> list[Condition]:
    since = [] if search.since is None else [(f"{dates} >= :since", {"since": search.since})]
    return since + ([] if search.until is None else [(f"{dates} < :until", {"until": search.until})])


def write_cursor(date: float, name: str) -> str:
    """Return a text that says where a page ends."""
    return base64.urlsafe_b64encode(json.dumps([date, name]).encode()).decode()


def read_cursor(text: str) -> tuple[float, str]:
    """Read what `write_cursor` wrote; it comes back from a browser.

    Raises:
        SeedLabError: it is something else.
    """
    try:
        date, name = json.loads(base64.b64decode(text[:1000], altchars=b"-_", validate=True))
        if not isinstance(name, str) or not isinstance(date, float) or not math.isfinite(date):
            raise ValueError("not a date and a name")
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise SeedLabError("This place in the gallery no longer exists: go back to its first page.") from error
    return date, name
