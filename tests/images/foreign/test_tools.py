"""Each tool's settings: all that SeedLab has too is taken, everything else is named with its value."""

import json

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.images.foreign.metadata import Detail, ForeignLora
from seedlab.images.foreign.registry import read_foreign
from seedlab.images.restoring import restore
from tests.images.foreign.pictures import make_exif, write_exif, write_stealth, write_texts, write_xmp

PROMPT, NEGATIVE = "a lighthouse on a cliff, stormy sea, gulls", "blurry, low quality"
KARRAS = "DPMSolverMultistepScheduler Karras"


def read(texts):
    return read_foreign({key: text if isinstance(text, str) else json.dumps(text) for key, text in texts.items()})


def name_left(found):
    return {detail.name: detail.value for detail in found.left}


def check(found, **others):
    expected = {
        "prompt": PROMPT,
        "negative_prompt": NEGATIVE,
        "seed": 1029384756,
        "num_inference_steps": 24,
        "guidance_scale": 6.5,
        "width": 512,
        "height": 640,
        "scheduler": KARRAS,
        "model": "shoreline_v3",
        **others,
    }
    assert {name: getattr(found, name) for name in expected} == expected


SWARM = {
    "prompt": PROMPT,
    "negativeprompt": NEGATIVE,
    "model": "shoreline_v3",
    "images": 1,
    "seed": 1029384756,
    "steps": 24,
    "cfgscale": 6.5,
    "aspectratio": "Custom",
    "width": 512,
    "height": 640,
    "sampler": "dpmpp_2m",
    "scheduler": "karras",
    "swarm_version": "0.9.6.2",
}


def test_swarmui():
    more = {"loras": ["ink", "gulls"], "loraweights": ["0.5", "1"], "refinerupscale": 2, "variationseed": 9}
    models = [{"name": "ink.safetensors", "param": "loras", "hash": "0xABCDEF0123456789"}]
    found = read({"parameters": {"sui_image_params": SWARM | more, "sui_models": models}})
    check(found, tool="SwarmUI 0.9.6.2")
    assert found.loras == (ForeignLora("ink", 0.5, "abcdef0123456789"), ForeignLora("gulls", 1.0))
    assert name_left(found) == {"refinerupscale": "2", "variationseed": "9"}


def test_a_lora_in_the_list_and_in_the_prompt_is_taken_once():
    more = {"prompt": f"{PROMPT} <lora:ink:0.5> <lora:gulls:1>", "loras": ["ink"], "loraweights": ["0.5"]}
    found = read({"parameters": {"sui_image_params": SWARM | more}})
    check(found, loras=(ForeignLora("ink", 0.5), ForeignLora("gulls", 1.0)))


def test_swarmui_in_other_places(tmp_path):
    text = json.dumps({"sui_image_params": SWARM})
    check(restore(write_exif(tmp_path / "a.webp", make_exif(b"UNICODE\0" + text.encode("utf-16-le")))))
    check(restore(write_exif(tmp_path / "a.jpg", make_exif(b"", others={0x0110: text.encode() + b"\0"}))))


def test_swarmui_with_flux_has_a_distilled_guidance():
    found = read({"parameters": {"sui_image_params": SWARM | {"cfgscale": 1, "fluxguidancescale": 3.5}}})
    assert (found.guidance_scale, found.distilled_guidance) == (1.0, 3.5)


FOOOCUS = {
    "adm_guidance": "(1.5, 0.8, 0.3)",
    "base_model": "shoreline_v3",
    "base_model_hash": "aabbccdd11",
    "full_negative_prompt": [NEGATIVE],
    "full_prompt": [PROMPT, f"{PROMPT}, sharp focus"],
    "guidance_scale": 6.5,
    "lora_combined_1": "inkwash.safetensors : 0.5",
    "loras": [["inkwash", 0.5, "1a2b3c4d5e"]],
    "metadata_scheme": "fooocus",
    "negative_prompt": NEGATIVE,
    "performance": "Speed",
    "prompt": PROMPT,
    "prompt_expansion": "",
    "refiner_model": "None",
    "refiner_switch": 0.5,
    "resolution": "(512, 640)",
    "sampler": "dpmpp_2m",
    "scheduler": "karras",
    "seed": "1029384756",
    "sharpness": 2.0,
    "steps": 24,
    "styles": "[]",
    "vae": "Default (model)",
    "version": "Fooocus v2.5.5",
}


