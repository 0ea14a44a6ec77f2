"""`seedlab mcp`, with a server that only notes what it is given; `tests/server/programs` has the real one."""

import os
from types import SimpleNamespace

import pytest

from seedlab.cli.main import main
from seedlab.server.programs import extras
from seedlab.settings import PRIVACY


@pytest.fixture
def served(monkeypatch):
    """The models that agents are offered, and variables of the environment, of each server that runs."""
    noted = []
    for name in PRIVACY:
        monkeypatch.setenv(name, "")  # so that it is as before when the test ends
        monkeypatch.delenv(name)

    def make_server(make_tools):
        def run(transport):
            noted.append((make_tools(None).list_models()["models"], {name: os.environ[name] for name in PRIVACY}))

        return SimpleNamespace(run=run)

    monkeypatch.setattr(extras, "import_mcp", lambda: SimpleNamespace(make_server=make_server))
    return noted


def test_agents_get_every_model_and_nothing_is_reported_to_anybody(served, tmp_path, monkeypatch):
    """A variable that opens the page to others says nothing about an agent of this machine."""
    monkeypatch.setenv("SEEDLAB_HOST", "0.0.0.0")
    assert main(["mcp", "--store", str(tmp_path / "store")]) == 0
    ((models, variables),) = served
    assert len(models) > 1
    assert variables == PRIVACY


def test_a_variable_that_is_none_and_a_store_that_cannot_be_are_said(served, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SEEDLAB_STOER", "x")
    (tmp_path / "file").touch()
    assert main(["mcp", "--store", str(tmp_path / "file")]) == 2
    captured = capsys.readouterr()
    assert "did you mean SEEDLAB_STORE?" in captured.err
    assert "is not a folder" in captured.err
    assert (captured.out, served) == ("", [])


@pytest.mark.parametrize("flag", ["--share", "--host=0.0.0.0", "--port=1", "--auth=ada:password", "--open", "--mcp"])
def test_flags_of_an_address_are_refused(served, capsys, flag):
    assert main(["mcp", flag]) == 2
    assert f"Unrecognized arguments: {flag}" in capsys.readouterr().err
    assert served == []
