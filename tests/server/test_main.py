"""Starting and ending the server: what cannot be served is said, and signals end it cleanly."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seedlab.cli import main as cli
from seedlab.core.errors import SeedLabError
from seedlab.server.address import check_address
from seedlab.server.clients import PROXIES
from seedlab.server.main import VARIABLES, prepare_environment, serve
from seedlab.server.middleware.paths import HEARTBEAT
from seedlab.server.signals import interrupt_on_signals
from seedlab.settings import PRIVACY, Settings
from tests.server.conftest import launch
from tests.server.raw import read_status, send_head
from tests.ui.fakes import Painter

ROOT = Path(__file__).parents[2]


def test_a_port_that_is_taken_is_said():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SeedLabError, match=f"Port {port} is taken.*: choose another with --port or SEEDLAB_PORT"):
            check_address("127.0.0.1", port)
    assert check_address("127.0.0.1", port) == port


def test_port_0_is_a_free_one():
    assert check_address("127.0.0.1", 0) > 1023
    assert check_address("127.0.0.1", None) is None


@pytest.mark.parametrize("host", ["nonsense.invalid", "203.0.113.7", "a b", "x" * 300, "..", "256.1.1.1"])
def test_a_host_that_is_none_is_said(host):
    with pytest.raises(SeedLabError, match=r"is not an address of this machine: choose another with --host or"):
        check_address(host, None)


def test_a_store_that_cannot_be_written_to_is_said_at_the_start(tmp_path):
    (tmp_path / "file").touch()
    for store in (tmp_path / "file", tmp_path / "file" / "store"):
        with pytest.raises(SeedLabError, match=r"“.*file” is not a folder: choose another"):
            serve(Settings(store=store), tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_interrupts_once(number):
    before = signal.getsignal(getattr(signal, number))
    cleaned = []
    with pytest.raises(KeyboardInterrupt):
        wait_and_clean(getattr(signal, number), cleaned)
    assert cleaned == [True]
    assert signal.getsignal(getattr(signal, number)) == before


def wait_and_clean(number: int, cleaned: list[bool]) -> None:
    with interrupt_on_signals():
        try:
            signal.raise_signal(number)
        finally:
            for _ in range(3):  # impatience must not break off the cleaning
                signal.raise_signal(number)
            cleaned.append(True)


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_sigterm_ends_the_app_and_leaves_nothing(tmp_path):
    """With a page open. What a killed process left in the store is swept at the start."""
    store, temporary = tmp_path / "store", tmp_path / "temporary"
    store.mkdir()
    left = store / f".seedlab-{'0' * 32}.tmp"
    left.touch()
    os.utime(left, (0, 0))
    command = [sys.executable, "app.py", "--no-open", "--port", "0", "--store", str(store)]
    variables = os.environ | {"GRADIO_TEMP_DIR": str(temporary), "PYTHONUNBUFFERED": "1", "SEEDLAB_PUBLICK": "1"}
    with subprocess.Popen(
        command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert "did you mean SEEDLAB_PUBLIC?" in process.stdout.readline()
        url = process.stdout.readline().rpartition(" ")[2].strip()
        with send_head(url, "GET", "/gradio_api/heartbeat/page") as page:
            assert read_status(page) == 200
            (folder,) = temporary.iterdir()
            (folder / "copy.png").touch()
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0, process.stdout.read()
        assert "Traceback" not in process.stdout.read()
    assert list(temporary.iterdir()) == []
    assert not left.exists()


def test_the_server_ends_within_a_second_while_a_page_is_open(tmp_path):
    painter = Painter(tmp_path / "pictures")
    with launch(painter, tmp_path, Settings()) as served, send_head(served.url, "GET", f"{HEARTBEAT}tab") as page:
        assert read_status(page) == 200
        start = time.monotonic()
        served.page.close()
        assert time.monotonic() - start < 2.0
        server = served.page._blocks.server.thread
        server.join(20)
        assert not server.is_alive(), "it waits for no page"


@pytest.fixture
def unset(monkeypatch):
    """Let no variable be set that the server sets; all are as before when the test ends."""
    for name in (*VARIABLES, "FORWARDED_ALLOW_IPS"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def test_only_on_a_space_are_the_proxies_of_a_space_trusted(unset, monkeypatch):
    prepare_environment(Settings(public=True))
    assert "FORWARDED_ALLOW_IPS" not in os.environ
    prepare_environment(Settings(public=True, on_space=True))
    assert os.environ["FORWARDED_ALLOW_IPS"] == PROXIES
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "203.0.113.7")
    prepare_environment(Settings(public=True, on_space=True))
    assert os.environ["FORWARDED_ALLOW_IPS"] == "203.0.113.7", "the operator's own"


def test_the_app_reports_nothing_to_anybody(unset, monkeypatch, tmp_path):
    """Gradio and huggingface_hub read these variables when they are imported, which is later."""
    seen = []

    def make_application(settings):
        seen.append({name: os.environ[name] for name in PRIVACY})
        raise SeedLabError("There is nothing to serve.")

    monkeypatch.setattr("seedlab.server.main.Application", make_application)
    assert cli.main(["app", "--no-open", "--port", "0", "--store", str(tmp_path)]) == 2
    assert seen == [PRIVACY]
