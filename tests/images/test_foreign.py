"""What other tools' pictures say, field by field: taken only where it can be what it should be."""

import time
from dataclasses import replace

import pytest

from seedlab.core.recipe import MAX_PROMPT_CHARACTERS
from seedlab.core.schedulers import SCHEDULERS
from seedlab.images.foreign import ForeignMetadata, read_infotext
from seedlab.images.infotext import write_infotext
from tests.examples import RECIPE

A1111 = """Labrador in the style of Vermeer,
oil on canvas
Negative prompt: blurry, low quality
Steps: 30, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.5, Seed: 1234567890, Size: 512x768, \
Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, Lora hashes: "a: 12, b: 34", Version: v1.10.1"""


def test_a_picture_of_automatic1111():
    assert read_infotext(A1111) == ForeignMetadata(
        prompt="Labrador in the style of Vermeer,\noil on canvas",
        negative_prompt="blurry, low quality",
        seed=1234567890,
        num_inference_steps=30,
        guidance_scale=7.5,
        width=512,
        height=768,
        scheduler="DPMSolverMultistepScheduler Karras",
        sampler="DPM++ 2M",
        model="v1-5-pruned-emaonly",
    )


@pytest.mark.parametrize("scheduler", [each for each in SCHEDULERS if not each.schedule], ids=lambda each: each.name)
def test_what_we_write_comes_back(scheduler):
    recipe = replace(RECIPE, scheduler=scheduler.name, negative_prompt="blurry", guidance_scale=7.5)
    borrowed = read_infotext(write_infotext(recipe))
    for field in ("prompt", "negative_prompt", "seed", "num_inference_steps", "guidance_scale", "width", "height"):
        assert getattr(borrowed, field) == getattr(recipe, field)
    assert borrowed.scheduler == scheduler.name


@pytest.mark.parametrize(
    ("sampler", "schedule", "name"),
    [
        ("DPM++ 2M Karras", None, "DPMSolverMultistepScheduler Karras"),
        ("DPM++ 2M", None, "DPMSolverMultistepScheduler Karras"),
        ("DPM++ 2M", "Automatic", "DPMSolverMultistepScheduler Karras"),
        ("DPM++ 2M", "Uniform", "DPMSolverMultistepScheduler"),
        ("Euler a", None, "EulerAncestralDiscreteScheduler"),
        ("Euler a", "Automatic", "EulerAncestralDiscreteScheduler"),
        ("DPM2 a", "Uniform", "KDPM2AncestralDiscreteScheduler"),
        ("DPM++ 2M SDE Karras", None, "DPMSolverMultistepScheduler SDE Karras"),
        ("Restart", None, None),
        # Other noise levels than ours are another way to denoise.
        ("DPM++ 2M", "Exponential", None),
        ("DPM++ 2M SDE", None, None),
        ("DPM2", "Automatic", None),
        ("Euler", "Karras", None),
        ("", None, None),
    ],
)
def test_samplers_are_known_by_their_names_there(sampler, schedule, name):
    kind = f", Schedule type: {schedule}" if schedule else ""
    assert read_infotext(f"x\nSteps: 9, Sampler: {sampler}{kind}").scheduler == name


def test_before_schedule_types_a_sampler_without_karras_in_its_name_was_one_without():
    text = "x\nSteps: 9, Sampler: DPM++ 2M, Version: {}"
    assert read_infotext(text.format("v1.6.0")).scheduler == "DPMSolverMultistepScheduler"
    assert read_infotext(text.format("v1.10.1")).scheduler == "DPMSolverMultistepScheduler Karras"


@pytest.mark.parametrize("name", ['"\\ud800"', '"a\\nb: c"', '"\\u001b[2J"', "x" * 201])
def test_a_name_that_is_no_line_of_text_is_left_out(name):
    borrowed = read_infotext(f"x\nSteps: 9, Model: {name}, Sampler: {name}, Seed: 7")
    assert (borrowed.model, borrowed.sampler, borrowed.seed) == (None, None, 7)


