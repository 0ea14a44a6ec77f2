"""The card of memory, for tests that `tests.test_card` runs in a process of their own."""

import gc
import os
from pathlib import Path

import pytest

from tests.card.card import WHOLE, Card

LIBRARY = os.environ.get("SEEDLAB_TEST_CARD", "")
CARD = Card(Path(LIBRARY)) if LIBRARY else None
collect_ignore_glob = [] if CARD else ["test_*.py"]


@pytest.fixture
def card():
    """The card, with all its memory."""
    yield CARD
    CARD.resize(WHOLE)
    CARD.capability = (9, 0)


@pytest.fixture(scope="module")
def plans():
    """What one manager found out, the next one knows: the search takes more memory than a batch."""
    from seedlab.pipelines.exact.plans import Plans

    return Plans(None)


@pytest.fixture
def manager(card, plans):
    """A manager of the test's own, which works on the card."""
    from seedlab.pipelines.manager import PipelineManager

    manager = PipelineManager(plans=plans)
    yield manager
    manager.close()
    del manager  # what it made holds on to it in a circle
    gc.collect()
