"""Errors survive the way to another process, as an executor there sends them back."""

import pickle

import pytest

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.images.metadata import MetadataError
from seedlab.pipelines.exact.plans import NotExactError
from seedlab.pipelines.work_queue import StoppedError


def test_a_recipe_error_keeps_its_field_when_it_is_pickled():
    error = pickle.loads(pickle.dumps(RecipeError("seed", "The seed must be a whole number.")))
    assert (type(error), error.field, str(error)) == (RecipeError, "seed", "The seed must be a whole number.")


@pytest.mark.parametrize("kind", [SeedLabError, MetadataError, NotExactError, StoppedError])
def test_the_other_errors_keep_their_text(kind):
    error = pickle.loads(pickle.dumps(kind("A sentence.")))
    assert (type(error), str(error)) == (kind, "A sentence.")
