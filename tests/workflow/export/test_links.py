"""Share links: short, exact, and strict about what comes back."""

import base64
import random
import zlib
from dataclasses import replace

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.core.recipes.additions import MAX_SEED, Lora
from seedlab.rules.kinds.seeds import Seeds
from seedlab.rules.kinds.wordings.suffixes import Suffixes
from seedlab.workflow.export.links import DICTIONARY, MAX_LINK, is_link, make_link, read_link
from seedlab.workflow.export.trail_parts import take_picture, take_round
from seedlab.workflow.trails.tile import State
from seedlab.workflow.trails.trail import Trail
from seedlab.workflow.trails.trail_json import write_trail
from tests.examples import RECIPE
from tests.workflow.export.trails import list_recipes, make_trail

URL = "https://owner-seedlab.hf.space"
ROUND = f"{URL}/#r=1.ePl2rqUXQ47doRW3iQrA4lAhLb9isESiEY7ow5YJY0ERSXakodQSsPJeCZf1mCEG045wkRJCiKBWmH2ouuGi6OUHAOpGyUk"
SD = replace(
    RECIPE,
    model_id="stable-diffusion-v1-5/stable-diffusion-v1-5",
    revision="451f4fe16113bff5a5d2269ed5ad43b0592e9a14",
    prompt="a detailed photograph of an old lighthouse on a cliff above a stormy sea, golden hour, film grain, 35mm",
    negative_prompt="blurry, low quality, watermark, text, jpeg artifacts",
    num_inference_steps=30,
    guidance_scale=7.5,
    height=512,
    width=512,
)


def pack(text: bytes, **options) -> str:
    packer = zlib.compressobj(9, zdict=DICTIONARY, **options)
    return f"{URL}/#r=1." + base64.urlsafe_b64encode(packer.compress(text) + packer.flush()).decode().rstrip("=")


def test_a_round_is_read_again_with_its_ancestors():
    trail = make_trail()
    read = read_link(make_link(URL, take_round(trail, 2)))
    assert list_recipes(read) == [[replace(RECIPE, seed=2)], [tile.recipe for tile in trail.round(2).tiles]]
    assert read.newest.rule == trail.round(2).rule
    assert read.newest.title == trail.round(2).title
    assert {tile.state for round_ in read.rounds for tile in round_.tiles} == {State.STOPPED}


def test_a_picture_and_a_whole_trail_are_read_again():
    trail = make_trail()
    picture = read_link(make_link(URL, take_picture(trail, 2, 1)))
    assert picture.newest.tiles[0].recipe == trail.tile(2, 1).recipe
    assert picture.lineage_of(2, 0) == trail.lineage_of(2, 1)
    assert list_recipes(read_link(make_link(URL, trail))) == list_recipes(trail)


@pytest.mark.parametrize(
    ("recipe", "seeds", "limit"),
    [
        (RECIPE, range(4), 150),
        (SD, range(4), 450),
        (SD, range(64), 1_000),
        (SD, [MAX_SEED - 97**5 * number for number in range(64)], 2_500),
    ],
)
def test_links_of_usual_rounds_are_short(recipe, seeds, limit):
    link = make_link(URL, Trail().explore(recipe, Seeds(tuple(seeds))))
    assert len(link) < limit
    assert [tile.recipe.seed for tile in read_link(link).newest.tiles] == list(seeds)


def test_a_round_that_is_too_long_says_so():
    chance = random.Random(0)
    suffixes = tuple(f", {chance.getrandbits(4000):x}" for _ in range(64))
    trail = Trail().explore(RECIPE, Seeds((0,))).lock(1, 0, Suffixes(suffixes))
    with pytest.raises(SeedLabError, match=r"these 65 pictures are too long for a link: it would have .* 8,000"):
        make_link(URL, trail)


def test_a_link_has_no_folder_and_opens_none():
    lora = Lora(file="/home/ada/secret/style.safetensors", sha256="ab" * 32, weight=1)
    trail = make_trail(model_id="/home/ada/secret/model", loras=(lora,))
    recipe = read_link(make_link(URL, trail)).rounds[0].tiles[0].recipe
    assert (recipe.model_id, recipe.loras[0].file) == ("./model", "./style.safetensors")
    forged = read_link(pack(write_trail(make_trail(model_id="//host/share/model")).encode()))
    assert forged.newest.tiles[0].recipe.model_id == "./model"


def test_links_of_this_version_stay_readable():
    """This is a link that somebody may have kept: change the version, not the dictionary."""
    assert zlib.crc32(DICTIONARY) == 364977136
    assert list_recipes(read_link(ROUND)) == list_recipes(take_round(make_trail(prompt="a red fox"), 2))


def test_links_that_programs_changed_a_little_are_read():
    link = make_link(URL, make_trail())
    fragment = link.partition("#")[2]
    wrapped = "\n ".join(link[start : start + 70] for start in range(0, len(link), 70))
    for text in (f"<{link}>", fragment, f"#{fragment}", wrapped, link.replace("=", "%3D"), f"({link})", f"{link}&x=1"):
        assert list_recipes(read_link(text)) == list_recipes(make_trail()), text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not a SeedLab link"),
        ("https://example.org/", "not a SeedLab link"),
        ("https://example.org/#top", "not a SeedLab link"),
        (f"{URL}#r=", "cut off"),
        (f"{URL}#r=1.", "cut off"),
        (f"{URL}#r=1.é", "cut off"),
        (f"{URL}#r=1.abc", "cut off"),
        (f"{URL}#r=2.abcd", "newer SeedLab"),
        (f"{URL}#r=1." + "A" * 2 * MAX_LINK, "too long"),
        (pack(b"\xff"), "cut off"),
        (pack(b"[]"), "not a SeedLab trail"),
        (pack(b"[" * 100_000), "not a SeedLab trail"),
        (pack(b'{"version":99,"rounds":[],"path":[]}'), "newer SeedLab"),
        (pack(b'{"version":3,"rounds":[],"path":[]}'), "does not know"),
        (pack(b" " * 10**6), "cut off"),
        (pack(write_trail(make_trail()).replace("suffixes", "telepathy").encode()), "does not know"),
        (pack(write_trail(make_trail()).encode(), wbits=-15), "cut off"),
    ],
)
def test_what_is_no_link_is_refused_in_words(text, words):
    with pytest.raises(SeedLabError, match=words):
        read_link(text)


def test_a_link_that_was_cut_off_or_changed_is_refused():
    link = make_link(URL, make_trail())
    for length in range(len(link) - 1, len(URL) + 5, -7):
        with pytest.raises(SeedLabError):
            read_link(link[:length])
    for place in range(len(URL) + 10, len(link), 5):
        other = "A" if link[place] != "A" else "B"
        with pytest.raises(SeedLabError):
            read_link(link[:place] + other + link[place + 1 :])


@pytest.mark.parametrize("url", ["", "page", "javascript:alert(1)", "file:///x", "http://", "//host", "http://[x"])
def test_a_link_needs_the_address_of_a_page(url):
    with pytest.raises(SeedLabError, match="address of a page"):
        make_link(url, make_trail())


def test_the_address_of_the_page_keeps_its_query_and_loses_its_fragment():
    assert make_link("http://127.0.0.1:7860/?__theme=dark#x", make_trail()).startswith(
        "http://127.0.0.1:7860/?__theme=dark#r=1."
    )


def test_a_file_is_not_a_link():
    assert not is_link("pictures/r=1.png")
    assert is_link(ROUND)