def test_fooocus():
    found = read({"parameters": FOOOCUS, "fooocus_scheme": "fooocus"})
    check(found, tool="Fooocus v2.5.5", model_hash="aabbccdd11")
    assert found.loras == (ForeignLora("inkwash", 0.5, "1a2b3c4d5e"),)
    assert name_left(found) == {
        "adm_guidance": "(1.5, 0.8, 0.3)",
        "full_prompt": f'["{PROMPT}", "{PROMPT}, sharp focus"]',
        "sharpness": "2.0",
    }


def test_fooocus_in_the_scheme_of_automatic1111():
    details = (
        "Steps: 24, Sampler: DPM++ 2M Karras, Seed: 1029384756, Size: 512x640, CFG scale: 6.5, Sharpness: 2.0, "
        'ADM Guidance: "(1.5, 0.8, 0.3)", Model: shoreline_v3, Model hash: aabbccdd11, '
        'Lora hashes: "inkwash: 1a2b3c4d", '
        f'Lora weights: "inkwash: 0.5", Performance: Speed, Raw prompt: "{PROMPT}", Raw negative prompt: "fog", '
        "Version: Fooocus v2.5.5"
    )
    found = read({"parameters": f"{PROMPT}\nNegative prompt: {NEGATIVE}\n{details}", "fooocus_scheme": "a1111"})
    check(found, tool="Fooocus v2.5.5", loras=(ForeignLora("inkwash", 0.5, "1a2b3c4d"),))
    left = {"Sharpness": "2.0", "ADM Guidance": "(1.5, 0.8, 0.3)", "Raw negative prompt": "fog"}
    assert name_left(found) == left


def test_a_fork_of_fooocus():
    values = {"Prompt": PROMPT, "Negative": NEGATIVE, "steps": 24, "cfg": 6.5, "width": 512, "height": 640}
    more = {"sampler_name": "dpmpp_2m", "scheduler": "karras", "base_model_name": "shoreline_v3.safetensors"}
    found = read({"parameters": values | more | {"seed": 1029384756, "software": "RuinedFooocus", "denoise": 1}})
    check(found, tool="RuinedFooocus", model="shoreline_v3.safetensors")
    assert found.left == ()


INVOKE = {
    "generation_mode": "txt2img",
    "positive_prompt": PROMPT,
    "negative_prompt": NEGATIVE,
    "width": 512,
    "height": 640,
    "seed": 1029384756,
    "rand_device": "cpu",
    "cfg_scale": 6.5,
    "cfg_rescale_multiplier": 0,
    "steps": 24,
    "scheduler": "dpmpp_2m_k",
    "clip_skip": 0,
}


@pytest.mark.parametrize(
    "named",
    [
        {"model": {"model_name": "shoreline_v3", "base_model": "sd-1"}, "app_version": "3.7.0"},
        {"model": {"key": "1", "name": "shoreline_v3", "hash": "blake3:00", "base": "sd-1"}, "app_version": "5.6.0"},
    ],
)
def test_invokeai(named):
    loras = [{"lora": {"model_name": "ink"}, "weight": 0.75}, {"model": {"name": "gulls"}, "weight": 1}]
    more = {"loras": loras, "vae": {"name": "coast"}, "seamless_x": True, "strength": None}
    found = read({"invokeai_metadata": INVOKE | named | more, "invokeai_graph": "{}"})
    check(found, tool=f"InvokeAI {named['app_version']}")
    assert found.loras == (ForeignLora("ink", 0.75), ForeignLora("gulls", 1.0))
    assert name_left(found) == {"vae": '{"name": "coast"}', "seamless_x": "true"}
    assert not found.has_other_noise


def test_invokeai_with_noise_of_a_gpu_and_with_flux():
    found = read({"invokeai_metadata": INVOKE | {"rand_device": "cuda", "guidance": 4.0, "cfg_scale": 1}})
    assert (found.has_other_noise, found.guidance_scale, found.distilled_guidance) == (True, 1.0, 4.0)
    assert name_left(found) == {"rand_device": "cuda"}


def test_invokeai_2():
    image = {
        "prompt": [{"prompt": f"{PROMPT} [{NEGATIVE}]", "weight": 1.0}],
        "steps": 24,
        "cfg_scale": 6.5,
        "threshold": 0,
        "perlin": 0,
        "height": 640,
        "width": 512,
        "seed": 1029384756,
        "seamless": False,
        "hires_fix": True,
        "type": "txt2img",
        "sampler": "k_dpmpp_2m",
    }
    data = {"model": "stable diffusion", "model_weights": "shoreline_v3", "app_version": "2.3.5", "image": image}
    found = read({"sd-metadata": data, "Dream": '"x" -s 1'})
    check(found, tool="InvokeAI 2.3.5", scheduler="DPMSolverMultistepScheduler")
    assert name_left(found) == {"hires_fix": "true"}


