"""Prompt weights: applied by compel, the same in batches and in scripts; without them a prompt keeps its bytes."""

from dataclasses import replace
from threading import Event

import pytest
import torch
from compel import Compel, CompelForSDXL
from diffusers import DiffusionPipeline

from seedlab.core.errors import RecipeError
from seedlab.core.reports import Failed, Finished
from seedlab.pipelines.models.addresses import find_model
from seedlab.pipelines.sampling.prompts.cache import Prompts
from seedlab.pipelines.sampling.prompts.embeddings import encode
from seedlab.workflow.scripts.script import write_script
from tests.pipelines import builders
from tests.pipelines.plain import hash_pixels, run_plainly
from tests.pipelines.test_export import run_script

WEIGHTED = "a [small] (red:1.3) boat, ((night))"
IN_COMPELS_SYNTAX = "a (small)0.9090909090909091 (red)1.3 boat, (night)1.2100000000000002"


@pytest.fixture(scope="module")
def xl(tmp_path_factory):
    return builders.build_stable_diffusion_xl(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def pipeline(tiny):
    return DiffusionPipeline.from_pretrained(tiny, use_safetensors=True)


def make(manager, recipes) -> list[str]:
    ends = {each.index: each for each in manager.generate(recipes, Event()) if isinstance(each, Finished | Failed)}
    assert [end.sentence for end in ends.values() if isinstance(end, Failed)] == []
    return [hash_pixels(ends[index].image) for index in range(len(recipes))]


def test_embeddings_are_those_of_compel(pipeline):
    (ours,) = encode(pipeline, WEIGHTED, "weights")
    theirs = Compel(pipeline.tokenizer, pipeline.text_encoder)(IN_COMPELS_SYNTAX)
    assert torch.equal(ours, theirs)
    (plain,) = encode(pipeline, "a small red boat, night", "")
    assert not torch.equal(ours, plain)


def test_embeddings_of_both_text_encoders_are_those_of_compel_and_pooled_ones_of_the_words(xl):
    pipeline = DiffusionPipeline.from_pretrained(xl, use_safetensors=True)
    embeds, pooled = encode(pipeline, WEIGHTED, "weights")
    assert torch.equal(embeds, CompelForSDXL(pipeline)(IN_COMPELS_SYNTAX).embeds)
    assert torch.equal(pooled, encode(pipeline, "a small red boat, night", "")[1])


@pytest.mark.parametrize("prompt", [r"a \(red\) boat", "a ((red:1.0):1.0) boat"])
def test_a_prompt_without_weights_is_encoded_by_the_pipeline(pipeline, prompt):
    words = prompt.replace("\\", "") if "\\" in prompt else "a red boat"
    assert torch.equal(encode(pipeline, prompt, "weights")[0], encode(pipeline, words, "")[0])


@pytest.mark.parametrize(
    "prompt",
    [
        " ( ) [ ]",
        "[ ]a",
        "[a] " * 60,
        f"{'a ' * 100}[boat]",
        "(a" * 20,
        "[a][ ][\n]b",
        "lab(rador:1.2)",
        "(:1.2)",
        "[🌊]",
    ],
)
def test_unusual_prompts_are_encoded(pipeline, prompt):
    (embeds,) = encode(pipeline, prompt, "weights")
    assert embeds.shape == (1, 77, 32)
    assert embeds.isfinite().all()


def test_marks_of_the_text_encoder_are_refused_beside_weights(pipeline):
    with pytest.raises(RecipeError, match="cannot contain “<|endoftext|>”".replace("|", r"\|")):
        encode(pipeline, "[<|endoftext|>] boat", "weights")


def test_the_cache_tells_the_syntaxes_apart(pipeline, tiny):
    prompts = Prompts(pipeline)
    recipe = builders.make_recipe(tiny, prompt=WEIGHTED)
    encoded = prompts.encode([recipe, replace(recipe, prompt_syntax="weights")])["prompt_embeds"]
    assert torch.equal(encoded[:1], encode(pipeline, WEIGHTED, "")[0])
    assert torch.equal(encoded[1:], encode(pipeline, WEIGHTED, "weights")[0])


@pytest.mark.parametrize(
    ("model", "dtype"), [("tiny", "float32"), pytest.param("xl", "bfloat16", marks=pytest.mark.slow)]
)
def test_a_batch_and_a_script_give_the_bytes_of_each_alone(shared_manager, request, tmp_path, model, dtype):
    folder = request.getfixturevalue(model)
    base = builders.make_default_recipe(folder, dtype=dtype)
    prompts = [
        {"prompt": WEIGHTED},
        {"prompt": r"a \(red\) boat"},
        {"prompt": WEIGHTED, "negative_prompt": "(fog:1.2), [rain]"},
        {"prompt": "a boat", "negative_prompt": "(fog)", "late_prompt": "a boat, (artsy:1.4)", "late_step": 2},
    ]
    recipes = [replace(base, **each, prompt_syntax="weights") for each in prompts]
    alone = [make(shared_manager, [recipe])[0] for recipe in recipes]
    assert make(shared_manager, recipes[:3]) == alone[:3]
    plain = replace(base, prompt="a (red) boat", prompt_syntax="")
    assert run_plainly(plain, shared_manager.environment(plain).memory_format) == alone[1]
    assert len(set(alone)) == 4
    script = write_script(recipes, shared_manager.environment(base), find_model(str(folder)))
    assert len(script.splitlines()) <= 30
    assert run_script(script, tmp_path) == alone


def test_a_model_without_weights_is_refused_before_any_work(shared_manager, tmp_path):
    recipe = builders.make_default_recipe(builders.build_flux(tmp_path), height=64, width=64)
    weighted = replace(recipe, prompt="a (red) boat", prompt_syntax="weights")
    (report,) = [each for each in shared_manager.generate([weighted], Event()) if isinstance(each, Failed)]
    assert report.sentence.endswith(
        r"reads no weights such as (word:1.3). Leave them out; for brackets themselves, write \( and \)."
    )
    escaped = replace(weighted, prompt=r"a \(red\) boat")
    assert make(shared_manager, [escaped]) == make(shared_manager, [replace(recipe, prompt="a (red) boat")])
