"""Scripts: short, whole, and nothing that a visitor wrote can run in them. That they give the same bytes is proven in
tests/pipelines/test_export.py."""

import ast
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.additions import Lora, Nudge
from seedlab.core.recipes.schedulers import SCHEDULERS
from seedlab.pipelines.models.addresses import find_model
from seedlab.rules.kinds.matrix import Matrix
from seedlab.rules.kinds.nudge import Nudges
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.steps import Steps
from seedlab.rules.kinds.sweep import Sweep
from seedlab.rules.kinds.wordings.late_words import LateWords
from seedlab.rules.kinds.wordings.suffixes import GUIDE_SUFFIXES, Suffixes
from seedlab.workflow.scripts.script import write_script
from tests.examples import ENVIRONMENT, RECIPE
from tests.rounds import seed_round, suffix_round

FULL = replace(ENVIRONMENT, memory_format="channels_last", deterministic=True)


def find_pictures(script: str) -> list[tuple[str, int, str]]:
    """Return the list that the script iterates over: names, seeds, prompts, and settings if they differ."""
    (value,) = (
        node.value
        for node in ast.parse(script).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pictures"
    )
    names = {"dict": dict} | {each.class_name: each.class_name for each in SCHEDULERS}
    return eval(compile(ast.Expression(value), "script", "eval"), {"__builtins__": names})  # literals


def list_calls(script: str) -> set[str]:
    """Return what the script calls."""
    return {ast.unparse(node.func) for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Call)}


def test_a_tile_is_a_script_that_is_read_at_a_glance():
    recipe = replace(RECIPE, scheduler="EulerDiscreteScheduler")
    script = write_script([recipe], replace(ENVIRONMENT, memory_format="channels_last"))
    head, _, rest = script.partition("\n")
    assert head == (
        "# Made by SeedLab with torch 2.13.0, diffusers 0.42.1, transformers 5.0.0. "
        "The same bytes need the same versions, processor and threads."
    )
    assert (
        rest
        == """\
import hashlib
from importlib.util import find_spec
import torch
from diffusers import DiffusionPipeline, EulerDiscreteScheduler
torch.set_num_threads(2)
torch.cos(torch.ones(1)), torch.sin(torch.ones(1))  # a first call for many values may round differently
model = getattr(find_spec("seedlab"), "submodule_search_locations", ["seedlab"])[0] + "/sketch/weights"
pipe = DiffusionPipeline.from_pretrained(model, dtype=torch.float32, use_safetensors=True)
for part in pipe.components.values():
    if isinstance(part, torch.nn.Module) and all(weights.ndim < 5 for weights in part.parameters()):
        part.to(memory_format=torch.channels_last)
config = pipe.scheduler.config
pictures = [(f"seed-{seed}", seed, 'Labrador in the style of Vermeer') for seed in [0]]
settings = dict(num_inference_steps=12, guidance_scale=3.0, height=128, width=128)
# One picture a call: a batch sums in another order (https://github.com/huggingface/diffusers/issues/2659).
for name, seed, prompt in pictures:
    pipe.scheduler = EulerDiscreteScheduler.from_config(config)
    image = pipe(prompt, generator=torch.Generator("cpu").manual_seed(seed), **settings).images[0]
    image.save(f"plain-{name}.png")
    print(ascii(name), hashlib.sha256(image.convert("RGB").tobytes()).hexdigest())
"""
    )


@pytest.mark.parametrize("is_installed", [True, False])
def test_sketch_is_found_where_seedlab_is_installed_and_in_a_checkout(tmp_path, is_installed):
    """Run with nothing but the standard library: a script does not import SeedLab."""
    (tmp_path / "site" / "seedlab").mkdir(parents=True)
    (tmp_path / "site" / "seedlab" / "__init__.py").write_text("raise ImportError")
    lines = [line for line in write_script([RECIPE]).splitlines() if "find_spec" in line]
    program = "\n".join(["import sys", "sys.path += sys.argv[1:]", *lines, "print(model)"])
    places = [str(tmp_path / "site")] if is_installed else []
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program, *places], capture_output=True, text=True)
    folder = tmp_path / "site" / "seedlab" if is_installed else "seedlab"
    assert done.stdout == f"{folder}/sketch/weights\n", done.stderr


@pytest.mark.parametrize(
    "recipes",
    [
        seed_round(RECIPE, range(4)),
        seed_round(RECIPE, range(64)),
        suffix_round(RECIPE, GUIDE_SUFFIXES),
        suffix_round(RECIPE, [f", {number}" for number in range(16)]),
        tuple(Steps((1, 20)).make(RECIPE)),
        tuple(Steps(tuple(range(1, 17))).make(RECIPE)),
        tuple(Sweep((("scheduler", "DDIMScheduler"), ("scheduler", "EulerDiscreteScheduler"))).make(RECIPE)),
        tuple(Sweep((("size", 128, 128), ("size", 192, 128))).make(RECIPE)),
        tuple(Matrix.of(Seeds(tuple(range(4))), Suffixes(GUIDE_SUFFIXES)).make(RECIPE)),
    ],
    ids=["seeds", "many seeds", "suffixes", "many suffixes", "steps", "many steps", "schedulers", "sizes", "matrix"],
)
def test_a_round_is_a_loop_and_never_more_than_30_lines(recipes):
    script = write_script(recipes, FULL)
    pictures = find_pictures(script)
    assert [picture[1:3] for picture in pictures] == [(recipe.seed, recipe.prompt) for recipe in recipes]
    assert len({name for name, *_ in pictures}) == len(recipes)
    assert len(script.splitlines()) <= 30


