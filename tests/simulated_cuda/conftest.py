"""The simulated device, for the tests of this folder.

torch looks for devices once, when it is imported. The tests therefore run in a second pytest process, which has the
device from the start; the first process collects them, passes on which one is next and reports what came back.
"""

import gc
import os
from pathlib import Path

import pytest

from tests.simulated_cuda.device import WHOLE, SimulatedDevice
from tests.simulated_cuda.remote import LIBRARY, RemoteRun, give_up, why_not

HERE = Path(__file__).parent
DEVICE = SimulatedDevice(Path(os.environ[LIBRARY])) if LIBRARY in os.environ else None
_remote = pytest.StashKey[RemoteRun]()


def _is_ours(item: pytest.Item | None) -> bool:
    return item is not None and HERE in item.path.parents


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    if DEVICE is not None or not _is_ours(item) or why_not() is not None:
        return None
    stash = item.session.stash
    if _remote not in stash:
        stash[_remote] = RemoteRun()
    stash[_remote].run(item, nextitem if _is_ours(nextitem) else None)
    if not _is_ours(nextitem):
        stash[_remote].close()
        del stash[_remote]
    return True


@pytest.fixture(autouse=True)
def _require_device() -> None:
    if DEVICE is None:
        give_up()


@pytest.fixture
def device():
    """The device, with all its memory."""
    yield DEVICE
    DEVICE.resize(WHOLE)
    DEVICE.capability = (9, 0)


@pytest.fixture(scope="module")
def plans():
    """Share what one manager found out with the next: the search takes more memory than a batch."""
    from seedlab.pipelines.exact.plans import Plans

    return Plans(None)


@pytest.fixture
def manager(device, plans, tmp_path, monkeypatch):
    """A manager of the test's own, which works on the device, and has measured no batches."""
    from seedlab.pipelines.manager import PipelineManager

    monkeypatch.setenv("SEEDLAB_CACHE", str(tmp_path / "cache"))
    manager = PipelineManager(plans=plans)
    yield manager
    manager.close()
    del manager  # reference cycles hold what it made
    gc.collect()
