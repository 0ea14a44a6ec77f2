"""What other tools' pictures say, field by field: taken only where it can be what it should be."""

import time
from dataclasses import replace

import pytest

from seedlab.core.recipes.recipe_checks import MAX_PROMPT_CHARACTERS
from seedlab.core.recipes.schedulers import SCHEDULERS
from seedlab.images.foreign.metadata import Detail, ForeignLora, ForeignMetadata
from seedlab.images.foreign.tools.automatic1111 import read_infotext
from seedlab.images.infotext import write_infotext
from tests.examples import RECIPE

A1111 = """Labrador in the style of Vermeer,
oil on canvas
Negative prompt: blurry, low quality
Steps: 30, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.5, Seed: 1234567890, Size: 512x768, \
Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, Lora hashes: "a: 12, b: 34", Version: v1.10.1"""


def test_a_picture_of_automatic1111():
    assert read_infotext(A1111) == ForeignMetadata(
        tool="AUTOMATIC1111 v1.10.1",
        prompt="Labrador in the style of Vermeer,\noil on canvas",
        negative_prompt="blurry, low quality",
        seed=1234567890,
        num_inference_steps=30,
        guidance_scale=7.5,
        width=512,
        height=768,
        scheduler="DPMSolverMultistepScheduler Karras",
        sampler="DPM++ 2M",
        schedule="Karras",
        model="v1-5-pruned-emaonly",
        model_hash="6ce0161689",
        has_other_noise=True,
        left=(Detail("LoRA hash", "a: 12"), Detail("LoRA hash", "b: 34")),
    )


def read_details(details, prompt="a boat"):
    return read_infotext(f"{prompt}\nSteps: 20, {details}")


def name_left(found):
    return {detail.name: detail.value for detail in found.left}


def test_everything_that_seedlab_does_not_do_is_named_with_its_value():
    details = (
        "Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x512, VAE: coast.pt, Denoising strength: 0.4, Clip skip: 2, "
        "ENSD: 31337, Eta: 0.67, Hires upscale: 2, Hires upscaler: Latent, Variation seed: 9, "
        "Variation seed strength: 0.2, "
        'Hires prompt: "a sea, Steps: 7, Seed: 1", RNG: NV, Version: v1.10.1'
    )
    found = read_details(details)
    assert (found.seed, found.num_inference_steps) == (5, 20)
    assert name_left(found) == {
        "VAE": "coast.pt",
        "Denoising strength": "0.4",
        "Clip skip": "2",
        "ENSD": "31337",
        "Eta": "0.67",
        "Hires upscale": "2",
        "Hires upscaler": "Latent",
        "Variation seed": "9",
        "Variation seed strength": "0.2",
        "Hires prompt": "a sea, Steps: 7, Seed: 1",
        "RNG": "NV",
    }


def test_what_does_what_seedlab_does_is_not_named():
    assert read_details("Seed: 5, RNG: CPU, Clip skip: 1, Version: v1.10.1").left == ()


@pytest.mark.parametrize(
    ("details", "is_other"),
    [
        ("Version: v1.10.1", True),
        ("Version: f2.0.1v1.10.1-previous-665", True),
        ("RNG: CPU, Version: v1.10.1", False),
        ("RNG: NV", True),
        ("Seed: 3", False),
        ("RNG: CPU, Version: SeedLab v1.0", False),
        ("Version: SeedLab v1.0", True),
        ("App: SD.Next, Version: 1234abc", False),
    ],
)
def test_noise_of_a_gpu_is_noticed(details, is_other):
    assert read_details(details).has_other_noise == is_other


def test_forge_with_flux():
    found = read_details("CFG scale: 1, Distilled CFG Scale: 3.5, Module 1: ae, Version: f2.0.1v1.10.1")
    assert (found.guidance_scale, found.distilled_guidance) == (1.0, 3.5)
    assert (found.tool, name_left(found)) == ("Forge f2.0.1v1.10.1", {"Module 1": "ae"})


def test_extra_networks_leave_the_prompt():
    prompt = "a boat <lora:ink:0.5>, at sea <lyco:gulls> <lora:two:0.5:0.8> <hypernet:old:0.3>"
    hashes = 'Lora hashes: "ink: ABCDEF012345, two: aa, other: bb"'
    found = read_infotext(f"{prompt}\nNegative prompt: fog <lora:neg:1>\nSteps: 20, {hashes}, Seed: 5")
    assert (found.prompt, found.negative_prompt) == ("a boat , at sea", "fog")
    assert found.loras == (ForeignLora("ink", 0.5, "abcdef012345"), ForeignLora("gulls", 1), ForeignLora("neg", 1))
    left = [(detail.name, detail.value) for detail in found.left]
    assert left == [
        ("lora", "two:0.5:0.8"),
        ("hypernet", "old:0.3"),
        ("LoRA hash", "two: aa"),
        ("LoRA hash", "other: bb"),
    ]


def test_hashes_as_json():
    hashes = 'Hashes: {"model": "aabbccdd11", "lora:ink": "abcdef012345", "vae": "00112233"}'
    found = read_details(f"Seed: 5, {hashes}, Model: x", "a boat <lora:ink:1>")
    assert found.loras == (ForeignLora("ink", 1.0, "abcdef012345"),)
    assert (found.model, name_left(found)) == ("x", {"hash of vae": "00112233"})
    assert found.model_hash == "aabbccdd11"
    assert read_details(f"Seed: 5, {hashes}, Model hash: 7460a6fa").model_hash == "7460a6fa"
    assert name_left(read_details('Seed: 5, Hashes: {"model": [1]}')) == {"Model hash": "[1]"}


