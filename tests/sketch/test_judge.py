"""The judge of pictures, on the few drawings that it is shown here."""

from pathlib import Path

import numpy as np
import pytest
import torch

from seedlab.sketch.corpus import make_scene
from seedlab.sketch.drawings.draw import draw
from seedlab.sketch.judge import Judge, judge_pictures, load_judge, make_loss, save_judge
from seedlab.sketch.training import Loop, Run, train

COUNT = 6


@pytest.fixture(scope="module")
def drawings() -> np.ndarray:
    return np.stack([np.asarray(draw(make_scene(0, index), 64)) for index in range(COUNT)])


@pytest.fixture(scope="module")
def run(drawings: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Run:
    torch.manual_seed(0)
    judge = Judge(channels=(16, 16, 32, 32), features=32)
    loop = Loop("judge", 130, 4e-3, 4e-3, warmup=1, cooldown=0.7, averaging=0.5)
    return train(judge, make_loss(judge, drawings, 0, COUNT), loop, tmp_path_factory.mktemp("judge") / "judge.pt")


def test_it_tells_what_is_drawn_by_whom_and_where(run: Run, drawings: np.ndarray) -> None:
    seen = judge_pictures(run.average, drawings)
    scenes = [make_scene(0, index) for index in range(COUNT)]
    assert seen.subjects == tuple(scene.subject for scene in scenes)
    assert seen.styles == tuple(scene.painter for scene in scenes)
    pairs = [(word, scene) for word, scene in zip(seen.modifiers, scenes, strict=True) if scene.modifiers]
    assert all(word in scene.modifiers for word, scene in pairs)
    places = [(scene.composition.x, scene.composition.y, scene.composition.size) for scene in scenes]
    assert np.abs(seen.where - places).mean() < 0.05


def test_saved_and_loaded_it_is_the_same_to_half_precision(tmp_path: Path) -> None:
    judge = Judge()
    save_judge(judge, tmp_path / "judge.safetensors")
    for name, weight in load_judge(tmp_path / "judge.safetensors").state_dict().items():
        assert torch.equal(weight, judge.state_dict()[name].half().float())
