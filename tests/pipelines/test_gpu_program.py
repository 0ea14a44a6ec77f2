"""The program that measures a GPU, tried on the CPU with tiny models."""

import json

import pytest

from tests.benchmarks.gpu import __main__ as program
from tests.benchmarks.gpu.bench import Bench


def run(folder, *only, seconds=120.0):
    worked = program.run(Bench("cpu", True, seconds), folder, list(only))
    lines = [json.loads(line) for line in (folder / "gpu.jsonl").read_text().splitlines()]
    return worked, lines


@pytest.mark.filterwarnings("ignore")  # of diffusers, about models that are cast to a dtype
def test_every_result_is_a_line_of_json(tmp_path):
    worked, lines = run(tmp_path, "machine", "decoder", "plans and memory")
    assert worked
    assert [line["block"] for line in lines] == ["machine", "plans and memory", "decoder"]
    machine, plans, decoder = lines
    assert machine["gpu"] == "none"
    assert plans["alone_is_equal"]
    assert plans["exact_batch_is_equal"]
    assert decoder["ms_alone"] > 0


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_whole_program_runs_without_a_gpu(tmp_path):
    worked, lines = run(tmp_path, seconds=600)
    assert worked
    assert all(line["is_exact"] for line in lines if line["block"] == "exactness")
    assert any(line.get("finished_draft_is_equal") for line in lines)
    assert any(line.get("script_is_equal") for line in lines)


def test_a_block_that_fails_says_so_and_the_next_one_begins(tmp_path, monkeypatch):
    def fail(bench):
        yield {"so_far": 1}
        raise RuntimeError("an illegal memory access was encountered")

    def work(bench):
        yield {"value": 2}

    monkeypatch.setattr(program, "list_blocks", lambda bench: iter([("first", fail), ("second", work)]))
    worked, lines = run(tmp_path)
    assert not worked
    assert [line.get("value", line.get("so_far")) for line in lines] == [1, None, 2]
    assert "illegal memory access" in lines[1]["error"]


def test_without_time_left_a_block_is_skipped(tmp_path):
    worked, lines = run(tmp_path, "machine", seconds=-1.0)
    assert worked
    assert lines == [{"block": "machine", "at": lines[0]["at"], "skipped": "no time left"}]
