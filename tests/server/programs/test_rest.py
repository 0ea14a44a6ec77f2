"""The interfaces of other servers: OpenAI's with its own client, AUTOMATIC1111's as its programs send it."""

import asyncio
import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import httpx
import openai
import pytest
from PIL import Image

from seedlab.core.recipes.seeds import parse_seeds
from seedlab.images.metadata import read_metadata
from seedlab.server.programs.rest import A1111, OPENAI, _write_seeds, make_rest_routes
from seedlab.workflow.programs.progress import Progress
from tests.server.programs.conftest import encode_picture


@pytest.fixture
def client(running):
    with openai.OpenAI(base_url=f"{running.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_openais_client_makes_pictures_of_chosen_seeds(client, tmp_path):
    answer = client.images.generate(prompt="a boat", n=2, size="64x64", extra_body={"seed": 3})
    assert answer.seeds == ["3", "4"]
    assert answer.notices == []
    for index, each in enumerate(answer.data):
        file = tmp_path / f"{index}.png"
        file.write_bytes(base64.b64decode(each.b64_json))
        assert read_metadata(file).recipe.seed == 3 + index
    (other,) = client.images.generate(prompt="a boat", size="64x64", response_format="url", extra_body={"seed": 3}).data
    assert httpx.get(other.url).content == (tmp_path / "0.png").read_bytes()


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"quality": "hd"}, "quality"),
        ({"size": "1x"}, "size"),
        ({"size": "9000x64"}, "width"),
        ({"n": 17}, "n"),
        ({"n": 0}, "n"),
        ({"extra_body": {"seed": "three"}}, "seed"),
        ({"extra_body": {"seed": 2**64}}, "seed"),
        ({"model": "dall-e-3"}, "model_id"),
    ],
)
def test_what_seedlab_cannot_do_is_refused(client, options, field):
    with pytest.raises(openai.BadRequestError) as caught:
        client.images.generate(prompt="a boat", **{"size": "64x64", **options})
    assert caught.value.param == field
    assert caught.value.body["message"]


def post(running, kind="txt2img", **fields):
    return httpx.post(f"{running.url}/sdapi/v1/{kind}", json=fields, timeout=60)


def test_programs_of_automatic1111(running):
    fields = {
        "prompt": "a boat",
        "negative_prompt": "fog",
        "seed": 3,
        "steps": 2,
        "cfg_scale": 2.5,
        "width": 64,
        "height": 64,
        "sampler_name": "Euler a",
        "batch_size": 2,
        "restore_faces": False,
        "denoising_strength": 0.75,
    }
    answer = post(running, **fields).json()
    assert json.loads(answer["info"])["all_seeds"] == [3, 4]
    with Image.open(BytesIO(base64.b64decode(answer["images"][1]))) as image:
        assert "Sampler: Euler a" in image.text["parameters"]
        assert "Seed: 4" in image.text["parameters"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"enable_hr": True}, "SeedLab has no setting “enable_hr”"),
        ({"restore_faces": True}, "SeedLab has no setting “restore_faces”"),
        ({"override_settings": {"CLIP_stop_at_last_layers": 2}}, "sd_model_checkpoint alone"),
        ({"sampler_name": "Dream"}, "Dream"),
        ({"cfg_scale": "high"}, "cfg_scale must be a number"),
        ({"batch_size": 17}, "1 to 16 pictures: batch_size must be such a number"),
        ({"batch_size": -2, "n_iter": -2}, "1 to 16 pictures: batch_size must be such a number"),
        ({"batch_size": 4, "n_iter": 5}, "1 to 16 pictures, not 20"),
        ({"batch_size": 10**4000, "n_iter": 10**4000}, "batch_size must be such a number"),
        ({"seed": -2}, "seed must be a whole number from 0 to 18446744073709551615"),
        ({"seed": 10**4299, "batch_size": 2}, "seed must be a whole number from 0 to 18446744073709551615"),
    ],
)
def test_a_setting_is_never_dropped(running, fields, sentence):
    answer = post(running, prompt="a boat", **fields)
    assert answer.status_code == 422
    assert sentence in answer.json()["detail"]


def test_programs_of_automatic1111_start_from_pictures(running, tmp_path):
    fields = {"prompt": "a boat", "seed": 3, "steps": 4, "width": 64, "height": 64, "resize_mode": 1}
    answer = post(running, "img2img", init_images=[encode_picture()], denoising_strength=0.5, **fields).json()
    assert "init_images" not in answer["parameters"]
    file = tmp_path / "a.png"
    file.write_bytes(base64.b64decode(answer["images"][0]))
    recipe = read_metadata(file).recipe
    assert (recipe.start.strength, recipe.width, recipe.input_picture.width) == (0.5, 64, 96)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "Give one picture to start from"),
        ({"init_images": []}, "Give one picture to start from"),
        ({"init_images": [encode_picture()] * 2}, "Give one picture to start from"),
        ({"init_images": ["http://127.0.0.1/a.png"]}, "is a file in Base64"),
        ({"init_images": [encode_picture()], "mask": encode_picture()}, "SeedLab has no setting “mask”"),
        ({"init_images": [encode_picture()], "denoising_strength": "much"}, "denoising_strength must be a number"),
        ({"init_images": [encode_picture()], "denoising_strength": 0}, "The strength must be above 0"),
    ],
)
def test_img2img_refuses_what_it_cannot_do(running, fields, sentence):
    answer = post(running, "img2img", prompt="a boat", **fields)
    assert answer.status_code == 422
    assert sentence in answer.json()["detail"]


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"[" * 100_000])
def test_a_request_that_is_no_object_is_refused(running, content):
    assert httpx.post(f"{running.url}/v1/images/generations", content=content).status_code == 400


def test_without_a_seed_one_is_drawn():
    seeds = parse_seeds(_write_seeds(None, 3))
    assert seeds[2] - seeds[0] == 2
    assert _write_seeds(None, 1) != _write_seeds(None, 1)


class SlowTools:
    """Tools whose work makes nothing, in 200 steps of 10 ms. They count the steps."""

    steps, closed = 0, False

    def make_grid(self, grid, start):
        try:
            for self.steps in range(200):
                time.sleep(0.01)
                yield Progress(self.steps, 200, "")
        finally:
            self.closed = True
        return {"failures": ["Nothing was made."]}


@pytest.mark.parametrize("path", [OPENAI, A1111])
def test_nothing_more_is_made_for_a_client_that_left(path):
    tools = SlowTools()
    (route,) = (each for each in make_rest_routes(lambda _: tools) if each.path == path)
    messages = [{"type": "http.request", "body": b'{"prompt": "a boat"}'}]

    async def receive():
        if messages:
            return messages.pop()
        while tools.steps < 3:
            await asyncio.sleep(0.01)
        return {"type": "http.disconnect"}

    async def send(message):
        """Nobody is there."""

    scope = {"type": "http", "method": "POST", "path": path, "headers": []}
    with ThreadPoolExecutor(1) as executor:  # this thread may have an event loop
        executor.submit(lambda: asyncio.run(route.app(scope, receive, send))).result()
    assert 3 <= tools.steps < 50
    assert tools.closed
