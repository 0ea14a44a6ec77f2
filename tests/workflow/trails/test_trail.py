"""The trail: rounds as a tree, in which nothing is lost and nothing is made twice."""

import json
import random
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.rules.change import Change
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.steps import Steps
from seedlab.rules.kinds.wordings.suffixes import GUIDE_SUFFIXES, Suffixes
from seedlab.workflow.trails.trail import MAX_ROUNDS, Round, State, Tile, Trail
from seedlab.workflow.trails.trail_json import read_known, write_trail
from tests.examples import RECIPE, make_lineage, read_trail


def branched() -> Trail:
    """Two rounds of suffixes under seed 0, another under seed 2, and a second first round; the path ends there."""
    trail = Trail().explore(RECIPE, Seeds((0, 1, 2, 3)))
    trail = trail.lock(1, 0, Suffixes((", artsy", "at night"))).lock(2, 1, Suffixes((", in red",)))
    return trail.lock(1, 2, Suffixes((", artsy",))).explore(RECIPE, Seeds((7,)))


def test_a_first_round_has_a_tile_for_each_seed_that_waits():
    trail = Trail().explore(RECIPE, Seeds((0, 5)))
    tiles = (Tile(recipe=RECIPE, value=0), Tile(recipe=replace(RECIPE, seed=5), value=5))
    assert trail.newest == Round(id=1, rule=Seeds((0, 5)), tiles=tiles, base=RECIPE)
    assert (trail.path, trail.visible, trail.roots) == ((1,), (trail.newest,), (trail.newest,))


def test_a_lock_opens_a_round_of_suffixes_at_its_right():
    trail = Trail().explore(RECIPE, Seeds((0, 1))).lock(1, 1, Suffixes(GUIDE_SUFFIXES))
    assert trail.path == (1, 2)
    assert (trail.newest.parent, trail.locked(1), trail.locked(2)) == ((1, 1), 1, None)
    assert [tile.value for tile in trail.newest.tiles] == list(GUIDE_SUFFIXES)
    assert [trail.newest.caption(index) for index in range(2)] == ["highly realistic", "artsy"]
    assert trail.newest.tiles[1].recipe.prompt == "Labrador in the style of Vermeer, artsy"


def test_seed_0_is_locked_as_tile_0_not_as_nothing():
    trail = Trail().explore(RECIPE, Seeds((0, 1))).lock(1, 0, Suffixes(GUIDE_SUFFIXES))
    assert trail.locked(1) == 0
    assert trail.newest.title == "Seed 0 · suffixes"


def test_the_lineage_of_a_tile():
    trail = branched()
    parents = (RECIPE, trail.tile(2, 1).recipe)
    assert trail.lineage_of(3, 0) == (
        Change(parents[0], "suffixes", "at night"),
        Change(parents[1], "suffixes", ", in red"),
    )
    assert trail.lineage_of(1, 2) == ()


def test_coming_back_to_a_round_shows_what_hung_from_it_last():
    trail = branched()
    assert trail.path == (5,)
    assert trail.revisit(1).path == (1, 4)
    assert trail.revisit(2).path == (1, 2, 3)
    assert trail.lock(1, 0, Suffixes((", artsy", "at night"))).path == (1, 2, 3)
    assert trail.explore(RECIPE, Seeds((0, 1, 2, 3))).newest.id == 1


def test_what_was_asked_for_before_is_shown_again_not_made_again():
    trail = branched()
    again = trail.lock(1, 0, Suffixes((", artsy", "at night")))
    assert {each.id for each in again.rounds} == {1, 2, 3, 4, 5}
    assert again.newest.id == 2
    assert again.revisit(1).path == (1, 2, 3)


def test_first_rounds_are_listed_oldest_first_whichever_was_seen_last():
    assert [each.id for each in branched().explore(RECIPE, Seeds((0, 1, 2, 3))).roots] == [1, 5]


def test_the_same_suffixes_under_another_tile_are_another_round():
    trail = Trail().explore(RECIPE, Seeds((0, 1))).lock(1, 0, Suffixes(GUIDE_SUFFIXES))
    assert trail.lock(1, 1, Suffixes(GUIDE_SUFFIXES)).newest.id == 3