def test_a_round_of_nudges_names_the_nudges_of_each_picture():
    recipes = (RECIPE, *Nudges(((7, 0.1), (2**64 - 1, 0.25))).make(RECIPE))
    script = write_script(recipes, replace(FULL, deterministic=False))
    assert [picture[::3] for picture in find_pictures(script)] == [
        ("seed-0", []),
        ("seed-0-toward-7-0-1", [(7, 0.1)]),
        ("seed-0-toward-18446744073709551615-0-25", [(2**64 - 1, 0.25)]),
    ]
    assert "for name, seed, prompt, nudges in pictures:" in script
    assert len(script.splitlines()) <= 30
    lora = Lora(file="a.safetensors", sha256="ab" * 32, weight=1)
    steps = [replace(each, loras=(lora,), num_inference_steps=4 + n) for n, each in enumerate(recipes)]
    longest = write_script(steps, FULL)
    assert [picture[3:] for picture in find_pictures(longest)][1] == ([(7, 0.1)], {"num_inference_steps": 5})
    assert len(longest.splitlines()) <= 40


def test_settings_that_differ_stand_with_their_picture_and_the_others_are_shared():
    recipes = (RECIPE, replace(RECIPE, num_inference_steps=20, negative_prompt="fog"))
    script = write_script(recipes, FULL)
    assert [picture[3] for picture in find_pictures(script)] == [
        {"num_inference_steps": 12},
        {"num_inference_steps": 20, "negative_prompt": "fog"},
    ]
    assert "settings = dict(guidance_scale=3.0, height=128, width=128)" in script


def test_pictures_are_named_as_refine_names_them():
    parent = replace(RECIPE, seed=2)
    recipes = (parent, *suffix_round(parent, (", artsy", ", art nouveau", "At Night!", ", 北斎", ", 北斎!")))
    assert [name for name, _, _ in find_pictures(write_script(recipes))] == [
        "seed-2",
        "seed-2-artsy",
        "seed-2-art-nouveau",
        "seed-2-at-night",
        "seed-2-北斎",
        "seed-2-北斎-2",
    ]


def test_words_that_begin_alike_are_not_cut():
    recipes = suffix_round(RECIPE, (", artsy", ", art nouveau"))
    assert [name for name, _, _ in find_pictures(write_script(recipes))] == ["seed-0-artsy", "seed-0-art-nouveau"]


def test_a_picture_that_is_given_twice_is_made_once():
    assert write_script([RECIPE, RECIPE]) == write_script([RECIPE])


@pytest.mark.parametrize(
    "text",
    [
        "'); import os; os.system('x')  #",
        "\"\"\"\n'''",
        "back\\slash \\",
        "line\nbreak\r\u2028\u2029",
        "{prompt!r} {0} %s",
        "北斎 “wave” 🌊 \u202e",
    ],
)
def test_what_a_visitor_wrote_stands_there_as_a_literal(text):
    recipe = replace(RECIPE, prompt=text, negative_prompt=text, model_id=f"./{text}", revision=text)
    script = write_script([recipe, replace(recipe, prompt="x" + text)], FULL)
    assert script.isascii()
    assert [prompt for _, _, prompt in find_pictures(script)] == [text, "x" + text]
    literals = [node.value for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Constant)]
    assert {text, f"./{text}"} <= set(literals)
    assert list_calls(script) == list_calls(write_script([replace(RECIPE, model_id="./x", revision="main")], FULL))


@pytest.mark.parametrize("field", ["torch", "diffusers", "device", "memory_format", "isa"])
def test_what_a_strangers_picture_says_of_its_environment_cannot_run(field):
    """`Environment.from_dict` refuses such a value; this is the second lock."""
    environment = replace(FULL, **{field: "2.13.0\nimport os; os.system('x')\n#"})
    assert ast.dump(ast.parse(write_script([RECIPE], environment))) in (
        ast.dump(ast.parse(write_script([RECIPE], FULL))),
        ast.dump(ast.parse(write_script([RECIPE], replace(FULL, memory_format="contiguous")))),
    )


@pytest.mark.parametrize("scheduler", SCHEDULERS, ids=lambda each: each.name)
def test_a_scheduler_is_told_what_seedlab_tells_it(scheduler):
    calls = [
        node
        for node in ast.walk(ast.parse(write_script([replace(RECIPE, scheduler=scheduler.name)])))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == f"{scheduler.class_name}.from_config"
    ]
    assert [{word.arg: ast.literal_eval(word.value) for word in call.keywords} for call in calls] == [
        scheduler.settings
    ]