def test_lines_below_the_details():
    text = (
        "a lighthouse\nNegative prompt: blurry\nSteps: 24, Sampler: Euler a, Seed: 5, Size: 512x640\n"
        "Template: a {lighthouse|harbour},\n__weather__\nNegative Template: blurry"
    )
    found = read_infotext(text)
    assert (found.prompt, found.negative_prompt, found.seed) == ("a lighthouse", "blurry", 5)
    assert name_left(found) == {"Template": "a {lighthouse|harbour}, __weather__", "Negative Template": "blurry"}


def test_bars_between_the_details():
    text = "prompt: a boat\nNegative prompt: fog\nSteps: 25 | Seed: 7 | Sampler: Euler a | Size: 768x512 | Parser: Full"
    found = read_infotext(text)
    assert (found.prompt, found.negative_prompt, found.seed, found.width) == ("a boat", "fog", 7, 768)
    assert found.scheduler == "EulerAncestralDiscreteScheduler"
    assert name_left(found) == {"Parser": "Full"}


@pytest.mark.parametrize("end", [",. ", ".", " "])
def test_everything_in_one_line(end):
    text = f"a boat{end}Negative prompt: fog, rain{end}Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 64x64"
    found = read_infotext(text)
    assert (found.prompt, found.negative_prompt, found.seed, found.num_inference_steps) == (
        "a boat",
        "fog, rain",
        5,
        20,
    )


def test_names_in_other_cases_and_details_without_names():
    found = read_infotext("a boat\nSteps: 20, sampler: k_euler, cfg scale: 7, seed: 5, size: 64x32, model: shore, v2")
    assert (found.scheduler, found.seed, found.model) == ("EulerDiscreteScheduler", 5, "shore")
    assert (found.width, found.height) == (64, 32)
    assert name_left(found) == {"detail without a name": "v2"}


@pytest.mark.parametrize("end", ["", ", Seed: 5", ",Seed: 5"])
def test_a_decimal_comma_does_not_divide_a_number(end):
    found = read_infotext(f"a boat\nSteps: 20, Sampler: Euler, Blocks: 1,0,2, CFG scale: 7,5{end}")
    assert (found.guidance_scale, found.seed) == (7.5, 5 if end else None)
    assert name_left(found) == {"Blocks": "1,0,2"}


def test_a_number_that_can_be_read_in_two_ways_is_left_whole():
    found = read_infotext("a boat\nSteps: 20, Sampler: Euler, CFG scale: 7,500, Seed: 1,234")
    assert (found.guidance_scale, found.seed) == (None, None)
    assert name_left(found) == {"CFG scale": "7,500", "Seed": "1,234"}


def test_windows_line_breaks():
    assert read_infotext("a boat\r\nNegative prompt: fog\r\nSteps: 20, Seed: 7").negative_prompt == "fog"


@pytest.mark.parametrize("scheduler", [each for each in SCHEDULERS if not each.schedule], ids=lambda each: each.name)
def test_what_we_write_comes_back(scheduler):
    recipe = replace(RECIPE, scheduler=scheduler.name, negative_prompt="blurry", guidance_scale=7.5)
    borrowed = read_infotext(write_infotext(recipe))
    for field in ("prompt", "negative_prompt", "seed", "num_inference_steps", "guidance_scale", "width", "height"):
        assert getattr(borrowed, field) == getattr(recipe, field)
    assert borrowed.scheduler == scheduler.name


@pytest.mark.parametrize(("device", "is_other"), [("cpu", False), ("cuda", True), ("mps", True)])
def test_the_noise_that_we_write_comes_back(device, is_other):
    assert read_infotext(write_infotext(replace(RECIPE, generator_device=device))).has_other_noise == is_other


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
    assert (borrowed.model, borrowed.sampler, borrowed.seed) == (None, "", 7)
    assert set(name_left(borrowed)) == {"Model", "Sampler"}
    assert all(detail.value.isprintable() for detail in borrowed.left)


@pytest.mark.parametrize(
    "details",
    [
        "Seed: -1",
        "Seed: 18446744073709551616",
        "Seed: 1e3",
        "Seed: ١٢",
        "CFG scale: nan",
        "CFG scale: 101",
        "CFG scale: -2",
        "Size: 512",
        "Size: 999999x8",
        "Steps: 0",
        "Steps: 1001",
    ],
)
def test_a_field_that_cannot_be_is_left_and_named(details):
    borrowed = read_infotext(f"a prompt\n{'' if details.startswith('Steps') else 'Steps: 20, '}{details}")
    assert (borrowed.seed, borrowed.guidance_scale, borrowed.width) == (None, None, None)
    name, _, value = details.partition(": ")
    assert [(detail.name, detail.value) for detail in borrowed.left] == ([] if value == "nan" else [(name, value)])


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
        ("Seed: 18446744073709551615", "seed", 2**64 - 1),
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
        ("Size: 510x638", "height", 638),
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
    assert {detail.name for detail in read.left} == {"end of the prompt", "end of the negative prompt"}


def test_details_after_nonsense_are_read():
    assert read_infotext("x\nnonsense, Steps: 3, more of it, Seed: 7").seed == 7


def test_details_that_are_called_as_the_prompts_are_do_not_replace_them():
    found = read_details("Seed: 5, prompt: a trap, negative_prompt: another")
    assert (found.prompt, found.negative_prompt) == ("a boat", "")
    assert name_left(found) == {"prompt": "a trap", "negative_prompt": "another"}


def test_a_prompt_may_begin_like_json():
    assert read_details("Seed: 5", "{boat|ship}").prompt == "{boat|ship}"
