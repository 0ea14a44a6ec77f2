"""LoRAs: read, added as the plain script adds them, told apart by their SHA-256."""

import hashlib
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import save_file

from seedlab.core.errors import RecipeError
from seedlab.core.recipes.additions import Lora, vary_seed
from seedlab.core.reports import Failed
from seedlab.images.compare import hash_pixels
from seedlab.pipelines.loaded.loras.lines import check_loras, read_loras
from seedlab.pipelines.manager import PipelineManager
from seedlab.rules.kinds.matrix import Matrix
from seedlab.rules.kinds.sweep import Sweep
from seedlab.rules.kinds.wordings.late_words import LateWords
from seedlab.rules.kinds.wordings.words import replace_prompt
from seedlab.workflow.scripts.script import write_script
from tests.pipelines.builders import build_ddim, build_lora, build_stable_diffusion_3, make_default_recipe, make_recipe
from tests.pipelines.test_export import run_script
from tests.rounds import seed_round

pytest.importorskip("peft")


@pytest.fixture(scope="module")
def lora(tiny, tmp_path_factory) -> Path:
    return build_lora(tiny, tmp_path_factory.mktemp("loras") / "style v2.safetensors", words=True)


def make(manager, recipes):
    ends = {report.index: report for report in manager.generate(recipes, Event())}
    assert [report.sentence for report in ends.values() if isinstance(report, Failed)] == []
    return [hash_pixels(ends[index].image) for index in range(len(recipes))]


def run_plainly(recipe) -> str:
    pipe = StableDiffusionPipeline.from_pretrained(recipe.model_id, dtype=torch.float32, use_safetensors=True)
    for number, lora in enumerate(recipe.loras):
        pipe.load_lora_weights(lora.file, adapter_name=f"l{number}")
    if recipe.loras:
        pipe.set_adapters([f"l{number}" for number in range(len(recipe.loras))], [lora.weight for lora in recipe.loras])
    for part in (pipe.unet, pipe.vae, pipe.text_encoder):
        part.to(memory_format=torch.channels_last)
    pipe.set_progress_bar_config(disable=True)
    image = pipe(
        recipe.prompt,
        generator=torch.Generator("cpu").manual_seed(recipe.seed),
        num_inference_steps=recipe.num_inference_steps,
        guidance_scale=recipe.guidance_scale,
        height=recipe.height,
        width=recipe.width,
    ).images[0]
    return hash_pixels(image)


def test_a_lora_is_read_with_its_weight_and_its_hash(lora):
    sha256 = hashlib.sha256(lora.read_bytes()).hexdigest()
    for text, weight in ((f"{lora}", 1.0), (f"{lora}:0.8", 0.8), (f" {lora}  -1,5 \n\n", -1.5), (f"{lora} = 2", 2.0)):
        assert read_loras(text) == (Lora(file=str(lora), sha256=sha256, weight=weight),)
    assert len(read_loras(f"{lora} 1\n{lora} 2")) == 2
    assert read_loras(" \n") == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("banana", "There is no LoRA “banana”"),
        ("/nowhere/x.safetensors 0.5", "There is no LoRA “/nowhere/x.safetensors”"),
        ("/nowhere/x.ckpt", "x.ckpt” is a pickle"),
        ("x.pt 0.5", "x.pt” is a pickle"),
    ],
)
def test_what_is_no_lora_is_refused_in_words(text, words):
    with pytest.raises(RecipeError, match=words) as caught:
        read_loras(text)
    assert caught.value.field == "loras"


def test_a_weight_out_of_range_and_a_whole_model_are_refused(lora, tiny):
    with pytest.raises(RecipeError, match="must be a number from -10 to 10"):
        read_loras(f"{lora} 11")
    with pytest.raises(RecipeError, match="is not a LoRA"):
        read_loras(str(tiny / "unet" / "diffusion_pytorch_model.safetensors"))


