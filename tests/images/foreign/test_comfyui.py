"""ComfyUI's graphs: the sampler that made the image, and its prompts through the links."""

import json
import time
from contextlib import suppress

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.images.foreign.metadata import Detail, ForeignLora
from seedlab.images.foreign.registry import read_foreign
from seedlab.images.restoring import restore
from tests.images.foreign.pictures import make_exif, write_exif

PROMPT, NEGATIVE = "a lighthouse on a cliff", "blurry"


def node(kind, **inputs):
    return {
        "class_type": kind,
        "inputs": {key: list(value) if isinstance(value, tuple) else value for key, value in inputs.items()},
    }


def read(graph):
    return read_foreign({"prompt": json.dumps(graph), "workflow": "{}"})


def name_left(found):
    return {detail.name: detail.value for detail in found.left}


SAMPLER = {"seed": 7, "steps": 22, "cfg": 6.0, "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 1.0}
LINKS = {"model": ("4", 0), "positive": ("6", 0), "negative": ("7", 0), "latent_image": ("5", 0)}
PLAIN = {
    "3": node("KSampler", **SAMPLER, **LINKS),
    "4": node("CheckpointLoaderSimple", ckpt_name="sd/shoreline_v3.safetensors"),
    "5": node("EmptyLatentImage", width=512, height=640, batch_size=1),
    "6": node("CLIPTextEncode", text=PROMPT, clip=("4", 1)),
    "7": node("CLIPTextEncode", text=NEGATIVE, clip=("4", 1)),
    "8": node("VAEDecode", samples=("3", 0), vae=("4", 2)),
    "9": node("SaveImage", filename_prefix="coast", images=("8", 0)),
}


def check(found, **others):
    expected = {
        "prompt": PROMPT,
        "negative_prompt": NEGATIVE,
        "seed": 7,
        "num_inference_steps": 22,
        "guidance_scale": 6.0,
        "width": 512,
        "height": 640,
        "scheduler": "DPMSolverMultistepScheduler Karras",
        "model": "shoreline_v3",
        **others,
    }
    assert {name: getattr(found, name) for name in expected} == expected


def test_the_default_graph():
    found = read(PLAIN)
    check(found, tool="ComfyUI")
    assert found.left == ()


def test_nan_in_the_json():
    check(read(PLAIN | {"3": node("KSampler", **SAMPLER | {"denoise": float("nan")}, **LINKS)}))


@pytest.mark.parametrize("name", ["a.webp", "a.jpg"])
def test_the_graph_in_exif(tmp_path, name):
    exif = make_exif(b"", others={0x010F: b"workflow:{}\0", 0x0110: b"prompt:" + json.dumps(PLAIN).encode() + b"\0"})
    check(restore(write_exif(tmp_path / name, exif)))
    comment = json.dumps({"prompt": PLAIN, "workflow": {}}).encode("utf-16-be")
    check(restore(write_exif(tmp_path / name, make_exif(b"UNICODE\0" + comment))))


def test_reroutes_primitives_and_text_nodes():
    graph = PLAIN | {
        "3": node("KSampler", **SAMPLER | {"seed": ("20", 0), "steps": ("21", 0)}, **LINKS | {"positive": ("22", 0)}),
        "6": node("CLIPTextEncode", text=("23", 0), clip=("4", 1)),
        "20": node("Seed (rgthree)", seed=7),
        "21": node("PrimitiveInt", value=("24", 0)),
        "22": node("Reroute", **{"": ("6", 0)}),
        "23": node("StringConcatenate", string_a=("25", 0), string_b="on a cliff", delimiter=" "),
        "24": node("PrimitiveInt", value=22),
        "25": node("PrimitiveStringMultiline", value="a lighthouse"),
    }
    found = read(graph)
    check(found)
    assert found.left == ()


def test_a_node_with_several_settings_has_each_under_its_own_name():
    names = ("seed", "steps", "cfg", "sampler_name", "scheduler", "denoise")
    linked = {name: ("20", slot) for slot, name in enumerate(names)}
    graph = PLAIN | {
        "3": node("KSampler", **linked, **LINKS),
        "5": node("EmptyLatentImage", width=("21", 0), height=("21", 1), batch_size=1),
        "20": node("Input Parameters (Image Saver)", **SAMPLER),
        "21": node("Size", value=2, width=512, height=640),
    }
    found = read(graph)
    check(found)
    assert name_left(found) == {"Size": "value 2"}


@pytest.mark.parametrize(
    ("others", "named"),
    [
        ({}, {}),
        ({"20": node("Sampler Picker")}, {}),
        ({"20": node("Random", seed=7, maximum=50)}, {"Random": "seed 7, maximum 50"}),
        ({"20": node("Reroute", **{"": ("20", 0)})}, {}),
    ],
    ids=["not there", "empty", "several", "circle"],
)
def test_a_value_that_no_node_says_is_named(others, named):
    graph = PLAIN | {"3": node("KSampler", **SAMPLER | {"steps": ("20", 0)}, **LINKS)} | others
    found = read(graph)
    check(found, num_inference_steps=None)
    assert Detail("steps", "", "its value comes from another node") in found.left
    assert name_left(found) == {"steps": ""} | named


def test_a_prompt_that_no_node_says_is_named():
    graph = PLAIN | {"6": node("CLIPTextEncode", clip=("4", 1), text=("20", 0)), "20": node("Prompt of the day")}
    found = read(graph)
    check(found, prompt="")
    assert found.left == (Detail("text", "", "its value comes from another node"),)


def test_loras_in_the_order_in_which_they_are_applied():
    graph = PLAIN | {
        "3": node("KSampler", **SAMPLER, **LINKS | {"model": ("31", 0)}),
        "30": node("LoraLoader", lora_name="ink.safetensors", strength_model=0.5, strength_clip=0.5, model=("4", 0)),
        "31": node("LoraLoaderModelOnly", lora_name="gulls.safetensors", strength_model=1, model=("32", 0)),
        "32": node("LoraLoader", lora_name="fog.safetensors", strength_model=1, strength_clip=0.2, model=("33", 0)),
        "33": node(
            "Power Lora Loader (rgthree)",
            lora_1={"on": True, "lora": "sea.safetensors", "strength": 0.3},
            lora_2={"on": False, "lora": "off.safetensors", "strength": 1},
            model=("30", 0),
        ),
    }
    found = read(graph)
    assert found.loras == (ForeignLora("ink", 0.5), ForeignLora("sea", 0.3), ForeignLora("gulls", 1.0))
    assert name_left(found) == {"LoRA": "fog.safetensors 0.2 and 1"}


def test_nodes_that_change_the_image_are_named():
    graph = PLAIN | {
        "3": node("KSampler", **SAMPLER, **LINKS | {"positive": ("40", 0)}),
        "8": node("VAEDecode", samples=("3", 0), vae=("42", 0)),
        "40": node("ControlNetApply", strength=0.8, conditioning=("6", 0), image=("41", 0)),
        "41": node("LoadImage", image="pose.png"),
        "42": node("VAELoader", vae_name="coast.safetensors"),
        "6": node("CLIPTextEncode", text=PROMPT, clip=("43", 0)),
        "43": node("CLIPSetLastLayer", stop_at_clip_layer=-2, clip=("4", 1)),
        "5": node("EmptyLatentImage", width=512, height=640, batch_size=4),
        "99": node("LoadImage", image="not linked.png"),
    }
    found = read(graph)
    check(found)
    assert name_left(found) == {
        "ControlNetApply": "strength 0.8",
        "LoadImage": "image pose.png",
        "VAELoader": "vae_name coast.safetensors",
        "CLIPSetLastLayer": "stop_at_clip_layer -2",
        "EmptyLatentImage": "batch_size 4",
    }


def test_of_two_passes_the_first_made_the_image():
    second = SAMPLER | {"seed": 99, "steps": 10, "denoise": 0.5}
    graph = PLAIN | {
        "8": node("VAEDecode", samples=("50", 0), vae=("4", 2)),
        "50": node("KSampler", **second, **LINKS | {"latent_image": ("51", 0)}),
        "51": node("LatentUpscale", upscale_method="nearest", width=1024, height=1280, samples=("3", 0)),
    }
    found = read(graph)
    check(found)
    left = name_left(found)
    assert "seed 99, steps 10" in left["KSampler"]
    assert "denoise 0.5" in left["KSampler"]
    assert left["LatentUpscale"] == "upscale_method nearest, width 1024, height 1280"


def test_a_preview_of_another_sampler_does_not_count():
    graph = {
        "1": node("KSampler", **SAMPLER | {"seed": 99}, **LINKS),
        "2": node("PreviewImage", images=("10", 0)),
        "10": node("VAEDecode", samples=("1", 0), vae=("4", 2)),
    } | PLAIN
    check(read(graph))


def test_sdxl_with_base_and_refiner():
    advanced = {"noise_seed": 7, "steps": 22, "cfg": 6.0, "sampler_name": "euler", "scheduler": "normal"}
    text = {"width": 1024, "height": 1024, "clip": ("4", 1)}
    graph = PLAIN | {
        "3": node(
            "KSamplerAdvanced",
            add_noise="enable",
            **advanced,
            start_at_step=0,
            end_at_step=18,
            return_with_leftover_noise="enable",
            **LINKS,
        ),
        "6": node("CLIPTextEncodeSDXL", text_g=PROMPT, text_l=PROMPT, **text),
        "7": node("CLIPTextEncodeSDXL", text_g=NEGATIVE, text_l="grain", **text),
        "60": node(
            "KSamplerAdvanced",
            add_noise="disable",
            **advanced,
            start_at_step=18,
            end_at_step=10000,
            **LINKS | {"model": ("61", 0), "latent_image": ("3", 0)},
        ),
        "61": node("CheckpointLoaderSimple", ckpt_name="refiner.safetensors"),
        "8": node("VAEDecode", samples=("60", 0), vae=("4", 2)),
    }
    found = read(graph)
    check(found, scheduler="EulerDiscreteScheduler")
    shown = [f"{detail.name}: {detail.value}" for detail in found.left]
    assert "KSamplerAdvanced: end_at_step 18, return_with_leftover_noise enable" in shown
    assert any("start_at_step 18" in each for each in shown)
    assert "CheckpointLoaderSimple: ckpt_name refiner.safetensors" in shown
    assert "CLIPTextEncodeSDXL: text_l grain, width 1024, height 1024" in shown


def test_flux_with_a_custom_sampler():
    graph = {
        "1": node(
            "SamplerCustomAdvanced",
            noise=("2", 0),
            guider=("3", 0),
            sampler=("4", 0),
            sigmas=("5", 0),
            latent_image=("6", 0),
        ),
        "2": node("RandomNoise", noise_seed=7),
        "3": node("BasicGuider", model=("7", 0), conditioning=("8", 0)),
        "4": node("KSamplerSelect", sampler_name="euler"),
        "5": node("BasicScheduler", scheduler="simple", steps=22, denoise=1, model=("7", 0)),
        "6": node("EmptySD3LatentImage", width=512, height=640, batch_size=1),
        "7": node("UNETLoader", unet_name="flux1-dev.safetensors", weight_dtype="default"),
        "8": node("FluxGuidance", guidance=3.5, conditioning=("9", 0)),
        "9": node("CLIPTextEncodeFlux", clip_l=PROMPT, t5xxl=PROMPT, guidance=2.5, clip=("10", 0)),
        "10": node("DualCLIPLoader", clip_name1="t5.safetensors", clip_name2="l.safetensors", type="flux"),
        "11": node("VAEDecode", samples=("1", 0), vae=("12", 0)),
        "12": node("VAELoader", vae_name="ae.safetensors"),
        "13": node("SaveImage", filename_prefix="x", images=("11", 0)),
    }
    found = read(graph)
    check(
        found,
        guidance_scale=None,
        negative_prompt="",
        scheduler=None,
        sampler="euler",
        schedule="simple",
        model="flux1-dev",
    )
    assert found.distilled_guidance == 3.5
    left = name_left(found)
    assert left["CLIPTextEncodeFlux"] == "guidance 2.5"
    assert left["VAELoader"] == "vae_name ae.safetensors"


def test_negative_prompts_that_are_zeroed_out():
    graph = PLAIN | {"7": node("ConditioningZeroOut", conditioning=("6", 0))}
    check(read(graph), negative_prompt="")


def test_loaders_that_hold_both_prompts():
    sampler = SAMPLER | {"model": ("2", 0), "positive": ("2", 1), "negative": ("2", 2), "latent_image": ("2", 3)}
    loader = {"ckpt_name": "shoreline_v3.safetensors", "lora_name": "None", "positive": PROMPT, "negative": NEGATIVE}
    graph = {
        "1": node("KSampler (Efficient)", **sampler),
        "2": node("Efficient Loader", **loader, empty_latent_width=512, empty_latent_height=640, clip_skip=-2),
        "3": node("SaveImage", images=("1", 5)),
    }
    found = read(graph)
    check(found)
    assert name_left(found) == {"Efficient Loader": "clip_skip -2"}


def test_an_infotext_beside_the_graph_goes_first():
    texts = {"parameters": "a boat\nSteps: 20, Seed: 3, Size: 64x64", "prompt": json.dumps(PLAIN), "workflow": "{}"}
    assert read_foreign(texts).prompt == "a boat"


def test_a_graph_without_a_sampler_is_named_and_no_website_is_blamed():
    graph = {"1": node("LoadImage", image="a.png"), "2": node("SaveImage", images=("1", 0))}
    with pytest.raises(SeedLabError, match="no sampler that SeedLab knows made the image"):
        read(graph)


def circle(count):
    return {
        str(n): node("CLIPTextEncode", text=(str((n + 1) % count), 0), positive=(str((n * 7) % count), 0))
        for n in range(count)
    }


def fan(count):
    joins = {
        str(n): node("StringConcatenate", string_a=(str(n + 1), 0), string_b=(str(n + 1), 0)) for n in range(count)
    }
    ends = {"s": node("KSampler", seed=1, steps=("0", 0), positive=("0", 0), negative=("0", 0))}
    return ends | {"out": node("SaveImage", images=("s", 0))} | joins


def many_outputs(count):
    chain = {str(n): node("X", image=(str(n + 1), 0)) for n in range(count)}
    return chain | {f"out {n}": node("SaveImage", images=("0", 0)) for n in range(count)}


@pytest.mark.parametrize(
    "graph",
    [
        circle(1500),
        fan(1500),
        many_outputs(900),
        {"a": node("KSampler", seed=("a", 0), steps=("a", 0), model=("a", 0))},
    ],
    ids=["circle", "fan", "outputs", "self"],
)
def test_hostile_graphs_take_no_time(graph):
    started = time.process_time()
    with suppress(SeedLabError):
        read(graph)
    assert time.process_time() - started < 2
