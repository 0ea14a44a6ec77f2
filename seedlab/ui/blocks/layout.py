"""Builds the page: the panel on the left, the columns of rounds on the right, and the event listeners."""

import json
from functools import partial
from typing import Any

import gradio as gr

from seedlab.core.storage.uploads import choose_max_upload
from seedlab.rules.registry import list_parameters
from seedlab.ui.blocks.columns import make_columns, make_gallery, make_live, make_message
from seedlab.ui.blocks.fields import MODEL_DEPENDENT, fill_field, show_rule, start_with_prompt
from seedlab.ui.blocks.form import ADVANCED, ERROR_PLACES, FORM, RULE_FIELDS, STARTING
from seedlab.ui.blocks.panel import Panel, build_panel
from seedlab.ui.endpoints import MakeTools, add_endpoints
from seedlab.ui.handlers.gallery import GalleryHandlers
from seedlab.ui.handlers.page import Handlers, end_session
from seedlab.ui.handlers.start import StartHandlers
from seedlab.ui.pictures import PictureServer
from seedlab.ui.theme import launch_options
from seedlab.ui.views.browser_state import STORAGE_KEYS
from seedlab.workflow.page_services import PageServices

__all__ = ["build_blocks", "launch_options"]

OLD_STORAGE_KEY, OLD_STORAGE_SECRET = "seedlab-trail", "seedlab-trail-1"
"""Where version 0.1 saved the trail. Not a secret: Gradio requires one."""

READ_SAVED = f"""(old) => {{
  const read = (name, key) => {{ try {{ return window[name].getItem(key) || ''; }} catch {{ return ''; }} }};
  const [saved = '', older = ''] = {json.dumps(STORAGE_KEYS)}.map((key) => read('localStorage', key)).filter(Boolean);
  return [old, saved, older, read('sessionStorage', 'seedlab-working')];
}}"""
"""What the page saved, for `Handlers.open`; see static/js/state/saved.js."""

COUNT_DROPPED = """(page, model, file) => {
  const { dropped = '' } = document.documentElement.dataset;
  delete document.documentElement.dataset.dropped;
  return [page, model, file, dropped];
}"""
"""Adds the number of files that were dropped together; see static/js/page/drop.js."""

ADD_SEEN = "(page) => [page, document.querySelector('.sheet')?.dataset.seen || '']"
"""Adds the update that the page has, for `Handlers.develop`; see static/js/sheet.js."""

NOTE_TYPED = "() => document.dispatchEvent(new Event('seedlab-typed'))"
"""Says that a field has another text; see static/js/live/live.js."""

DAY = 24 * 60 * 60

UNQUEUED: dict[str, Any] = {
    # Run at once, even while a stream or an event of the same kind is running.
    "queue": False,
    "trigger_mode": "multiple",
    "show_progress": "hidden",
    "api_visibility": "private",
}

QUEUED: dict[str, Any] = {
    # The pipeline manager schedules the work; this limit only caps the number of open streams.
    "concurrency_id": "develop",
    "concurrency_limit": 64,
    "trigger_mode": "multiple",
    "show_progress": "hidden",
    "api_visibility": "private",
}


def build_blocks(services: PageServices, pictures: PictureServer, make_tools: MakeTools | None = None) -> gr.Blocks:
    """Build the page. It loads no model; sessions start when a browser opens the page.

    Args:
        pictures: its route has to be served too.
        make_tools: makes the tools of a visitor, for programs; None for a page without endpoints.
    """
    handlers = Handlers(services, pictures.address)
    blocks = gr.Blocks(title="SeedLab", fill_width=True, analytics_enabled=False, delete_cache=(3600, DAY))
    with blocks:
        page = gr.State(None, time_to_live=DAY, delete_callback=end_session)
        old_saved = gr.BrowserState("", storage_key=OLD_STORAGE_KEY, secret=OLD_STORAGE_SECRET)
        saved = [old_saved, *(gr.Textbox(visible=False) for _ in range(3))]
        with gr.Row(elem_id="app"):
            with gr.Column(elem_id="panel"):
                panel = build_panel(services)
            with gr.Column(elem_id="sheet"):
                panel.errors["page"] = make_message("page", "wrong")
                columns = make_columns(
                    makes_ahead=services.suggest is not None, max_upload=choose_max_upload(local=services.local)
                )
                gallery, live = make_gallery(), make_live()
        if make_tools is not None:
            add_endpoints(make_tools)  # before the page's events, which have some of the same names
        _wire_page(blocks, handlers, panel, page, saved, columns)
        uploaded = _wire_work(handlers, panel, page, columns)
        _wire_columns(handlers, panel, page, columns)
        _wire_gallery(handlers, GalleryHandlers(services, pictures.address), panel, page, columns, gallery)
        _wire_following(handlers, panel, page, columns)
        _wire_live(handlers, panel, page, live)
        _wire_panel(handlers, panel, page)
        _wire_trial(handlers, panel, page)
        _wire_start(StartHandlers(services), panel, page, columns, uploaded)
    _keep_progress_from_fields(blocks, saved[-1])
    return blocks