def test_a_tile_is_changed_by_copy():
    before = Trail().explore(RECIPE, Seeds((0, 1)))
    after = before.with_tile(1, 1, state=State.DONE, file=Path("seed-1.png"))
    assert (before.tile(1, 1).state, after.tile(1, 1).state) == (State.WAITING, State.DONE)
    assert after.tile(1, 0) == before.tile(1, 0)


@pytest.mark.parametrize(
    ("seeds", "title"),
    [
        ((4,), "Seed 4"),
        ((0, 1, 2, 3), "Seeds 0–3"),
        ((7, 42), "Seeds 7, 42"),
        ((7, 42, 100, 101, 102), "Seeds 7, 42, 100, 101…"),
    ],
)
def test_a_round_of_seeds_is_named_by_them(seeds, title):
    assert Trail().explore(RECIPE, Seeds(seeds)).newest.title == title


@pytest.mark.parametrize("prompt", ["Labrador in the style of Vermeer", "a house ", ""])
@pytest.mark.parametrize("suffix", [", artsy", "at night"])
def test_the_prompt_of_a_round_of_suffixes_is_its_parents(prompt, suffix):
    trail = Trail().explore(replace(RECIPE, prompt=prompt), Seeds((0,))).lock(1, 0, Suffixes((suffix,)))
    assert trail.share_prompt(trail.newest) == prompt
    assert trail.share_prompt(trail.round(1)) == prompt


@pytest.mark.parametrize(("round_id", "index"), [(2, 0), (1, 2), (1, -1)])
def test_a_tile_that_is_not_there(round_id, index):
    with pytest.raises(SeedLabError, match="no longer exists"):
        Trail().explore(RECIPE, Seeds((0, 1))).tile(round_id, index)


def test_a_full_trail_forgets_its_oldest_first_round_with_all_that_hangs_from_it():
    rounds = tuple(Trail().explore(RECIPE, Seeds((n,))).newest for n in range(1, MAX_ROUNDS + 1))
    trail = Trail(rounds=tuple(replace(each, id=n) for n, each in enumerate(rounds, 1)), path=(1,))
    assert trail.explore(RECIPE, Seeds((3,))).path == (3,)
    assert {each.id for each in trail.explore(RECIPE, Seeds((0,))).rounds} == set(range(2, MAX_ROUNDS + 2))
    assert {each.id for each in trail.lock(1, 0, Suffixes((", artsy",))).rounds} == {1, *range(3, MAX_ROUNDS + 2)}


def test_a_full_trail_from_one_first_round_asks_for_another():
    first = Trail().explore(RECIPE, Seeds(tuple(range(MAX_ROUNDS)))).newest
    child = Round(id=2, rule=Seeds((0,)), tiles=(Tile(recipe=RECIPE, value=0),), base=RECIPE)
    children = tuple(replace(child, id=n, parent=(1, n)) for n in range(2, MAX_ROUNDS + 1))
    trail = Trail(rounds=(first, *children), path=(1,))
    with pytest.raises(SeedLabError, match="generate a new first round"):
        trail.lock(1, 0, Suffixes((", artsy",)))
    assert [each.id for each in trail.explore(RECIPE, Seeds((7,))).rounds] == [MAX_ROUNDS + 1]


def test_suffixes_that_make_one_recipe_are_one_tile():
    trail = (
        Trail()
        .explore(replace(RECIPE, prompt=""), Seeds((0,)))
        .lock(1, 0, Suffixes(("artsy", ", artsy", ", trending")))
    )
    assert [tile.recipe.prompt for tile in trail.newest.tiles] == ["artsy", "trending"]


def test_a_trail_comes_back_from_its_json_with_every_tile_stopped():
    trail = branched()
    back = read_trail(write_trail(trail))
    stopped = [
        replace(each, tiles=tuple(replace(tile, state=State.STOPPED) for tile in each.tiles)) for each in trail.rounds
    ]
    assert list(back.rounds) == stopped
    assert back.path == trail.path
    assert read_trail(write_trail(Trail())) == Trail()


