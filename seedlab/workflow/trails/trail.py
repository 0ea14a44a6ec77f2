"""The trail: one visitor's rounds as a tree, in which each round has the locked tile as its parent. All frozen."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.recipe import Recipe
from seedlab.rules.change import Change, Lineage, pair_children
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.registry import find_rule
from seedlab.rules.rule import Rule, Table, Value
from seedlab.workflow.trails.tile import UNFINISHED, State, Tile, show_draft, show_picture

__all__ = ["UNFINISHED", "Round", "State", "Tile", "Trail", "count_tiles"]

MAX_ROUNDS = 500
MAX_PATH_TILES = 2_000
MAX_TILES = 4_000
"""The limits of tiles on the path and in all: every view costs by the first, reading a saved trail by the second."""


@dataclass(frozen=True, kw_only=True)
class Round:
    """Tiles side by side, made from one recipe by one rule.

    Attributes:
        rule: what made the tiles.
        base: the recipe that the rule was applied to: that of the locked tile, or what was asked for first.
        parent: (round id, tile index) of the locked tile; None for a first round.
        draft_steps: the number of denoising steps after which its pictures are paused, until one is to be finished;
            None for a round of whole pictures.
    """

    id: int
    rule: Rule
    tiles: tuple[Tile, ...]
    base: Recipe
    parent: tuple[int, int] | None = None
    draft_steps: int | None = None

    @property
    def title(self) -> str:
        """A few words: "Seeds 0–3", "Seed 2 · suffixes"."""
        return self.rule.title([tile.recipe for tile in self.tiles])

    def caption(self, index: int) -> str:
        """Return the caption of a tile, "" where its seed is all there is to say."""
        return self.rule.caption(self.base, self.tiles[index].value)

    @property
    def table(self) -> Table | None:
        """The headings of a round with two axes; None for other rounds."""
        return self.rule.tabulate(self.base)

    @cached_property
    def states(self) -> tuple[State, ...]:
        """The states of the tiles."""
        return tuple(tile.state for tile in self.tiles)

    def choose_next(self) -> tuple[int | None, list[int]]:
        """Return which of the waiting tiles are made next: whole pictures come before drafts.

        Returns:
            the number of denoising steps after which they are paused, None to finish them; and their indices.
        """
        waiting = [index for index, tile in enumerate(self.tiles) if tile.state is State.WAITING]
        whole = [index for index in waiting if self.draft_steps is None or self.tiles[index].finishing]
        return (None, whole) if whole else (self.draft_steps, waiting)


@dataclass(frozen=True, kw_only=True)
class Trail:
    """All rounds of one visitor, and the path of rounds on the screen, from a first round to the newest."""

    rounds: tuple[Round, ...] = ()
    path: tuple[int, ...] = ()

    @cached_property
    def _by_id(self) -> dict[int, Round]:
        return {round_.id: round_ for round_ in self.rounds}

    def round(self, round_id: int) -> Round:
        """Return a round.

        Raises:
            SeedLabError: there is no such round.
        """
        if round_id not in self._by_id:
            raise SeedLabError("This round no longer exists: generate it again.")
        return self._by_id[round_id]

    def tile(self, round_id: int, index: int) -> Tile:
        """Return a tile.

        Raises:
            SeedLabError: there is no such tile.
        """
        tiles = self.round(round_id).tiles
        if not 0 <= index < len(tiles):
            raise SeedLabError("This picture no longer exists: generate it again.")
        return tiles[index]

    @cached_property
    def visible(self) -> tuple[Round, ...]:
        """The rounds on the path, from left to right."""
        return tuple(map(self._by_id.__getitem__, self.path))

    @property
    def roots(self) -> tuple[Round, ...]:
        """The first rounds, oldest first."""
        return tuple(sorted((each for each in self.rounds if each.parent is None), key=lambda each: each.id))

    @property
    def newest(self) -> Round:
        """The round that was asked for last."""
        return self.rounds[-1]

    def locked(self, round_id: int) -> int | None:
        """Return the index of the tile in this round that is the parent of the next round on the path."""
        for round_ in self.visible:
            if round_.parent is not None and round_.parent[0] == round_id:
                return round_.parent[1]
        return None

    def root_of(self, round_id: int) -> int:
        """Return the id of the first round that led to a round."""
        while (parent := self.round(round_id).parent) is not None:
            round_id = parent[0]
        return round_id

    def share_prompt(self, round_: Round) -> str:
        """Return the prompt that a round starts from."""
        return self.base_of(round_).prompt

    def base_of(self, round_: Round) -> Recipe:
        """Return the recipe that a round's rule was applied to: its locked tile's, or what was asked for first."""
        return round_.base

    def lineage_of(self, round_id: int, index: int) -> Lineage:
        """Return the changes that led from the first round to this tile."""
        changes: list[Change] = []
        tile = self.tile(round_id, index)
        while (place := self.round(round_id).parent) is not None:
            parent = self.tile(*place)
            # A value that the parent has already, such as its own number of steps, is no change.
            if parent.recipe != tile.recipe:
                changes.append(Change(parent.recipe, self.round(round_id).rule.name, tile.value))
            round_id, tile = place[0], parent
        return tuple(reversed(changes))

    def captions_of(self, round_id: int, index: int, count: int) -> tuple[str, ...]:
        """Return the captions of a tile and its nearest ancestors, `count` tiles at most, the oldest first."""
        captions: list[str] = []
        place: tuple[int, int] | None = (round_id, index)
        while place is not None and len(captions) < count:
            round_ = self.round(place[0])
            captions.insert(0, round_.caption(place[1]))
            place = round_.parent
        return tuple(filter(None, captions))

    def explore(self, recipe: Recipe, rule: Rule, draft_steps: int | None = None) -> Self:
        """Show the first round of this rule: the one that is here already, with its descendants, or a new one.

        Args:
            draft_steps: as in `Round`. A round whose pictures are all finished stays as it is.

        Raises:
            SeedLabError: the trail is full, or the rule does not fit the recipe.
        """
        trail = self._show(recipe, rule, rule.make(recipe), None)
        is_finished = all(tile.state is State.DONE for tile in trail.newest.tiles)
        return trail if is_finished else trail.with_round(trail.newest.id, draft_steps=draft_steps)

    def lock(self, round_id: int, index: int, rule: Rule) -> Self:
        """Lock a tile and show the round that this rule makes from it. Other rounds of the tile are kept.

        Raises:
            SeedLabError: there is no such tile, the trail is full, or the rule does not fit the tile.
        """
        recipe = self.tile(round_id, index).recipe
        rule = rule.for_rounds(self._list_recipes(round_id))
        return self._show(recipe, rule, rule.make(recipe), (round_id, index))

    def restore(
        self, recipe: Recipe, lineage: Lineage, file: Path, sentence: str = "", draft_steps: int | None = None
    ) -> Self:
        """Show a picture from a file at the end of its lineage, with one round for each of its ancestors.

        The ancestors are STOPPED until their pictures are found, or asked for.

        Args:
            recipe: of the picture.
            sentence: what to know about it.
            draft_steps: of a draft, as in `Tile`. A picture that is finished here already stays.

        Raises:
            SeedLabError: the trail is full, or the lineage does not lead to the recipe.
        """
        known = {round_.id for round_ in self.rounds}
        first = lineage[0].parent if lineage else recipe
        trail = self._show(first, Seeds((first.seed,)), {first: first.seed}, None)
        for change, child in pair_children(lineage, recipe):
            rule = find_rule(change.rule)
            if not rule.leads(change.parent, change.value, child):
                raise SeedLabError("This picture's history does not lead to it: use the original file.")
            value = rule.settle(change.parent, change.value)
            trail = trail._show(change.parent, rule((value,)), {child: value}, (trail.newest.id, 0))
        for round_ in trail.rounds:
            if round_.id not in known:
                trail = trail.with_tile(round_.id, 0, state=State.STOPPED)
        shown = trail.newest
        if draft_steps is None:
            return trail.with_tile(shown.id, 0, **show_picture(file, sentence))
        if shown.tiles[0].state is State.DONE:
            return trail
        trail = trail.with_round(shown.id, draft_steps=draft_steps)
        return trail.with_tile(shown.id, 0, **show_draft(shown.tiles[0], file, sentence, draft_steps))

    def revisit(self, round_id: int) -> Self:
        """Show a round that was made before, with its ancestors and its newest descendants.

        Raises:
            SeedLabError: there is no such round.
        """
        path = [round_id]
        while (parent := self.round(path[0]).parent) is not None:
            path.insert(0, parent[0])
        while (child := self._newest_child(path[-1])) is not None:
            path.append(child.id)
        return replace(self, path=tuple(path))

    def with_tile(self, round_id: int, index: int, **changes: Any) -> Self:
        """Change one tile, by copy."""
        tiles = list(self.round(round_id).tiles)
        tiles[index] = replace(tiles[index], **changes)
        return self.with_round(round_id, tiles=tuple(tiles))

    def with_round(self, round_id: int, **changes: Any) -> Self:
        """Change one round, by copy."""
        rounds = tuple(replace(each, **changes) if each.id == round_id else each for each in self.rounds)
        return replace(self, rounds=rounds)

    def _show(self, recipe: Recipe, rule: Rule, made: Mapping[Recipe, Value], parent: tuple[int, int] | None) -> Self:
        for round_ in self.rounds:
            if round_.parent == parent and [tile.recipe for tile in round_.tiles] == list(made):
                return self._move_to_end(round_.id).revisit(round_.id)
        kept = self._make_room(None if parent is None else self.root_of(parent[0]), len(made))
        tiles = tuple(Tile(recipe=each, value=value) for each, value in made.items())
        new_id = max((each.id for each in self.rounds), default=0) + 1
        # Of the values only those that were used: some rules name them for the parent.
        used = type(rule)(tuple(made.values()))
        new = Round(id=new_id, rule=used, tiles=tiles, base=recipe, parent=parent)
        trail = replace(self, rounds=(*kept, new)).revisit(new.id)
        if count_tiles(trail.visible) > MAX_PATH_TILES:
            raise SeedLabError(f"This path is full ({MAX_PATH_TILES:,} pictures): generate a new first round.")
        return trail

    def _make_room(self, needed: int | None, adding: int) -> tuple[Round, ...]:
        """Return the rounds without the oldest trees, where there are too many; the tree of `needed` stays.

        Args:
            needed: the first round of the tree that a round is added to.
            adding: the number of its tiles.
        """
        kept = self.rounds
        for root in self.roots:
            if len(kept) < MAX_ROUNDS and count_tiles(kept) + adding <= MAX_TILES:
                break
            if root.id != needed:
                kept = tuple(each for each in kept if self.root_of(each.id) != root.id)
        if len(kept) >= MAX_ROUNDS or count_tiles(kept) + adding > MAX_TILES:
            limits = f"{MAX_ROUNDS} rounds or {MAX_TILES:,} pictures"
            raise SeedLabError(f"This trail is full ({limits}): generate a new first round.")
        return kept

    def _list_recipes(self, round_id: int) -> Iterator[list[Recipe]]:
        """List the recipes of a round, and of those that led to it."""
        place: tuple[int, int] | None = (round_id, 0)
        while place is not None:
            round_ = self.round(place[0])
            yield [tile.recipe for tile in round_.tiles]
            place = round_.parent

    def _move_to_end(self, round_id: int) -> Self:
        # The end of the tuple is "newest": coming back to a round makes it the one shown next time.
        others = tuple(each for each in self.rounds if each.id != round_id)
        return replace(self, rounds=(*others, self.round(round_id)))

    def _newest_child(self, round_id: int) -> Round | None:
        children = [each for each in self.rounds if each.parent is not None and each.parent[0] == round_id]
        return children[-1] if children else None


def count_tiles(rounds: Iterable[Round]) -> int:
    """Return the number of tiles in these rounds."""
    return sum(len(round_.tiles) for round_ in rounds)
