"""Reads what the page asks the gallery, which is untrusted, and builds what the page shows of it. Pure functions."""

from collections.abc import Mapping
from typing import Any

from seedlab.core.errors import SeedLabError
from seedlab.core.texts.numbers import read_whole
from seedlab.images.index.search import Search
from seedlab.rules.rule import MAX_VALUES
from seedlab.workflow.drafts import format_draft
from seedlab.workflow.gallery.gallery import Entry, NamedSeed, Page
from seedlab.workflow.gallery.pairs import Outcome, Ranking

MAX_TEXT = 500
"""Characters of a field of the search."""

MAX_PROMPT = 300
"""Characters of a prompt that are shown."""

MAX_CURSOR = 1_000
MAX_OUTCOMES = 2_000
BROKEN_OUTCOMES = "These pictures cannot be compared in pairs: reload the page."
BROKEN = "The page sent something that is no search: reload the page."


def read_search(data: Mapping[str, Any]) -> Search:
    """Read a search from an event's data.

    Raises:
        SeedLabError: a value is invalid.
    """
    seed = read_field(data, "seed").strip()
    stars, since, until = data.get("stars", 0), data.get("since"), data.get("until")
    dates = all(each is None or (type(each) in (int, float) and abs(each) < 1e11) for each in (since, until))
    if type(stars) is not int or not 0 <= stars <= 5 or not dates:
        raise SeedLabError(BROKEN)
    return Search(
        words=read_field(data, "words"),
        model=read_field(data, "model"),
        seed=read_whole("seed", seed) if seed else None,
        stars=stars,
        mark="keep" if data.get("kept") is True else "",
        since=since,
        until=until,
    )


def read_cursor(data: Mapping[str, Any]) -> str:
    """Read where a page of the gallery begins; the index checks it."""
    return read_field(data, "cursor", MAX_CURSOR)


def read_field(data: Mapping[str, Any], name: str, limit: int = MAX_TEXT) -> str:
    """Read a text; "" if it is missing.

    Raises:
        SeedLabError: it is no text, or too long.
    """
    text = data.get(name, "")
    if not isinstance(text, str) or len(text) > limit:
        raise SeedLabError(BROKEN)
    return text


def build_page(page: Page, names: Mapping[str, str]) -> dict[str, Any]:
    """Build a page of the gallery.

    Args:
        names: the labels of the models, by model id.
    """
    entries = [build_entry(each, names) for each in page.entries]
    return {"entries": entries, "cursor": page.cursor, "total": page.total}


def build_entry(entry: Entry, names: Mapping[str, str]) -> dict[str, Any]:
    """Build a picture of the gallery."""
    recipe, draft_steps = entry.recipe, entry.draft_steps
    return {
        "name": entry.name,
        "thumbnail": entry.thumbnail,
        "seed": str(recipe.seed),  # JavaScript would round large numbers
        "prompt": recipe.prompt[:MAX_PROMPT],
        "model": name_model(recipe.model_id, names),
        "made": round(entry.made.timestamp()),
        "draft": "" if draft_steps is None else format_draft(draft_steps, recipe),
        "mark": {"kept": {"keep": True, "reject": False}.get(entry.mark.mark), "stars": entry.mark.stars},
    }


def build_models(counts: Mapping[str, int], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Build the choices of models."""
    return [{"id": each, "label": name_model(each, names), "count": count} for each, count in counts.items()]


def name_model(model_id: str, names: Mapping[str, str]) -> str:
    """Return a model's name without what the list adds to it."""
    return names.get(model_id, model_id).split(" (")[0]


def build_seeds(seeds: tuple[NamedSeed, ...], names: Mapping[str, str]) -> list[dict[str, str]]:
    """Build the named seeds."""
    return [{"label": each.label, "seed": str(each.seed), "model": name_model(each.model, names)} for each in seeds]


def read_outcomes(data: Mapping[str, Any]) -> tuple[int, tuple[Outcome, ...]]:
    """Read how many pictures there are, and which of two were better, from an event's data.

    Raises:
        SeedLabError: a value is invalid.
    """
    count, outcomes = data.get("count"), data.get("outcomes")
    if type(count) is not int or not 2 <= count <= MAX_VALUES:
        raise SeedLabError(BROKEN_OUTCOMES)
    if not isinstance(outcomes, list) or len(outcomes) > MAX_OUTCOMES:
        raise SeedLabError(BROKEN_OUTCOMES)
    if not all(_is_outcome(each, count) for each in outcomes):
        raise SeedLabError(BROKEN_OUTCOMES)
    return count, tuple((first, second, better) for first, second, better in outcomes)


def _is_outcome(data: object, count: int) -> bool:
    if not isinstance(data, list) or len(data) != 3 or any(type(each) is not int for each in data):
        return False
    first, second, better = data
    return 0 <= first < count and 0 <= second < count and first != second and better in (0, 1, 2)


def build_ranking(ranking: Ranking) -> dict[str, Any]:
    """Build what the page shows of a ranking."""
    pair = None if ranking.pair is None else list(ranking.pair)
    return {"order": list(ranking.order), "pair": pair, "left": ranking.left}
