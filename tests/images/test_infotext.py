"""The infotext, read back by AUTOMATIC1111's own rules, ComfyUI's and Civitai's."""

import json
import re
from dataclasses import replace

import pytest

from seedlab import __version__
from seedlab.core.models.weights import WeightHashes
from seedlab.core.recipes.additions import Lora, Nudge
from seedlab.images.infotext import write_infotext
from tests.examples import RECIPE

PAIR = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')


def read_as_a1111(text: str) -> dict[str, str]:
    """Mirror `parse_generation_parameters` of stable-diffusion-webui, modules/infotext_utils.py."""
    *lines, last = text.strip().split("\n")
    if len(PAIR.findall(last)) < 3:
        lines, last = [*lines, last], ""
    texts: dict[str, list[str]] = {"Prompt": [], "Negative prompt": []}
    kind = "Prompt"
    for line in (each.strip() for each in lines):
        if line.startswith("Negative prompt:"):
            kind, line = "Negative prompt", line.removeprefix("Negative prompt:").strip()
        texts[kind].append(line)
    values = {key: json.loads(value) if value[:1] == '"' else value for key, value in PAIR.findall(last)}
    return {key: "\n".join(lines).lstrip("\n") for key, lines in texts.items()} | values


def read_as_comfyui(text: str) -> tuple[str, str, str]:
    """Mirror `importA1111` of ComfyUI's front end, scripts/pnginfo: prompt, negative prompt, line of details."""
    end = text.rindex("\nSteps:")
    middle = text.rindex("\nNegative prompt:", 0, end)
    return text[:middle].strip(), text[middle + 18 : end].strip(), text[end:].split("\n")[1]


def read_as_civitai(text: str) -> str:
    """Mirror Civitai's automatic.metadata.ts: the first line that begins with "Steps: " is the line of details."""
    return next(line for line in text.split("\n") if line.startswith("Steps: "))


def test_an_infotext_in_full():
    recipe = replace(
        RECIPE,
        model_id="stable-diffusion-v1-5/stable-diffusion-v1-5",
        negative_prompt="blurry",
        scheduler="DPMSolverMultistepScheduler Karras",
        num_inference_steps=30,
        guidance_scale=7,
        height=512,
        width=768,
    )
    assert write_infotext(recipe) == (
        "Labrador in the style of Vermeer\n"
        "Negative prompt: blurry\n"
        "Steps: 30, Sampler: DPM++ 2M Karras, Schedule type: Karras, CFG scale: 7.0, Seed: 0, Size: 768x512, "
        f"Model: stable-diffusion-v1-5, RNG: CPU, Version: SeedLab v{__version__}"
    )


def test_the_line_of_the_negative_prompt_is_there_when_it_is_empty():
    assert "\nNegative prompt: \nSteps: " in write_infotext(RECIPE)


def test_one_nudge_is_named_as_a1111_does_and_several_as_invokeai_did():
    nudges = (Nudge(seed=7, weight=0.1), Nudge(seed=42, weight=0.25))
    one, two = (read_as_a1111(write_infotext(replace(RECIPE, nudges=nudges[:count]))) for count in (1, 2))
    assert (one["Variation seed"], one["Variation seed strength"]) == ("7", "0.1")
    assert two["Variations"] == "7:0.1, 42:0.25"
    assert two["Seed"] == one["Seed"]


def test_every_seed_is_in_its_own_infotext_and_0_too():
    texts = [write_infotext(replace(RECIPE, seed=seed)) for seed in (0, 1, 2**64 - 1)]
    assert [read_as_a1111(text)["Seed"] for text in texts] == ["0", "1", "18446744073709551615"]


@pytest.mark.parametrize(
    ("scheduler", "sampler", "schedule"),
    [
        # Where nothing is said A1111 takes "Automatic", which is Karras for DPM++ 2M: so the plain one says Uniform.
        ("DPMSolverMultistepScheduler", "DPM++ 2M", "Uniform"),
        # ComfyUI knows Karras from the sampler's name alone; A1111 reads the old name and the schedule type alike.
        ("DPMSolverMultistepScheduler Karras", "DPM++ 2M Karras", "Karras"),
        ("EulerAncestralDiscreteScheduler", "Euler a", None),
        ("PNDMScheduler", "PLMS", None),
        ("DDPMScheduler", "DDPM", None),
        ("DPMSolverSinglestepScheduler", "DPM++ 2S", None),
        ("FlowMatchEulerDiscreteScheduler", "Euler", "Simple"),
        ("A scheduler of tomorrow", None, None),
    ],
)
def test_samplers_are_called_what_a1111_calls_them(scheduler, sampler, schedule):
    values = read_as_a1111(write_infotext(replace(RECIPE, scheduler=scheduler)))
    assert (values.get("Sampler"), values.get("Schedule type")) == (sampler, schedule)


@pytest.mark.parametrize(
    ("model_id", "name"),
    [
        ("sketch", "sketch"),
        ("owner/name", "name"),
        ("/home/somebody/models/mine", "mine"),
        ("C:\\Users\\somebody\\mine\\", "mine"),
        ("/models/shore, v3: final.safetensors", "shore v3 final"),
        ("./shore.SAFETENSORS", "shore"),
        ("owner/sdxl-1.0", "sdxl-1.0"),
        ('a, "c"', 'a "c"'),
    ],
)
def test_the_model_is_called_by_its_name_and_not_by_where_it_lies(model_id, name):
    text = write_infotext(replace(RECIPE, model_id=model_id))
    assert read_as_a1111(text)["Model"] == name
    assert "somebody" not in text


