"""Settings of other tools' pictures, fitted to a model."""

from dataclasses import replace
from pathlib import Path

import pytest

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.additions import Lora
from seedlab.images.foreign.metadata import Detail, ForeignLora, ForeignMetadata
from seedlab.workflow.pictures.borrowing import borrow, is_named
from tests.examples import MODEL

FOUND = ForeignMetadata(
    tool="ComfyUI",
    prompt="a boat",
    negative_prompt="fog",
    seed=7,
    num_inference_steps=30,
    guidance_scale=6.5,
    width=128,
    height=192,
    sampler="euler",
    schedule="normal",
    scheduler="EulerDiscreteScheduler",
    model="Sketch",
)
FLUX = replace(
    MODEL,
    name="Flux",
    max_side=2048,
    scheduler="FlowMatchEulerDiscreteScheduler",
    distilled_guidance=True,
    ignores=("negative_prompt",),
)


def fit(found=FOUND, model=MODEL, find_lora=lambda _name, _digest: None, read_loras=lambda _text: ()):
    return borrow(found, model, find_lora, read_loras)


def name_left(borrowed):
    return {detail.name: (detail.value, detail.reason) for detail in borrowed.left}


def test_what_the_model_can_use_is_taken():
    borrowed = fit()
    assert borrowed.settings == {
        "negative_prompt": "fog",
        "num_inference_steps": 30,
        "width": 128,
        "height": 192,
        "scheduler": "EulerDiscreteScheduler",
        "guidance_scale": 6.5,
    }
    assert (borrowed.prompt, borrowed.seed) == ("a boat", 7)
    assert borrowed.describe() == (
        "Imported from the picture (ComfyUI): prompt, negative prompt, seed, steps, guidance, size, scheduler, model."
    )


def test_sizes_are_rounded_with_a_word():
    borrowed = fit(replace(FOUND, width=126, height=190))
    assert (borrowed.settings["width"], borrowed.settings["height"]) == (128, 192)
    assert borrowed.notes == ("Sketch makes sizes in steps of 8 pixels: 126 became 128 and 190 became 192.",)


def test_sizes_that_are_too_large_are_left_before_generate():
    borrowed = fit(replace(FOUND, width=510, height=638))
    assert "width" not in borrowed.settings
    assert "Not imported: size “510x638” (Sketch makes at most 256 pixels a side)." in borrowed.describe()
    assert "size" not in borrowed.taken


def test_sizes_that_are_too_small_are_left():
    assert name_left(fit(replace(FOUND, width=8, height=128)))["size"][0] == "8x128"


def test_half_a_size_is_left():
    assert name_left(fit(replace(FOUND, height=None))) == {"width": ("128", "")}


def test_settings_for_another_model_are_said_to_be():
    borrowed = fit(replace(FOUND, model="shoreline_v3", model_hash="aabbccdd11"))
    assert name_left(borrowed) == {"model": ("shoreline_v3 aabbccdd11", "")}
    assert borrowed.notes == ("The settings were made for “shoreline_v3”; Sketch is chosen.",)


def test_a_model_that_is_known_by_its_hash_alone_is_another():
    borrowed = fit(replace(FOUND, model=None, model_hash="7460a6fa"))
    assert name_left(borrowed) == {"model hash": ("7460a6fa", "")}
    assert borrowed.notes == ("The settings were made for a model that the picture does not name; Sketch is chosen.",)
    assert "model" not in borrowed.taken


def test_the_hash_of_a_model_of_the_same_name_is_not_compared():
    borrowed = fit(replace(FOUND, model_hash="7460a6fa"))
    assert "model hash “7460a6fa” (it is not compared with that of the model here)" in borrowed.describe()
    assert (borrowed.notes, "model" in borrowed.taken) == ((), True)


def test_a_scheduler_that_does_not_work_with_the_model_is_left_and_why():
    borrowed = fit(replace(FOUND, scheduler="LCMScheduler", sampler="lcm"))
    value, reason = name_left(borrowed)["scheduler"]
    assert (value, reason.startswith("LCM does not work with Sketch")) == ("lcm", True)
    assert "scheduler" not in borrowed.settings


def test_a_sampler_without_a_counterpart_is_left_with_its_schedule():
    borrowed = fit(replace(FOUND, scheduler=None, sampler="res_multistep", schedule="beta"))
    assert name_left(borrowed) == {"sampler": ("res_multistep beta", "")}


def test_distilled_guidance_is_for_distilled_models_alone():
    found = replace(FOUND, guidance_scale=1.0, distilled_guidance=3.5, negative_prompt="", model="Flux")
    assert fit(found, FLUX).settings["guidance_scale"] == 3.5
    assert name_left(fit(found, FLUX)) == {}
    left = name_left(fit(found))
    assert "guidance_scale" not in fit(found).settings
    assert (left["distilled guidance"][0], left["guidance"][0]) == ("3.5", "1")


