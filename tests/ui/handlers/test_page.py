"""The event handlers, called as Gradio calls them."""

import json
from dataclasses import replace
from threading import Event
from types import SimpleNamespace

import gradio as gr
import pytest

from seedlab.core.recipes.additions import Lora
from seedlab.core.recipes.recipe_checks import MAX_PROMPT_CHARACTERS
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.sweep import Sweep
from seedlab.rules.kinds.wordings.suffixes import GUIDE_SUFFIXES
from seedlab.ui.blocks.fields import MODEL_DEPENDENT, fill_field, list_rules, start_with_prompt
from seedlab.ui.blocks.form import ADVANCED, FORM, STARTING
from seedlab.ui.handlers.page import Handlers, end_session
from seedlab.ui.views.updates import LOST
from seedlab.workflow.trails.trail_json import VERSION
from tests.ui.fakes import SKETCH, make_services
from tests.ui.page import SUFFIXES, Page, address

RESTORED = ("drafts", "draft_steps", *ADVANCED, *STARTING)
"""The outputs of `Handlers.restore_advanced`."""


def test_explore_lock_and_vary(page, painter):
    page.explore()
    assert page.states() == ["waiting"] * 4
    views = page.develop()
    assert page.states() == ["done"] * 4
    assert [view["version"] for view in views] == sorted({view["version"] for view in views})
    page.click(1, 2)
    page.develop()
    assert page.view["rounds"][0]["locked"] == 2
    assert [tile["parts"] for tile in page.view["rounds"][1]["tiles"]] == [[["added", each]] for each in GUIDE_SUFFIXES]
    assert len(painter.painted) == 8


def test_seed_0_at_index_0_can_be_locked(page):
    page.explore()
    page.develop()
    page.click(1, 0)
    assert page.view["rounds"][0]["locked"] == 0
    assert {tile["seed"] for tile in page.view["rounds"][1]["tiles"]} == {"0"}


def test_an_earlier_branch_is_shown_again_without_new_work(page, painter):
    page.explore()
    for index in (0, 1, 0):
        page.develop()
        page.click(1, index)
    assert page.states(1) == ["done"] * 4
    assert len(painter.painted) == 12


def test_an_update_holds_only_what_changed(page):
    page.explore()
    page.develop()
    for _ in range(12):
        page.click(page.view["focus"], 0, suffixes=f", variant {page.view['focus']}\n, artsy")
        page.develop()
    assert len(page.view["rounds"]) == 13
    update, *_ = page.handlers.revisit(SimpleNamespace(_data={"round": 3}), page.state)
    sizes = [len(json.dumps(page.state.update())) for _ in range(4)]
    assert update["rounds"].keys() == {"13"}, "the last round, which the updates before it showed"
    assert max(sizes[1:]) < 300, "nothing changes any more"


def test_an_empty_prompt_is_allowed(page):
    page.explore(prompt="")
    page.develop()
    assert page.states() == ["done"] * 4


def test_unknown_words_are_noted(page):
    page.explore(prompt="a quantum labrador")
    assert page.notice == "Sketch does not know “quantum”. It knows boat, cat and more: see “All known words” below."
    page.explore(prompt="a labrador")
    assert page.notice == ""


def test_words_are_listed_for_a_model_with_a_small_vocabulary_and_added_by_clicks(page):
    words, word_accordion = page.handlers.list_words("sketch")
    assert words == {"things": ["boat", "cat"]}
    assert word_accordion["visible"]
    words, word_accordion = page.handlers.list_words("another")
    assert (words, word_accordion["visible"]) == ({}, False)
    clicked = [SimpleNamespace(_data=data) for data in ({"phrase": "cat"}, {"phrase": 7}, {}, None, "cat")]
    assert [page.handlers.add_phrase(event, "a red") for event in clicked] == ["a red cat", *["a red"] * 4]


def test_no_phrase_is_added_to_a_prompt_that_is_too_long(page):
    clicked = SimpleNamespace(_data={"phrase": "cat"})
    longest = "a" * MAX_PROMPT_CHARACTERS
    assert page.handlers.add_phrase(clicked, longest) == f"{longest} cat"
    assert page.handlers.add_phrase(clicked, longest + "a") == longest + "a"