def _keep_progress_from_fields(blocks: gr.Blocks, hidden: Any) -> None:
    """Let Gradio report the progress of all events on one hidden component, which shows nothing.

    The page shows progress itself. By default Gradio's frontend copies the state of every component that was ever an
    output, with all its values, on each message of a stream: most of the work while a round fills.
    """
    for function in blocks.fns.values():
        function.show_progress_on = [hidden]


def _wire_page(
    blocks: gr.Blocks, handlers: Handlers, panel: Panel, page: gr.State, saved: list[Any], columns: gr.HTML
) -> None:
    root = [panel.fields[name] for name in ("prompt", "seeds", "model_id")]
    served = [field.value for field in root]

    def restore_root(page: Any, *values: str | None) -> Any:
        return handlers.restore_root(page, served, values)

    opened = blocks.load(handlers.open, saved, [page, columns], js=READ_SAVED, **UNQUEUED)
    _stream(handlers, opened, page, columns)
    # A separate event: it sends the values that the user may have edited while the trail was loading.
    restored = opened.then(restore_root, [page, *root], root, **UNQUEUED)
    others = [panel.fields[name] for name in ("drafts", "draft_steps", *ADVANCED, *STARTING)]
    restored.then(handlers.restore_advanced, [page], others, **QUEUED)
    restored.then(handlers.choose_model, [panel.fields["model_id"], panel.rule], _list_model_dependent(panel), **QUEUED)
    drafts = [panel.fields[name] for name in ("model_id", "num_inference_steps")]
    restored.then(handlers.describe_drafts, drafts, [panel.fields["draft_steps"]], **UNQUEUED)
    blocks.load(handlers.rate_models, None, [panel.fields["model_id"]], **UNQUEUED)
    blocks.unload(handlers.leave)


def _wire_work(handlers: Handlers, panel: Panel, page: gr.State, columns: gr.HTML) -> Any:
    """Wire what requests pictures. Returns the event of a picture that was opened."""
    errors = [panel.errors[place] for place in ERROR_PLACES]
    form = [panel.fields[name] for name in FORM]

    outputs = [columns, panel.notice, panel.advanced, panel.fields["seeds"], *errors]

    def explore(trigger: Any) -> None:
        _stream(handlers, trigger(handlers.explore, [page, *form], outputs, **UNQUEUED), page, columns)

    def generate(trigger: Any) -> None:
        read = [page, panel.rule, *(panel.fields[name] for name in RULE_FIELDS), *form]
        _stream(handlers, trigger(handlers.generate, read, outputs, **UNQUEUED), page, columns)

    generate(panel.generate.click)
    for trigger in (panel.anew.click, *(panel.fields[name].submit for name in ("seeds", "draft_steps"))):  # type: ignore[attr-defined]
        explore(trigger)
    for name in (
        "prompt",
        "negative_prompt",
        "num_inference_steps",
        "guidance_scale",
        "width",
        "height",
    ):
        generate(panel.fields[name].submit)  # type: ignore[attr-defined]
    for button in panel.examples:
        explore(_fill(button, panel.fields["prompt"]).then)
    # The stream finds pictures of the parents that are in the store.
    chosen = [page, panel.fields["model_id"], panel.open, gr.Textbox(visible=False)]
    opened = [columns, panel.notice, *form, *errors]
    uploaded = panel.open.upload(handlers.open_picture, chosen, opened, js=COUNT_DROPPED, **UNQUEUED)
    _stream(handlers, uploaded, page, columns)
    uploaded.then(handlers.choose_model, [panel.fields["model_id"], panel.rule], _list_model_dependent(panel), **QUEUED)
    return uploaded