def test_prompts_that_invokeai_2_mixed_are_left():
    prompts = [{"prompt": "a boat", "weight": 1.0}, {"prompt": "a cat", "weight": 0.5}]
    found = read({"sd-metadata": {"image": {"prompt": prompts, "steps": 24, "seed": 3}}})
    assert (found.prompt, found.negative_prompt) == ("", "")
    assert found.left == (Detail("prompt", json.dumps(prompts), "it is not one text"),)


def test_invokeais_first_command_line():
    found = read({"Dream": f'"{PROMPT} [{NEGATIVE}]" -s 24 -S 1029384756 -W 512 -H 640 -C 6.5 -A k_euler_a -G 0.8'})
    check(found, scheduler="EulerAncestralDiscreteScheduler", model=None)
    assert name_left(found) == {"G": "0.8"}


NOVELAI = {
    "prompt": PROMPT,
    "steps": 24,
    "height": 640,
    "width": 512,
    "scale": 6.5,
    "uncond_scale": 0.0,
    "cfg_rescale": 0.0,
    "seed": 1029384756,
    "n_samples": 1,
    "noise_schedule": "karras",
    "sampler": "k_dpmpp_2m",
    "uc": NEGATIVE,
    "request_type": "PromptGenerateRequest",
    "signed_hash": "x",
}


def test_novelai(tmp_path):
    texts = {"Software": "NovelAI", "Source": "NovelAI Diffusion V3", "Description": PROMPT}
    texts["Comment"] = json.dumps(NOVELAI | {"sm": True})
    for found in (read(texts), restore(write_stealth(tmp_path / "a.png", json.dumps(texts)))):
        check(found, tool="NovelAI", model="NovelAI Diffusion V3")
        assert name_left(found) == {"sm": "true"}
    comment = b"UNICODE\0" + json.dumps(texts).encode("utf-16-be")
    check(restore(write_exif(tmp_path / "a.webp", make_exif(comment))), model=None)


def test_novelai_with_prompts_for_characters():
    caption = {"base_caption": PROMPT, "char_captions": [{"char_caption": "a keeper"}]}
    found = read({"Comment": NOVELAI | {"v4_prompt": {"caption": caption}}})
    assert "a keeper" in name_left(found)["v4_prompt"]
    plain = read({"Comment": NOVELAI | {"v4_prompt": {"caption": caption | {"char_captions": []}}}})
    assert plain.left == ()


@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
def test_draw_things(tmp_path, name):
    values = {"c": PROMPT, "uc": NEGATIVE, "model": "shoreline_v3", "sampler": "DPM++ 2M Karras", "scale": 6.5}
    values |= {"seed": 1029384756, "size": "512x640", "steps": 24, "strength": 1, "seed_mode": "Scale Alike"}
    values |= {"lora": [{"model": "ink_f16.ckpt", "weight": 0.6}], "shift": 3}
    packet = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/"><exif:UserComment>\n<rdf:Alt>\n<rdf:li>'
        f"{json.dumps(values)}</rdf:li></rdf:Alt></exif:UserComment></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    found = restore(write_xmp(tmp_path / name, packet))
    check(found, tool="Draw Things", loras=(ForeignLora("ink_f16", 0.6),), has_other_noise=True)
    assert name_left(found) == {"seed_mode": "Scale Alike", "shift": "3"}


def test_xmp_that_declares_entities_is_not_parsed():
    packet = (
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        '<x xmlns:exif="http://ns.adobe.com/exif/1.0/"><exif:UserComment>{"c": "&b;"}</exif:UserComment></x>'
    )
    assert read({"XML:com.adobe.xmp": packet}) is None


EASY = {
    "Prompt": PROMPT,
    "Negative Prompt": NEGATIVE,
    "Seed": "1029384756",
    "Stable Diffusion model": "models/shoreline_v3.safetensors",
    "Clip Skip": "False",
    "Sampler": "euler_a",
    "Width": "512",
    "Height": "640",
    "Steps": "24",
    "Guidance Scale": "6.5",
}
EASY_OLD = {
    "prompt": PROMPT,
    "negative_prompt": NEGATIVE,
    "seed": "1029384756",
    "use_stable_diffusion_model": "shoreline_v3",
    "sampler_name": "euler_a",
    "width": "512",
    "height": "640",
    "num_inference_steps": "24",
    "guidance_scale": "6.5",
}