LORAS = (
    Lora(file="/home/somebody/loras/ink.safetensors", sha256="ab" * 32, weight=0.8),
    Lora(file="C:\\loras\\a, <b>: c.safetensors", sha256="cd" * 32, weight=-1),
)


def test_loras_are_tags_after_the_prompt_with_their_hashes_among_the_details():
    recipe = replace(RECIPE, loras=LORAS)
    values = read_as_a1111(write_infotext(recipe, WeightHashes(loras=("12" * 32, "34" * 32))))
    assert values["Prompt"] == "Labrador in the style of Vermeer <lora:ink:0.8> <lora:a b c:-1>"
    assert values["Lora hashes"] == "ink: 121212121212, a b c: 343434343434"
    assert "Lora hashes" not in read_as_a1111(write_infotext(recipe))
    assert read_as_a1111(write_infotext(recipe, WeightHashes(loras=("", "34" * 32))))["Lora hashes"].startswith("a b c")


@pytest.mark.parametrize(("weight", "text"), [(1, "1"), (0.25, "0.25"), (1e-5, "0.00001"), (-0.5, "-0.5"), (0, "0")])
def test_the_weights_of_loras_are_plain_numbers(weight, text):
    recipe = replace(RECIPE, prompt="", loras=(replace(LORAS[0], weight=weight),))
    assert write_infotext(recipe).startswith(f"<lora:ink:{text}>\nNegative prompt: ")


def test_a_single_file_checkpoint_has_the_hash_that_a1111_shows():
    text = write_infotext(RECIPE, WeightHashes(checkpoint="6ce0161689" + "0" * 54))
    assert read_as_a1111(text)["Model hash"] == "6ce0161689"
    assert "Model hash" not in write_infotext(RECIPE)


def test_noise_that_was_not_drawn_on_the_cpu_is_not_said_to_be():
    assert "RNG" not in read_as_a1111(write_infotext(replace(RECIPE, generator_device="cuda")))


HOSTILE = [
    "",
    "a house",
    "a house\nby the sea\n\nat night",
    "Steps: 3, Seed: 1, Size: 8x8, CFG scale: 1",
    "a house\nSteps: 3, Sampler: Euler, CFG scale: 1, Seed: 1, Size: 8x8",
    "a house\n  Steps: 3",
    "a house\nNegative prompt: none\nSteps: 3, Seed: 1, Size: 8x8",
    'a "quoted" house, \\ with: everything',
    "ein Häuschen",
    "北斎の波, “wave” 🌊",
    "a house\r\nby the sea",
    "(a:1.2) [b|c] <lora:d:0.5>",
]


@pytest.mark.parametrize("negative", HOSTILE)
@pytest.mark.parametrize("prompt", HOSTILE)
def test_hostile_prompts_change_no_other_value_for_any_reader(prompt, negative):
    recipe = replace(RECIPE, prompt=prompt, negative_prompt=negative)
    text = write_infotext(recipe)
    # Other tools read brackets as weights, so they are escaped.
    prompt, negative = recipe.write_prompt("prompt"), recipe.write_prompt("negative_prompt")
    plain = write_infotext(RECIPE)
    values, expected = read_as_a1111(text), read_as_a1111(plain)
    assert words_of(values.pop("Prompt")) == words_of(prompt)
    assert words_of(values.pop("Negative prompt")) == words_of(negative)
    assert values == {key: value for key, value in expected.items() if "rompt" not in key}
    details = plain.split("\n")[-1]
    in_comfyui = read_as_comfyui(text)
    assert (words_of(in_comfyui[0]), words_of(in_comfyui[1])) == (words_of(prompt), words_of(negative))
    assert in_comfyui[2] == details
    if not prompt.startswith("Steps: "):
        assert read_as_civitai(text) == details


def words_of(text: str) -> list[str]:
    # Spaces and newlines are the same to a text encoder, and readers cut lines at both ends.
    return text.split()


@pytest.mark.parametrize("prompt", ["a house", "a house\nby the sea", "北斎の波, “wave” 🌊", 'a "b" \\c: d, e'])
def test_an_ordinary_prompt_comes_back_to_the_letter(prompt):
    values = read_as_a1111(write_infotext(replace(RECIPE, prompt=prompt, negative_prompt=prompt)))
    assert (values["Prompt"], values["Negative prompt"]) == (prompt, prompt)


def test_weights_stay_and_brackets_that_are_characters_are_escaped():
    weighted = replace(RECIPE, prompt="a (red:1.3) boat", prompt_syntax="weights")
    assert read_as_a1111(write_infotext(weighted))["Prompt"] == "a (red:1.3) boat"
    literal = replace(RECIPE, prompt="a (red) boat :)")
    assert read_as_a1111(write_infotext(literal))["Prompt"] == r"a \(red\) boat :\)"


@pytest.mark.parametrize(
    ("late_prompt", "written"),
    [("a boat, artsy", "a boat[:, artsy:3]"), ("a ship", "[a boat:a ship:3]"), ("a boat: [old]", "a boat")],
)
def test_late_words_are_prompt_editing_where_it_can_express_them(late_prompt, written):
    values = read_as_a1111(write_infotext(replace(RECIPE, prompt="a boat", late_prompt=late_prompt, late_step=3)))
    assert values["Prompt"] == written
    assert (values["Late prompt"], values["Late step"]) == (late_prompt.replace("[old]", r"\[old\]"), "3")