def hostile(**changes: object) -> str:
    """A trail of two rounds as JSON, with changes to its second round."""
    first = {"id": 1, "parent": None, "tiles": [{"recipe": asdict(RECIPE), "suffix": ""}]}
    second = {"id": 2, "parent": [1, 0], "tiles": [{"recipe": asdict(RECIPE), "suffix": ""}]}
    return json.dumps({"version": 1, "rounds": [first, second | changes], "path": [1, 2]})


def tile(**changes: object) -> dict[str, object]:
    return {"recipe": asdict(RECIPE) | changes, "suffix": ""}


def test_the_trail_that_hostile_trails_are_made_of_is_good():
    assert read_trail(hostile()).path == (1, 2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "3",
        "[]",
        "{}",
        '{"rounds": []}',
        '{"rounds": {}, "path": []}',
        '{"rounds": [null], "path": []}',
        '{"rounds": [], "path": [1]}',
        "[" * 100_000,
        '{"rounds": ' + "9" * 5000 + "}",
        hostile(id=1),
        hostile(id=None),
        hostile(id=float("inf")),
        hostile(id=float("nan")),
        hostile(parent=[2, 0]),
        hostile(parent=[9, 0]),
        hostile(parent=[1, 1]),
        hostile(parent=[1, -1]),
        hostile(parent=[]),
        hostile(parent="12"),
        hostile(tiles=[]),
        hostile(tiles={}),
        hostile(tiles=[tile(seed=-1)]),
        hostile(tiles=[tile(seed=1e999)]),
        hostile(tiles=[tile(guidance_scale=10**400)]),
        hostile(tiles=[tile(revision=[])]),
        hostile(tiles=[tile(prompt="\ud800")]),
        hostile(tiles=[tile(extra="\ud800")]),
        hostile(tiles=[tile() | {"suffix": None}]),
        hostile(tiles=[tile() | {"suffix": ", not its end"}]),
        hostile(tiles=[tile() | {"suffix": "\ud800"}]),
    ],
    ids=lambda text: text[-60:] if len(text) < 2000 else "long",
)
def test_what_is_no_trail_is_refused_in_a_sentence_that_can_be_shown(text):
    with pytest.raises(SeedLabError) as caught:
        read_trail(text)
    assert str(caught.value).encode().endswith(b".")


def test_whatever_is_done_to_a_trails_json_gives_a_trail_or_a_sentence():
    chance = random.Random(0)
    good = write_trail(branched())
    read, sentences = 0, []
    for _ in range(2500):
        text = list(good)
        for _ in range(chance.randrange(1, 4)):
            text[chance.randrange(len(text))] = chance.choice('0123456789-.e"[]{},:nulltruefalse\\ \ud800')
        try:
            trail = read_trail("".join(text))
        except SeedLabError as error:
            sentences.append(str(error).encode())
        else:
            assert read_trail(write_trail(trail)).path == trail.path
            assert all(each.title and each.tiles for each in trail.visible)
            read += 1
    assert read > 100
    assert len(sentences) > 100


def test_a_picture_from_a_file_stands_at_the_end_of_its_way(tmp_path):
    third = replace(RECIPE, prompt=RECIPE.prompt + ", artsy, colorful")
    trail = (
        Trail()
        .explore(RECIPE, Seeds((0, 1)))
        .restore(third, make_lineage(third, ", artsy", ", colorful"), tmp_path / "a.png", "Opened from a file.")
    )
    assert [round_.title for round_ in trail.visible] == ["Seed 0", "Seed 0 · suffixes", "Seed 0 · suffixes"]
    tiles = [round_.tiles[0] for round_ in trail.visible]
    assert [tile.state for tile in tiles] == [State.STOPPED, State.STOPPED, State.DONE]
    assert tiles[-1].recipe.prompt == RECIPE.prompt + ", artsy, colorful"
    assert (tiles[-1].file, tiles[-1].sentence) == (tmp_path / "a.png", "Opened from a file.")
    assert len(trail.roots) == 2, "what was there stays"


