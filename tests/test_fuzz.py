"""Parsers of untrusted text: whatever they are given, they return a value or raise a sentence."""

import json
from dataclasses import asdict

from hypothesis import given, settings
from hypothesis import strategies as st

from seedlab.core.errors import SeedLabError
from seedlab.core.machine.environment import Environment
from seedlab.core.recipes.recipe import Recipe
from seedlab.core.recipes.seeds import parse_seeds
from seedlab.images.containers.exif import read_exif
from seedlab.images.foreign.registry import read_foreign
from seedlab.images.foreign.tools.automatic1111 import read_infotext
from seedlab.images.infotext import write_infotext
from seedlab.images.metadata import Metadata
from seedlab.images.restoring import read
from seedlab.rules.registry import RULES, read_rule
from seedlab.workflow.pictures.borrowing import borrow
from seedlab.workflow.trails.trail_json import write_trail
from tests.examples import ENVIRONMENT, MODEL, RECIPE, make_lineage, read_trail

SURROGATES = st.characters(codec=None)
TEXT = st.text(SURROGATES, max_size=60)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(TEXT, children, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from([*asdict(RECIPE), "unknown"])
PROMPTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=200)

fuzz = settings(max_examples=200, deadline=None, derandomize=True, database=None)


def ends_in_a_sentence(call, *arguments):
    """Call; return the result, or None after an error whose message can be shown."""
    try:
        return call(*arguments)
    except SeedLabError as error:
        str(error).encode()  # fails if it cannot be shown
        return None


@fuzz
@given(st.dictionaries(FIELDS, JSON, max_size=4))
def test_recipes(changes):
    recipe = ends_in_a_sentence(Recipe.from_dict, RECIPE.to_dict() | changes)
    if recipe is not None:
        assert Recipe.from_dict(json.loads(recipe.to_json())) == recipe


@fuzz
@given(st.dictionaries(st.sampled_from(sorted(asdict(ENVIRONMENT))), JSON, max_size=3))
def test_environments(changes):
    environment = ends_in_a_sentence(Environment.from_dict, asdict(ENVIRONMENT) | changes)
    assert environment is None or len(environment.digest) == 64


@fuzz
@given(TEXT)
def test_seeds(text):
    seeds = ends_in_a_sentence(parse_seeds, text)
    assert seeds is None or 0 < len(seeds) <= 64


@fuzz
@given(st.sampled_from([*RULES, "unknown"]), JSON)
def test_rules(name, values):
    rule = ends_in_a_sentence(read_rule, {"name": name, "values": values})
    if rule is not None:
        ends_in_a_sentence(rule.make, RECIPE)
        assert read_rule(rule.to_dict()) == rule


@fuzz
@given(st.dictionaries(TEXT, TEXT, max_size=3), st.sampled_from(sorted(RULES)))
def test_texts_of_rules(texts, name):
    rule = RULES[name]
    filled = {each.name: "".join(texts.values()) for each in rule.parameters}
    ends_in_a_sentence(rule.parse, filled)


METADATA = json.loads(
    Metadata(
        recipe=RECIPE, environment=ENVIRONMENT, lineage=make_lineage(RECIPE, " of Vermeer"), notice="Look here."
    ).to_json()
)


@fuzz
@given(st.dictionaries(st.sampled_from([*METADATA, "suffixes", "proof"]), JSON, max_size=3))
def test_metadata(changes):
    metadata = ends_in_a_sentence(Metadata.from_json, json.dumps(METADATA | changes))
    assert metadata is None or Metadata.from_json(metadata.to_json()) == metadata


@fuzz
@given(JSON)
def test_trails(data):
    trail = ends_in_a_sentence(read_trail, json.dumps({"version": 2, "path": [], "rounds": data}))
    assert trail is None or read_trail(write_trail(trail)) == trail


