"""Settings: flags first, then environment variables, then good defaults."""

from pathlib import Path

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.settings import Settings, read_settings


def test_defaults_are_sketch_for_this_machine_alone():
    settings = read_settings([], {})
    assert settings == Settings()
    assert (settings.model, settings.host, settings.port, settings.public) == ("sketch", "127.0.0.1", None, False)
    assert settings.store == Path("seedlab-pictures")
    assert settings.store_bytes is None


def test_environment_variables():
    variables = {
        "SEEDLAB_MODEL": "owner/name",
        "SEEDLAB_DEVICE": "cpu",
        "SEEDLAB_HOST": "0.0.0.0",
        "SEEDLAB_PORT": "9000",
        "SEEDLAB_STORE": "pictures",
        "SEEDLAB_OPEN": "0",
        "SEEDLAB_PUBLIC": "0",
        "SEEDLAB_EMBED": "0",
        "SEEDLAB_SHARE": "1",
        "SEEDLAB_DETERMINISTIC": "1",
    }
    assert read_settings([], variables) == Settings(
        model="owner/name",
        device="cpu",
        host="0.0.0.0",
        port=9000,
        store=Path("pictures"),
        open_browser=False,
        share=True,
        deterministic=True,
        embed=False,
        public=False,
    )


def test_flags_come_before_environment_variables():
    settings = read_settings(["--model", "sketch", "--port", "0", "--no-open"], {"SEEDLAB_MODEL": "owner/name"})
    assert (settings.model, settings.port, settings.open_browser) == ("sketch", 0, False)


def test_empty_variables_count_as_not_set():
    assert read_settings([], {"SEEDLAB_MODEL": "", "SEEDLAB_PORT": ""}) == Settings()


def test_a_space_is_public_and_served_to_all():
    settings = read_settings([], {"SPACE_ID": "owner/space"})
    assert (settings.host, settings.public, settings.open_browser) == ("0.0.0.0", True, False)
    assert settings.store_bytes == 2 * 2**30


@pytest.mark.parametrize("flags", [["--share"], ["--host", "0.0.0.0"], ["--host", "192.168.0.7"], ["--public"]])
def test_what_other_machines_can_reach_is_public(flags):
    assert read_settings(flags, {}).public
    assert not read_settings([*flags, "--no-public"], {}).public


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_this_machine_alone_is_not_public(host):
    assert not read_settings(["--host", host], {}).public


@pytest.mark.parametrize("port", ["banana", "-1", "65536", "１"])
def test_a_port_that_is_none_is_said(port):
    with pytest.raises(SeedLabError, match="use a number from 0 to 65535"):
        read_settings([], {"SEEDLAB_PORT": port})


def test_an_unknown_flag_ends_with_code_2(capsys):
    with pytest.raises(SystemExit, match="2"):
        read_settings(["--modle", "sketch"], {})
    assert "--modle" in capsys.readouterr().err


def test_a_bad_port_in_the_environment_stops_no_other_command(monkeypatch, capsys):
    from seedlab.cli.main import main

    monkeypatch.setenv("SEEDLAB_PORT", "tcp://10.0.0.1:7860")
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out.startswith("SeedLab ")
