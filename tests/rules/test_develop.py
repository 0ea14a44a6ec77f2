"""The chosen picture at a larger size, and varied at its own."""

from dataclasses import replace

import pytest

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.additions import Lora, Nudge
from seedlab.core.recipes.start import LATENT_BICUBIC, Start
from seedlab.rules.kinds.develop import LARGER, Develop
from seedlab.rules.kinds.matrix import Matrix
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.sweep import Sweep
from seedlab.rules.kinds.vary_picture import VaryPicture
from tests.examples import MODEL, RECIPE


def develop(size="2x", strength="0.35", **texts):
    return Develop.parse({"develop_size": size, "develop_strength": strength, **texts})


def vary(strength="subtle", seeds="7"):
    return VaryPicture.parse({"picture_strength": strength, "picture_seeds": seeds})


def test_a_picture_is_developed_with_its_own_settings():
    (child,) = develop().make(RECIPE)
    assert child == replace(RECIPE, width=256, height=256, start=Start(recipe=RECIPE, strength=0.35))


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("2x", [(256, 384)]),
        ("1.5X", [(192, 288)]),
        ("1,5x", [(192, 288)]),
        ("x2", [(256, 384)]),
        ("2 ×", [(256, 384)]),
        ("1.5x, 2x", [(192, 288), (256, 384)]),
        ("512", [(512, 512)]),
        ("512x768; 2x", [(512, 768), (256, 384)]),
        ("512 × 768, 256", [(512, 768), (256, 256)]),
        ("1.1x", [(144, 208)]),  # the nearest multiples of 16
    ],
)
def test_sizes_as_people_write_them(text, sizes):
    made = develop(text).make(replace(RECIPE, height=192))
    assert [(each.width, each.height) for each in made] == sizes


@pytest.mark.parametrize("text", ["", "auto", " Auto "])
@pytest.mark.parametrize(("model_id", "strength"), [("sketch", 0.2), ("owner/name", 0.35)])
def test_without_a_strength_it_suits_the_model(text, model_id, strength):
    rule, parent = develop(strength=text), replace(RECIPE, model_id=model_id)
    (made,) = rule.make(parent)
    assert made.start.strength == strength
    assert rule.caption(parent, rule.values[0]) == f"256×256 · {strength:g}"
    assert rule.settle(parent, rule.values[0]) == (256, 256, strength), "a picture keeps the number"
    (in_tiles,) = develop(strength=text, develop_decoding="tiles").make(parent)
    assert (in_tiles.vae_tiling, in_tiles.start.strength) == (True, strength)


def test_several_strengths_side_by_side():
    assert develop(strength="0.2, auto 0.5") == develop(strength="Auto; 0.2, 0.5")
    rule = develop(strength="auto, 0.35 0.5")
    made = rule.make(RECIPE)
    assert [each.start.strength for each in made] == [0.2, 0.35, 0.5]
    assert [rule.caption(RECIPE, value) for value in made.values()] == [
        "256×256 · 0.2",
        "256×256 · 0.35",
        "256×256 · 0.5",
    ]
    assert type(rule)(tuple(made.values())).title(list(made)) == "Seed 0 · 256×256"


@pytest.mark.parametrize(
    ("size", "strength", "field", "sentence"),
    [
        ("", "0.3", "develop_size", "No size given"),
        ("big", "0.3", "develop_size", "“big” is not a size"),
        ("0x", "0.3", "develop_size", "cannot be made 0 times as large"),
        ("1000x", "0.3", "develop_size", "cannot be made 1000 times as large"),
        ("2x", "much", "develop_strength", "“much” is not a number"),
        ("2x", "0", "develop_strength", "must be above 0"),
        ("2x", "1.2", "develop_strength", "from 0 to 1, not 1.2"),
    ],
)
def test_what_cannot_be_developed_is_refused_in_a_sentence(size, strength, field, sentence):
    with pytest.raises(RecipeError, match=sentence) as caught:
        develop(size, strength)
    assert caught.value.field == field


