"""The environment: what else decides a picture's bits."""

from dataclasses import asdict, replace

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.core.machine.environment import Environment
from tests.examples import ENVIRONMENT


def test_an_environment_comes_back_from_its_fields():
    assert Environment.from_dict(asdict(ENVIRONMENT)) == ENVIRONMENT


def test_what_an_environment_should_not_have_is_passed_over():
    assert Environment.from_dict(asdict(ENVIRONMENT) | {"mood": "good"}) == ENVIRONMENT


def test_every_field_decides_the_digest():
    changes = asdict(replace(ENVIRONMENT, threads=3, deterministic=True)) | {
        name: value + "!" for name, value in asdict(ENVIRONMENT).items() if isinstance(value, str)
    }
    digests = {replace(ENVIRONMENT, **{name: value}).digest for name, value in changes.items()}
    assert len({ENVIRONMENT.digest, *digests}) == len(changes) + 1 == 16


@pytest.mark.parametrize("data", [None, "x", [], {}])
def test_what_is_no_environment_is_refused(data):
    with pytest.raises(SeedLabError, match="in which environment"):
        Environment.from_dict(data)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("threads", "2"),
        ("threads", True),
        ("threads", 1.0),
        ("threads", -1),
        ("threads", 2**31),
        ("torch", None),
        ("torch", 2),
        ("device", "x" * 501),
        ("weights", "\ud800"),
        ("torch", "2.13.0\nimport os"),
        ("device", "\x1b[2J"),
        ("deterministic", 1),
    ],
)
def test_a_field_that_is_not_what_it_should_be_is_refused(field, value):
    with pytest.raises(SeedLabError, match="in which environment"):
        Environment.from_dict(asdict(ENVIRONMENT) | {field: value})


def test_differences_are_named():
    other = replace(ENVIRONMENT, torch="2.12.0", threads=8)
    assert ENVIRONMENT.differences(other) == ("torch 2.13.0 instead of 2.12.0", "threads 2 instead of 8")
    assert ENVIRONMENT.differences(ENVIRONMENT) == ()


@pytest.mark.parametrize(
    ("field", "value"), [("threads", 0), ("threads", 2**31 - 1), ("device", "x" * 500), ("isa", "")]
)
def test_a_field_may_be_at_the_end_of_its_range(field, value):
    assert getattr(Environment.from_dict(asdict(ENVIRONMENT) | {field: value}), field) == value


def test_a_picture_from_before_determinism_was_recorded_was_made_without():
    old = {name: value for name, value in asdict(ENVIRONMENT).items() if name != "deterministic"}
    assert Environment.from_dict(old).deterministic is False
