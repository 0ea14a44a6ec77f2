"""What calibration found out is kept on disk, and read back only as what it is."""

import json

import pytest

from seedlab.pipelines.exact.plans import VERSION, Plan, Plans, find_folder

PLAN = Plan(exact=True, alone=("time_embedding.linear_1",), constant=("attn2.to_k", "attn2.to_v"), packed=("conv_in",))


def test_a_plan_is_there_in_the_next_process(tmp_path):
    Plans(tmp_path / "new").keep("ab", PLAN)
    assert Plans(tmp_path / "new").find("ab") == PLAN
    assert Plans(tmp_path / "new").find("cd") is None
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["ab.json"]


def test_that_a_batch_is_not_exact_is_remembered_too(tmp_path):
    Plans(tmp_path).keep("ab", Plan(exact=False))
    assert Plans(tmp_path).find("ab") == Plan(exact=False)


def test_without_a_folder_plans_live_as_long_as_the_process():
    plans = Plans(None)
    plans.keep("ab", PLAN)
    assert plans.find("ab") == PLAN
    assert Plans(None).find("ab") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        json.dumps({"version": VERSION}),
        json.dumps({"version": 0, "exact": True, "alone": [], "constant": [], "packed": []}),
        json.dumps({"version": VERSION, "exact": True, "alone": None, "constant": [], "packed": []}),
        json.dumps({"version": VERSION, "exact": True, "alone": "ab", "constant": [], "packed": []}),
        json.dumps({"version": VERSION, "exact": True, "alone": [], "constant": [], "packed": {"conv_in": True}}),
        json.dumps({"version": VERSION, "exact": True, "alone": [7], "constant": [], "packed": []}),
        "[" * 100_000,
        "\ud800",
    ],
)
def test_what_is_no_plan_is_made_anew(tmp_path, text):
    (tmp_path / "ab.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert Plans(tmp_path).find("ab") is None


def test_a_folder_that_cannot_be_written_to_costs_no_more_than_time(tmp_path):
    (tmp_path / "file").write_text("")
    plans = Plans(tmp_path / "file")
    plans.keep("ab", PLAN)
    assert plans.find("ab") == PLAN


def test_the_folder_is_where_the_system_keeps_such_things(tmp_path, monkeypatch):
    monkeypatch.delenv("SEEDLAB_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert find_folder() == tmp_path / "seedlab" / "exactness"
    monkeypatch.setenv("SEEDLAB_CACHE", str(tmp_path / "mine"))
    assert find_folder() == tmp_path / "mine" / "exactness"
