"""Measuring on the page: a model's seed share, and what suffixes change."""

from seedlab.ui.blocks.form import ADVANCED, ERROR_PLACES, Form


def test_the_page_counts_and_then_says_the_share(page):
    *counted, last = list(page.handlers.measure(page.state, "sketch"))
    assert counted[0] == ("Measuring what the seed decides in pictures of Sketch…", "")
    assert counted[1] == ("Measuring what the seed decides: 1 of 96 drafts…", "")
    assert "The seed decides" in last[0]
    assert last[1] == ""


def test_what_was_measured_is_said_from_then_on(page):
    list(page.handlers.measure(page.state, "sketch"))
    *_, about = list(page.handlers.choose_model("sketch", "suffixes"))
    assert "The seed decides" in about[-1]


def test_stop_ends_a_measurement(page, painter):
    work = page.handlers.measure(page.state, "sketch")
    next(work), next(work)
    page.stop()
    assert "The seed decides" not in list(work)[-1][0]
    assert len(painter.drafted) < 5


def test_an_unknown_model_is_refused_under_its_field(page):
    (_, error), *_ = list(page.handlers.measure(page.state, "nonsense"))
    assert "There is no model “nonsense”" in error


def try_suffixes(page, text, prompt="Labrador", **advanced):
    """Yield what is said of suffixes, and the errors by their places."""
    form = Form(prompt, "0-3", False, "", "sketch", **(dict.fromkeys(ADVANCED, "") | advanced))
    for sentence, *errors in page.handlers.try_suffixes(page.state, text, *vars(form).values()):
        texts = zip(ERROR_PLACES, errors, strict=True)
        yield sentence, {name: text for name, text in texts if isinstance(text, str) and text}


def test_each_suffix_is_measured_with_the_prompt_on_the_page(page, painter):
    cleared, *counted, (last, _) = try_suffixes(page, ", artsy\n, at night")
    assert cleared == ("", {})
    assert counted[0] == ("Measuring what they change: 1 of 24 drafts…", {})
    assert [line.split(":")[0] for line in counted[-1][0].splitlines()] == [
        "Compared with a change of seed, for 8 seeds of “Labrador”",
        "artsy",
        "Measuring what they change",
    ]
    assert [line.split(":")[0] for line in last.splitlines()[1:]] == ["artsy", "at night"]
    assert [recipe.prompt for recipe in painter.drafted[::8]] == ["Labrador", "Labrador, artsy", "Labrador, at night"]


def test_stop_ends_the_trial_of_suffixes_and_keeps_what_is_known(page):
    for sentence, _ in try_suffixes(page, ", artsy\n, at night"):
        if "artsy: " in sentence:
            page.stop()
    assert [line.split(":")[0] for line in sentence.splitlines()[1:]] == ["artsy"]


def test_bad_input_is_refused_under_its_field_before_work_starts(page, painter):
    (_, errors), *_ = try_suffixes(page, "  ")
    assert list(errors) == ["suffixes"]
    (_, errors), *_ = try_suffixes(page, ", artsy", guidance_scale="much")
    assert list(errors) == ["guidance_scale"]
    assert not painter.drafted


def test_a_draft_that_fails_is_said(page, painter):
    painter.failing_seed = 3
    *_, (sentence, _) = try_suffixes(page, ", artsy")
    assert "memory" in sentence