def test_a_picture_of_a_first_round_stands_alone(tmp_path):
    trail = Trail().restore(RECIPE, (), tmp_path / "a.png")
    assert [[tile.state for tile in round_.tiles] for round_ in trail.visible] == [[State.DONE]]


def test_a_picture_of_an_earlier_version_comes_back_as_it_was(tmp_path):
    old = replace(RECIPE, prompt=f"{RECIPE.prompt}(artsy)")  # a space would come before the bracket now
    trail = Trail().restore(old, (Change(RECIPE, "suffixes", "(artsy)"),), tmp_path / "a.png")
    assert trail.newest.tiles[0].recipe == old


def test_a_history_that_leads_elsewhere_is_refused(tmp_path):
    with pytest.raises(SeedLabError, match="does not lead to it: use the original file"):
        Trail().restore(replace(RECIPE, seed=7), (Change(RECIPE, "suffixes", ", artsy"),), tmp_path / "a.png")


def test_parents_that_are_here_already_keep_their_pictures(tmp_path):
    second = replace(RECIPE, prompt=RECIPE.prompt + ", artsy")
    trail = Trail().explore(RECIPE, Seeds((0,))).with_tile(1, 0, state=State.DONE, file=tmp_path / "parent.png")
    trail = trail.restore(second, make_lineage(second, ", artsy"), tmp_path / "a.png")
    assert [round_.tiles[0].file for round_ in trail.visible] == [tmp_path / "parent.png", tmp_path / "a.png"]
    again = trail.restore(second, make_lineage(second, ", artsy"), tmp_path / "b.png")
    assert len(again.rounds) == 2
    assert again.newest.tiles[0].file == tmp_path / "b.png", "the one that was dropped last"


def test_a_value_that_the_parent_has_already_is_no_change():
    trail = Trail().explore(RECIPE, Seeds((0,))).lock(1, 0, Steps((RECIPE.num_inference_steps, 20)))
    assert trail.lineage_of(2, 0) == ()
    assert [change.value for change in trail.lineage_of(2, 1)] == [20]


def test_captions_of_a_tile_and_its_nearest_ancestors():
    trail = branched()
    assert trail.captions_of(3, 0, 3) == ("at night", "in red")
    assert trail.captions_of(3, 0, 1) == ("in red",)
    assert trail.captions_of(1, 2, 3) == ()


def change_kept(change) -> str:
    data = json.loads(write_trail(branched()))
    change(data)
    return json.dumps(data)


def set_tile(**changes):
    return lambda data: data["rounds"][1]["tiles"][0].update(changes)


@pytest.mark.parametrize(
    "change",
    [
        set_tile(recipe={"prompt": "something else"}),
        set_tile(recipe={"model_id": "evil/model"}),
        set_tile(value=", b"),
        set_tile(value="\ud800"),
        set_tile(value=float("nan")),
        set_tile(value=[]),
        set_tile(value=[[[["deep"]]]]),
        lambda data: data["rounds"][0].update(id=2**53 - 1),
        lambda data: data.update(version=5),
        set_tile(value={"int": 2**53}),
        set_tile(value={"int": "9007199254740991"}),
        set_tile(value={"int": "1e20"}),
        set_tile(value={"int": "9" * 20, "more": 1}),
        lambda data: data["rounds"][0]["base"].update(seed={"int": "18446744073709551616"}),
    ],
)
def test_a_kept_trail_whose_captions_would_lie_is_refused(change):
    with pytest.raises(SeedLabError):
        read_trail(change_kept(change))