@pytest.mark.parametrize(
    "data",
    [
        {"round_id": 99},
        {"index": 64},
        {"index": -1},
        {"round_id": "1"},
        {"index": None},
        {"index": True},
        {"round_id": {"a": 1}},
    ],
)
def test_a_missing_tile_shows_an_error(page, data):
    page.explore()
    page.click(**({"round_id": 1, "index": 0} | data))
    assert list(page.errors) == ["page"]
    assert "no longer exists: generate it again" in page.errors["page"]


@pytest.mark.parametrize("data", [None, [], "tile", 7])
def test_an_event_with_invalid_data_shows_an_error(page, data):
    event = SimpleNamespace(_data=data)
    *_, error = page.handlers.choose_tile(event, page.state, SUFFIXES)
    assert "no longer exists" in error


def test_stop_and_resume(page):
    page.explore()
    stream = page.stream()
    next(stream)
    page.stop()
    list(stream)
    assert set(page.states()) == {"stopped"}
    page.click(1, 3, suffixes="")
    assert page.errors == {}, "resuming needs no suffixes"
    page.develop()
    assert page.states() == ["done"] * 4


def test_an_earlier_first_round_can_be_shown_again(page):
    page.explore()
    page.develop()
    page.explore(prompt="cat")
    page.develop()
    page.revisit(1)
    assert page.view["rounds"][0]["prompt"] == ["Labrador", ""]
    assert [root["current"] for root in page.view["roots"]] == [True, False]


def test_revisiting_a_missing_round_shows_an_error(page):
    page.explore()
    page.revisit(99)
    assert "no longer exists" in page.errors["page"]
    assert page.view["rounds"][0]["id"] == 1


def test_a_reload_restores_the_trail_and_the_fields(page, painter):
    page.explore(prompt="cat", seeds="7, 9")
    page.develop()
    page.click(1, 1)
    page.develop()
    later = Page(page.handlers, page.saved, tab="reloaded")
    later.open()
    assert later.restore() == ("cat", "7, 9", "sketch")
    assert later.states() == ["waiting"] * 2, "not stopped until the store has been searched"
    later.develop()
    assert later.states() == ["done"] * 2
    assert later.states(1) == ["done"] * 4
    assert len(painter.painted) == 6


def test_rounds_that_an_older_version_saved_since_are_there_too(page, painter):
    page.explore(prompt="owl", seeds="7")
    older = page.saved
    later = Page(page.handlers, tab="newer")
    later.open()
    later.explore(prompt="cat", seeds="9")
    joined = Page(page.handlers, later.saved, tab="joined", working="1", older=older)
    joined.open()
    assert [root["label"] for root in joined.view["roots"]] == ["owl · 7", "cat · 9"]
    assert joined.restore() == ("cat", "9", "sketch")
    assert len(json.loads(joined.saved)["rounds"]) == 2
    assert painter.painted == []


def test_rounds_of_an_unknown_kind_are_counted(page):
    page.explore(seeds="7")
    page.develop()
    page.click(1, 0)
    saved = page.saved.replace('"name": "suffixes"', '"name": "dreams"')
    later = Page(page.handlers, saved, tab="reloaded")
    later.open()
    assert later.view["note"].startswith("1 round is of a kind that this SeedLab does not know, and not shown.")
    assert len(later.view["rounds"]) == 1


def test_a_trail_of_a_newer_version_is_no_trail(page):
    page.explore(seeds="7")
    later = Page(page.handlers, page.saved.replace(f'"version": {VERSION}', '"version": 99'), tab="reloaded")
    later.open()
    assert later.view["rounds"] == []


def test_input_typed_before_the_trail_is_restored_is_kept(page):
    page.explore(prompt="cat", seeds="7, 9")
    later = Page(page.handlers, page.saved, tab="reloaded")
    later.open()
    prompt, seeds, model = later.restore("owl at ni", "0-3", "sketch")
    assert prompt == gr.skip()
    assert (seeds, model) == ("7, 9", "sketch")


