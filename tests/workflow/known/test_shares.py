"""Measured seed shares, from one process to the next."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from seedlab.core.models.model_card import ModelCard
from seedlab.core.models.seed_share import SeedShare
from seedlab.workflow.known.shares import MAX_MODELS, KnownShares
from tests.examples import MODEL

MEASURED = SeedShare(share=0.5, low=0.4, high=0.6, source="in a test")
PUBLISHED = SeedShare(share=0.05, low=0.01, high=0.16, source="in a paper")


def test_a_share_is_known_in_the_next_process(tmp_path: Path) -> None:
    KnownShares(tmp_path / "cache" / "shares.json").add(MODEL, MEASURED)
    assert KnownShares(tmp_path / "cache" / "shares.json").find(MODEL) == MEASURED


def test_what_was_measured_here_goes_before_what_is_published() -> None:
    model = replace(MODEL, card=ModelCard(licence="MIT", download=1, memory=1, seed_share=PUBLISHED))
    shares = KnownShares(None)
    assert shares.find(model) == PUBLISHED
    shares.add(model, MEASURED)
    assert shares.find(model) == MEASURED


def test_two_processes_keep_each_others_shares(tmp_path: Path) -> None:
    one, other = KnownShares(tmp_path / "shares.json"), KnownShares(tmp_path / "shares.json")
    one.add(replace(MODEL, model_id="a/one"), MEASURED)
    other.add(replace(MODEL, model_id="an/other"), MEASURED)
    assert one.find(replace(MODEL, model_id="an/other")) == MEASURED


def test_the_file_is_bounded(tmp_path: Path) -> None:
    shares = KnownShares(tmp_path / "shares.json")
    for number in range(MAX_MODELS + 5):
        shares.add(replace(MODEL, model_id=f"owner/{number}"), MEASURED)
    assert len(json.loads((tmp_path / "shares.json").read_text())) == MAX_MODELS
    assert shares.find(replace(MODEL, model_id=f"owner/{MAX_MODELS}")) == MEASURED


@pytest.mark.parametrize("text", ["", "[]", "nonsense", '{"sketch": 1}', '{"sketch": {"share": 2}}', "[" * 9999])
def test_a_damaged_file_is_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "shares.json").write_text(text)
    assert KnownShares(tmp_path / "shares.json").find(MODEL) is None
