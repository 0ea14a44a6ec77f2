"""The recipe: valid once it is made, one fingerprint for one meaning, and every refusal a sentence."""

import json
import random
import time
from dataclasses import FrozenInstanceError, asdict, replace

import pytest

from seedlab.core.errors import RecipeError, SeedLabError
from seedlab.core.recipes.additions import MAX_SEED, Lora, Nudge
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.seeds import parse_seeds, write_seeds
from tests.examples import RECIPE


def test_the_canonical_json_and_its_fingerprint():
    assert RECIPE.to_json() == (
        '{"dtype":"float32","generator_device":"cpu","guidance_scale":3.0,"height":128,"model_id":"sketch",'
        '"negative_prompt":"","num_inference_steps":12,"prompt":"Labrador in the style of Vermeer","revision":null,'
        '"scheduler":"DPMSolverMultistepScheduler","seed":0,"width":128}'
    )
    assert RECIPE.fingerprint == "e5ef38857b1b6868c0773f1c170c1b2b6079a209ba9b8529b691d8c7a1199d30"


def test_the_json_has_no_escapes_for_letters_beyond_ascii():
    assert '"prompt":"Café, 狗 “”",' in replace(RECIPE, prompt="Café, 狗 “”").to_json()


def test_every_field_decides_the_fingerprint():
    changes = {
        "model_id": "other/model",
        "revision": "main",
        "prompt": "a cat",
        "negative_prompt": "blurry",
        "seed": 1,
        "generator_device": "cuda",
        "scheduler": "DDIMScheduler",
        "num_inference_steps": 13,
        "guidance_scale": 3.5,
        "height": 136,
        "width": 136,
        "dtype": "float16",
        "loras": (LORA,),
        "nudges": (Nudge(seed=7, weight=0.1),),
        "late_prompt": "a boat",
        "late_step": 4,
        "prompt_syntax": "weights",
        "vae_tiling": True,
    }
    in_pairs = {"seed_variety", "seed_variety_steps", "noise_height", "noise_width"}
    assert {*changes, "start", *in_pairs} == asdict(RECIPE).keys()
    base = replace(RECIPE, prompt="a (red) cat", late_prompt="a cat", late_step=3)
    changed = {replace(base, **{name: value}).fingerprint for name, value in changes.items() if name != "prompt"}
    assert len({RECIPE.fingerprint, base.fingerprint, *changed}) == len(changes) + 1
    varied = replace(RECIPE, seed_variety=0.5, seed_variety_steps=2)
    others = [replace(varied, seed_variety=0.6), replace(varied, seed_variety_steps=3)]
    others += [replace(RECIPE, noise_height=height, noise_width=width) for height, width in ((64, 64), (64, 96))]
    assert len({each.fingerprint for each in (RECIPE, varied, *others)}) == 6


@pytest.mark.parametrize(("one", "same"), [(3, 3.0), (0.0, -0.0)])
def test_one_guidance_written_in_two_ways_is_one_recipe(one, same):
    first, second = replace(RECIPE, guidance_scale=one), replace(RECIPE, guidance_scale=same)
    assert (first, first.fingerprint) == (second, second.fingerprint)


def test_a_recipe_does_not_change():
    with pytest.raises(FrozenInstanceError):
        RECIPE.seed = 3


def test_a_recipe_comes_back_from_its_json():
    recipe = replace(RECIPE, prompt="Küste, 北斎 “wave” 🌊\n2nd line", negative_prompt='a "b" \\', seed=MAX_SEED)
    assert Recipe.from_dict(json.loads(recipe.to_json())) == recipe


@pytest.mark.parametrize("seed", [0, 1, MAX_SEED])
def test_the_smallest_and_the_largest_seed_are_seeds(seed):
    assert replace(RECIPE, seed=seed).seed == seed


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model_id", ""),
        ("model_id", None),
        ("model_id", "x" * 501),
        ("revision", 0),
        ("revision", []),
        ("prompt", None),
        ("prompt", b"bytes"),
        ("prompt", "x" * 10_001),
        ("prompt", "nul \0"),
        ("prompt", "half a pair \ud800"),
        ("negative_prompt", 3),
        ("seed", -1),
        ("seed", MAX_SEED + 1),
        pytest.param("seed", 10**5000, id="a seed too long to write out"),
        ("seed", 1.0),
        ("seed", True),
        ("seed", None),
        ("seed", "1"),
        ("generator_device", "tpu"),
        ("scheduler", None),
        ("scheduler", "x" * 101),
        ("num_inference_steps", 0),
        ("num_inference_steps", 1001),
        ("num_inference_steps", True),
        ("guidance_scale", -0.1),
        ("guidance_scale", 100.5),
        ("guidance_scale", float("nan")),
        ("guidance_scale", float("inf")),
        ("guidance_scale", 10**400),
        ("guidance_scale", True),
        ("guidance_scale", "3"),
        ("height", 0),
        ("height", 127),
        ("height", 4104),
        ("width", 64.0),
        ("dtype", "float64"),
        ("dtype", []),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_field(field, value):
    with pytest.raises(RecipeError) as caught:
        replace(RECIPE, **{field: value})
    assert caught.value.field == field
    assert str(caught.value).endswith(".")