def test_determinism_is_set_before_cuda_starts_and_each_flag_singly():
    script = write_script([RECIPE], FULL)
    assert script.index("CUBLAS_WORKSPACE_CONFIG") < script.index("import torch")
    assert "use_deterministic_algorithms(True)" in script
    assert "LAUNCH_BLOCKING" not in script


def test_an_unconditional_pipeline_gets_its_seed_and_steps_alone():
    script = write_script(
        [replace(RECIPE, prompt="", scheduler="DDIMScheduler")], ENVIRONMENT, find_model("google/ddpm-cifar10-32")
    )
    assert "settings = dict(num_inference_steps=12)" in script
    assert 'image = pipe(generator=torch.Generator("cpu").manual_seed(seed), **settings).images[0]' in script


def test_a_gpu_is_used_where_there_is_one():
    on_gpu = replace(ENVIRONMENT, isa="", threads=0, device="NVIDIA H100")
    script = write_script([replace(RECIPE, generator_device="cuda", dtype="float16")], on_gpu)
    assert 'pipe.to("cuda" if torch.cuda.is_available() else "cpu")' in script
    assert 'torch.Generator("cuda")' in script
    assert "set_num_threads" not in script
    assert "cos" not in script
    assert script.splitlines()[0].endswith("The same bytes need the same versions and GPU.")


def test_a_mac_draws_on_its_own_device():
    assert 'pipe.to("mps")' in write_script([RECIPE], replace(ENVIRONMENT, isa="", threads=0, device="mps"))


def test_recipes_of_more_than_one_round_are_no_script():
    light, heavy = (replace(RECIPE, loras=(Lora(file="/ink.safetensors", sha256=64 * "a", weight=w),)) for w in (0, 1))
    for recipes in ([RECIPE, replace(RECIPE, model_id="owner/name")], [RECIPE, light], []):
        with pytest.raises(SeedLabError, match="one model and precision, and the same LoRAs"):
            write_script(recipes, ENVIRONMENT)
    with pytest.raises(SeedLabError, match="one model and one weight of each LoRA"):
        write_script([light, heavy], replace(ENVIRONMENT, loras="merged"))
    assert "weights in pictures" in write_script([light, heavy], ENVIRONMENT)


def make_late_round(words: str, suffixes, **changes):
    parent = replace(
        RECIPE, prompt=f"a (red:1.3) boat{words}", negative_prompt=f"[fog]{words}", prompt_syntax="weights"
    )
    rule = LateWords(tuple((suffix, 3) for suffix in suffixes))
    return tuple(rule.make(replace(parent, **changes)))


@pytest.mark.parametrize("model_id", ["sketch", "stabilityai/stable-diffusion-xl-base-1.0"])
@pytest.mark.parametrize("count", [1, 4, 16])
def test_weights_and_late_words_never_take_more_than_30_lines(model_id, count):
    loras = (Lora(file="/loras/ink.safetensors", sha256="ab" * 32, weight=0.5),)
    changes = {"loras": loras, "nudges": (Nudge(seed=7, weight=0.1),), "model_id": model_id}
    recipes = make_late_round("", [f", {number}" for number in range(count)], **changes)
    script = write_script(recipes, replace(FULL, compel="2.5.1"), find_model(model_id))
    compile(script, "script", "exec")
    assert len(script.splitlines()) <= 30
    assert "transformers 5.0.0, compel 2.5.1." in script
    assert "from compel import EmbeddingsProvider" in script


def test_nothing_in_weighted_or_late_words_can_run():
    hostile = "'); raise SystemExit  # “”\n\\\\"
    environment = replace(FULL, compel="2.5.1\n")
    plain, other = (write_script(make_late_round(words, (f", artsy {words}",)), environment) for words in ("", hostile))
    assert list_calls(plain) == list_calls(other)
    assert len(plain.splitlines()) == len(other.splitlines())


@pytest.mark.parametrize(
    ("schedulers", "calls"),
    [
        (("PNDMScheduler",), "min(4 * done,"),
        (("DDIMScheduler", "HeunDiscreteScheduler"), "min(pipe.scheduler.order * done,"),
        (("DDIMScheduler", "PNDMScheduler"), '"PNDMScheduler" else pipe.scheduler.order) * done,'),
    ],
)
def test_late_words_join_after_the_steps_of_each_scheduler(schedulers, calls):
    recipes = [each for name in schedulers for each in make_late_round("", (", artsy",), scheduler=name)]
    script = write_script(recipes, FULL)
    compile(script, "script", "exec")
    assert calls in script
    assert len(script.splitlines()) <= 30


def test_a_late_round_names_its_pictures_by_their_suffixes():
    recipes = make_late_round("", (", artsy", ", at night"))
    assert re.findall(r"'(seed-0[^']*)'", write_script(recipes, FULL)) == ["seed-0-artsy", "seed-0-at-night"]


def test_a_pipeline_that_would_clean_prompts_is_told_not_to():
    assert "clean_caption=False" in write_script([RECIPE], None, replace(find_model("sketch"), cleans_prompts=True))
    assert "clean_caption" not in write_script([RECIPE], None, find_model("sketch"))