def test_pictures_with_a_lora_are_those_of_the_plain_script_in_a_batch_too(shared_manager, tiny, lora, tmp_path):
    recipes = seed_round(make_recipe(tiny, loras=read_loras(f"{lora} 0.7")), range(3))
    made = make(shared_manager, recipes)
    assert made == [run_plainly(recipe) for recipe in recipes]
    assert made != make(shared_manager, seed_round(make_recipe(tiny), range(3)))
    assert run_script(write_script(recipes, shared_manager.environment(recipes[0])), tmp_path) == made


@pytest.mark.slow
def test_a_matrix_of_weights_and_schedulers_is_one_script(shared_manager, tiny, lora, tmp_path):
    weights, schedulers = (
        Sweep.parse({"sweep_setting": setting, "sweep": text})
        for setting, text in (("lora", "0, 0.7"), ("scheduler", "Euler, DPM++ 2M SDE Karras"))
    )
    recipes = list(Matrix.of(weights, schedulers).make(make_recipe(tiny, loras=read_loras(f"{lora}"))))
    made = make(shared_manager, recipes)
    assert len(set(made)) == 4
    assert run_script(write_script(recipes, shared_manager.environment(recipes[0])), tmp_path) == made


@pytest.mark.parametrize(
    "change",
    [
        lambda parent: replace_prompt("prompt", parent, "a (cat:1.3)"),
        pytest.param(lambda parent: vary_seed(parent, 0.5), marks=pytest.mark.slow),
        pytest.param(lambda parent: next(iter(LateWords(((", artsy", 1),)).make(parent))), marks=pytest.mark.slow),
    ],
    ids=["weights in the prompt", "seed variety", "late words"],
)
def test_each_weight_has_its_own_embeddings_in_a_script(shared_manager, tiny, lora, tmp_path, change):
    parent = change(make_recipe(tiny, loras=read_loras(f"{lora}")))
    recipes = list(Sweep.parse({"sweep_setting": "lora", "sweep": "0.5, 1, 2"}).make(parent))
    made = make(shared_manager, recipes)
    assert run_script(write_script(recipes, shared_manager.environment(parent)), tmp_path) == made


@pytest.mark.filterwarnings("ignore:Already found a `peft_config` attribute")
def test_weights_and_others_beside_it_change_the_picture_and_leave_no_trace(shared_manager, tiny, lora, tmp_path):
    other = build_lora(tiny, tmp_path / "other.safetensors", seed=1)
    texts = ("", f"{lora}", f"{lora} 0.5", f"{lora}\n{other} 0.5", "")
    recipes = [make_recipe(tiny, loras=read_loras(text)) for text in texts]
    made = [make(shared_manager, [recipe])[0] for recipe in recipes]
    assert made[0] == made[-1]
    assert made[:-1] == [run_plainly(recipe) for recipe in recipes[:-1]]
    assert len(set(made)) == 4


def test_the_environment_tells_a_lora_by_its_content(shared_manager, tiny, lora, tmp_path):
    other = build_lora(tiny, tmp_path / "other.safetensors", seed=1)
    recipes = [make_recipe(tiny, loras=read_loras(text)) for text in ("", str(lora), str(other))]
    assert len({shared_manager.environment(recipe).weights for recipe in recipes}) == 3


def test_a_lora_that_was_changed_or_is_gone_is_refused_before_any_work(manager, tiny, tmp_path):
    file = build_lora(tiny, tmp_path / "style.safetensors")
    recipe = make_recipe(tiny, loras=read_loras(str(file)))
    build_lora(tiny, file, seed=1)
    (failed,) = manager.generate([recipe], Event())
    assert failed.sentence == "The LoRA “style.safetensors” has changed since it was chosen: use the original file."
    file.unlink()
    (failed,) = manager.generate([recipe], Event())
    assert failed.sentence == "The LoRA “style.safetensors” does not exist any more: choose another."
    assert not manager._executor._cache._loaded