def test_a_side_that_is_no_multiple_of_8_says_which_are():
    with pytest.raises(RecipeError, match="use 120 or 128, not 127"):
        replace(RECIPE, height=127)


@pytest.mark.parametrize("data", [None, [], "recipe", 3, {1: 2}, {}, {"prompt": "only this"}])
def test_what_is_no_recipe_is_refused(data):
    with pytest.raises(RecipeError):
        Recipe.from_dict(data)


def test_a_field_of_a_later_version_is_named():
    with pytest.raises(RecipeError, match=r"does not know: of_tomorrow\. Update SeedLab"):
        Recipe.from_dict(asdict(RECIPE) | {"of_tomorrow": []})


def test_the_name_of_an_unknown_field_can_be_shown():
    with pytest.raises(RecipeError) as caught:
        Recipe.from_dict(asdict(RECIPE) | {"\ud800": 1})
    assert str(caught.value).encode()


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("0-3", (0, 1, 2, 3)),
        ("0", (0,)),
        ("7, 42, 100-103", (7, 42, 100, 101, 102, 103)),
        ("3 1 2", (3, 1, 2)),
        ("0 – 3", (0, 1, 2, 3)),
        ("0—3", (0, 1, 2, 3)),
        (" 5 ;\n6,\t7 ,", (5, 6, 7)),
        ("1, 1, 0-2", (1, 0, 2)),
        ("4294967295, 4294967296", (2**32 - 1, 2**32)),
        ("18446744073709551615", (MAX_SEED,)),
        ("18446744073709551614-18446744073709551615", (MAX_SEED - 1, MAX_SEED)),
        ("0-30:10", (0, 10, 20, 30)),
        ("5 - 9 : 3, 7", (5, 8, 7)),
        ("０～３０：１０", (0, 10, 20, 30)),
        ("0-18446744073709551615:9223372036854775807", (0, 2**63 - 1, 2**64 - 2)),
        ("007", (7,)),
        ("٣", (3,)),
        ("０-３", (0, 1, 2, 3)),
        ("０～３、７", (0, 1, 2, 3, 7)),
        ("۷، ۴۲", (7, 42)),
        ("7.0, 8", (7, 8)),
        ("1-3 (+2)", (1, 3)),
        ("1-9(+ 4), 20", (1, 5, 9, 20)),
        ("0-10[3]", (0, 5, 10)),
        ("0 - 10 [ 4 ]", (0, 3, 6, 10)),
        ("5-9 [1]", (5,)),
        ("100\n200\n300", (100, 200, 300)),
        ("0,1,2", (0, 1, 2)),
        ("1,2,100", (1, 2, 100)),
        ("0 100 200", (0, 100, 200)),
        ("0-18446744073709551615 [2]", (0, MAX_SEED)),
        ("5-5", (5,)),
    ],
)
def test_seeds_are_read_as_people_write_them(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "No seed given"),
        (" , ", "No seed given"),
        ("-1", "“-1” is not a seed. Write random, or random 4, for random ones."),
        ("0-30:0", "cannot count in steps of 0"),
        ("0:10", "“0:10” is not a seed"),
        ("random 0", "cannot be 0 random seeds"),
        ("random 257", "257 seeds are too many"),
        ("0-254, random 2", "257 seeds are too many"),
        ("randomly", "“randomly” is not a seed"),
        ("one", "“one” is not a seed"),
        ("1.5", "“1.5” is not a seed"),
        ("1-2-3", "“1-2-3” is not a seed"),
        ("10²", "“10²” is not a seed"),
        ("1,000", "“1,000” can be read in two ways: write 1000, or with spaces 1, 000"),
        ("7, 1 234 567", "“1 234 567” can be read in two ways: write 1234567"),
        ("7,100", "write 7100, or with spaces 7, 100"),
        ("7,05", "“7,05” can be read in two ways: write 7.05, or with spaces 7, 05"),
        ("1.000", "“1.000” is not a seed"),
        ("1'000", "“1'000” is not a seed"),
        ("0-9 (+0)", "cannot count in steps of 0"),
        ("9-0 (-3)", "run backwards: write 0-9"),
        ("0-10 [0]", "cannot have 0 seeds"),
        ("0-1000 [257]", "257 seeds are too many"),
        ("0-9999 (+2)", "5,000 seeds are too many"),
        ("1," * 3500, "7,000 characters: shorten it to 6,000"),
        ("18446744073709551616", "must be from 0 to 18446744073709551615"),
        ("3-0", "write 0-3"),
        ("0-256", "257 seeds are too many"),
        ("0-18446744073709551615", "18,446,744,073,709,551,616 seeds are too many"),
        ("0-250, 300-310", "262 seeds are too many"),
    ],
)
def test_what_is_no_list_of_seeds_is_refused_in_a_sentence(text, sentence):
    with pytest.raises(RecipeError, match=sentence):
        parse_seeds(text)


