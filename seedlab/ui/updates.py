"""Builds the updates that are sent to a page: only what changed, however much is on the screen."""

import secrets
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from seedlab.ui.verifications import VerificationStatus
from seedlab.ui.view import Tree, build_header, build_recipes, build_state, build_summary, build_tree, list_roots
from seedlab.workflow.trail import Round, State, Tile, Trail
from seedlab.workflow.trail_json import write_round

OVERLAP = 3
"""Each update repeats the changes of the updates before it, so that one or two may get lost."""

LOST = {"run": None}
"""The update of a page whose session the server no longer has: the page sends the trail that it saved."""

FindVerification = Callable[[Path | None], VerificationStatus | None]


@dataclass
class _Part:
    """Something that was sent, and the version in which it last changed."""

    data: Any = None
    version: int = 0

    def put(self, data: Any, version: int) -> None:
        if data != self.data:
            self.data, self.version = data, version


@dataclass
class _TilePart(_Part):
    """The state of a tile. Its sources are compared by identity: building the state is slow."""

    sources: tuple[object, ...] | None = None


@dataclass
class _RoundParts:
    """What was sent of a round."""

    tiles: list[_TilePart]
    drafts: _Part = field(default_factory=_Part)
    header: _Part = field(default_factory=_Part)
    recipes: _Part = field(default_factory=_Part)

    def list_changes(self, base: int) -> Iterator[tuple[str, Any]]:
        """List the names and data of the parts that changed after a version."""
        if self.header.version > base:
            yield "header", self.header.data
        if self.recipes.version > base:
            yield from zip(("common", "recipes"), self.recipes.data, strict=True)
        if tiles := {str(index): part.data for index, part in enumerate(self.tiles) if part.version > base}:
            yield "tiles", tiles


class Updates:
    """Builds the updates of one tab. Not thread-safe.

    An update is JSON data: `run` (the server's name for this session), `version` (grows with each update), `base`, a
    summary of the rounds on the path, and all changes since version `base`, or everything if it is 0. The page applies
    an update if it has version `base` or a later one, and asks for what is missing otherwise.

    Args:
        names: labels of the models, by model id.
        address: returns where the browser finds a picture.
        find_verification: returns the verification status of a picture's file, or None.
        is_known: whether the store has been searched for a tile's picture. Until then the tile is shown as waiting.
    """

    def __init__(
        self,
        names: Mapping[str, str],
        address: Callable[[Path], str],
        find_verification: FindVerification = lambda _: None,
        is_known: Callable[[Tile], bool] = lambda _: True,
    ) -> None:
        self.run = secrets.token_hex(8)
        self._names, self._address = names, address
        self._find_verification, self._is_known = find_verification, is_known
        self._version = 0
        self._sent = deque([0] * OVERLAP, maxlen=OVERLAP)
        self._rounds: dict[int, _RoundParts] = {}
        self._page = {"tree": _Part(), "roots": _Part([]), "script": _Part(), "choice": _Part()}
        self._tree = Tree.of(Trail())

    def build(
        self,
        trail: Trail,
        script: dict[str, Any] | None = None,
        choice: dict[str, Any] | None = None,
        *,
        busy: bool = False,
        since: int | None = None,
    ) -> dict[str, Any]:
        """Build the next update.

        Args:
            script: the exported script to show, or None.
            choice: the drafts that differ most, or None.
            busy: whether there is work besides unfinished tiles, such as a verification.
            since: the version that the page has; 0 to send everything, None for a page that gets all updates.
        """
        self._version += 1
        base = self._sent[0] if since is None else since
        self._sent.append(self._version)
        self._page["script"].put(script, self._version)
        self._page["choice"].put(choice, self._version)
        self._find_changes(trail)
        summary = build_summary(trail, self._is_known)
        summary["working"] = summary["working"] or busy
        changes = {name: part.data for name, part in self._page.items() if part.version > base}
        versions = {"run": self.run, "version": self._version, "base": base}
        return versions | summary | changes | self._list_rounds(trail, base)

    def _find_changes(self, trail: Trail) -> None:
        is_new_tree = not self._tree.fits(trail)
        if is_new_tree:
            self._change_tree(trail)
        for round_ in trail.visible:
            parts = self._rounds.get(round_.id)
            if parts is None:
                parts = self._rounds[round_.id] = _RoundParts([_TilePart() for _ in round_.tiles])
                parts.recipes.put(build_recipes(trail, round_, self._names), self._version)
            parts.drafts.put(round_.draft_steps, self._version)
            if is_new_tree or parts.drafts.version == self._version:
                parts.header.put(build_header(trail, round_, self._tree), self._version)
            for index, part in enumerate(parts.tiles):
                self._change_tile(round_, index, part)

    def _change_tree(self, trail: Trail) -> None:
        self._tree = Tree.of(trail)
        self._page["tree"].put(build_tree(trail, self._tree), self._version)
        self._page["roots"].put(list_roots(trail), self._version)
        self._rounds = {each.id: self._rounds[each.id] for each in trail.rounds if each.id in self._rounds}

    def _change_tile(self, round_: Round, index: int, part: _TilePart) -> None:
        tile = round_.tiles[index]
        check, known = self._find_verification(tile.file), self._is_known(tile)
        sources = (tile, check, known)
        if part.sources is not None and all(old is new for old, new in zip(part.sources, sources, strict=True)):
            return
        part.sources = sources
        shown = tile if known else replace(tile, state=State.WAITING)
        part.put(build_state(shown, round_.caption(index), check, self._address), self._version)

    def _list_rounds(self, trail: Trail, base: int) -> dict[str, dict[str, Any]]:
        # Names are text, as in all JSON.
        changes = {str(round_id): dict(parts.list_changes(base)) for round_id, parts in self._rounds.items()}
        # A page that asks for everything saves all rounds, not only those on the screen.
        saved = trail.rounds if base == 0 else [each for each in trail.visible if self._is_new(each.id, base)]
        return {
            "rounds": {round_id: change for round_id, change in changes.items() if change},
            "saved": {str(round_.id): write_round(trail, round_) for round_ in saved},
        }

    def _is_new(self, round_id: int, base: int) -> bool:
        parts = self._rounds[round_id]
        return max(parts.recipes.version, parts.drafts.version) > base