def test_after_a_reload_tiles_wait_until_the_store_has_been_searched(page, painter, monkeypatch):
    """The first search of a process takes seconds, and the page shows every view of it."""
    monkeypatch.setattr("seedlab.workflow.sessions.lookups.LOOKUP_SECONDS", 0.01)
    page.explore(seeds="7-9")
    page.develop()
    painter.find(painter.painted[1]).file.unlink()
    ready = Event()
    find = painter.find
    painter.find = lambda *wanted: find(*wanted) if ready.wait(60) else None
    later = Page(page.handlers, page.saved, tab="reloaded")
    later.open()
    stream = later.stream()
    views = [later.view, *(next(stream) for _ in range(3))]
    for act in (later.wake, lambda: later.revisit(1), lambda: later.click(1, 0)):
        act()
        views.append(later.view)
    assert later.errors == {}
    for view in views:
        assert {tile["state"] for tile in view["rounds"][0]["tiles"]} == {"waiting"}
        assert (view["working"], view["status"]) == (True, "")
    assert views[-1]["rounds"][0]["tiles"][0]["sentence"] == "Getting ready…"
    ready.set()
    views = list(stream)
    states = [tuple(tile["state"] for tile in view["rounds"][0]["tiles"]) for view in views]
    assert ("done", "waiting", "waiting") in states
    assert states[-1] == ("done", "stopped", "done")
    tiles = views[-1]["rounds"][0]["tiles"]
    assert tiles[1]["name"] == "Seed 8, stopped; resume", "the sentence is cleared"
    assert len(painter.painted) == 3, "a click during the search requests nothing"


def test_stop_also_ends_the_search_of_the_store(page, painter):
    page.explore(seeds="7-9")
    page.develop()
    later = Page(page.handlers, page.saved, tab="reloaded")
    later.open()
    later.stop()
    assert later.states() == ["stopped"] * 3
    later.click(1, 0)
    later.develop()
    assert later.states() == ["done"] * 3
    assert len(painter.painted) == 3


def test_a_reload_restores_advanced_fields_and_leaves_defaults_empty(page):
    page.explore(negative_prompt="blurry", num_inference_steps="20", guidance_scale="4.5", scheduler="")
    later = Page(page.handlers, page.saved, tab="reloaded")
    later.open()
    fields = dict(zip(RESTORED, page.handlers.restore_advanced(later.state), strict=True))
    assert {name: value for name, value in fields.items() if isinstance(value, str | bool)} == {
        "drafts": False,
        "draft_steps": "",
        "negative_prompt": "blurry",
        "num_inference_steps": "20",
        "guidance_scale": "4.5",
        "scheduler": "",
        "width": "",
        "height": "",
        "generator_device": "cpu",
        "seed_variety": "",
        "loras": "",
        "start": "",
    }


def test_without_a_trail_no_field_is_restored(page):
    assert set(map(str, page.handlers.restore_advanced(page.state))) == {str(gr.skip())}


def test_two_openings_of_one_tab_share_one_page_session(page):
    """A click may come while the page is still opening, and asks for a session too."""
    shown = page.state
    page.open()
    assert page.state is shown


def test_an_unexpected_failure_is_shown_and_logged(page, monkeypatch, caplog):
    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(page.state.session, "explore", fail)
    page.explore()
    assert page.errors["page"] == "Something went wrong. Nothing was lost: try again."
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("saved", ["", "[]", "{", '{"rounds": 3}', None, 7, {"rounds": []}, "[" * 100_000])
def test_an_invalid_saved_trail_is_ignored(page, saved):
    later = Page(page.handlers, saved, tab="reloaded")
    later.open()
    assert later.view["rounds"] == []