def test_whatever_is_typed_gives_valid_seeds_or_a_sentence():
    chance = random.Random(0)
    read, sentences = 0, []
    for _ in range(5000):
        text = "".join(chance.choices([*"0123456789  ,;-–:\n\tx.+٣\0\ud800", "random"], k=chance.randrange(12)))
        try:
            seeds = parse_seeds(text)
        except SeedLabError as error:
            sentences.append(str(error))
        else:
            assert 0 < len(seeds) == len(set(seeds)) <= 256, text
            assert all(0 <= seed <= MAX_SEED for seed in seeds), text
            read += 1
    assert read > 100
    assert len(sentences) > 100
    assert {sentence[-1] for sentence in sentences} == {"."}


def test_millions_of_characters_are_not_parsed():
    begun = time.perf_counter()
    for text in ("1," * 2_500_000, "1" + " " * 5_000_000 + "2"):
        with pytest.raises(RecipeError, match="characters: shorten it"):
            parse_seeds(text)
    assert time.perf_counter() - begun < 2


LORA = Lora(file="/loras/style.safetensors", sha256="ab" * 32, weight=0.8)


def test_a_recipe_without_loras_does_not_speak_of_them_so_that_its_fingerprint_stays_what_it_was():
    assert "loras" not in RECIPE.to_dict()
    assert replace(RECIPE, loras=(LORA,)).fingerprint != RECIPE.fingerprint


def test_a_recipe_with_loras_comes_back_from_json():
    recipe = replace(RECIPE, loras=(LORA, replace(LORA, weight=-1)))
    assert Recipe.from_dict(json.loads(recipe.to_json())) == recipe


@pytest.mark.parametrize(
    "loras",
    [
        3,
        "x",
        {"a": 1},
        [3],
        ["x"],
        [{}],
        [{"file": "x", "sha256": "y", "weight": 1}],
        [{"file": 3, "sha256": "ab" * 32, "weight": 1}],
        [{"file": "x", "sha256": "ab" * 32, "weight": "1"}],
        [{"file": "x", "sha256": "ab" * 32, "weight": float("nan")}],
        [{"file": "x", "sha256": "ab" * 32, "weight": 10.5}],
        [{"file": "x", "sha256": "ab" * 32, "weight": True}],
        [{"file": "x", "sha256": "ab" * 32, "weight": 1, "more": 2}],
        [{"file": "x", "sha256": "ab" * 32, "weight": 1}] * 9,
    ],
)
def test_loras_from_strangers_are_not_trusted(loras):
    with pytest.raises(RecipeError):
        Recipe.from_dict(RECIPE.to_dict() | {"loras": loras})


def test_a_recipe_without_nudges_keeps_its_fingerprint_and_one_with_nudges_comes_back():
    assert "nudges" not in RECIPE.to_dict()
    recipe = replace(RECIPE, nudges=(Nudge(seed=MAX_SEED, weight=0.1), Nudge(seed=0, weight=0.3)))
    assert Recipe.from_dict(json.loads(recipe.to_json())) == recipe
    assert recipe.fingerprint != replace(recipe, nudges=recipe.nudges[::-1]).fingerprint


@pytest.mark.parametrize(
    "nudges",
    [
        3,
        "x",
        [3],
        [{}],
        [{"seed": 1}],
        [{"seed": -1, "weight": 0.1}],
        [{"seed": 2**64, "weight": 0.1}],
        [{"seed": 1.5, "weight": 0.1}],
        [{"seed": 1, "weight": 0}],
        [{"seed": 1, "weight": 1}],
        [{"seed": 1, "weight": float("nan")}],
        [{"seed": 1, "weight": True}],
        [{"seed": 1, "weight": "0.1"}],
        [{"seed": 1, "weight": 0.1, "more": 2}],
        [{"seed": 1, "weight": 0.1}] * 9,
    ],
)
def test_nudges_from_strangers_are_not_trusted(nudges):
    with pytest.raises(RecipeError):
        Recipe.from_dict(RECIPE.to_dict() | {"nudges": nudges})


