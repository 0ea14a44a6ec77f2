"""New fields of recipes and environments leave old fingerprints, digests and file names as they were."""

from dataclasses import asdict, dataclass, field, fields

from seedlab.core.canonical import ADDED
from seedlab.core.machine.environment import Environment
from seedlab.core.recipes.recipe import Recipe
from tests.examples import ENVIRONMENT, RECIPE


@dataclass(frozen=True, kw_only=True)
class LaterRecipe(Recipe):
    of_tomorrow: tuple[int, ...] = field(default=(), metadata=ADDED)


@dataclass(frozen=True, kw_only=True)
class LaterEnvironment(Environment):
    cudnn: str = field(default="", metadata=ADDED)


def test_the_fingerprint_of_a_recipe_is_the_one_of_the_first_version():
    assert RECIPE.fingerprint == "e5ef38857b1b6868c0773f1c170c1b2b6079a209ba9b8529b691d8c7a1199d30"


def test_a_new_field_of_a_recipe_counts_once_it_is_set():
    values = {each.name: getattr(RECIPE, each.name) for each in fields(RECIPE)}
    assert LaterRecipe(**values).fingerprint == RECIPE.fingerprint
    assert LaterRecipe(**values, of_tomorrow=(1,)).fingerprint != RECIPE.fingerprint
    assert LaterRecipe.from_dict(RECIPE.to_dict()) == LaterRecipe(**values)


def test_the_digest_of_an_environment_is_the_one_of_the_first_version():
    assert ENVIRONMENT.digest == "2c4be94a9a7de447a595544d32935f574eb7bfc0f0c8e2e05404c9fc67f3ac93"


def test_a_new_field_of_an_environment_counts_once_it_is_set():
    later = LaterEnvironment(**asdict(ENVIRONMENT))
    assert later.digest == ENVIRONMENT.digest
    assert LaterEnvironment(**asdict(ENVIRONMENT), cudnn="9.1").digest != ENVIRONMENT.digest
    assert LaterEnvironment.from_dict(asdict(ENVIRONMENT)) == later
