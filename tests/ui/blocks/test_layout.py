"""The built page: imports, event listeners, static templates, launch options."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from seedlab.ui.blocks.columns import make_columns, make_gallery, make_live, make_message, make_word_list
from seedlab.ui.blocks.layout import build_blocks, launch_options
from seedlab.ui.pictures import PictureServer
from seedlab.ui.theme import DARK, LIGHT
from tests.ui.fakes import Painter, make_services


def build(services):
    # Without a running event loop Gradio creates some and never closes them. This thread may already have one, from the
    # browser tests.
    async def make():
        return build_blocks(services, PictureServer())

    with ThreadPoolExecutor(1) as executor:
        return executor.submit(lambda: asyncio.run(make())).result()


@pytest.fixture(scope="module")
def blocks(tmp_path_factory):
    return build(make_services(Painter(tmp_path_factory.mktemp("pictures"))))


def test_building_the_page_resolves_no_model_and_starts_no_session(tmp_path):
    def fail(*_):
        raise AssertionError("not before a browser opens the page")

    services = make_services(Painter(tmp_path))
    for name in ("make_session", "find_model", "resolve_model", "unknown_words"):
        object.__setattr__(services, name, fail)
    build(services)


def test_every_event_of_the_page_is_private(blocks):
    assert {event.api_visibility for event in blocks.fns.values()} == {"private"}


def test_only_streams_and_model_lookups_wait_in_a_queue(blocks):
    queued = {event.name for event in blocks.fns.values() if event.queue and event.name != "leave"}
    assert queued == {
        "develop",
        "verify",
        "choose_model",
        "follow_model",
        "restore_advanced",
        "measure",
        "try_suffixes",
        "follow_typing",
        "pack",
    }


def test_the_progress_of_no_event_is_reported_on_a_field(blocks):
    """Gradio's frontend would copy the state of each field on each message of a stream."""
    shown = {tuple(each._id for each in event.show_progress_on or event.outputs) for event in blocks.fns.values()}
    assert len(shown) == 1
    ((hidden,),) = shown
    assert blocks.blocks[hidden].visible is False


def test_a_notice_comes_below_generate_and_does_not_move_it(blocks):
    order = [block.elem_id for _, block in sorted(blocks.blocks.items())]
    assert order.index("generate") < order.index("anew") < order.index("sentence-notice")


def test_no_event_is_dropped_while_another_of_its_kind_is_running(blocks):
    events = [event for event in blocks.fns.values() if event.fn is not None and event.name != "leave"]
    waiting = [event for event in events if event.trigger_mode != "multiple"]
    # The lookup of an earlier choice must not overwrite that of a later one.
    assert [(event.name, event.trigger_mode) for event in waiting] == [("choose_model", "always_last")]
    assert waiting[0].targets[0][1] == "input"
    assert {event.concurrency_limit for event in events if event.queue} == {64}


@pytest.mark.parametrize("name", ["restore_root", "open_picture", "show", "receive"])
def test_the_panel_is_updated_for_a_model_that_was_restored(blocks, name):
    (restored,) = [event for event in blocks.fns.values() if event.name == name]
    updates = [event for event in blocks.fns.values() if event.name == "choose_model"]
    assert [event for event in updates if event.trigger_after == restored._id]


@pytest.mark.parametrize(
    "component", [make_columns(), make_gallery(), make_live(), make_message("seeds", "wrong"), make_word_list({})]
)
def test_templates_are_static(component):
    # Templates are evaluated as code: a placeholder would evaluate user input.
    assert "$" not in component.html_template
    assert "{{" not in component.html_template


def test_a_trail_of_an_earlier_version_is_still_read(blocks):
    (state,) = [block for block in blocks.blocks.values() if type(block).__name__ == "BrowserState"]
    assert state.storage_key == "seedlab-trail"
    (opened,) = [event for event in blocks.fns.values() if event.name == "open"]
    assert opened.inputs[0] is state


def test_nothing_is_fetched_from_other_hosts():
    options = launch_options()
    for css in (options["head"], options["theme"]._get_theme_css()):
        assert not re.search(r"""@import|url\(["']?(https?:)?//""", css)
    assert options["theme"]._font_css == []
    assert options["theme"]._stylesheets == []


def test_launch_allows_no_folder_and_shows_no_traceback():
    options = launch_options()
    assert "allowed_paths" not in options
    assert options["show_error"] is False


@pytest.mark.parametrize("colours", [LIGHT, DARK])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        ("ink", "paper"),
        ("ink", "panel"),
        ("mute", "paper"),
        ("mute", "panel"),
        ("mute", "tile"),
        ("mark", "paper"),
        ("mark", "tile"),
        ("on", "mark"),
        ("on", "dim"),
    ],
)
def test_every_text_has_aa_contrast(colours, ink, ground):
    lighter, darker = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