def test_a_lora_for_another_kind_of_model_is_refused_in_words(manager, tiny, lora, tmp_path):
    wide = {"unet.down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q.lora_A.weight": torch.ones(4, 999)}
    wide |= {"unet.down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q.lora_B.weight": torch.ones(999, 4)}
    save_file(wide, tmp_path / "wide.safetensors")
    foreign = {
        "transformer.nowhere.lora_A.weight": torch.ones(4, 4),
        "transformer.nowhere.lora_B.weight": torch.ones(4, 4),
    }
    save_file(foreign, tmp_path / "foreign.safetensors")
    for name in ("wide", "foreign"):
        recipe = make_recipe(tiny, loras=read_loras(str(tmp_path / f"{name}.safetensors")))
        *_, failed = manager.generate([recipe], Event())
        assert "does not fit this model: it was made for another kind" in failed.sentence
    recipe = make_default_recipe(build_stable_diffusion_3(tmp_path), loras=read_loras(str(lora)))
    *_, failed = manager.generate([recipe], Event())
    assert "does not fit this model: it was made for another kind" in failed.sentence
    recipe = replace(make_default_recipe(build_ddim(tmp_path)), loras=read_loras(str(lora)))
    *_, failed = manager.generate([recipe], Event())
    assert failed.sentence == "This model takes no LoRAs: leave the field empty."


def test_a_public_host_uses_no_loras_and_looks_at_no_path(tiny, lora, monkeypatch):
    manager = PipelineManager(device="cpu", allowed=(str(tiny),))
    recipe = make_recipe(tiny, loras=read_loras(str(lora)))
    monkeypatch.setattr(Path, "is_file", lambda _: pytest.fail("looked"))
    for ask in (lambda: manager.read_loras(str(lora)), lambda: manager.check(recipe)):
        with pytest.raises(RecipeError, match="This server uses no LoRAs"):
            ask()
    assert manager.read_loras(" ") == ()
    manager.close()


def test_without_the_package_that_reads_them_the_sentence_names_it(tiny, lora, monkeypatch):
    monkeypatch.setattr("seedlab.pipelines.loaded.loras.lines.find_spec", lambda _: None)
    check_loras(())
    with pytest.raises(RecipeError, match="pip install peft"):
        check_loras(read_loras(str(lora)))


@pytest.fixture(scope="module")
def loha(tiny, tmp_path_factory) -> Path:
    """A LoHa with an embedding, which diffusers does not read."""
    file = tmp_path_factory.mktemp("loha") / "ink.safetensors"
    torch.manual_seed(0)
    sizes = {"w1_a": (64, 4), "w1_b": (4, 64), "w2_a": (64, 4), "w2_b": (4, 64)}
    layers = [f"lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_{side}" for side in ("q", "v")]
    tensors = {f"{layer}.hada_{part}": torch.randn(size) for layer in layers for part, size in sizes.items()}
    save_file(tensors | {"bundle_emb.inky.string_to_param.*": torch.ones(1, 32)}, file)
    return file


def test_merged_loras_keep_the_promise(shared_manager, tiny, loha, tmp_path):
    """In a batch, alone and by the exported script the bytes are the same, and pictures without the LoRA stay."""
    plain = make_recipe(tiny)
    before = make(shared_manager, [plain])
    recipes = seed_round(make_recipe(tiny, loras=read_loras(f"{loha} 0.7")), range(3))
    made = make(shared_manager, recipes)
    assert made == [make(shared_manager, [recipe])[0] for recipe in recipes]
    assert made[0] not in before
    environment = shared_manager.environment(recipes[0])
    assert (environment.loras, shared_manager.environment(plain).loras) == ("merged", "added")
    assert run_script(write_script(recipes, environment), tmp_path) == made
    assert make(shared_manager, [plain]) == before


def test_pictures_say_what_of_a_lora_was_not_used(shared_manager, tiny, loha):
    recipe = make_recipe(tiny, loras=read_loras(str(loha)))
    *_, finished = shared_manager.generate([recipe], Event())
    assert finished.notice == (
        "Not used of the LoRA “ink.safetensors”: the embedding in it (“inky”): SeedLab uses no embeddings."
    )