@fuzz
@given(st.text(st.sampled_from('Steps: 12,"\\\nNegative prompt:Size x\ud800'), max_size=200))
def test_infotexts(text):
    found = read_infotext(f"a boat\nSteps: 20, {text}")
    assert found is None or found.prompt.encode()


KEYS = st.sampled_from(
    [
        "parameters",
        "exif:UserComment",
        "Comment",
        "prompt",
        "workflow",
        "invokeai_metadata",
        "sd-metadata",
        "Dream",
        "XML:com.adobe.xmp",
        "negative_prompt",
        "use_stable_diffusion_model",
        "guidance_scale",
        "extraMetadata",
    ]
)
NAMES = st.sampled_from(
    [
        "sui_image_params",
        "prompt",
        "seed",
        "steps",
        "loras",
        "loraweights",
        "base_model",
        "resolution",
        "full_prompt",
        "model",
        "positive_prompt",
        "image",
        "uc",
        "v4_prompt",
        "c",
        "size",
        "lora",
        "resources",
        "scheduler",
        "sampler",
    ]
)
VALUES = st.recursive(
    JSON, lambda children: st.lists(children, max_size=3) | st.dictionaries(NAMES, children, max_size=5), max_leaves=15
)


@fuzz
@given(st.dictionaries(KEYS, VALUES.map(json.dumps) | TEXT, max_size=3))
def test_settings_of_other_tools(texts):
    found = ends_in_a_sentence(read_foreign, texts)
    if found is not None:
        json.dumps(found.to_dict(), ensure_ascii=False).encode()
        ends_in_a_sentence(borrow, found, MODEL, lambda _name, _digest: None, lambda _text: ()).describe().encode()


INPUTS = st.sampled_from(
    [
        "seed",
        "steps",
        "cfg",
        "model",
        "positive",
        "negative",
        "latent_image",
        "text",
        "string_a",
        "string_b",
        "images",
        "noise",
        "guider",
        "sigmas",
        "guidance",
        "lora_name",
        "strength_model",
        "ckpt_name",
        "width",
        "clip",
    ]
)
LINKS = st.tuples(st.sampled_from("0123456789"), st.integers(0, 3))
NODES = st.fixed_dictionaries(
    {
        "class_type": st.sampled_from(["KSampler", "SaveImage", "CLIPTextEncode", "Reroute", "FluxGuidance"]),
        "inputs": st.dictionaries(INPUTS, LINKS | LINKS | JSON, max_size=6),
    }
)


@fuzz
@given(st.dictionaries(st.sampled_from("0123456789"), NODES | JSON, max_size=10))
def test_graphs_of_comfyui(graph):
    found = ends_in_a_sentence(read_foreign, {"prompt": json.dumps(graph)})
    assert found is None or found.tool


LITTLE, BIG = b"II*\0\x08\0\0\0\2\0", b"MM\0*\0\0\0\x08\0\2\x87\x69\0\4\0\0\0\1\0\0\0\x1a"
"""The beginnings of EXIF blocks."""


@fuzz
@given(st.binary(max_size=300), st.sampled_from([LITTLE, BIG]))
def test_exif(data, start):
    for text in read_exif(start + data).values():
        text.encode("utf-8", "surrogatepass")


@fuzz
@given(st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP", b""]), st.binary(max_size=200))
def test_files(tmp_path_factory, start, data):
    file = tmp_path_factory.getbasetemp() / "fuzzed"
    file.write_bytes(start + data)
    ends_in_a_sentence(read, file)


@fuzz
@given(PROMPTS, PROMPTS)
def test_infotexts_that_seedlab_writes_are_read(prompt, negative):
    recipe = Recipe.from_dict(RECIPE.to_dict() | {"prompt": prompt, "negative_prompt": negative})
    found = read_infotext(write_infotext(recipe))
    assert found is not None
    assert (found.seed, found.num_inference_steps, found.scheduler) == (0, 12, RECIPE.scheduler)
