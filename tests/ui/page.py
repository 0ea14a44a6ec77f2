"""A browser tab without a browser: it calls the event handlers as Gradio does."""

import copy
import json
from pathlib import Path
from types import SimpleNamespace

from seedlab.rules.kinds.wordings.suffixes import GUIDE_SUFFIXES
from seedlab.rules.registry import list_parameters
from seedlab.ui.blocks.form import ADVANCED, ERROR_PLACES, FORM, Form
from seedlab.ui.handlers.page import Handlers
from seedlab.ui.views.updates import QUESTIONS, Updates
from seedlab.workflow.trails.trail import Trail
from seedlab.workflow.trails.trail_json import VERSION

SUFFIXES = "\n".join(GUIDE_SUFFIXES)
SERVED = ("Labrador", "0-3", "sketch")
"""The initial values of prompt, seeds and model."""


def address(file: Path) -> str:
    return f"pictures/{file.name}"


class View:
    """What a page shows: updates, merged as static/updates.js does it."""

    def __init__(self) -> None:
        self.data = {"run": None, "version": 0, **dict.fromkeys(QUESTIONS), "order": [], "path": [], "roots": []}
        self.known, self.saved, self.labels = {}, {}, {}

    def merge(self, update: dict) -> "View":
        """Apply an update. Asserts that none before it is missing."""
        update = json.loads(json.dumps(update))
        if update["run"] != self.data["run"]:
            assert update["base"] == 0
            self.known, self.labels = {}, {}
            self.data |= {"order": [], "path": []}
        elif update["version"] <= self.data["version"]:
            return self
        assert update["run"] != self.data["run"] or update["base"] <= self.data["version"]
        for round_id, changes in update.pop("rounds").items():
            self._merge_round(int(round_id), changes)
        self.saved |= update.pop("saved")
        self.labels |= {int(round_id): label for round_id, label in update.pop("labels", {}).items()}
        tree = update.pop("tree", None)
        self.data |= update
        if tree is not None:
            self._move(tree)
            self._link()
        return self

    def _move(self, tree: dict) -> None:
        gone = set(self.data["order"] if tree["gone"] is None else tree["gone"]) | set(tree["moved"])
        order = [each for each in self.data["order"] if each not in gone] + tree["moved"]
        self.data |= {"order": order, "path": self.data["path"][: tree["kept"]] + tree["path"], "focus": tree["focus"]}

    def _link(self) -> None:
        """Find what the tree says of the rounds that are shown."""
        parents = {each: self.saved[str(each)]["parent"] for each in self.data["order"]}
        path = self.data["path"]
        roots = sorted(each for each, parent in parents.items() if parent is None)
        self.data["roots"] = [
            {"id": each, "label": self.labels[each], "current": each in path} for each in roots if len(roots) > 1
        ]
        locked = dict(parents[each] for each in path if parents[each] is not None)
        for each in path:
            siblings = sorted(other for other, parent in parents.items() if parent and parent == parents[each])
            shown = self.known[each] | {"siblings": siblings if len(siblings) > 1 else [], "locked": locked.get(each)}
            self.known[each] = shown
            for index, tile in enumerate(shown["tiles"]):
                tile["varied"] = [each, index] in parents.values()

    def _merge_round(self, round_id: int, changes: dict) -> None:
        round_ = self.known.setdefault(round_id, {"id": round_id})
        round_ |= changes.get("header", {})
        if "recipes" in changes:
            round_["tiles"] = [changes["common"] | {"varied": False} | recipe for recipe in changes["recipes"]]
        for index, state in changes.get("tiles", {}).items():
            round_["tiles"][int(index)] |= state

    def write(self) -> str:
        """Return the trail as the browser saves it."""
        rounds = [self.saved[str(round_id)] for round_id in self.data["order"]]
        return json.dumps({"version": VERSION, "rounds": rounds, "path": self.data["path"]})

    def read(self) -> dict:
        """Return a copy of what is shown."""
        return copy.deepcopy(self.data | {"rounds": [self.known[each] for each in self.data.get("path", ())]})


def show(trail: Trail, names: dict[str, str] | None = None, **options) -> dict:
    """Return what a page shows of a trail."""
    return View().merge(Updates(names or {}, address, **options).build(trail)).read()