@pytest.mark.parametrize(
    "details",
    [
        "Seed: -1",
        "Seed: 4294967296",
        "Seed: 1e3",
        "Seed: ١٢",
        "CFG scale: nan",
        "CFG scale: 101",
        "CFG scale: -2",
        "Size: 511x512",
        "Size: 512",
        "Size: 99999x8",
        "Steps: 0",
        "Steps: 1001",
    ],
)
def test_a_field_that_cannot_be_is_left_out(details):
    borrowed = read_infotext(f"a prompt\n{'' if details.startswith('Steps') else 'Steps: 20, '}{details}")
    given = {name: value for name, value in vars(borrowed).items() if value not in (None, "")}
    assert set(given) <= {"prompt", "num_inference_steps"}
    assert borrowed.prompt == "a prompt"


@pytest.mark.parametrize(
    "text", ["", "a prompt", "a\nNegative prompt: b", "\0\nSteps: 3", "\ud800\nSteps: 3", "x" * 100_001]
)
def test_what_is_no_infotext_is_none(text):
    assert read_infotext(text) is None


@pytest.mark.parametrize(
    "nonsense",
    [
        'a: "' * 20_000,
        " " * 90_000 + "!",
        ("ab:" + " " * 600) * 150 + "!",
        "ab:" * 30_000,
        "a" * 90_000 + ":",
        "a," * 45_000,
        'ab:"' + '\\",' * 30_000,
        'ab:"\\", ' * 12_000,
    ],
    ids=lambda text: text[:12],
)
def test_a_long_line_of_nonsense_is_read_at_once(nonsense):
    started = time.process_time()
    assert read_infotext(f"x\nSteps: 3, {nonsense}").num_inference_steps == 3
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("details", "field", "value"),
    [
        ("Steps: 1", "num_inference_steps", 1),
        ("Steps: 1000", "num_inference_steps", 1000),
        ("Seed: 0", "seed", 0),
        ("Seed: 4294967295", "seed", 4294967295),
        ("CFG scale: 0", "guidance_scale", 0.0),
        ("CFG scale: 100", "guidance_scale", 100.0),
        ("Size: 8x4096", "width", 8),
        ("Size: 8x4096", "height", 4096),
        (f"Model: {'x' * 200}", "model", "x" * 200),
        ('Model: "a, b"', "model", "a, b"),
        ('Model: "a\\q"', "model", '"a\\q"'),  # JSON has no such escape
        ("Model: true", "model", "true"),
        ('Seed: 7, Hashes: "ab: 1, Seed: 5"', "seed", 7),
        ("Size: ", "width", None),
        ("Size: 0x0", "width", None),
        ("Size: 4x4", "width", None),
        ("Size: 7x7", "width", None),
        ("Size: 8x4104", "height", None),
    ],
)
def test_a_field_at_the_end_of_its_range(details, field, value):
    assert getattr(read_infotext(f"a prompt\nSteps: 20, {details}"), field) == value


def test_an_infotext_may_be_100000_characters_long_and_no_longer():
    details = "\nSteps: 3"
    assert read_infotext("x" * (100_000 - len(details)) + details) is not None
    assert read_infotext("x" * (100_001 - len(details)) + details) is None


def test_long_prompts_are_cut_to_what_a_recipe_holds():
    read = read_infotext(f"{'a' * 20_001}\nNegative prompt: {'b' * 20_001}\nSteps: 3")
    assert (read.prompt, read.negative_prompt) == ("a" * MAX_PROMPT_CHARACTERS, "b" * MAX_PROMPT_CHARACTERS)
    assert len(read.prompt) < 20_001


def test_details_after_nonsense_are_read():
    assert read_infotext("x\nnonsense, Steps: 3, more of it, Seed: 7").seed == 7
