"""Nothing that tests do may reach, or come from, what this user's own SeedLab knows."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """A cache of the test run's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEEDLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