@pytest.mark.parametrize(
    "value",
    [
        "2x",
        ("times", -1, 0.5),
        ("times", 2),
        (256, 256),
        (256, 256, 0),
        ("a", "b", "c"),
        (256, 256, 0.5, "squares"),
        (256, 256, 0.5, 7),
        (256, 256, 0.5, "tiles", "whole"),
    ],
)
def test_forged_values_are_refused(value):
    assert not Develop.leads(RECIPE, value, RECIPE)
    with pytest.raises(RecipeError):
        Develop.apply(RECIPE, value)


@pytest.mark.parametrize("strength", [5e-324, 1e-300, 0.0009])
def test_a_forged_strength_that_takes_no_step_is_refused_at_once(strength):
    for rule, value in ((Develop, (256, 256, strength)), (VaryPicture, (5, strength))):
        assert not rule.leads(RECIPE, value, RECIPE)
        with pytest.raises(RecipeError, match=r"must be at least 0\.001"):
            rule.apply(RECIPE, value)


@pytest.mark.parametrize("strength", [0.001, 0.07, 0.1, 0.35, 0.9, 1])
def test_of_few_steps_at_least_one_is_taken(strength):
    (child,) = develop(strength=str(strength)).make(replace(RECIPE, num_inference_steps=1))
    assert int(child.num_inference_steps * strength) == 1


def test_late_words_are_there_from_the_start_and_nudges_are_those_of_the_first_stage():
    parent = replace(RECIPE, late_prompt="a boat, artsy", late_step=3, nudges=(Nudge(seed=7, weight=0.1),))
    for rule in (develop(), vary()):
        (child,) = rule.make(parent)
        assert (child.prompt, child.late_prompt, child.late_step, child.nudges) == ("a boat, artsy", "", 0, ())
        assert child.start.recipe == parent


def test_in_a_matrix_each_picture_is_developed_itself():
    for matrix in (Matrix.of(Seeds((3, 4)), develop()), Matrix.of(develop(), Seeds((3, 4)))):
        assert [each.start.recipe.seed for each in matrix.make(RECIPE)] == [3, 4]


def test_a_picture_is_varied_by_other_seeds_at_its_own_size():
    made = vary("subtle strong", "7, 42").make(RECIPE)
    assert [(each.seed, each.start.strength) for each in made] == [(7, 0.3), (7, 0.6), (42, 0.3), (42, 0.6)]
    assert {(each.width, each.height, each.start.recipe) for each in made} == {(128, 128, RECIPE)}
    assert vary().title(list(made)) == "Seed 0 · picture varied"


@pytest.mark.parametrize(("strength", "field"), [("0", "picture_strength"), ("weak", "picture_strength")])
def test_a_variation_needs_a_strength(strength, field):
    with pytest.raises(RecipeError) as caught:
        vary(strength)
    assert caught.value.field == field


def test_models_without_image_to_image_do_not_offer_them():
    for rule in (Develop, VaryPicture):
        assert not rule.refuse(MODEL)
        assert "no image-to-image pipeline" in rule.refuse(replace(MODEL, image_to_image=None))
        assert rule.refuse(replace(MODEL, unconditional=True))


def test_the_strength_of_a_developed_picture_is_a_setting():
    (child,) = develop().make(RECIPE)
    rule = Sweep.parse({"sweep_setting": "guidance", "sweep": "denoising strength 0.2, 0.5"})
    assert [each.start.strength for each in rule.make(child)] == [0.2, 0.5]
    assert [rule.caption(child, value) for value in rule.values] == ["strength 0.2", "strength 0.5"]
    with pytest.raises(RecipeError, match="starts from noise, and has no strength"):
        rule.make(RECIPE)


def test_other_settings_of_a_developed_picture_are_those_of_its_last_stage_but_for_loras():
    ink = Lora(file="/loras/ink.safetensors", sha256=64 * "a", weight=0.5)
    (child,) = develop().make(replace(RECIPE, loras=(ink,)))
    (stepped,) = Sweep.parse({"sweep_setting": "steps", "sweep": "20"}).make(child)
    assert [stage.num_inference_steps for stage in stepped.stages] == [12, 20]
    (inked,) = Sweep.parse({"sweep_setting": "lora", "sweep": "1"}).make(child)
    assert [stage.loras[0].weight for stage in inked.stages] == [1, 1]


