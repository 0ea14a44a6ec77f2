"""`seedlab measure` and `seedlab compare`."""

import json
from pathlib import Path

import pytest

from seedlab.cli import measuring
from seedlab.cli.main import main
from seedlab.core.errors import SeedLabError
from seedlab.images.png import read_pixels
from tests.cli.test_main import Painter


def run(*arguments: object, painter: Painter | None = None) -> int:
    return main([*map(str, arguments)], (painter or Painter()).make_services)


def test_measure_prints_the_share_with_its_interval_and_source(capsys: pytest.CaptureFixture[str]) -> None:
    painter = Painter()
    assert run("measure", painter=painter) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Sketch: The seed decides ")
    assert "12 seeds and 8 prompts" in printed
    assert painter.closed


def test_measure_prints_a_report_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("measure", "sketch", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["model"] == "sketch"
    assert 0 <= report["low"] <= report["share"] <= report["high"] <= 1


def test_compare_says_that_equal_words_change_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compare", "a cat", "a cat") == 0
    assert capsys.readouterr().out == "Nothing changes: the pictures of all 8 seeds are equal.\n"


def test_compare_measures_and_draws_a_map(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compare", "a cat", "a cat, artsy", "--seeds", "0-3", "--map", tmp_path / "map.png", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["seeds"] == [0, 1, 2, 3]
    assert 0 < report["low"] <= report["change"] <= report["high"]
    assert read_pixels(tmp_path / "map.png").size == (256, 256)


def test_a_map_replaces_no_file_and_a_bad_place_costs_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    painter, mine = Painter(), tmp_path / "mine.png"
    mine.write_text("mine")
    for place, sentence in (mine, "exists: choose another name with --map"), (mine / "map.png", "is not a folder"):
        assert run("compare", "a cat", "a cat, artsy", "--map", place, painter=painter) == 2
        assert sentence in capsys.readouterr().err
    assert not painter.drafted
    assert mine.read_text() == "mine"


def test_a_map_that_cannot_be_written_after_all_leaves_the_result(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise SeedLabError("The disk is full.")

    monkeypatch.setattr(measuring, "write_png", fail)
    assert run("compare", "a cat", "a cat", "--map", tmp_path / "map.png") == 2
    printed = capsys.readouterr()
    assert printed.out == "Nothing changes: the pictures of all 8 seeds are equal.\n"
    assert printed.err == "The disk is full.\n"


def test_bad_input_is_refused_before_work_starts(capsys: pytest.CaptureFixture[str]) -> None:
    painter = Painter()
    assert run("compare", "a cat", "a dog", "--seeds", "5", painter=painter) == 2
    assert "two or more" in capsys.readouterr().err
    assert run("compare", "a cat", "a dog", "--seeds", "banana", painter=painter) == 2
    assert run("measure", "nonsense/model", painter=painter) == 2
    assert not painter.painted


def test_a_failed_picture_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("measure", painter=Painter(failing_seed=3)) == 2
    assert "memory" in capsys.readouterr().err