def test_a_restarted_server_asks_for_the_trail_before_it_acts(page, painter):
    page.explore()
    page.develop()
    page.handlers, page.state = Handlers(make_services(painter), address), None
    event = SimpleNamespace(_data={"round": 1, "index": 2})
    form = [""] * len(FORM)
    for outputs in (
        page.handlers.explore(None, *form),
        page.handlers.choose_tile(event, None, "suffixes"),
        page.handlers.revisit(event, None),
        page.handlers.write_script(event, None),
        page.handlers.open_picture(None, "sketch", "picture.png"),
        (page.handlers.wake(event, None),),
        (page.handlers.stop(None),),
        tuple(page.handlers.verify(event, None)),
    ):
        assert outputs[0] == LOST
        assert set(map(str, outputs[1:])) <= {str(gr.skip())}
    assert list(page.handlers.develop(None)) == [gr.skip()]


def test_a_restarted_server_continues_from_the_saved_trail(page, painter):
    page.explore()
    page.develop()
    page.reopen(Handlers(make_services(painter), address))
    assert page.states() == ["done"] * 4
    page.click(1, 2)
    assert page.view["rounds"][0]["locked"] == 2
    assert len(painter.painted) == 4


def test_a_page_that_is_open_already_makes_nothing_when_it_opens_again(page, painter):
    page.explore()
    page.reopen(page.handlers)
    assert painter.painted == []
    assert page.states() == ["waiting"] * 4


@pytest.mark.parametrize("run", ["another", None])
def test_a_page_of_another_run_gets_everything(page, run):
    page.explore()
    page.develop()
    update = page.handlers.wake(SimpleNamespace(_data={"run": run, "version": 10**18}), page.state)
    assert (update["base"], len(update["rounds"]["1"]["tiles"])) == (0, 4)


def test_a_page_that_missed_updates_gets_them_on_request(page):
    page.explore()
    missed = page.view["version"]
    for _ in page.handlers.develop(page.state):
        pass
    page.wake(version=missed)
    assert page.states() == ["done"] * 4


def test_work_that_a_reload_interrupted_goes_on_by_itself(page, painter):
    page.explore()
    stream = page.stream()
    next(stream)
    stream.close()
    later = Page(page.handlers, page.saved, tab="reloaded", working="1,99")
    later.open()
    assert later.states() == ["waiting"] * 4
    later.develop()
    assert later.states() == ["done"] * 4


@pytest.mark.parametrize("working", ["x", "1,", "1" * 30, None, 7, ["1"]])
def test_invalid_ids_of_interrupted_rounds_are_ignored(page, working):
    page.explore()
    page.stop()
    later = Page(page.handlers, page.saved, tab="reloaded", working=working)
    later.open()
    later.develop()
    assert later.states() == ["stopped"] * 4


def test_a_page_that_slept_resumes(page):
    page.explore()
    stream = page.stream()
    next(stream)
    stream.close()
    page.wake()
    assert page.view["working"]
    page.develop()
    assert page.states() == ["done"] * 4


def test_a_sleeping_page_that_was_taken_for_closed_resumes(page, painter):
    page.explore()
    stream = page.stream()
    next(stream)
    page.handlers.leave(page.request)
    list(stream)  # it ends by itself
    assert page.states() == ["waiting"] * 4
    assert painter.painted == []
    page.wake()
    assert page.view["working"], "otherwise the page would stop asking for views"
    page.develop()
    assert page.states() == ["done"] * 4


def test_the_saved_trail_contains_no_pictures(page):
    page.explore()
    page.develop()
    assert set(json.loads(page.saved)["rounds"][0]["tiles"][0]) == {"recipe", "value"}


def test_closing_a_tab_ends_only_its_own_work(painter):
    handlers = Handlers(make_services(painter), address)
    pages = [Page(handlers, tab=tab) for tab in ("one", "two")]
    for page, prompt in zip(pages, ("cat", "house"), strict=True):
        page.open()
        page.explore(prompt=prompt)
    streams = [page.stream() for page in pages]
    for stream in streams:
        next(stream)
    handlers.leave(pages[0].request)
    handlers.leave(SimpleNamespace(session_hash="nobody"))
    handlers.leave(SimpleNamespace(session_hash=None))
    for stream in streams:
        list(stream)
    assert [set(page.states()) for page in pages] == [{"waiting"}, {"done"}]
    assert {recipe.prompt for recipe in painter.painted} == {"house"}


def test_ending_a_session_that_never_started_does_nothing():
    end_session(None)


