"""What is sent to a page: only what changed."""

import json
from pathlib import Path

import pytest
from PIL import Image

from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.wordings.suffixes import GUIDE_SUFFIXES, Suffixes
from seedlab.ui.views.updates import OVERLAP, Updates
from seedlab.ui.views.verifications import VerificationStatus
from seedlab.workflow.trails.mark import Mark
from seedlab.workflow.trails.trail import State, Trail
from tests.examples import read_trail
from tests.ui.fakes import SKETCH
from tests.ui.page import View, address

RECIPE = SKETCH.make_recipe(prompt="Labrador in the style of Vermeer", seed=0)


@pytest.fixture
def updates():
    return Updates({}, address)


def grow(trail: Trail, rounds: int) -> Trail:
    """Lock the first tile of the newest round, again and again."""
    for number in range(rounds):
        trail = trail.lock(trail.newest.id, 0, Suffixes((f" {number}", *GUIDE_SUFFIXES[:3])))
    return trail


def measure(update: dict) -> int:
    return len(json.dumps(update))


def test_an_update_repeats_what_the_last_ones_said(updates):
    trail = Trail().explore(RECIPE, Seeds((0, 1)))
    whole = updates.build(trail)
    quiet = [updates.build(trail) for _ in range(OVERLAP)]
    assert [bool(update["rounds"]) for update in quiet] == [True] * (OVERLAP - 1) + [False]
    assert (whole["base"], quiet[-1]["base"]) == (0, 1)


@pytest.mark.parametrize("missing", [{3}, {3, 4}])
def test_one_or_two_lost_updates_do_no_harm(updates, missing):
    trail = Trail().explore(RECIPE, Seeds((0, 1, 2, 3)))
    view = View().merge(updates.build(trail))
    for index in range(4):
        trail = trail.with_tile(1, index, state=State.DONE, file=Path(f"{index}.png"))
        update = updates.build(trail)
        if update["version"] not in missing:
            view.merge(update)
    assert [tile["url"] for tile in view.read()["rounds"][0]["tiles"]] == [
        f"pictures/{index}.png" for index in range(4)
    ]


def test_a_message_is_as_small_with_60_rounds_on_the_screen_as_with_2(updates):
    sizes = []
    trail = Trail().explore(RECIPE, Seeds((0, 1, 2, 3)))
    for rounds in (2, 60):
        trail = grow(trail, rounds - len(trail.rounds))
        for _ in range(OVERLAP + 1):
            updates.build(trail)
        new = grow(trail, 1)
        requested = updates.build(new)
        for index in range(4):
            preview = Image.effect_noise((32, 32), 20).convert("RGB")
            new = new.with_tile(new.newest.id, index, state=State.RUNNING, fraction=0.5, preview=preview)
        running = updates.build(new)
        sizes.append((measure(requested), measure(running)))
        assert set(running["rounds"]) == {str(new.newest.id)}
    for few, many in zip(*sizes, strict=True):
        assert many <= few + 2000, "the ids of the rounds, and a longer prompt"
        assert many < 7000


def test_a_progress_message_has_at_most_4_kb(updates):
    trail = Trail().explore(RECIPE, Seeds((0, 1, 2, 3)))
    for step in range(1, 9):
        for index in range(4):
            preview = Image.effect_noise((32, 32), 20).convert("RGB")
            trail = trail.with_tile(1, index, state=State.RUNNING, fraction=step / 12, preview=preview)
        size = measure(updates.build(trail))
    assert size <= 4096


def test_a_round_of_64_tiles_says_once_what_its_tiles_have_in_common(updates):
    update = updates.build(Trail().explore(RECIPE, Seeds(tuple(range(64)))))
    assert {"lead", "negative", "settings", "width"} <= set(update["rounds"]["1"]["common"])
    assert measure(update["rounds"]["1"]["recipes"]) < 64 * 150


def test_what_was_sent_can_be_saved_and_read_again(updates):
    trail = Trail().explore(RECIPE, Seeds((0, 1)))
    view = View().merge(updates.build(trail))
    trail = grow(trail, 3).explore(RECIPE, Seeds((7,)))
    view.merge(updates.build(trail))
    trail = trail.revisit(1)
    view.merge(updates.build(trail))
    read = read_trail(view.write())
    assert (read.path, [each.id for each in read.rounds]) == (trail.path, [each.id for each in trail.rounds])


def test_a_mark_of_a_round_that_is_not_shown_is_saved(updates):
    trail = grow(Trail().explore(RECIPE, Seeds((0, 1))), 1)
    view = View().merge(updates.build(trail))
    trail = trail.lock(1, 1, Suffixes(GUIDE_SUFFIXES))
    view.merge(updates.build(trail))
    trail = trail.with_tile(2, 3, mark=Mark(kept=True))
    view.merge(updates.build(trail))
    assert read_trail(view.write()).tile(2, 3).mark == Mark(kept=True)
    assert updates.build(trail, since=updates._version)["saved"] == {}, "once"


def test_rounds_that_made_room_for_others_are_forgotten(updates, monkeypatch):
    monkeypatch.setattr("seedlab.workflow.trails.trail.MAX_ROUNDS", 2)
    trail, view = Trail(), View()
    for seed in range(3):
        trail = trail.explore(RECIPE, Seeds((seed,)))
        view.merge(updates.build(trail))
    assert view.read()["order"] == [2, 3]
    assert [tile["seed"] for tile in view.read()["rounds"][0]["tiles"]] == ["2"]
    assert set(updates.build(trail, since=0)["saved"]) == {"2", "3"}


def test_a_verification_is_sent_with_its_tile():
    checks: dict[Path | None, VerificationStatus] = {}
    updates = Updates({}, address, find_verification=checks.get, list_verified=checks.keys)
    trail = Trail().explore(RECIPE, Seeds((0, 1))).with_tile(1, 1, state=State.DONE, file=Path("1.png"))
    for _ in range(OVERLAP + 1):
        updates.build(trail)
    checks[Path("1.png")] = VerificationStatus("equal", "Equal.", (("SHA-256", "ab"),))
    (tile,) = updates.build(trail)["rounds"]["1"]["tiles"].values()
    assert tile["check"] == {"state": "equal", "message": "Equal.", "details": [("SHA-256", "ab")]}
