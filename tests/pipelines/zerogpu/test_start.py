"""How the app starts on a Space."""

import asyncio
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gradio as gr
import pytest
import torch

from seedlab.application import Application
from seedlab.core.errors import SeedLabError
from seedlab.core.machine.workers import Workers
from seedlab.pipelines.devices.libraries import import_libraries
from seedlab.settings import Settings, read_settings
from seedlab.ui.gradio_app import GradioApp

ROOT = Path(__file__).parents[3]

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
    import_libraries()
    before = torch.get_num_threads()
    with pytest.raises(SeedLabError, match="leave out --workers"):
        Application(Settings(zero_gpu=True, workers=Workers(local=2), threads=before + 1))
    assert torch.get_num_threads() == before


def test_many_events_may_wait_on_zerogpu(monkeypatch):
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")

    # Without a running event loop Gradio creates some and never closes them.
    async def build():
        blocks = gr.Blocks()
        usual = blocks._queue.max_size
        GradioApp(blocks)
        return usual, blocks._queue.max_size

    # In a thread of its own: browser tests leave a running loop in the main one.
    with ThreadPoolExecutor() as executor:
        assert executor.submit(lambda: asyncio.run(build())).result() == (1, None)