def test_tabs_do_not_share_rounds(painter):
    handlers = Handlers(make_services(painter), address)
    one, two = Page(handlers, tab="one"), Page(handlers, tab="two")
    one.open()
    two.open()
    one.explore(prompt="cat")
    two.explore(prompt="house")
    assert [page.view["rounds"][0]["prompt"][0] for page in (one, two)] == ["cat", "house"]


def test_an_unavailable_noise_device_is_refused_before_any_work(page, painter):
    page.explore(generator_device="cuda")
    assert page.errors == {"generator_device": "There is no GPU here: choose the CPU."}
    assert page.view["rounds"] == []


def test_an_unconditional_model_explores_seeds_and_keeps_the_input(painter):
    digits = replace(SKETCH, name="Digits", unconditional=True, guidance_scale=0.0)
    page = Page(Handlers(replace(make_services(painter), find_model=lambda model_id: digits), address))
    page.open()
    page.explore(prompt="a labrador", negative_prompt="fog", guidance_scale="9", width="64")
    page.develop()
    assert page.states() == ["done"] * 4
    assert page.view["hint"] == "", "there is no prompt to vary"
    assert {(recipe.prompt, recipe.negative_prompt, recipe.guidance_scale) for recipe in painter.painted} == {
        ("", "", 0.0)
    }
    page.click(1, 2)
    assert page.errors["page"] == "Digits has no prompt to vary: choose another variation."
    page.click(1, 0, rule="nudge")
    assert page.errors["page"].startswith("Digits draws its noise in a way of its own, which cannot be nudged")
    assert [name for _, name in list_rules(digits)] == ["sweep", "matrix"]
    assert len(page.view["rounds"]) == 1
    *_, outputs = page.handlers.choose_model("sketch", "suffixes")
    updates = dict(zip(MODEL_DEPENDENT, outputs, strict=False))
    hidden = {name for name, update in updates.items() if update.get("visible") is False}
    assert set(MODEL_DEPENDENT) - hidden == {"num_inference_steps", "scheduler", "rule"}
    assert updates["rule"]["choices"] == [("One setting", "sweep"), ("Matrix", "matrix")]
    assert updates["rule"]["value"] == "sweep"
    page.click(1, 2, rule="sweep", sweep_setting="steps", sweep="3, 5")
    page.develop()
    assert page.states(1) == ["done"] * 2, "a rule without a prompt still works"
    assert outputs[-2] == ""
    assert outputs[-1] == "Digits has no prompt: explore its seeds instead."


def test_a_pinned_commit_is_shown_with_the_picture_and_not_in_the_model_field(painter):
    commit = "451f4fe16113bff5a5d2269ed5ad43b0592e9a14"
    services = replace(make_services(painter), resolve_model=lambda model: replace(model, revision=commit))
    page = Page(Handlers(services, address))
    page.open()
    page.explore(seeds="7")
    page.develop()
    assert painter.painted[0].revision == commit
    assert page.view["rounds"][0]["tiles"][0]["settings"].startswith("Sketch (built in) (451f4fe) · ")
    later = Page(page.handlers, page.saved, tab="reloaded")
    later.open()
    assert later.restore()[2] == "sketch"


def test_loras_are_used_shown_and_restored_after_a_reload(page, painter):
    text = "/loras/style v2.safetensors 0.8\n/loras/b.safetensors -1"
    page.explore(seeds="7", loras=text)
    page.develop()
    assert [lora.weight for lora in painter.painted[0].loras] == [0.8, -1]
    assert page.view["rounds"][0]["tiles"][0]["settings"].endswith(" · LoRA style v2 0.8 · LoRA b -1")
    later = Page(page.handlers, page.saved, tab="reloaded")
    later.open()
    assert dict(zip(RESTORED, page.handlers.restore_advanced(later.state), strict=True))["loras"] == text