def test_latents_may_be_enlarged_in_place_of_the_pixels():
    rule = develop(strength="auto, 0.7", develop_source="latents")
    (made, stronger), values = rule.make(RECIPE), list(rule.make(RECIPE).values())
    assert values == [(256, 256, 0.55, "latents"), (256, 256, 0.7, "latents")]
    assert made.start == Start(recipe=RECIPE, strength=0.55, resize=LATENT_BICUBIC)
    assert stronger.start.resizes_latents
    assert rule.caption(RECIPE, values[0]) == "256×256 · 0.55 · latents"
    assert Develop.leads(RECIPE, values[0], made)
    assert not Develop.leads(RECIPE, values[0][:3], made)
    ((tiled, value),) = develop(develop_source="latents", develop_decoding="tiles").make(RECIPE).items()
    assert value == (256, 256, 0.35, "tiles", "latents")
    assert tiled.vae_tiling
    with pytest.raises(RecipeError, match="“noise” is not one of the choices") as caught:
        develop(develop_source="noise")
    assert caught.value.field == "develop_source"


def test_it_is_decoded_in_tiles_where_memory_is_short_unless_the_whole_was_asked_for():
    rule = develop("2x, 4x")
    assert [each.vae_tiling for each in rule.make(RECIPE)] == [False, False], "nothing is known of the memory"
    fitted = rule.fit_memory(RECIPE, lambda recipe: recipe.width > 256)
    assert list(fitted.make(RECIPE).values()) == [(256, 256, 0.35), (512, 512, 0.35, "tiles")]
    assert [each.vae_tiling for each in fitted.make(RECIPE)] == [False, True]
    (whole,) = develop(develop_decoding="whole").fit_memory(RECIPE, lambda _: True).make(RECIPE)
    (tiled,) = develop(develop_decoding="tiles").fit_memory(RECIPE, lambda _: False).make(RECIPE)
    assert (whole.vae_tiling, tiled.vae_tiling) == (False, True)
    (larger,) = LARGER.fit_memory(RECIPE, lambda _: True).make(RECIPE)
    assert larger.vae_tiling
    with pytest.raises(RecipeError) as caught:
        Matrix.of(Seeds((3, 4)), develop("16x")).fit_memory(replace(RECIPE, width=512), lambda _: True)
    assert caught.value.field == "matrix_row_values", "as where it is made"
    matrix = Matrix.of(Seeds((3, 4)), develop("2x, 4x")).fit_memory(RECIPE, lambda recipe: recipe.width > 256)
    assert [each.vae_tiling for each in matrix.make(RECIPE)] == [False, False, True, True]


def test_a_larger_picture_may_be_decoded_in_tiles():
    rule = develop(develop_decoding="tiles")
    ((child, value),) = rule.make(RECIPE).items()
    assert value == (256, 256, 0.35, "tiles")
    assert child.vae_tiling
    assert not child.stages[0].vae_tiling
    assert rule.caption(RECIPE, value) == "256×256 · 0.35 · in tiles"
    assert Develop.leads(RECIPE, value, child)
    assert not Develop.leads(RECIPE, value[:3], child)
    ((larger, value),) = develop("512").make(child).items()
    assert (larger.vae_tiling, value) == (True, (512, 512, 0.35, "tiles")), "and so are larger ones of it"
    ((whole, value),) = develop("512", develop_decoding="whole").make(child).items()
    assert (whole.vae_tiling, value) == (False, (512, 512, 0.35, "whole"))
    assert rule.caption(child, value) == "512×512 · 0.35 · as a whole"
    assert Develop.leads(child, value, whole)
    assert develop(develop_decoding="In tiles (less memory)") == rule
    with pytest.raises(RecipeError, match="“squares” is not one of the choices") as caught:
        develop(develop_decoding="squares")
    assert caught.value.field == "develop_decoding"


@pytest.mark.parametrize(
    "value", [(256, 256, 0.35, "squares"), ("tiles",), (0.35, "tiles"), (256, 256, 0.35, "tiles", 1)]
)
def test_other_values_are_refused(value):
    with pytest.raises(RecipeError):
        Develop.apply(RECIPE, value)