def test_easy_diffusion():
    for values, more in (
        (EASY, {"LoRA model": "ink", "LoRA Strength": "0.5", "VAE model": "coast", "Clip Skip": "True"}),
        (EASY_OLD, {"use_lora_model": "ink", "lora_alpha": "0.5", "use_vae_model": "coast", "clip_skip": "True"}),
    ):
        for texts in (values | more | {"Author": "me"}, {"exif:UserComment": values | more}):
            found = read(texts)
            check(found, scheduler="EulerAncestralDiscreteScheduler", tool="Easy Diffusion")
            assert found.loras == (ForeignLora("ink", 0.5),)
            assert sorted(name_left(found).values()) == ["True", "coast"]


def test_easy_diffusions_lists_of_loras():
    values = EASY_OLD | {"use_lora_model": '["ink", "gulls"]', "lora_alpha": "[0.5, 0.25]"}
    assert read(values).loras == (ForeignLora("ink", 0.5), ForeignLora("gulls", 0.25))


def test_civitai_with_comfyui():
    extra = {"prompt": PROMPT, "negativePrompt": NEGATIVE, "steps": 24, "cfgScale": 6.5, "sampler": "Euler a"}
    extra |= {"seed": 1029384756, "width": 512, "height": 640, "resources": [{"modelVersionId": 7, "strength": 0.8}]}
    graph = {"resource-stack": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "urn:air:7"}}}
    found = read({"exif:UserComment": graph | {"extraMetadata": json.dumps(extra)}})
    check(found, tool="Civitai", scheduler="EulerAncestralDiscreteScheduler", model=None)
    assert name_left(found) == {"Civitai resource 1": '{"modelVersionId": 7, "strength": 0.8}'}


def test_civitais_infotext_has_json_among_its_details():
    resources = '[{"type":"lora","weight":0.8,"modelName":"Ink, wash"},{"type":"checkpoint","modelVersionId":1}]'
    details = "Steps: 24, Sampler: Euler a, CFG scale: 6.5, Seed: 7, Size: 512x640, Clip skip: 2"
    details += f", Civitai resources: {resources}"
    found = read({"exif:UserComment": f"{PROMPT}\nNegative prompt: {NEGATIVE}\n{details}, Civitai metadata: {{}}"})
    check(found, tool="Civitai", seed=7, scheduler="EulerAncestralDiscreteScheduler", model=None)
    assert name_left(found) == {"Clip skip": "2", "Civitai resources": resources}


@pytest.mark.parametrize("seed", [2**64, -2, "9" * 30, -(2**70)])
def test_seeds_that_seedlab_does_not_have_are_named_and_not_wrapped(seed):
    found = read({"invokeai_metadata": INVOKE | {"seed": seed}})
    assert found.seed is None
    reason = "SeedLab takes 0 to 18446744073709551615"
    assert found.left == (Detail("seed", str(seed), reason),)


@pytest.mark.parametrize("seed", [-1, "-1", -1.0])
def test_a_random_seed_that_was_not_recorded_is_named(seed):
    found = read({"invokeai_metadata": INVOKE | {"seed": seed}})
    assert found.seed is None
    assert found.left == (Detail("seed", str(seed), "it stands for a random seed, which the picture does not name"),)


@pytest.mark.parametrize("seed", [2**32, 5207638156172183669, 2**64 - 1])
def test_seeds_of_64_bits_come_back(seed):
    assert read({"invokeai_metadata": INVOKE | {"seed": seed}}).seed == seed
    assert read({"parameters": {"sui_image_params": {"prompt": "a", "seed": seed}}}).seed == seed
    assert read({"parameters": {"base_model": "a.safetensors", "prompt": "a", "seed": str(seed)}}).seed == seed
    sampler = {"class_type": "KSampler", "inputs": {"seed": seed, "steps": 4, "positive": ["1", 0], "model": ["2", 0]}}
    assert read({"prompt": {"3": sampler}}).seed == seed


@pytest.mark.parametrize(
    "texts",
    [
        {"invokeai_metadata": INVOKE | {"variations": [{"seed": 9, "weight": 0.1}]}},
        {"parameters": {"sui_image_params": {"prompt": "a", "variationseed": 9}}},
        {"parameters": "a\nSteps: 4, Sampler: Euler, Seed: 7, Version: v1.10.1, Variation seed: 9"},
    ],
)
def test_variations_of_other_tools_are_left_with_what_to_do(texts):
    (left,) = [each for each in read(texts).left if "variation" in each.name.lower()]
    assert left.reason == "its tool mixes noise in a way of its own: nudge the picture of the seed instead"


def test_a_workflow_without_its_graph_is_named(tmp_path):
    with pytest.raises(
        SeedLabError, match=r"“a\.png” was made with ComfyUI, but its settings cannot be read: it has the"
    ):
        restore(write_texts(tmp_path / "a.png", workflow="{}"))