def test_a_public_server_ignores_loras_in_the_form(painter):
    """Their field is hidden, so a user could not remove them."""

    def refuse(text):
        assert text == "", "only the operator may name files"
        return ()

    public = replace(make_services(painter), local=False, read_loras=refuse)
    page = Page(Handlers(public, address))
    page.open()
    page.explore(seeds="7", loras="/loras/style.safetensors 0.8")
    page.develop()
    assert page.states() == ["done"]
    loras = (Lora(file="/loras/style.safetensors", sha256="ab" * 32, weight=0.8),)
    page.state.session.explore(SKETCH.make_recipe(prompt="cat", seed=3, loras=loras), Seeds((3,)))
    assert dict(zip(RESTORED, page.handlers.restore_advanced(page.state), strict=True))["loras"] == ""


def test_the_whole_round_is_made_again_with_other_words(page, painter):
    page.explore()
    page.develop()
    page.click(1, 2, rule="same-seeds", other_words="a cat")
    page.develop()
    assert [(recipe.seed, recipe.prompt) for recipe in painter.painted[4:]] == [(seed, "a cat") for seed in range(4)]
    round_ = page.view["rounds"][1]
    assert (round_["title"], round_["twins"], round_["table"]) == ("Seeds 0–3 · other words", [0, 1, 2, 3], None)


def test_a_matrix_has_headings_and_makes_nothing_twice(page, painter):
    page.explore(seeds="0-1")
    page.develop()
    settings = {"matrix_columns": "guidance", "matrix_column_values": "1, 3", "matrix_rows": "seeds"}
    page.click(1, 1, rule="matrix", matrix_row_values="0-1", **settings)
    page.develop()
    round_ = page.view["rounds"][1]
    assert round_["title"] == "Guidance × seeds"
    assert round_["table"] == {"columns": ["guidance 1", "guidance 3"], "rows": ["Seed 0", "Seed 1"]}
    assert page.states(1) == ["done"] * 4
    assert len(painter.painted) == 4, "two of them were there"


@pytest.mark.parametrize(
    ("rule", "texts", "field", "sentence"),
    [
        ("sweep", {"sweep_setting": "size", "sweep": "64, 512"}, "sweep", "64 to 256 pixels a side, not 512"),
        ("sweep", {"sweep_setting": "scheduler", "sweep": "LCM"}, "sweep", "does not work with Sketch"),
        ("sweep", {"sweep_setting": "banana"}, "sweep_setting", "is not one of the choices"),
        ("words", {"words": "Labrador"}, "words", "edit it first"),
        ("matrix", {"matrix_column_values": "0-99"}, "matrix_column_values", "too many for one round"),
        (
            "matrix",
            {"matrix_columns": "size", "matrix_column_values": "512", "matrix_rows": "steps", "matrix_row_values": "1"},
            "matrix_row_values",
            "64 to 256 pixels",
        ),
    ],
)
def test_a_round_that_cannot_be_made_is_refused_at_its_field_before_any_work(page, rule, texts, field, sentence):
    page.explore(seeds="0-1")
    page.develop()
    page.click(1, 0, rule=rule, **texts)
    assert set(page.errors) == {field}
    assert sentence in page.errors[field]
    assert len(page.view["rounds"]) == 1


def test_a_choice_fills_its_field_and_an_empty_field_starts_with_the_prompt():
    setting = Sweep.parameters[0]
    assert fill_field(setting, "steps") == "6, 12, 25, 50"
    assert fill_field(setting, "banana") == gr.skip()
    assert start_with_prompt("a cat", "", None, "mine") == ("a cat", "a cat", gr.skip())


def test_selected_pictures_are_varied_together(page):
    page.explore()
    page.develop()
    page.vary_all(1, [0, 3], suffixes=", at night\n, in snow")
    assert page.errors == {}
    page.develop()
    assert page.view["rounds"][-1]["table"] == {"columns": ["Seed 0", "Seed 3"], "rows": ["at night", "in snow"]}
    assert page.states(1) == ["done"] * 4


@pytest.mark.parametrize("indices", [[], [0, 9], None, "0"])
def test_what_is_not_there_is_not_varied(page, indices):
    page.explore()
    page.develop()
    page.vary_all(1, indices)
    assert len(page.view["rounds"]) == 1
    assert list(page.errors) == ["page"]