class Page:
    """Holds what Gradio and the browser keep for one tab between events."""

    def __init__(
        self, handlers: Handlers, saved: str = "", tab: str = "tab", working: str = "", older: str = ""
    ) -> None:
        self.handlers, self.opened_with, self.state = handlers, (saved, older, working), None
        self.request = SimpleNamespace(session_hash=tab)
        self.shown, self.errors = View(), {}

    @property
    def view(self) -> dict:
        return self.shown.read()

    @property
    def saved(self) -> str:
        return self.shown.write()

    def open(self):
        self.state, update = self.handlers.open(self.request, "", *self.opened_with)
        self.shown.merge(update)

    def reopen(self, handlers):
        """The server restarted, and the page notices."""
        event = SimpleNamespace(_data={"saved": self.saved, "working": ""})
        self.handlers = handlers
        self.state, update = self.handlers.reopen(self.request, event)
        self.shown.merge(update)

    def restore(self, *values):
        """Restore prompt, seeds and model, whose present values are `values`, by default the initial ones."""
        return self.handlers.restore_root(self.state, SERVED, values or SERVED)

    def explore(self, prompt="Labrador", seeds="0-3", model_id="sketch", drafts=False, draft_steps="", **advanced):
        form = Form(prompt, seeds, drafts, draft_steps, model_id, **(dict.fromkeys(ADVANCED, "") | advanced))
        outputs = self.handlers.explore(self.state, *vars(form).values())
        update, self.notice, self.advanced, self.seeds, *errors = outputs
        self._show(update, errors)

    def click(self, round_id, index, suffixes=SUFFIXES, rule="suffixes", **texts):
        event = SimpleNamespace(_data={"round": round_id, "index": index})
        texts = {each.name: each.default for each in list_parameters()} | {"suffixes": suffixes} | texts
        update, self.notice, *errors = self.handlers.choose_tile(event, self.state, rule, *texts.values())
        self._show(update, errors)

    def vary_all(self, round_id, indices, rule="suffixes", **texts):
        event = SimpleNamespace(_data={"round": round_id, "indices": indices})
        texts = {each.name: each.default for each in list_parameters()} | {"suffixes": SUFFIXES} | texts
        update, self.notice, *errors = self.handlers.vary_all(event, self.state, rule, *texts.values())
        self._show(update, errors)

    def enlarge(self, round_id, index):
        event = SimpleNamespace(_data={"round": round_id, "index": index})
        update, *errors = self.handlers.enlarge(event, self.state)
        self._show(update, errors)

    def finish(self, **data):
        update, *errors = self.handlers.finish(SimpleNamespace(_data=data), self.state)
        self._show(update, errors)

    def pick_different(self, round_id):
        update, *errors = self.handlers.choose_different(SimpleNamespace(_data={"round": round_id}), self.state)
        self._show(update, errors)

    def mark(self, round_id, marks):
        data = {"round": round_id, "marks": [[index, mark] for index, mark in marks.items()]}
        update, *errors = self.handlers.mark(SimpleNamespace(_data=data), self.state)
        self._show(update, errors)

    def compare(self, *places):
        event = SimpleNamespace(_data={"places": [list(place) for place in places]})
        update, *errors = self.handlers.compare(event, self.state)
        self._show(update, errors)
        return self.view["comparison"]

    def revisit(self, round_id):
        update, *errors = self.handlers.revisit(SimpleNamespace(_data={"round": round_id}), self.state)
        self._show(update, errors)

    def drop(self, file, model_id="sketch", count="1"):
        """Drop a file, the first of `count`. Returns the changed fields."""
        update, self.notice, *rest = self.handlers.open_picture(self.state, model_id, str(file), count)
        self._show(update, rest[len(FORM) :])
        return {name: value for name, value in zip(FORM, rest, strict=False) if isinstance(value, str)}

    def verify(self, round_id, index):
        event = SimpleNamespace(_data={"round": round_id, "index": index})
        return [self.shown.merge(update).read() for update in self.handlers.verify(event, self.state)]

    def copy_script(self, **data):
        update, error = self.handlers.write_script(SimpleNamespace(_data=data), self.state)
        self.shown.merge(update)
        self.errors = {"page": error} if error else {}
        return self.view["script"]

    def stop(self):
        self.shown.merge(self.handlers.stop(self.state))

    def wake(self, **data):
        data = {"run": self.view["run"], "version": self.view["version"]} | data
        self.shown.merge(self.handlers.wake(SimpleNamespace(_data=data), self.state))

    def stream(self):
        """Yield the views of the work that was requested."""
        for update in self.handlers.develop(self.state, f"{self.shown.data['run']} {self.shown.data['version']}"):
            yield self.shown.merge(update).read()

    def develop(self):
        return list(self.stream())

    def states(self, column=0):
        return [tile["state"] for tile in self.view["rounds"][column]["tiles"]]

    def _show(self, update, errors):
        self.shown.merge(update)
        self.errors = {name: text for name, text in zip(ERROR_PLACES, errors, strict=True) if text}
