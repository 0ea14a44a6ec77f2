"""Builds the updates that are sent to a page: only what changed, however much is on the screen."""

import secrets
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from seedlab.ui.views.root_names import name_roots
from seedlab.ui.views.tree import SentTrees, Tree
from seedlab.ui.views.verifications import VerificationStatus
from seedlab.ui.views.view import CanEnlarge, build_header, build_recipes, build_state, build_summary
from seedlab.workflow.trails.trail import Round, State, Tile, Trail
from seedlab.workflow.trails.trail_json import write_round

OVERLAP = 3
"""Each update repeats the changes of the updates before it, so that one or two may get lost."""

LOST = {"run": None}
"""The update of a page whose session the server no longer has: the page sends the trail that it saved."""

QUESTIONS = ("script", "choice", "comparison")
"""What a page asks for: an exported script, the drafts that differ most, what differs between pictures."""

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
    """What was sent of a round.

    Attributes:
        version: in which any of its parts last changed.
        source: the round as it was then.
        files: of its pictures.
        is_known: whether the store has been searched for all of them.
    """

    tiles: list[_TilePart]
    drafts: _Part = field(default_factory=_Part)
    header: _Part = field(default_factory=_Part)
    recipes: _Part = field(default_factory=_Part)
    version: int = 0
    source: Round | None = None
    files: Set[Path] = frozenset()
    is_known: bool = False

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
        list_verified: returns the files that may have such a status.
        is_known: whether the store has been searched for a tile's picture. Until then the tile is shown as waiting.
    """

    def __init__(
        self,
        names: Mapping[str, str],
        address: Callable[[Path], str],
        find_verification: FindVerification = lambda _: None,
        list_verified: Callable[[], Set[Path]] = frozenset,
        is_known: Callable[[Tile], bool] = lambda _: True,
        can_enlarge: CanEnlarge = lambda _: False,
    ) -> None:
        self.run = secrets.token_hex(8)
        self._names, self._address, self._can_enlarge = names, address, can_enlarge
        self._find_verification, self._list_verified, self._is_known = find_verification, list_verified, is_known
        self._version = self._acknowledged = 0
        self._sent = deque([0] * OVERLAP, maxlen=OVERLAP)
        self._rounds: dict[int, _RoundParts] = {}
        self._page = {name: _Part() for name in QUESTIONS}
        self._trees = SentTrees()
        self._labels: dict[int, _Part] = {}
        self._saved: dict[int, int] = {}
        self._marked: dict[int, Round] = {}
        self._verified: Set[Path] = frozenset()

    def acknowledge(self, run: object, version: object) -> None:
        """Note that the page has a version, so that updates need not repeat it. Both values are untrusted."""
        if run == self.run and isinstance(version, int) and self._acknowledged < version <= self._version:
            self._acknowledged = version

    def build(
        self,
        trail: Trail,
        answers: Mapping[str, dict[str, Any] | None] = MappingProxyType({}),
        *,
        busy: bool = False,
        since: int | None = None,
    ) -> dict[str, Any]:
        """Build the next update.

        Args:
            answers: the last answer to each of `QUESTIONS`, as JSON data; None or missing for no answer.
            busy: whether there is work besides unfinished tiles, such as a verification.
            since: the version that the page has; 0 to send everything, None for a page that gets all updates.
        """
        self._version += 1
        base = max(self._sent[0], self._acknowledged) if since is None else since
        self._sent.append(self._version)
        for name, part in self._page.items():
            part.put(answers.get(name), self._version)
        if self._trees.put(Tree.of(trail), self._version):
            self._follow_tree(trail)
        self._find_changes(trail)
        self._find_marks(trail)
        summary = build_summary(trail, {each.id for each in trail.visible if not self._rounds[each.id].is_known})
        summary["working"] = summary["working"] or busy
        versions = {"run": self.run, "version": self._version, "base": base}
        return versions | summary | self._list_page(base) | self._list_rounds(trail, base)

    def _follow_tree(self, trail: Trail) -> None:
        self._rounds = {each.id: self._rounds[each.id] for each in trail.rounds if each.id in self._rounds}
        self._saved = {each.id: self._saved.get(each.id, self._version) for each in trail.rounds}
        self._marked = {each.id: self._marked.get(each.id, each) for each in trail.rounds}
        names = name_roots(trail.roots)
        self._labels = {round_id: self._labels.get(round_id, _Part()) for round_id in names}
        for round_id, name in names.items():
            self._labels[round_id].put(name, self._version)

    def _find_changes(self, trail: Trail) -> None:
        # A verification that was stopped has no status any more.
        now = self._list_verified()
        verified, self._verified = self._verified | now, now
        for round_ in trail.visible:
            parts = self._rounds.get(round_.id)
            if parts is None:
                parts = self._rounds[round_.id] = _RoundParts([_TilePart() for _ in round_.tiles])
                parts.recipes.put(build_recipes(trail, round_, self._names, self._can_enlarge), self._version)
            # Most rounds of a long visit stay as they are.
            if parts.source is not round_ or not parts.is_known or not parts.files.isdisjoint(verified):
                self._change_round(trail, round_, parts)

    def _find_marks(self, trail: Trail) -> None:
        """Note which rounds are to be saved with other marks; the gallery marks also those that are not shown."""
        for round_ in trail.rounds:
            before = self._marked[round_.id]
            if before is not round_:
                self._marked[round_.id] = round_
                if [tile.mark for tile in before.tiles] != [tile.mark for tile in round_.tiles]:
                    self._saved[round_.id] = self._version

    def _change_round(self, trail: Trail, round_: Round, parts: _RoundParts) -> None:
        parts.drafts.put(round_.draft_steps, self._version)
        if parts.source is None or parts.drafts.version == self._version:
            parts.header.put(build_header(trail, round_), self._version)
        if self._version in (parts.header.version, parts.drafts.version):
            self._saved[round_.id] = self._version
        known = [self._change_tile(round_, index, part) for index, part in enumerate(parts.tiles)]
        parts.version = max(part.version for part in (parts.header, parts.recipes, parts.drafts, *parts.tiles))
        parts.files = {tile.file for tile in round_.tiles if tile.file is not None}
        parts.source, parts.is_known = round_, all(known)

    def _change_tile(self, round_: Round, index: int, part: _TilePart) -> bool:
        """Change the state of a tile. Returns whether the store has been searched for it."""
        tile = round_.tiles[index]
        check, known = self._find_verification(tile.file), self._is_known(tile)
        sources = (tile, check, known)
        if part.sources is not None and all(old is new for old, new in zip(part.sources, sources, strict=True)):
            return known
        part.sources = sources
        shown = tile if known else replace(tile, state=State.WAITING)
        part.put(build_state(shown, round_.caption(index), check, self._address), self._version)
        return known

    def _list_page(self, base: int) -> dict[str, Any]:
        """List what changed besides the rounds. Names are text, as in all JSON."""
        changes = {name: part.data for name, part in self._page.items() if part.version > base}
        labels = {str(round_id): part.data for round_id, part in self._labels.items() if part.version > base}
        tree = self._trees.build_changes(base)
        return changes | ({"labels": labels} if labels else {}) | ({"tree": tree} if tree else {})

    def _list_rounds(self, trail: Trail, base: int) -> dict[str, dict[str, Any]]:
        changed = {round_id: parts for round_id, parts in self._rounds.items() if parts.version > base}
        # Not only rounds on the screen: the page saves all.
        saved = [trail.round(round_id) for round_id, version in self._saved.items() if version > base]
        return {
            "rounds": {str(round_id): dict(parts.list_changes(base)) for round_id, parts in changed.items()},
            "saved": {str(round_.id): write_round(trail, round_) for round_ in saved},
        }
