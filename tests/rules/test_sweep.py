"""One setting over several values."""

import time
from dataclasses import replace

import pytest

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.additions import Lora
from seedlab.rules.kinds.sweep import Sweep
from tests.examples import RECIPE

INK, RAIN = (Lora(file=f"/loras/{name}.safetensors", sha256=64 * "a", weight=0.5) for name in ("ink v2", "rain"))


def parse(text, setting="guidance"):
    return Sweep.parse({"sweep_setting": setting, "sweep": text})


@pytest.mark.parametrize(
    ("text", "changes", "captions", "subject"),
    [
        (
            "guidance 1.5, 2",
            [{"guidance_scale": 1.5}, {"guidance_scale": 2.0}],
            ["guidance 1.5", "guidance 2"],
            "guidance",
        ),
        ("1.5", [{"guidance_scale": 1.5}], ["guidance 1.5"], "guidance"),
        ("CFG scale: 3", [{}], ["guidance 3"], "guidance"),
        (
            "steps 1-3 (+2)",
            [{"num_inference_steps": 1}, {"num_inference_steps": 3}],
            ["1 step", "3 steps"],
            "steps",
        ),
        (
            "sampler Euler a; ddim",
            [{"scheduler": "EulerAncestralDiscreteScheduler"}, {"scheduler": "DDIMScheduler"}],
            ["Euler ancestral", "DDIM"],
            "scheduler",
        ),
        (
            "size 256, 320 × 256, 64-128:64",
            [{"width": w, "height": h} for w, h in ((256, 256), (320, 256), (64, 64), (128, 128))],
            ["256×256", "320×256", "64×64", "128×128"],
            "size",
        ),
    ],
)
def test_a_sweep_changes_one_setting_and_nothing_else(text, changes, captions, subject):
    rule = parse(text)
    assert list(rule.make(RECIPE)) == [replace(RECIPE, **change) for change in changes]
    assert [rule.caption(RECIPE, value) for value in rule.values] == captions
    assert rule.title([RECIPE]) == f"Seed 0 · {subject}"


@pytest.mark.parametrize(
    ("text", "weights"), [("lora rain 0-1", [0, 1]), ("0.2", [0.2]), ("ink v2: -1", [-1]), ("  rain\t0, 1", [0, 1])]
)
def test_the_weight_of_a_lora(text, weights):
    name = "ink v2" if "ink" in text else "rain"
    loras = (INK, RAIN) if name in text else (RAIN,)
    made = parse(text, "lora").make(replace(RECIPE, loras=loras))
    assert [[lora.weight for lora in each.loras if name in lora.file] for each in made] == [[each] for each in weights]
    assert all(lora.weight == 0.5 for each in made for lora in each.loras if name not in lora.file)


@pytest.mark.parametrize("text", ["lora " + 2_990 * "\u3000" + 2_990 * "a", "lora " + 6_000 * "a", 10_000_000 * "a"])
def test_hostile_texts_take_no_time(text):
    started = time.process_time()
    with pytest.raises(RecipeError) as caught:
        parse(text)
    assert time.process_time() - started < 1
    assert caught.value.field == "sweep"


@pytest.mark.parametrize(
    ("text", "loras", "sentence"),
    [
        ("lora 1", (), "no LoRA whose weight could vary"),
        ("lora 1", (INK, RAIN), "2 LoRAs: write which, as in “ink v2: 0.4, 0.8”"),
        ("lora snow 1", (INK,), "no LoRA “snow”: choose one of “ink v2”"),
        ("guidance 101", (), "from 0 to 100"),
        ("steps 0", (), "from 1 to 1000"),
        ("size 250", (), "multiple of 8"),
        ("lora 11", (INK,), "from -10 to 10"),
    ],
)
def test_a_value_that_the_picture_cannot_have_is_an_error_of_the_field(text, loras, sentence):
    with pytest.raises(RecipeError, match=sentence) as caught:
        parse(text).make(replace(RECIPE, loras=loras))
    assert caught.value.field == "sweep"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "No value given. Write some, such as 1.5, 2, 3, 4"),
        ("size", "No value given. Write some, such as 256"),
        ("speed 3", "no setting “speed”: begin with one of guidance, steps"),
        ("scheduler banana", "no scheduler “banana”"),
        ("steps 1.5", "“1.5” is not a whole number"),
        ("guidance 1\nsteps 2", "One round varies one setting: make a matrix of two"),
        ("steps 1-300", "too many"),
    ],
)
def test_what_is_no_sweep_is_refused(text, sentence):
    with pytest.raises(RecipeError, match=sentence) as caught:
        parse(text)
    assert caught.value.field == "sweep"


@pytest.mark.parametrize(
    "value", ["guidance", 3, ("guidance",), ("speed", 3), ("size", 64), ("lora", 1), ("steps", "3")]
)
def test_a_value_that_is_no_setting_is_refused(value):
    with pytest.raises(RecipeError):
        Sweep.apply(RECIPE, value)
