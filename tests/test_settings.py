"""Settings: flags first, then environment variables, then good defaults."""

import argparse
import re
from pathlib import Path

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.core.machine.workers import Workers
from seedlab.flags import add_flags
from seedlab.settings import VARIABLES, Settings, list_unknown_variables, read_settings


def test_defaults_are_sketch_for_this_machine_alone():
    settings = read_settings([], {})
    assert settings == Settings()
    assert (settings.model, settings.host, settings.port, settings.public) == ("sketch", "127.0.0.1", None, False)
    assert settings.store == Path("seedlab-pictures")
    assert settings.store_bytes is None
    assert settings.runs_folder == Path("seedlab-pictures") / "drafts"
    assert Settings(runs=Path("elsewhere")).runs_folder == Path("elsewhere")


def test_environment_variables():
    variables = {
        "SEEDLAB_MODEL": "owner/name",
        "SEEDLAB_DEVICE": "cpu",
        "SEEDLAB_MEMORY_FORMAT": "contiguous",
        "SEEDLAB_HOST": "0.0.0.0",
        "SEEDLAB_PORT": "9000",
        "SEEDLAB_AUTH": "ada:correct horse",
        "SEEDLAB_STORE": "pictures",
        "SEEDLAB_OPEN": "0",
        "SEEDLAB_PUBLIC": "0",
        "SEEDLAB_EMBED": "0",
        "SEEDLAB_SHARE": "1",
        "SEEDLAB_DETERMINISTIC": "1",
        "SEEDLAB_WORKERS": "local:2",
        "SEEDLAB_THREADS": "4",
    }
    assert read_settings([], variables) == Settings(
        model="owner/name",
        device="cpu",
        memory_format="contiguous_format",
        host="0.0.0.0",
        port=9000,
        auth="ada:correct horse",
        store=Path("pictures"),
        open_browser=False,
        share=True,
        deterministic=True,
        embed=False,
        public=False,
        workers=Workers(local=2),
        threads=4,
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


@pytest.mark.parametrize(
    ("flags", "variables", "is_on"),
    [
        ([], {}, True),
        (["--no-ahead"], {}, False),
        ([], {"SEEDLAB_AHEAD": "0"}, False),
        (["--host", "0.0.0.0"], {}, False),
        ([], {"SPACE_ID": "owner/space"}, False),
        (["--public", "--ahead"], {}, True),
    ],
)
def test_pictures_are_made_ahead_for_the_operator_alone_unless_they_say_otherwise(flags, variables, is_on):
    assert read_settings(flags, variables).makes_ahead == is_on


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_this_machine_alone_is_not_public(host):
    assert not read_settings(["--host", host], {}).public


@pytest.mark.parametrize("port", ["banana", "-1", "65536", "99999", "１", "9" * 5000])
def test_a_port_that_is_none_is_said(port):
    for flags, variables in ([], {"SEEDLAB_PORT": port}), (["--port", port], {}):
        with pytest.raises(SeedLabError, match="use a number from 0 to 65535 for --port or SEEDLAB_PORT"):
            read_settings(flags, variables)


SWITCHES = {
    "SHARE": "share",
    "OPEN": "open_browser",
    "PUBLIC": "public",
    "EMBED": "embed",
    "DETERMINISTIC": "deterministic",
}


@pytest.mark.parametrize(("variable", "name"), SWITCHES.items())
@pytest.mark.parametrize(
    ("word", "value"),
    [(word, True) for word in ("1", "true", "YES", " On ")] + [(word, False) for word in ("0", "False", "no", "OFF")],
)
def test_a_switch_is_any_usual_word(variable, name, word, value):
    assert getattr(read_settings([], {f"SEEDLAB_{variable}": word}), name) is value


@pytest.mark.parametrize("variable", SWITCHES)
@pytest.mark.parametrize("word", ["banana", "2", "ja", "yes please", "truе"])
def test_a_switch_that_is_another_word_is_refused(variable, word):
    with pytest.raises(SeedLabError, match=f"SEEDLAB_{variable} is “{word}”: use 1, true, yes or on, or else 0, "):
        read_settings([], {f"SEEDLAB_{variable}": word})


def test_a_flag_replaces_a_switch_that_cannot_be_read():
    assert read_settings(["--public"], {"SEEDLAB_PUBLIC": "banana"}).public


@pytest.mark.parametrize("device", ["tpu", "cuda:1", "gpu"])
def test_a_device_that_is_none_is_refused(device):
    with pytest.raises(SeedLabError, match=f"“{device}” is not a device: use auto, cpu, cuda"):
        read_settings([], {"SEEDLAB_DEVICE": device})


def test_a_memory_format_that_is_none_is_refused():
    with pytest.raises(SeedLabError, match="“nhwc” is not a memory format: use auto, contiguous, channels-last"):
        read_settings([], {"SEEDLAB_MEMORY_FORMAT": "nhwc"})


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("SEEDLAB_PUBLICK", "did you mean SEEDLAB_PUBLIC?"),
        ("SEEDLAB_MODLE", "did you mean SEEDLAB_MODEL?"),
        ("SEEDLAB_X", "SeedLab reads SEEDLAB_MODEL, "),
    ],
)
def test_a_variable_that_is_none_is_named(name, hint):
    (sentence,) = list_unknown_variables({name: "1", "SEEDLAB_PORT": "1", "PATH": "/bin"})
    assert sentence.startswith(f"{name} is not a setting: {hint}")


def test_all_variables_that_help_names_are_known():
    parser = argparse.ArgumentParser()
    add_flags(parser, {})
    named = re.findall(r"\bSEEDLAB_[A-Z_]+", parser.format_help())
    assert len(named) >= 10
    assert list_unknown_variables(dict.fromkeys(named, "")) == ()


def test_all_variables_that_are_read_are_known():
    variables = dict.fromkeys(VARIABLES, "")
    assert list_unknown_variables(variables) == ()
    settings = read_settings([], variables)
    assert settings == Settings()


@pytest.mark.parametrize("host", ["127.0.0.2", "[::1]", "LOCALHOST"])
def test_other_spellings_of_this_machine_are_not_public(host):
    assert not read_settings(["--host", host], {}).public


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
