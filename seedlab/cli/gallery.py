"""The commands that search the store of the page's pictures: `seedlab index` and `find`."""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from seedlab import __version__
from seedlab.cli.common.options import MakeServices, parse_whole, write_json
from seedlab.cli.common.progress import ProgressLine
from seedlab.core.errors import SeedLabError
from seedlab.core.texts.text import quote
from seedlab.flags import DEFAULT_STORE
from seedlab.images.index.index import Index
from seedlab.images.index.indexer import Counts
from seedlab.images.index.search import KEPT, MAX_COUNT, Search
from seedlab.images.store import make_index

FOUND, NOTHING = 0, 1

INDEX = """\
Bring the index of a store in step with its pictures: read the new ones, and forget those that are gone. The page does
this by itself. What you marked stays, also with --rebuild."""

FIND = """\
Print the paths of the store's pictures, the newest first. All words must be in the prompt; the beginning of a word is
enough.

exit codes: 0 pictures were found; 1 there are none; 2 bad input."""


def add_gallery(commands: Any) -> None:
    """Add the commands to those of `seedlab.cli.main.make_parser`."""
    raw = argparse.RawDescriptionHelpFormatter
    index = commands.add_parser("index", help="read the pictures of a store, to be searched", description=INDEX)
    find = commands.add_parser("find", help="find pictures in a store", description=FIND, formatter_class=raw)
    index.set_defaults(run=run_index)
    find.set_defaults(run=run_find)
    for parser in (index, find):
        store = Path(os.environ.get("SEEDLAB_STORE") or DEFAULT_STORE)
        parser.add_argument("--store", type=Path, default=store, help="the folder of the pictures [SEEDLAB_STORE]")
    index.add_argument("--rebuild", action="store_true", help="make the index anew")
    _add_search(find)


def _add_search(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("words", metavar="WORD", nargs="*", help="words of the prompt, or their beginnings")
    add("--seed", metavar="NUMBER", type=parse_whole, help="pictures of this seed")
    add("--model", metavar="ID", default="", help="pictures of this model")
    add("--stars", metavar="NUMBER", type=parse_whole, default=0, help="pictures with so many stars or more")
    add("--kept", action="store_true", help="only those that you kept")
    add("--drafts", action="store_true", help="drafts too")
    add("--since", metavar="DATE", type=_parse_date, help="made on this day or later, as 2026-03-31")
    add("--until", metavar="DATE", type=_parse_end, help="made on this day or earlier")
    add("--limit", metavar="NUMBER", type=parse_whole, help="print so many at most")
    add("--json", action="store_true", help="print recipes, marks and dates, for programs")


def _parse_date(text: str, days: int = 0) -> datetime:
    """Read a date, and add so many days."""
    try:
        return datetime.fromisoformat(text).astimezone() + timedelta(days=days)
    except (ValueError, OverflowError, OSError) as error:
        raise argparse.ArgumentTypeError(f"{quote(text)} is not a date: write it as 2026-03-31.") from error


def _parse_end(text: str) -> datetime:
    """Read a date, the whole of which is meant. Returns its end."""
    return _parse_date(text, 1)


def run_index(given: argparse.Namespace, _: MakeServices) -> int:
    """Bring the index in step, and print how many pictures it has."""
    with closing(_open_index(given.store)) as index:
        counts = _update(index, rebuild=given.rebuild)
    sys.stdout.write(f"{counts.pictures} pictures: {counts.added} new, {counts.removed} gone.\n")
    if counts.unreadable:
        sys.stderr.write(f"{counts.unreadable} files do not say how they were made, and cannot be found.\n")
    return 0


def run_find(given: argparse.Namespace, _: MakeServices) -> int:
    """Print the paths of pictures."""
    search = Search(
        words=" ".join(given.words),
        model=given.model,
        seed=given.seed,
        stars=given.stars,
        mark=KEPT if given.kept else "",
        drafts=None if given.drafts else False,
        since=given.since and given.since.timestamp(),
        until=given.until and given.until.timestamp(),
    )
    with closing(_open_index(given.store)) as index:
        _update(index)
        found = list(_list_all(index, search, given))
    if given.json:
        write_json({"seedlab": __version__, "command": "find", "pictures": found})
    else:
        sys.stdout.write("".join(f"{each['file']}\n" for each in found))
    return FOUND if found else NOTHING


def _open_index(store: Path) -> Index:
    if not store.is_dir():
        raise SeedLabError(f"There is no folder {quote(str(store), 80)}: name that of the pictures with --store.")
    return make_index(store)


def _update(index: Index, *, rebuild: bool = False) -> Counts:
    line = ProgressLine()
    try:
        return index.update(lambda done, total: line.write(f"{done} of {total}" if total else ""), rebuild=rebuild)
    finally:
        line.clear()


def _list_all(index: Index, search: Search, given: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield what is printed about the pictures of all pages, up to the limit."""
    cursor, left = "", sys.maxsize if given.limit is None else given.limit
    while left > 0:
        page = index.find(search, cursor=cursor, count=min(left, MAX_COUNT))
        for row in page.rows:
            made = datetime.fromtimestamp(row.made).astimezone().isoformat(timespec="seconds")
            about = {"made": made, "mark": row.mark, "stars": row.stars, "draft_steps": row.draft_steps}
            yield {"file": str(given.store / f"{row.name}.png"), **about, "recipe": row.recipe.to_dict()}
        cursor, left = page.cursor, left - len(page.rows)
        if not cursor:
            return
