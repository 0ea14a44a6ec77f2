"""Measuring a model's seed share on the page."""


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
    assert len(painter.painted) < 5


def test_an_unknown_model_is_refused_under_its_field(page):
    (_, error), *_ = list(page.handlers.measure(page.state, "nonsense"))
    assert "There is no model “nonsense”" in error
