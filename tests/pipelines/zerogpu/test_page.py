"""app.py on a Space: `spaces` comes first there, and each visitor's own GPU time is used."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import gradio as gr
import httpx2
import pytest
from gradio_client import Client

from seedlab.application import Application
from seedlab.core.errors import SeedLabError
from seedlab.core.workers import Workers
from seedlab.server.address import check_address
from seedlab.settings import Settings, read_settings
from seedlab.ui.gradio_app import GradioApp
from tests.pipelines.zerogpu.host import TOKEN, DeviceApi

ROOT = Path(__file__).parents[3]
LIMIT = 120

WATCH = """
import os, sys
from pathlib import Path

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == "spaces":
            print(*sorted({"torch", "gradio", "diffusers", "numpy"} & set(sys.modules)), "first", flush=True)
            blob = Path.home() / ".cache/huggingface/hub/models--ada--model/blobs/0123"
            print("kept" if not blob.match(os.environ["ZEROGPU_MMAP_AUTOPRUNE_PATTERN"]) else "deleted")
            sys.exit()

sys.meta_path.insert(0, Watch())
import app
print(*sorted({"spaces", "torch", "gradio"} & set(sys.modules)), "never")
"""


@pytest.mark.parametrize(("variables", "words"), [({"SPACES_ZERO_GPU": "true"}, ["first", "kept"]), ({}, ["never"])])
def test_spaces_is_imported_first_on_zerogpu_and_nowhere_else(variables, words):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SPACES_")}
    command = [sys.executable, "-c", WATCH]
    done = subprocess.run(command, cwd=ROOT, env=clean | variables, capture_output=True, text=True, check=True)
    assert done.stdout.split() == words


@pytest.mark.parametrize(("value", "is_zero_gpu"), [("true", True), ("1", True), ("", False), ("false", False)])
def test_settings_know_zerogpu_as_its_package_does(value, is_zero_gpu):
    assert read_settings([], {"SPACES_ZERO_GPU": value, "SPACE_ID": "ada/seedlab"}).zero_gpu == is_zero_gpu


def test_zerogpu_and_other_workers_exclude_each_other():
    with pytest.raises(SeedLabError, match="leave out --workers"):
        Application(Settings(zero_gpu=True, workers=Workers(local=2)))


def test_many_events_may_wait_on_zerogpu(monkeypatch):
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    blocks = gr.Blocks()
    assert blocks._queue.max_size == 1
    GradioApp(blocks)
    assert blocks._queue.max_size is None


@pytest.fixture(scope="module")
def api():
    api = DeviceApi()
    yield api
    api.shutdown()
    api.server_close()


@pytest.fixture(scope="module")
def url(api, tmp_path_factory):
    """The address of a page, whose first answer comes when everything is loaded."""
    folder, port = tmp_path_factory.mktemp("space"), check_address("127.0.0.1", 0)
    flags = ["--port", str(port), "--no-open", "--device", "cpu", "--api", "--store", str(folder / "pictures")]
    command = [sys.executable, "-m", "tests.pipelines.zerogpu.page", *flags]
    variables = os.environ | {"SPACES_ZERO_DEVICE_API_URL": api.url, "HOME": str(folder)}
    with (folder / "log").open("w+") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            end = time.monotonic() + LIMIT
            while not _answers(url):
                log.seek(0)
                assert process.poll() is None, log.read()
                assert time.monotonic() < end
                time.sleep(0.1)
            yield url
        finally:
            process.terminate()
            process.wait(LIMIT)


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/config", trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False


def test_the_page_reports_its_start_before_it_is_served(api, url):
    assert len(api.take("/startup-report")) == 1


def test_an_event_takes_the_gpu_time_of_whoever_sent_it(api, url):
    client = Client(url, headers={"x-ip-token": TOKEN}, verbose=False)
    api.take("/schedule")
    made = json.loads(client.predict("a boat", "0-1", width=64, height=64, steps=2, api_name="/grid"))
    assert len(made["pictures"]) == 2
    assert [each["token"] for each in api.take("/schedule")] == [TOKEN]


def test_a_program_takes_the_gpu_time_of_whoever_runs_it(api, url):
    api.take("/schedule")
    body = {"prompt": "a boat", "steps": 2, "width": 64, "height": 64, "seed": 7}
    headers = {"x-ip-token": TOKEN}
    answer = httpx2.post(f"{url}/sdapi/v1/txt2img", json=body, headers=headers, timeout=LIMIT, trust_env=False)
    assert answer.status_code == 200
    assert [each["token"] for each in api.take("/schedule")] == [TOKEN]
