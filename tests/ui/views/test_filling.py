"""Which fields the panel fills in when another picture is locked, and which it leaves to the user."""

from seedlab.ui.views import filling
from seedlab.ui.views.filling import Filling


def test_what_the_panel_filled_in_is_filled_in_anew_and_what_the_user_edited_stays():
    panel = Filling()
    panel.adopt({"prompt": "a boat", "seeds": "0-3"})
    present = {"prompt": "a boat", "seeds": "7"}
    assert panel.choose({"prompt": "a boat, artsy", "seeds": "0-3"}, present, overwrite=False) == {
        "prompt": "a boat, artsy"
    }
    assert panel.choose({"prompt": "a cat", "seeds": "0-3"}, present, overwrite=True)["seeds"] == "0-3"


def test_the_second_of_two_quick_clicks_comes_before_the_answer_to_the_first(monkeypatch):
    panel, present = Filling(), {"prompt": "a boat"}
    panel.adopt(present)
    for words in ("artsy", "colorful", "trending"):
        assert panel.choose({"prompt": f"a boat, {words}"}, present, overwrite=False) == {"prompt": f"a boat, {words}"}
    monkeypatch.setattr(filling, "ANSWER_SECONDS", 0.0)
    panel.choose({"prompt": "a boat, at night"}, present, overwrite=False)
    assert panel.choose({"prompt": "a boat, artsy"}, present, overwrite=False) == {}, "the user wrote that"
