"""A tab without a browser: it calls the page's events as gradio calls them."""

from types import SimpleNamespace

from seedlab.rules.registry import list_parameters
from seedlab.rules.suffixes import GUIDE_SUFFIXES
from seedlab.ui.form import ADVANCED, FORM, PLACES, Form
from seedlab.ui.handlers import Handlers

SUFFIXES = "\n".join(GUIDE_SUFFIXES)
SERVED = ("Labrador", "0-3", "sketch")
"""What prompt, seeds and model hold when the page is served."""


class Page:
    """What gradio and the browser keep of one tab between events."""

    def __init__(self, handlers: Handlers, saved: str = "", tab: str = "tab") -> None:
        self.handlers, self.saved, self.state = handlers, saved, None
        self.request = SimpleNamespace(session_hash=tab)
        self.view, self.sentences = {}, {}

    def open(self):
        self.state, self.view = self.handlers.open(self.request, self.saved)

    def restore(self, *values):
        """Restore prompt, seeds and model, which hold these values, or those that the page was served with."""
        return self.handlers.restore_root(self.state, SERVED, values or SERVED)

    def explore(self, prompt="Labrador", seeds="0-3", model_id="sketch", **advanced):
        form = Form(prompt, seeds, model_id, **(dict.fromkeys(ADVANCED, "") | advanced))
        values = list(vars(form).values())
        outputs = self.handlers.explore(self.request, self.state, self.saved, *values)
        self.state, self.view, self.saved, self.notice, self.advanced, *sentences = outputs
        self._keep(sentences)

    def click(self, round_id, index, suffixes=SUFFIXES, rule="suffixes", **texts):
        event = SimpleNamespace(_data={"round": round_id, "index": index})
        texts = {each.name: each.default for each in list_parameters()} | {"suffixes": suffixes} | texts
        outputs = self.handlers.choose_tile(self.request, event, self.state, self.saved, rule, *texts.values())
        self.state, self.view, self.saved, *sentences = outputs
        self._keep(sentences)

    def revisit(self, round_id):
        event = SimpleNamespace(_data={"round": round_id})
        outputs = self.handlers.revisit(self.request, event, self.state, self.saved)
        self.state, self.view, self.saved, *sentences = outputs
        self._keep(sentences)

    def drop(self, file):
        """Drop a file; returns the fields that change."""
        outputs = self.handlers.open_picture(self.request, self.state, self.saved, str(file))
        self.state, self.view, self.saved, self.notice, *rest = outputs
        self._keep(rest[len(FORM) :])
        return {name: value for name, value in zip(FORM, rest, strict=False) if isinstance(value, str)}

    def verify(self, round_id, index):
        event = SimpleNamespace(_data={"round": round_id, "index": index})
        seen = list(self.handlers.verify(self.request, event, self.state, self.saved))
        self.state, self.view = seen[-1]
        return [view for _, view in seen]

    def copy_script(self, **data):
        event = SimpleNamespace(_data=data)
        self.state, self.view, sentence = self.handlers.write_script(self.request, event, self.state, self.saved)
        self.sentences = {"page": sentence} if sentence else {}
        return self.view["script"]

    def wake(self):
        self.state, self.view = self.handlers.wake(self.request, self.state, self.saved)

    def develop(self):
        views = list(self.handlers.develop(self.state))
        self.view = views[-1]
        return views

    def states(self, column=0):
        return [tile["state"] for tile in self.view["rounds"][column]["tiles"]]

    def _keep(self, sentences):
        self.sentences = {name: text for name, text in zip(PLACES, sentences, strict=True) if text}
