"""Durations grow with steps, sizes and counts, stay in their bounds, and follow what calls took."""

from dataclasses import replace

from seedlab.pipelines.executor import Batch
from seedlab.pipelines.sampling.paused import PausedRun
from seedlab.pipelines.zerogpu.durations import FIRST_SECONDS, MAX_SECONDS, MIN_SECONDS, Durations, measure
from seedlab.pipelines.zerogpu.messages import Task
from tests.examples import RECIPE
from tests.rounds import seed_round

LARGE = replace(RECIPE, height=1024, width=1024, num_inference_steps=30)


def expect(recipes, **options):
    batch = Batch(model=None, recipes=dict(enumerate(recipes)), **options)
    return measure(Task.divide(batch, 32).works)


def test_more_steps_larger_pictures_and_more_of_them_take_longer():
    one = expect([LARGE])
    assert expect(seed_round(LARGE, range(4))) == 4 * one
    assert expect([replace(LARGE, num_inference_steps=60)]) > 1.8 * one
    assert expect([replace(LARGE, height=512)]) < 0.6 * one
    assert expect([replace(LARGE, guidance_scale=0.0)]) < 0.6 * one
    assert expect([LARGE], draft_steps=5) < 0.3 * one
    assert expect([replace(LARGE, height=64, width=64)]) > 0


def test_what_is_done_is_not_counted():
    (work,) = Task.divide(Batch(model=None, recipes={7: LARGE}), 32).works
    run = PausedRun(step=20, latents=None, generator=None, scheduler={})
    assert measure([work.pause({7: run})]) < 0.5 * measure([work])


def test_durations_stay_in_their_bounds():
    durations = Durations()
    assert durations.estimate("model", 1.0) == FIRST_SECONDS + 1
    assert durations.estimate("model", 1000.0) == MAX_SECONDS
    durations.note("model", 10.0, 1.0)
    assert durations.estimate("model", 1.0) == MIN_SECONDS
    assert durations.estimate("other", 1.0) == FIRST_SECONDS + 1


def test_a_slow_model_is_given_more_time_and_a_fast_one_less_later():
    durations = Durations()
    durations.note("model", 10.0, 10.0)
    usual = durations.estimate("model", 10.0)
    durations.note("model", 10.0, 30.0)
    slow = durations.estimate("model", 10.0)
    durations.note("model", 10.0, 5.0)
    assert usual < durations.estimate("model", 10.0) < slow


def test_a_call_that_did_nothing_teaches_nothing():
    durations = Durations()
    durations.note("model", 0.0, 9.0)
    assert durations.estimate("model", 1.0) == FIRST_SECONDS + 1
