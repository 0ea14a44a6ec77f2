"""What every test shares: a cache of the run's own, and the division of a whole run between two processes."""

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

WORKERS = 2
"""Processes that share a run of the whole suite. Each holds torch and small models: about 2 GB."""
TOGETHER = ("tests/browser/", "tests/simulated_cuda/", "tests/pipelines/hub/")
"""Folders whose tests share servers or processes that take long to start; elsewhere a file's tests stay together."""
FIRST = ("tests/browser/", "tests/simulated_cuda/", "tests/sketch/")
"""What takes longest comes first, so that both processes end at about the same time."""

# Processes that share the cores compute with as many threads as a user's, which decides bytes. They must not spin while
# they wait for each other: that took half of the time. OpenMP reads this when torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Use pytest-xdist for the whole suite, if it is installed and neither `-n` nor `--pdb` was given."""
    is_whole = config.args_source is not pytest.Config.ArgsSource.ARGS and "PYTEST_XDIST_WORKER" not in os.environ
    if is_whole and config.pluginmanager.hasplugin("xdist") and config.option.numprocesses is None:
        config.option.numprocesses = None if config.option.usepdb else WORKERS


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    items.sort(key=lambda item: not item.nodeid.startswith(FIRST))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> "LoadScopeScheduling":
    """Give each worker whole files or folders, in the order in which they are collected."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return next(filter(nodeid.startswith, TOGETHER), nodeid.split("::")[0])

    config.option.loadscopereorder = False
    return Scheduling(config, log)


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """Keep the tests away from what this user's own SeedLab has stored, and the other way round."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEEDLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
