"""Plans are stored on disk, and invalid files are ignored."""

import json
from dataclasses import replace

import pytest

from seedlab.pipelines.exact.plans import VERSION, Plan, Plans, find_folder

PLAN = Plan(
    exact=True,
    per_image=("time_embedding.linear_1",),
    chunks=(("conv_out", 2), ("conv_shortcut", 4)),
    constant=("attn2.to_k", "attn2.to_v"),
    prepacked=("conv_in",),
    upcast=("norm1",),
    shapes=((8, 4, 32, 32), (8, 77, 768)),
)
VALID = {
    "version": VERSION,
    "exact": True,
    "pays": True,
    "per_image": [],
    "chunks": [],
    "constant": [],
    "prepacked": [],
    "upcast": [],
    "shapes": [],
}


def test_the_next_process_finds_a_plan(tmp_path):
    Plans(tmp_path / "new").keep("ab", PLAN)
    assert Plans(tmp_path / "new").find("ab") == PLAN
    assert Plans(tmp_path / "new").find("cd") is None
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["ab.json"]


def test_plans_that_are_not_exact_are_stored_too(tmp_path):
    Plans(tmp_path).keep("ab", Plan(exact=False))
    assert Plans(tmp_path).find("ab") == Plan(exact=False)


def test_plans_that_do_not_pay_are_stored_too(tmp_path):
    Plans(tmp_path).keep("ab", replace(PLAN, pays=False))
    assert Plans(tmp_path).find("ab") == replace(PLAN, pays=False)


def test_without_a_folder_plans_are_kept_in_memory():
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
        json.dumps(VALID | {"version": VERSION - 1}),
        json.dumps(VALID | {"per_image": None}),
        json.dumps(VALID | {"per_image": "ab"}),
        json.dumps(VALID | {"prepacked": {"conv_in": True}}),
        json.dumps(VALID | {"per_image": [7]}),
        json.dumps(VALID | {"chunks": None}),
        json.dumps(VALID | {"chunks": ["conv"]}),
        json.dumps(VALID | {"chunks": [["conv", 0]]}),
        json.dumps(VALID | {"chunks": [[7, 2]]}),
        json.dumps(VALID | {"shapes": [8, 4]}),
        json.dumps(VALID | {"shapes": [["8", 4]]}),
        json.dumps(VALID | {"shapes": "ab"}),
        "[" * 100_000,
        "\ud800",
    ],
)
def test_invalid_files_are_ignored(tmp_path, text):
    (tmp_path / "ab.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert Plans(tmp_path).find("ab") is None


def test_the_invalid_files_differ_from_a_valid_one(tmp_path):
    (tmp_path / "ab.json").write_text(json.dumps(VALID))
    assert Plans(tmp_path).find("ab") == Plan(exact=True)


def test_a_folder_that_is_not_writable_is_no_error(tmp_path):
    (tmp_path / "file").write_text("")
    plans = Plans(tmp_path / "file")
    plans.keep("ab", PLAN)
    assert plans.find("ab") == PLAN


def test_the_folder_is_in_the_users_cache(tmp_path, monkeypatch):
    monkeypatch.delenv("SEEDLAB_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert find_folder() == tmp_path / "seedlab" / "exactness"
    monkeypatch.setenv("SEEDLAB_CACHE", str(tmp_path / "mine"))
    assert find_folder() == tmp_path / "mine" / "exactness"
