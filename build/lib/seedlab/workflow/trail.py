"""One visitor's rounds as a tree: each round hangs from the tile that was locked. Frozen all the way down."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from PIL.Image import Image

from seedlab.core.errors import SeedLabError
from seedlab.core.recipe import Recipe
from seedlab.rounds import cut_suffix, name_seeds, seed_round, suffix_round

MAX_ROUNDS = 500


class State(StrEnum):
    """What has become of a tile."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


UNFINISHED = (State.WAITING, State.RUNNING)


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A recipe and what became of it.

    Attributes:
        suffix: what this tile's prompt has and its parent's has not; "" in a round of seeds.
        fraction: denoising steps done, 0...1.
        preview: a small RGB picture of the latents while it runs.
        file: the finished PNG.
        sentence: why it waits or failed, how long it will take, or what to know about the finished picture.
    """

    recipe: Recipe
    suffix: str = ""
    state: State = State.WAITING
    fraction: float = 0.0
    preview: Image | None = None
    file: Path | None = None
    sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class Round:
    """Tiles side by side, made from one parent by one rule.

    Attributes:
        parent: (round id, tile index) of the locked tile that it hangs from; None for a first round.
    """

    id: int
    tiles: tuple[Tile, ...]
    parent: tuple[int, int] | None = None

    @property
    def title(self) -> str:
        """A few words: "Seeds 0–3", "Seed 2 · suffixes"."""
        if self.parent is not None:
            return f"Seed {self.tiles[0].recipe.seed} · suffixes"
        return name_seeds([tile.recipe.seed for tile in self.tiles])

    @property
    def prompt(self) -> str:
        """The prompt that its tiles share: that of the first round, or of the parent."""
        first = self.tiles[0]
        return cut_suffix(first.recipe.prompt, first.suffix) if first.suffix else first.recipe.prompt


@dataclass(frozen=True, kw_only=True)
class Trail:
    """All rounds of one visitor, and the path of rounds that is on the screen, from a first round to the newest."""

    rounds: tuple[Round, ...] = ()
    path: tuple[int, ...] = ()

    @cached_property
    def _by_id(self) -> dict[int, Round]:
        return {round_.id: round_ for round_ in self.rounds}

    def round(self, round_id: int) -> Round:
        """Return a round.

        Raises:
            SeedLabError: there is none of that id.
        """
        if round_id not in self._by_id:
            raise SeedLabError("That round is not here any more: generate it again.")
        return self._by_id[round_id]

    def tile(self, round_id: int, index: int) -> Tile:
        """Return a tile.

        Raises:
            SeedLabError: there is none.
        """
        tiles = self.round(round_id).tiles
        if not 0 <= index < len(tiles):
            raise SeedLabError("That picture is not here any more: generate it again.")
        return tiles[index]

    @property
    def visible(self) -> tuple[Round, ...]:
        """The rounds on the path, from left to right."""
        return tuple(self.round(round_id) for round_id in self.path)

    @property
    def roots(self) -> tuple[Round, ...]:
        """The first rounds, oldest first."""
        return tuple(sorted((each for each in self.rounds if each.parent is None), key=lambda each: each.id))

    @property
    def newest(self) -> Round:
        """The round that was asked for last."""
        return self.rounds[-1]

    def locked(self, round_id: int) -> int | None:
        """Return the index of the tile of this round that the next round on the path hangs from."""
        for round_ in self.visible:
            if round_.parent is not None and round_.parent[0] == round_id:
                return round_.parent[1]
        return None

    def suffixes_to(self, round_id: int, index: int) -> tuple[str, ...]:
        """Return the suffixes that lead from the first round to this tile, in order."""
        round_, tile = self.round(round_id), self.tile(round_id, index)
        before = self.suffixes_to(*round_.parent) if round_.parent else ()
        return (*before, tile.suffix) if tile.suffix else before

    def explore(self, recipe: Recipe, seeds: Sequence[int]) -> Self:
        """Show the round of these seeds: the one that is here already, with what hung from it, or a new one."""
        tiles = tuple(Tile(recipe=made) for made in seed_round(recipe, seeds))
        return self._show(tiles, None)

    def lock(self, round_id: int, index: int, suffixes: Sequence[str]) -> Self:
        """Lock a tile's seed and show the round of these suffixes at its right; what hung there before is kept.

        Raises:
            SeedLabError: there is no such tile, or the suffixes do not fit.
        """
        parent = self.tile(round_id, index).recipe
        # Two suffixes can make one recipe, as “artsy” and “, artsy” do of no prompt: that is one tile.
        made = dict(zip(suffix_round(parent, suffixes), suffixes, strict=True))
        return self._show(tuple(Tile(recipe=each, suffix=suffix) for each, suffix in made.items()), (round_id, index))

    def restore(self, recipe: Recipe, suffixes: Sequence[str], file: Path, sentence: str = "") -> Self:
        """Show a picture that comes from a file, at the end of the way that led to it: a round for each step of it.

        Its parents are STOPPED until their pictures are found, or asked for.

        Args:
            recipe: of the first of its parents, or its own where it has none.
            suffixes: those that lead from there to the picture.
            sentence: what to know about it.

        Raises:
            SeedLabError: the trail is full, or the suffixes do not fit.
        """
        known = {round_.id for round_ in self.rounds}
        trail = self.explore(recipe, (recipe.seed,))
        for suffix in suffixes:
            trail = trail.lock(trail.newest.id, 0, (suffix,))
        for round_ in trail.rounds:
            if round_.id not in known:
                trail = trail.with_tile(round_.id, 0, state=State.STOPPED)
        found = {"state": State.DONE, "fraction": 1.0, "preview": None, "file": file, "sentence": sentence}
        return trail.with_tile(trail.newest.id, 0, **found)

    def revisit(self, round_id: int) -> Self:
        """Show a round that was made before, with the rounds that lead to it and the newest that hung from it.

        Raises:
            SeedLabError: there is none of that id.
        """
        path = [round_id]
        while (parent := self.round(path[0]).parent) is not None:
            path.insert(0, parent[0])
        while (child := self._newest_child(path[-1])) is not None:
            path.append(child.id)
        return replace(self, path=tuple(path))

    def with_tile(self, round_id: int, index: int, **changes: Any) -> Self:
        """Change one tile, by copy."""

        def changed(round_: Round) -> Round:
            tiles = list(round_.tiles)
            tiles[index] = replace(tiles[index], **changes)
            return replace(round_, tiles=tuple(tiles))

        return replace(self, rounds=tuple(changed(each) if each.id == round_id else each for each in self.rounds))

    def _show(self, tiles: tuple[Tile, ...], parent: tuple[int, int] | None) -> Self:
        recipes = [tile.recipe for tile in tiles]
        for round_ in self.rounds:
            if round_.parent == parent and [tile.recipe for tile in round_.tiles] == recipes:
                return self._move_to_end(round_.id).revisit(round_.id)
        kept = self._make_room(None if parent is None else self._root(parent[0]))
        new = Round(id=max((each.id for each in self.rounds), default=0) + 1, tiles=tiles, parent=parent)
        return replace(self, rounds=(*kept, new)).revisit(new.id)

    def _make_room(self, needed: int | None) -> tuple[Round, ...]:
        """Return the rounds without the oldest trees, where there are too many; the tree of `needed` stays."""
        kept = self.rounds
        for root in self.roots:
            if len(kept) < MAX_ROUNDS:
                break
            if root.id != needed:
                kept = tuple(each for each in kept if self._root(each.id) != root.id)
        if len(kept) >= MAX_ROUNDS:
            raise SeedLabError(
                f"This trail has {MAX_ROUNDS} rounds, which is all it holds: generate a new first round."
            )
        return kept

    def _root(self, round_id: int) -> int:
        while (parent := self.round(round_id).parent) is not None:
            round_id = parent[0]
        return round_id

    def _move_to_end(self, round_id: int) -> Self:
        # The end of the tuple is "newest": coming back to a round makes it the one shown next time.
        others = tuple(each for each in self.rounds if each.id != round_id)
        return replace(self, rounds=(*others, self.round(round_id)))

    def _newest_child(self, round_id: int) -> Round | None:
        children = [each for each in self.rounds if each.parent is not None and each.parent[0] == round_id]
        return children[-1] if children else None

    def to_json(self) -> str:
        """Return recipes, parents and path; no pictures: these are in the store, found by their recipes."""
        rounds = [
            {
                "id": each.id,
                "parent": each.parent,
                "tiles": [{"recipe": tile.recipe.to_dict(), "suffix": tile.suffix} for tile in each.tiles],
            }
            for each in self.rounds
        ]
        return json.dumps({"version": 1, "rounds": rounds, "path": self.path}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a trail from untrusted text; every tile is STOPPED until its picture is found or made again.

        Raises:
            SeedLabError: this is not a trail.
        """
        try:
            data = json.loads(text)
            trail = cls(rounds=tuple(_read_round(each) for each in data["rounds"][:MAX_ROUNDS]))
            trail._check_tree()
            path = tuple(int(each) for each in data["path"])
            return trail.revisit(path[-1]) if path else trail
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, RecursionError) as error:
            raise SeedLabError("This is not a SeedLab trail.") from error

    def _check_tree(self) -> None:
        seen: set[int] = set()
        # Children have greater ids than their parents, so a tree in order of ids has no loops.
        for round_ in sorted(self.rounds, key=lambda each: each.id):
            if round_.id in seen or not round_.tiles:
                raise ValueError("a round twice, or empty")
            if round_.parent is not None:
                if round_.parent[0] not in seen:
                    raise ValueError("a round that hangs from nothing")
                self.tile(*round_.parent)
            seen.add(round_.id)


def _read_round(data: Mapping[str, Any]) -> Round:
    tiles = tuple(_read_tile(each) for each in data["tiles"][:64])
    parent = None if data["parent"] is None else (int(data["parent"][0]), int(data["parent"][1]))
    return Round(id=int(data["id"]), tiles=tiles, parent=parent)


def _read_tile(data: Mapping[str, Any]) -> Tile:
    suffix = data["suffix"]
    recipe = Recipe.from_dict(data["recipe"])
    if not isinstance(suffix, str):
        raise ValueError("a suffix that is not text")
    if suffix:
        cut_suffix(recipe.prompt, suffix)  # raises where the prompt does not end in it
    return Tile(recipe=recipe, suffix=suffix, state=State.STOPPED)