@pytest.mark.parametrize("text", [f"{2**64}", f"{2**64 - 1}-{2**64}", f"{10**20 - 1}"])
def test_a_seed_above_the_largest_is_named(text):
    with pytest.raises(RecipeError, match="A seed must be from 0 to 18446744073709551615") as caught:
        parse_seeds(text)
    assert caught.value.field == "seeds"


def test_as_many_seeds_as_the_limit_are_read_and_no_more():
    assert parse_seeds("0-255") == tuple(range(256))
    assert parse_seeds("0-1, 3", limit=3) == (0, 1, 3)
    for text, count in (("0-256", 257), ("0-254, 270-271", 257), ("10-1009", "1,000")):
        with pytest.raises(RecipeError, match=f"^{count} seeds are too many for one round: use 256 or fewer"):
            parse_seeds(text)


def test_a_full_round_of_the_largest_seeds_can_be_written_and_read():
    seeds = tuple(range(MAX_SEED, MAX_SEED - 512, -2))
    assert parse_seeds(write_seeds(seeds)) == seeds


def test_random_seeds_are_drawn_once_each_and_are_not_those_that_are_there():
    draws = iter((0, 7, 7, 2**32 - 1, 5))
    assert parse_seeds("0-2, Random 3, 9", draw=lambda stop: next(draws)) == (0, 1, 2, 7, 2**32 - 1, 5, 9)
    assert parse_seeds("random, 3", draw=lambda stop: stop - 1) == (2**32 - 1, 3)
    assert len(parse_seeds("random 256")) == 256
    assert parse_seeds("random 4") != parse_seeds("random 4")


@pytest.mark.parametrize(("seeds", "text"), [((0, 1, 2), "0-2"), ((7,), "7"), ((7, 9), "7, 9"), ((3, 2), "3, 2")])
def test_seeds_are_written_as_they_are_read(seeds, text):
    assert write_seeds(seeds) == text
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("code", [0xD800, 0xDBFF, 0xDFFF])
def test_a_prompt_with_half_a_character_is_refused(code):
    with pytest.raises(RecipeError):
        replace(RECIPE, prompt=chr(code))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("guidance_scale", 0.0),
        ("guidance_scale", 100.0),
        ("num_inference_steps", 1),
        ("num_inference_steps", 1000),
        ("height", 8),
        ("width", 4096),
        ("prompt", "x" * 10_000),
        ("model_id", "x" * 500),
        ("loras", (LORA,) * 8),
    ],
)
def test_a_field_may_be_at_the_end_of_its_range(field, value):
    assert getattr(replace(RECIPE, **{field: value}), field) == value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("guidance_scale", 100.5),
        ("height", 4104),
        ("prompt", "x" * 10_001),
        ("loras", (LORA,) * 9),
        ("loras", [LORA]),
        ("loras", ("a.safetensors",)),
    ],
)
def test_a_field_beyond_its_range_is_refused(field, value):
    with pytest.raises(RecipeError) as caught:
        replace(RECIPE, **{field: value})
    assert caught.value.field == field


@pytest.mark.parametrize(("one", "same"), [(1, 1.0), (0, -0.0), (-10, -10.0), (10, 10.0)])
def test_one_weight_of_a_lora_written_in_two_ways_is_one_recipe(one, same):
    recipes = [replace(RECIPE, loras=(replace(LORA, weight=weight),)) for weight in (one, same)]
    assert recipes[0].to_json() == recipes[1].to_json()


@pytest.mark.parametrize(("field", "value"), [("weight", 10.5), ("weight", -10.5), ("weight", "1"), ("sha256", 7)])
def test_a_lora_that_cannot_be_is_refused(field, value):
    with pytest.raises(RecipeError) as caught:
        replace(LORA, **{field: value})
    assert caught.value.field == "loras"


def test_a_recipe_of_a_revision_has_it_in_its_models_address():
    assert RECIPE.model_address == "sketch"
    assert replace(RECIPE, model_id="owner/name", revision="abc").model_address == "owner/name@abc"


def test_tiles_are_in_the_fingerprint_only_where_there_are_some():
    assert "vae_tiling" not in RECIPE.to_json()
    tiled = replace(RECIPE, vae_tiling=True)
    assert tiled.to_dict()["vae_tiling"] is True
    assert tiled.fingerprint != RECIPE.fingerprint == replace(tiled, vae_tiling=False).fingerprint
    with pytest.raises(RecipeError, match="in tiles or as a whole"):
        replace(RECIPE, vae_tiling=1)
