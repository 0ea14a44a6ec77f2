"""The classifier, overfitted to a few drawings."""

from pathlib import Path

import numpy as np
import pytest
import torch

from seedlab.sketch.classifier import Classifier, classify, load_classifier, make_loss, save_classifier
from seedlab.sketch.drawings.draw import draw
from seedlab.sketch.training.dataset import make_scene
from seedlab.sketch.training.trainer import Trainer, TrainingConfig, train

COUNT = 6


@pytest.fixture(scope="module")
def drawings() -> np.ndarray:
    return np.stack([np.asarray(draw(make_scene(0, index), 64)) for index in range(COUNT)])


@pytest.fixture(scope="module")
def trainer(drawings: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Trainer:
    torch.manual_seed(0)
    classifier = Classifier(channels=(16, 16, 32, 32), features=32)
    config = TrainingConfig("classifier", 130, 4e-3, 4e-3, warmup=1, cooldown=0.7, ema_decay=0.5)
    checkpoint = tmp_path_factory.mktemp("classifier") / "classifier.pt"
    return train(classifier, make_loss(classifier, drawings, 0, COUNT), config, checkpoint)


@pytest.mark.slow
def test_classifier_learns_words_and_positions(trainer: Trainer, drawings: np.ndarray) -> None:
    predictions = classify(trainer.ema, drawings)
    scenes = [make_scene(0, index) for index in range(COUNT)]
    assert predictions.subjects == tuple(scene.subject for scene in scenes)
    assert predictions.styles == tuple(scene.style for scene in scenes)
    pairs = [(word, scene) for word, scene in zip(predictions.modifiers, scenes, strict=True) if scene.modifiers]
    assert all(word in scene.modifiers for word, scene in pairs)
    positions = [(scene.composition.x, scene.composition.y, scene.composition.size) for scene in scenes]
    assert np.abs(predictions.positions - positions).mean() < 0.05


def test_saved_weights_load_with_float16_precision(tmp_path: Path) -> None:
    classifier = Classifier()
    save_classifier(classifier, tmp_path / "judge.safetensors")
    for name, weight in load_classifier(tmp_path / "judge.safetensors").state_dict().items():
        assert torch.equal(weight, classifier.state_dict()[name].half().float())