def test_integers_that_javascript_would_round_travel_as_text():
    """A browser parses the trail and writes it again: every number in it must be one that a float holds."""
    seeds = (0, 2**53 - 1, 2**53, 2**53 + 1, 2**64 - 1)
    trail = Trail().explore(RECIPE, Seeds(seeds)).lock(1, 4, Suffixes((", artsy",)))
    text = write_trail(trail)
    assert [tile["value"] for tile in json.loads(text)["rounds"][0]["tiles"]] == [
        *(0, 2**53 - 1),
        *({"int": str(seed)} for seed in seeds[2:]),
    ]
    through_floats = json.dumps(json.loads(text, parse_int=lambda digits: int(float(digits))))
    read = read_trail(through_floats)
    assert [tile.recipe for tile in read.rounds[0].tiles] == [tile.recipe for tile in trail.rounds[0].tiles]
    assert read.rounds[0].rule == Seeds(seeds)
    assert read.newest.tiles[0].recipe.seed == 2**64 - 1


@pytest.mark.parametrize("version", [2, 3])
def test_a_trail_of_this_and_the_last_version_is_read(version):
    text = change_kept(lambda data: data.update(version=version))
    assert [each.rule for each in read_trail(text).rounds] == [each.rule for each in branched().rounds]


def test_rounds_of_a_newer_version_are_left_out_with_their_descendants():
    trail = read_trail(change_kept(lambda data: data["rounds"][1]["rule"].update(name="of tomorrow")))
    assert {each.id for each in trail.rounds} == {1, 4, 5}
    assert trail.path == (5,)


def write_rounds(count: int, tiles: int, chained: bool = False) -> str:
    """Forge a trail of rounds with the same tiles."""
    data = json.loads(write_trail(Trail().explore(RECIPE, Seeds(tuple(range(tiles))))))
    (first,) = data["rounds"]
    rounds = [{**first, "id": n, "parent": [n - 1, 0] if chained and n > 1 else None} for n in range(1, count + 1)]
    return json.dumps(data | {"rounds": rounds, "path": [count]})


def test_a_saved_trail_loses_its_oldest_trees_above_the_limit():
    trail = read_trail(write_rounds(80, 64))
    assert [round_.id for round_ in trail.rounds] == list(range(19, 81)), "62 rounds of 64 are 3,968 tiles"
    assert trail.path == (80,)


@pytest.mark.parametrize(
    "text",
    [write_rounds(40, 64, chained=True), write_rounds(80, 64, chained=True), "[" + "[]," * 300_000 + "[]]"],
    ids=["path", "tree", "lists"],
)
def test_a_forged_trail_with_too_many_tiles_is_refused(text):
    with pytest.raises(SeedLabError, match="not a SeedLab trail"):
        read_trail(text)


def test_a_forged_trail_takes_no_longer_than_its_size_says():
    """Ten times as many rounds take about ten times as long."""
    few, many = (min(measure_reading(write_rounds(count, 64)) for _ in range(3)) for count in (50, 500))
    assert many < 40 * few


def measure_reading(text: str) -> float:
    """Return the seconds of this thread's processor that a trail takes to be read."""
    before = time.thread_time()
    read_trail(text)
    return time.thread_time() - before


def test_a_long_path_asks_for_a_new_first_round():
    trail = Trail().explore(RECIPE, Seeds(tuple(range(64))))
    for n in range(1, 31):
        trail = trail.lock(trail.newest.id, 0, Seeds(tuple(range(64 * n, 64 * n + 64))))
    with pytest.raises(SeedLabError, match=r"This path is full \(2,000 pictures\): generate a new first round"):
        trail.lock(trail.newest.id, 0, Seeds(tuple(range(10_000, 10_064))))
    for n in range(31, 62):
        trail = trail.lock(1, 1, Seeds(tuple(range(64 * n, 64 * n + 64))))
    with pytest.raises(SeedLabError, match="This trail is full"):
        trail.lock(1, 2, Seeds(tuple(range(64))))
    assert len(trail.explore(RECIPE, Seeds(tuple(range(100, 164)))).rounds) == 1, "the full tree makes room"


def test_rounds_of_an_unknown_rule_are_counted():
    trail = Trail().explore(RECIPE, Seeds((0,))).lock(1, 0, Suffixes((", artsy",)))
    data = json.loads(write_trail(trail))
    data["rounds"][1]["rule"]["name"] = "dreams"
    read, unknown = read_known(json.dumps(data))
    assert ([each.id for each in read.rounds], unknown) == ([1], 1)
