"""With a picture locked, a draft follows what is typed: it is shown, and not kept."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from seedlab.ui.blocks.form import ADVANCED, ERROR_PLACES, RULE_FIELDS, Form
from seedlab.ui.handlers.live import NOT_HERE, OTHER_MODEL
from seedlab.ui.handlers.page import Handlers
from tests.ui.fakes import SKETCH
from tests.ui.page import Page, address


def write_form(prompt, **changes):
    advanced = dict.fromkeys(ADVANCED, "") | changes
    form = Form(prompt, "0-3", False, "", advanced.pop("model_id", "sketch"), **advanced)
    return tuple(vars(form).values())


def begin(page, prompt, number=1, **changes):
    event = SimpleNamespace(_data={"number": number})
    return page.handlers.follow_typing(event, page.state, *write_form(prompt, **changes))


def type_(page, prompt, number=1, **changes):
    """Type a prompt. Returns the answers, and the errors by their places."""
    outputs = list(begin(page, prompt, number, **changes))
    errors = dict(zip(ERROR_PLACES, outputs[0][2:], strict=True)) if outputs else {}
    return [answer for answer, *_ in outputs], {place: text for place, text in errors.items() if text}


def hush(page, number):
    page.handlers.hush(SimpleNamespace(_data={"number": number}), page.state)


def test_the_draft_has_the_locked_seed_and_the_typed_words_and_is_not_kept(locked, painter):
    before, rounds = set(painter.folder.iterdir()), locked.view["rounds"]
    answers, errors = type_(locked, "Labrador at night", number=7)
    assert errors == {}
    assert [each["state"] for each in answers] == ["waiting", "drafting", "drafting", "drafting", "draft"]
    assert {each["number"] for each in answers} == {7}
    assert answers[-1]["words"] == "3 of 12 steps"
    assert answers[-1]["picture"].startswith("data:image/webp")
    (draft,) = painter.drafted
    assert (draft.seed, draft.prompt) == (2, "Labrador at night")
    assert set(painter.folder.iterdir()) == before
    assert locked.view["rounds"] == rounds


def test_the_button_makes_the_recipe_of_the_draft(locked, painter):
    type_(locked, "Labrador at night", guidance_scale="2")
    form = write_form("Labrador at night", guidance_scale="2")
    update, *_ = locked.handlers.generate(locked.state, "suffixes", *[""] * len(RULE_FIELDS), *form)
    locked.shown.merge(update)
    locked.develop()
    assert painter.painted[-1] == painter.drafted[-1]


@pytest.mark.parametrize("prompt", ["Labrador", " Labrador "])
def test_words_as_they_were_have_no_draft(locked, painter, prompt):
    assert type_(locked, prompt) == ([{"number": 1, "state": "none"}], {})
    assert painter.drafted == []


def test_without_a_locked_seed_there_is_nothing_to_draft(page, painter):
    page.explore()
    page.develop()
    assert type_(page, "a cat")[0] == [{"number": 1, "state": "none"}]
    assert painter.drafted == []


def test_what_cannot_be_drafted_is_said_at_its_field(locked, painter):
    answers, errors = type_(locked, "a cat", guidance_scale="much")
    assert [each["state"] for each in answers] == ["wrong"]
    assert "guidance_scale" in errors
    assert type_(locked, "x" * 100_000, number=2)[0] == [{"number": 2, "state": "wrong"}]
    assert painter.drafted == []


def test_another_model_is_not_drafted_and_none_is_downloaded(locked, painter):
    services = locked.handlers._services
    locked.handlers = Handlers(
        replace(services, find_model=lambda model_id: replace(SKETCH, model_id=model_id), is_here=lambda _: False),
        address,
    )
    assert type_(locked, "a cat", model_id="owner/large")[0][0] == {
        "number": 1,
        "state": "failed",
        "words": OTHER_MODEL,
    }
    assert type_(locked, "a cat", number=2)[0][0] == {"number": 2, "state": "failed", "words": NOT_HERE}
    assert painter.drafted == []


def test_a_later_question_ends_the_draft_before_it(locked, painter):
    first = begin(locked, "a cat", number=1)
    states = [next(first)[0]["state"] for _ in range(2)]
    assert states == ["waiting", "drafting"]
    assert type_(locked, "a dog", number=2)[0][-1]["state"] == "draft"
    assert list(first) == []
    assert [each.prompt for each in painter.drafted] == ["a dog"]
    assert [each["state"] for each in type_(locked, "a cat", number=1)[0]] == ["waiting"], "it comes too late"


def test_another_tab_of_the_same_address_keeps_its_draft(locked, painter):
    other = Page(locked.handlers, locked.saved, tab="another")
    other.open()
    other.develop()
    other.click(1, 2)
    first, second = begin(locked, "Labrador at night"), begin(other, "Labrador at noon")
    next(first), next(second), next(second)
    assert [answer["state"] for answer, *_ in first] == ["drafting", "drafting", "drafting", "draft"]
    second.close()


def test_a_draft_that_nobody_hears_ends(locked):
    draft = begin(locked, "Labrador at night")
    next(draft), next(draft)
    draft.close()
    assert locked.state._live.is_set()


def test_hush_ends_what_was_asked_for_before_it_alone(locked):
    draft = begin(locked, "a cat", number=3)
    next(draft), next(draft)
    hush(locked, 2)
    assert next(draft)[0]["state"] == "drafting"
    hush(locked, 3)
    assert list(draft) == []


@pytest.mark.parametrize("end", [lambda page: page.stop(), lambda page: page.handlers.leave(page.request)])
def test_stop_and_a_closed_tab_end_it(locked, end):
    draft = begin(locked, "a cat")
    next(draft), next(draft)
    end(locked)
    assert list(draft) == []


def test_a_page_without_a_session_and_forged_events_get_no_draft(locked):
    locked.state = None
    assert type_(locked, "a cat")[0] == [{"number": 1, "state": "none"}]
    for number in (None, "1", -1):
        assert type_(locked, "a cat", number)[0] == []
        hush(locked, number)
