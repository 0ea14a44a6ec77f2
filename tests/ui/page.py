"""A browser tab without a browser: it calls the event handlers as Gradio does."""

from types import SimpleNamespace

from seedlab.rules.registry import list_parameters
from seedlab.rules.suffixes import GUIDE_SUFFIXES
from seedlab.ui.form import ADVANCED, ERROR_PLACES, FORM, Form
from seedlab.ui.handlers import Handlers

SUFFIXES = "\n".join(GUIDE_SUFFIXES)
SERVED = ("Labrador", "0-3", "sketch")
"""The initial values of prompt, seeds and model."""


class Page:
    """Holds what Gradio and the browser keep for one tab between events."""

    def __init__(self, handlers: Handlers, saved: str = "", tab: str = "tab") -> None:
        self.handlers, self.saved, self.state = handlers, saved, None
        self.request = SimpleNamespace(session_hash=tab)
        self.view, self.errors = {}, {}

    def open(self):
        self.state, self.view = self.handlers.open(self.request, self.saved)

    def restore(self, *values):
        """Restore prompt, seeds and model, whose present values are `values`, by default the initial ones."""
        return self.handlers.restore_root(self.state, SERVED, values or SERVED)

    def explore(self, prompt="Labrador", seeds="0-3", model_id="sketch", **advanced):
        form = Form(prompt, seeds, model_id, **(dict.fromkeys(ADVANCED, "") | advanced))
        values = list(vars(form).values())
        outputs = self.handlers.explore(self.request, self.state, self.saved, *values)
        self.state, self.view, self.saved, self.notice, self.advanced, *errors = outputs
        self._keep_errors(errors)

    def click(self, round_id, index, suffixes=SUFFIXES, rule="suffixes", **texts):
        event = SimpleNamespace(_data={"round": round_id, "index": index})
        texts = {each.name: each.default for each in list_parameters()} | {"suffixes": suffixes} | texts
        outputs = self.handlers.choose_tile(self.request, event, self.state, self.saved, rule, *texts.values())
        self.state, self.view, self.saved, *errors = outputs
        self._keep_errors(errors)

    def revisit(self, round_id):
        event = SimpleNamespace(_data={"round": round_id})
        outputs = self.handlers.revisit(self.request, event, self.state, self.saved)
        self.state, self.view, self.saved, *errors = outputs
        self._keep_errors(errors)

    def drop(self, file, model_id="sketch"):
        """Drop a file. Returns the changed fields."""
        outputs = self.handlers.open_picture(self.request, self.state, self.saved, model_id, str(file))
        self.state, self.view, self.saved, self.notice, *rest = outputs
        self._keep_errors(rest[len(FORM) :])
        return {name: value for name, value in zip(FORM, rest, strict=False) if isinstance(value, str)}

    def verify(self, round_id, index):
        event = SimpleNamespace(_data={"round": round_id, "index": index})
        seen = list(self.handlers.verify(self.request, event, self.state, self.saved))
        self.state, self.view = seen[-1]
        return [view for _, view in seen]

    def copy_script(self, **data):
        event = SimpleNamespace(_data=data)
        self.state, self.view, error = self.handlers.write_script(self.request, event, self.state, self.saved)
        self.errors = {"page": error} if error else {}
        return self.view["script"]

    def wake(self):
        self.state, self.view = self.handlers.wake(self.request, self.state, self.saved)

    def develop(self):
        views = list(self.handlers.develop(self.state))
        self.view = views[-1]
        return views

    def states(self, column=0):
        return [tile["state"] for tile in self.view["rounds"][column]["tiles"]]

    def _keep_errors(self, errors):
        self.errors = {name: text for name, text in zip(ERROR_PLACES, errors, strict=True) if text}
