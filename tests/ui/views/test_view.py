"""The views that are built from trails."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from seedlab.core.recipes.additions import Nudge
from seedlab.core.recipes.recipe import Recipe
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.wordings.suffixes import Suffixes
from seedlab.ui.views.captions import format_seed, name_download
from seedlab.ui.views.root_names import name_roots
from seedlab.ui.views.view import encode_preview
from seedlab.workflow.notices import format_unknown_words
from seedlab.workflow.trails.trail import State, Trail
from tests.ui.fakes import SKETCH
from tests.ui.page import show

RECIPE = SKETCH.make_recipe(prompt="Labrador in the style of Vermeer", seed=0)
HOSTILE = "${alert(1)}<img src=x onerror=alert(1)> {{x}}"


def explored(recipe: Recipe = RECIPE, seeds=(0, 1, 2, 3)) -> Trail:
    trail = Trail().explore(recipe, Seeds(seeds))
    for index in range(len(seeds)):
        trail = trail.with_tile(1, index, state=State.DONE, file=Path(f"{index}.png"))
    return trail


def test_an_empty_trail_shows_nothing():
    shown = show(Trail())
    assert (shown["rounds"], shown["roots"], shown["working"]) == ([], [], False)
    assert (shown["status"], shown["hint"]) == ("", "")


def test_a_round_of_seeds():
    (round_,) = show(explored())["rounds"]
    assert (round_["title"], round_["prompt"], round_["parent"]) == ("Seeds 0–3", [RECIPE.prompt, ""], None)
    assert [tile["seed"] for tile in round_["tiles"]] == ["0", "1", "2", "3"]
    assert round_["locked"] is None


def test_a_locked_seed_0_and_its_suffixes():
    trail = explored().lock(1, 0, Suffixes((", highly realistic", ", artsy")))
    first, second = show(trail)["rounds"]
    assert first["locked"] == 0, "index 0 is a tile, not nothing"
    assert second["parent"] == [1, 0]
    artsy = second["tiles"][1]
    assert (artsy["lead"], artsy["parts"], artsy["caption"]) == (RECIPE.prompt, [["added", ", artsy"]], "artsy")
    assert artsy["download"] == "labrador-in-the-style-of-vermeer-seed-0-artsy.png"


def test_a_suffix_on_an_empty_prompt():
    trail = explored(replace(RECIPE, prompt="")).lock(1, 2, Suffixes((", artsy",)))
    second = show(trail)["rounds"][1]
    assert second["prompt"] == ["", ""]
    assert (second["tiles"][0]["lead"], second["tiles"][0]["parts"]) == ("", [["added", "artsy"]])
    assert second["tiles"][0]["download"] == "seedlab-seed-2-artsy.png"


@pytest.mark.parametrize(
    ("state", "name"),
    [
        (State.WAITING, "Seed 2, waiting"),
        (State.RUNNING, "Seed 2, in progress"),
        (State.DONE, "Seed 2, finished; lock this seed"),
        (State.FAILED, "Seed 2, failed; try again"),
        (State.STOPPED, "Seed 2, stopped; resume"),
    ],
)
def test_every_state_has_an_accessible_name(state, name):
    assert show(explored().with_tile(1, 2, state=state))["rounds"][0]["tiles"][2]["name"] == name


def test_the_error_of_a_failed_tile_is_in_its_name():
    trail = explored().with_tile(1, 0, state=State.FAILED, sentence="Out of memory.")
    assert show(trail)["rounds"][0]["tiles"][0]["name"] == "Seed 0, failed; try again, Out of memory."


def test_the_formatted_recipe():
    tile = show(explored(), {"sketch": "Sketch"})["rounds"][0]["tiles"][2]
    assert tile["settings"] == "Sketch · 12 steps · guidance 3 · DPM++ 2M · 128×128 · fp32"
    assert tile["seed_text"] == "2, noise from the CPU"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"seed": 2**32 + 5}, "4294967301, noise from the CPU, the same as that of seed 5"),
        ({"seed": 2**32 + 5, "generator_device": "cuda"}, "4294967301, noise from the GPU"),
        (
            {"nudges": (Nudge(seed=7, weight=0.1), Nudge(seed=9, weight=0.25))},
            "0, noise from the CPU, nudged toward 7 (0.1), nudged toward 9 (0.25)",
        ),
    ],
)
def test_the_noise_is_named_as_it_is(changes, text):
    assert format_seed(replace(RECIPE, **changes)) == text


def test_a_finished_tile_sends_no_preview():
    trail = explored().with_tile(1, 0, preview=Image.new("RGB", (16, 16)))
    assert show(trail)["rounds"][0]["tiles"][0]["preview"] is None


def test_a_preview_is_a_small_data_uri():
    preview = encode_preview(Image.effect_noise((32, 32), 50))
    assert preview.startswith("data:image/webp;base64,")
    assert len(preview) < 1500


def test_the_status_counts_the_unfinished_rounds():
    trail = explored().with_tile(1, 3, state=State.RUNNING)
    assert show(trail)["status"] == "3 of 4 pictures done"
    assert show(trail)["working"]
    stopped = trail.with_tile(1, 3, state=State.STOPPED)
    assert show(stopped)["status"] == "3 of 4 pictures done, the rest stopped"
    assert not show(stopped)["working"]
    assert show(trail.with_tile(1, 3, state=State.FAILED))["status"] == "3 of 4 pictures done, 1 failed"


def test_a_tile_waits_until_the_store_has_been_searched():
    trail = explored().with_tile(1, 0, state=State.STOPPED, file=None)
    searching = show(trail, is_known=lambda tile: tile.state is not State.STOPPED)
    assert [tile["state"] for tile in searching["rounds"][0]["tiles"]] == ["waiting", "done", "done", "done"]
    assert searching["rounds"][0]["tiles"][0]["name"] == "Seed 0, waiting"
    assert (searching["working"], searching["status"]) == (True, "")
    assert show(trail)["rounds"][0]["tiles"][0]["state"] == "stopped"


def test_the_focus_is_the_last_requested_round():
    trail = explored().lock(1, 0, Suffixes((", artsy",))).lock(1, 1, Suffixes((", artsy",)))
    assert show(trail)["focus"] == 3
    assert show(trail.lock(1, 0, Suffixes((", artsy",))))["focus"] == 2


def test_the_focus_is_the_last_requested_round_even_if_it_has_descendants():
    artsy = Suffixes((", artsy",))
    trail = explored().lock(1, 0, artsy).lock(2, 0, Suffixes((", trending",))).lock(1, 0, artsy)
    assert trail.path == (1, 2, 3)
    assert show(trail)["focus"] == 2


def test_the_focus_is_the_end_of_the_path_if_the_last_requested_round_is_not_shown():
    trail = explored().lock(1, 0, Suffixes((", artsy",))).explore(RECIPE, Seeds((7,))).revisit(1)
    assert trail.path == (1, 2)
    assert show(trail)["focus"] == 2


def test_first_rounds_are_listed_if_there_are_several():
    trail = explored()
    assert show(trail)["roots"] == []
    trail = trail.explore(replace(RECIPE, prompt="cat, Van Gogh"), Seeds((7,)))
    assert show(trail)["roots"] == [
        {"id": 1, "label": "Labrador in the style of Vermeer · 0–3", "current": False},
        {"id": 2, "label": "cat, Van Gogh · 7", "current": True},
    ]
    assert [root["current"] for root in show(trail.revisit(1))["roots"]] == [True, False]
    assert len(show(trail.explore(RECIPE, Seeds((8,))))["roots"]) == 3


def test_labels_of_long_and_empty_prompts():
    long = explored(replace(RECIPE, prompt="A labrador by the sea in the style of Vermeer"))
    assert name_roots(long.rounds) == {1: "A labrador by the sea in the s… · 0–3"}
    assert name_roots(explored(replace(RECIPE, prompt="")).rounds) == {1: "No prompt · 0–3"}


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        (HOSTILE, "alert-1-img-src-x-onerror-alert-1-x-seed-1.png"),
        ("../../etc/passwd", "etc-passwd-seed-1.png"),
        ("Café au lait", "cafe-au-lait-seed-1.png"),
        ("狗", "seedlab-seed-1.png"),
    ],
)
def test_download_names_hold_only_letters_and_digits(prompt, name):
    trail = explored(replace(RECIPE, prompt=prompt))
    assert name_download(trail, trail.rounds[0], 1) == name


def test_the_notice_about_unknown_words():
    assert format_unknown_words("Sketch", ()) == ""
    assert (
        format_unknown_words("Sketch", ("quantum",)) == "Sketch does not know “quantum”. The other words still count."
    )
    assert format_unknown_words("Sketch", ("quantum",), ("cat", "fox"), "see “All known words” below") == (
        "Sketch does not know “quantum”. It knows cat, fox and more: see “All known words” below."
    )


def test_a_hint_explains_locking_until_a_seed_was_locked():
    trail = explored()
    assert "Click the picture you like" in show(trail)["hint"]
    assert show(trail.with_tile(1, 0, state=State.RUNNING))["hint"] == ""
    assert show(trail.lock(1, 0, Suffixes((", artsy",))))["hint"] == ""


def test_the_hint_stays_when_an_earlier_round_is_shown_again():
    trail = explored().explore(RECIPE, Seeds((7,))).with_tile(2, 0, state=State.DONE, file=Path("7.png"))
    assert show(trail)["hint"]
    again = trail.explore(RECIPE, Seeds((0, 1, 2, 3)))
    assert again.newest.id == 1
    assert show(again)["hint"]


def test_an_unconditional_model_gets_no_hint():
    unconditional = replace(SKETCH, unconditional=True, guidance_scale=0.0)
    assert show(explored(unconditional.make_recipe(prompt="", seed=0)))["hint"] == ""


def test_the_title_splits_off_what_the_parent_tile_added():
    trail = explored().lock(1, 0, Suffixes((", artsy",))).lock(2, 0, Suffixes((", trending",)))
    assert [round_["prompt"] for round_ in show(trail)["rounds"]] == [
        [RECIPE.prompt, ""],
        [RECIPE.prompt, ""],
        [RECIPE.prompt, ", artsy"],
    ]


def test_rounds_with_the_same_parent_are_siblings():
    trail = (
        explored()
        .lock(1, 0, Suffixes((", artsy",)))
        .lock(1, 0, Suffixes((", trending",)))
        .lock(1, 1, Suffixes((", artsy",)))
    )
    assert show(trail)["rounds"][1]["siblings"] == []
    assert [tile["varied"] for tile in show(trail)["rounds"][0]["tiles"]] == [True, True, False, False]
    assert show(trail.revisit(2))["rounds"][1]["siblings"] == [2, 3]