def _wire_columns(handlers: Handlers, panel: Panel, page: gr.State, columns: gr.HTML) -> None:
    errors = [panel.errors[place] for place in ERROR_PLACES]
    chosen = [page, panel.rule, *(panel.fields[name] for name in RULE_FIELDS)]
    for event in (
        columns.tile(handlers.choose_tile, chosen, [columns, panel.notice, *errors], **UNQUEUED),
        columns.vary_all(handlers.vary_all, chosen, [columns, panel.notice, *errors], **UNQUEUED),
        columns.larger(handlers.enlarge, [page], [columns, *errors], **UNQUEUED),
        columns.finish(handlers.finish, [page], [columns, *errors], **UNQUEUED),
        columns.revisit(handlers.revisit, [page], [columns, *errors], **UNQUEUED),
        columns.wake(handlers.wake, [page], [columns], **UNQUEUED),
        columns.reopen(handlers.reopen, None, [page, columns], **UNQUEUED),
    ):
        _stream(handlers, event, page, columns)
    columns.likely(handlers.suggest, chosen, None, **UNQUEUED)
    columns.unlock(handlers.unlock, [page], [columns, *errors], **UNQUEUED)
    columns.differ(handlers.choose_different, [page], [columns, *errors], **UNQUEUED)
    columns.mark(handlers.mark, [page], [columns, *errors], **UNQUEUED)
    columns.compare(handlers.compare, [page], [columns, *errors], **UNQUEUED)
    columns.refuse(handlers.refuse_file, None, [panel.errors["page"]], **UNQUEUED)
    columns.verify(handlers.verify, [page], [columns], **QUEUED)
    columns.script(handlers.write_script, [page], [columns, panel.errors["page"]], **UNQUEUED)
    panel.stop.click(handlers.stop, [page], [columns], **UNQUEUED)


def _wire_gallery(
    handlers: Handlers, own: GalleryHandlers, panel: Panel, page: gr.State, columns: gr.HTML, gallery: gr.HTML
) -> None:
    form = [panel.fields[name] for name in FORM]
    shown = [gallery, columns, panel.notice, *form, *(panel.errors[place] for place in ERROR_PLACES)]
    for event in (
        gallery.show_picture(own.show, [page, panel.fields["model_id"]], shown, **UNQUEUED),
        gallery.receive(own.receive, [page], shown, **UNQUEUED),
    ):
        _stream(handlers, event, page, columns)
        model = [panel.fields["model_id"], panel.rule]
        event.then(handlers.choose_model, model, _list_model_dependent(panel), **QUEUED)
    gallery.search(own.search, None, [gallery], **UNQUEUED)
    gallery.rate(own.rate, [page], [gallery, columns], **UNQUEUED)
    gallery.copy_link(own.copy_link, [page], [gallery, panel.errors["page"]], **UNQUEUED)
    gallery.pack(own.pack, [page], [gallery, panel.errors["page"]], **QUEUED)
    gallery.list_seeds(own.list_seeds, None, [gallery], **UNQUEUED)
    gallery.name_seed(own.name_seed, [page], [gallery], **UNQUEUED)
    gallery.forget_seed(own.forget_seed, None, [gallery], **UNQUEUED)
    gallery.rank(own.rank, None, [gallery], **UNQUEUED)


def _stream(handlers: Handlers, event: Any, page: gr.State, columns: gr.HTML) -> None:
    """Stream the work after an event that requests some."""
    event.then(handlers.develop, [page, gr.Textbox(visible=False)], [columns], js=ADD_SEEN, **QUEUED)


def _wire_following(handlers: Handlers, panel: Panel, page: gr.State, columns: gr.HTML) -> None:
    """Let the panel agree with the sheet: the page asks for it when another picture is locked."""
    form = [panel.fields[name] for name in FORM]
    followed = columns.follow(handlers.follow, [page, *form], [panel.generate, *form], **UNQUEUED)
    model = panel.fields["model_id"]
    followed.then(handlers.follow_model, [page, model, panel.rule], _list_model_dependent(panel), **QUEUED)
    size = [panel.fields[name] for name in ("width", "height")]
    for field in size:
        field.input(handlers.warn_of_size, [page, *size], [panel.notice], **UNQUEUED)  # type: ignore[attr-defined]