def test_guidance_of_other_models_is_not_given_to_distilled_ones():
    borrowed = fit(replace(FOUND, model="Flux", negative_prompt=""), FLUX)
    assert "guidance_scale" not in borrowed.settings
    assert name_left(borrowed)["guidance"] == ("6.5", "Flux takes distilled guidance")
    assert "scheduler" in borrowed.taken, "Euler is the flow-matching scheduler's name elsewhere"


def test_a_negative_prompt_that_the_model_does_not_read_is_left():
    assert name_left(fit(replace(FOUND, model="Flux", guidance_scale=None), FLUX))["negative prompt"][0] == "fog"


def test_of_a_model_without_prompts_the_prompt_is_left():
    model = replace(MODEL, unconditional=True, guidance_scale=0.0, dtype="float32")
    borrowed = fit(FOUND, model)
    assert (borrowed.prompt, borrowed.seed) == ("", 7)
    assert {"prompt", "negative prompt", "size", "guidance"} <= set(name_left(borrowed))


def test_a_prompt_that_is_too_long_for_the_model_is_said_to_be():
    borrowed = fit(replace(FOUND, prompt="boat " * 500))
    assert "shorten it to 1,925 or fewer" in borrowed.notes[-1]


def test_noise_that_cannot_be_had_is_said():
    assert fit(replace(FOUND, has_other_noise=True)).notes == (
        "Its noise came from a generator that SeedLab lacks, so the picture will differ.",
    )
    assert fit(replace(FOUND, has_other_noise=True, seed=None)).notes == ()


@pytest.mark.parametrize("mark", ["BREAK", "[fog:rain:0.5]", "{{gulls}}", "1.5::gulls"])
def test_marks_that_seedlab_reads_as_words_are_said(mark):
    *_, note = fit(replace(FOUND, prompt=f"a boat {mark}")).notes
    assert "are read as plain words" in note
    assert fit(replace(FOUND, prompt="a boat, 3:2 :)")).notes == ()


@pytest.mark.parametrize("prompt", ["a boat (gulls:1.3)", "a boat (small), [old], 3:2"])
def test_weights_are_taken_over_and_said_to_be(prompt):
    borrowed = fit(replace(FOUND, prompt=prompt, tool="AUTOMATIC1111 v1.10.1"))
    assert borrowed.prompt == prompt
    assert borrowed.notes[0].endswith("are applied a little differently than in AUTOMATIC1111.")
    assert fit(replace(FOUND, prompt=prompt, tool="ComfyUI")).notes[0].endswith("than in ComfyUI.")


def test_brackets_that_mean_something_else_elsewhere_are_characters():
    borrowed = fit(replace(FOUND, prompt="a boat [old], (gulls)1.3", has_other_weights=True))
    assert borrowed.prompt == r"a boat \[old\], \(gulls\)1.3"
    assert borrowed.notes == ("Brackets in the prompt, such as “[old]”, are read as plain characters.",)


def test_loras_on_this_machine_are_taken_and_others_named():
    found = replace(
        FOUND, loras=(ForeignLora("ink", 0.1234567, "abcdef012345"), ForeignLora("gulls", 1.0), ForeignLora("bad", 1.0))
    )
    lora = Lora(file="/loras/ink.safetensors", sha256="ab" * 32, weight=1)

    def read_loras(text):
        if "bad" in text:
            raise RecipeError("loras", "“bad.safetensors” is not a LoRA.")
        assert text == f"{Path('/loras/ink.safetensors')} 1"
        return (lora,)

    def find_lora(name, _):
        return None if name == "gulls" else Path(f"/loras/{name}.safetensors")

    borrowed = fit(found, find_lora=find_lora, read_loras=read_loras)
    assert borrowed.settings["loras"] == (replace(lora, weight=0.1234567),)
    assert "LoRAs" in borrowed.taken
    assert [detail for detail in borrowed.left if detail.name == "LoRA"] == [
        Detail("LoRA", "gulls 1", "there is no such file here"),
        Detail("LoRA", "bad 1", "“bad.safetensors” is not a LoRA."),
    ]


def test_details_that_the_reader_left_come_last():
    borrowed = fit(replace(FOUND, model="x", left=(Detail("VAE", "coast"),)))
    assert "Not imported: model “x”, VAE “coast”." in borrowed.describe()


@pytest.mark.parametrize(
    ("name", "is_it"),
    [
        ("stable-diffusion-xl-base-1.0", True),
        ("stabilityai/stable-diffusion-xl-base-1.0", True),
        ("sdxl base", True),
        ("SDXL_base.safetensors", True),
        ("stable-diffusion-xl", False),
        ("", False),
        (None, False),
        (".", False),
    ],
)
def test_models_are_known_by_their_names(name, is_it):
    assert is_named(name, "stabilityai/stable-diffusion-xl-base-1.0", "SDXL base") == is_it