def _wire_live(handlers: Handlers, panel: Panel, page: gr.State, live: gr.HTML) -> None:
    form = [panel.fields[name] for name in FORM]
    errors = [panel.errors[place] for place in ERROR_PLACES]
    live.typed(handlers.follow_typing, [page, *form], [live, panel.notice, *errors], **QUEUED)
    live.hush(handlers.hush, [page], None, **UNQUEUED)
    for name in ("prompt", "negative_prompt", "guidance_scale"):
        # Not the browser's own event: words of the list are added by the server.
        panel.fields[name].change(None, None, None, js=NOTE_TYPED, **UNQUEUED)  # type: ignore[attr-defined]


def _fill(button: gr.Button, prompt: gr.components.Component) -> Any:
    return button.click(lambda text: text, [button], [prompt], **UNQUEUED)


def _wire_panel(handlers: Handlers, panel: Panel, page: gr.State) -> None:
    model = panel.fields["model_id"]
    # One lookup at a time, then the latest choice: an earlier, slower lookup must not overwrite it.
    latest = QUEUED | {"trigger_mode": "always_last"}
    model.input(handlers.choose_model, [model, panel.rule], _list_model_dependent(panel), **latest)  # type: ignore[attr-defined]
    panel.measure.click(handlers.measure, [page, model], [panel.about, panel.errors["model_id"]], **QUEUED)
    steps, draft_steps = panel.fields["num_inference_steps"], panel.fields["draft_steps"]
    for each in (model, steps):
        each.change(handlers.describe_drafts, [model, steps], [draft_steps], **UNQUEUED)  # type: ignore[attr-defined]
    _wire_rules(panel)
    # On change, not input: the model may also be restored with a trail.
    model.change(handlers.list_words, [model], [panel.word_list, panel.word_accordion], **UNQUEUED)  # type: ignore[attr-defined]
    panel.word_list.word(handlers.add_phrase, [panel.fields["prompt"]], [panel.fields["prompt"]], **UNQUEUED)


def _wire_trial(handlers: Handlers, panel: Panel, page: gr.State) -> None:
    read = [page, panel.fields["suffixes"], *(panel.fields[name] for name in FORM)]
    written = [panel.tried, *(panel.errors[place] for place in ERROR_PLACES)]
    panel.try_suffixes.click(handlers.try_suffixes, read, written, **QUEUED)


def _wire_start(own: StartHandlers, panel: Panel, page: gr.State, columns: gr.HTML, uploaded: Any) -> None:
    start, shown = panel.fields["start"], panel.starting.shown
    errors = [panel.errors[place] for place in ERROR_PLACES]
    panel.starting.use.click(own.use_picture, [page], [columns, panel.notice, start, *errors], **UNQUEUED)
    panel.starting.forget.click(own.forget_picture, None, [start], **UNQUEUED)
    for event in (uploaded.then, start.change):  # type: ignore[attr-defined]
        event(own.show_start, [page, start], shown, **UNQUEUED)


def _wire_rules(panel: Panel) -> None:
    fields = panel.fields
    shown = panel.rule.change(show_rule, [panel.rule], list(panel.rules), **UNQUEUED)
    started = [fields[each.name] for each in list_parameters() if each.starts_with_prompt]
    # In an event of its own: Gradio mounts fields when they are shown.
    shown.then(start_with_prompt, [fields["prompt"], *started], started, **UNQUEUED)
    for each in list_parameters():
        if each.fills:
            dropdown, filled = fields[each.name], fields[each.fills]
            dropdown.input(partial(fill_field, each), [dropdown], [filled], **UNQUEUED)  # type: ignore[attr-defined]


def _list_model_dependent(panel: Panel) -> list[Any]:
    places = panel.fields | {"examples": panel.examples_group, "rule": panel.rule}
    return [*(places[name] for name in MODEL_DEPENDENT), panel.errors["model_id"], panel.about]
