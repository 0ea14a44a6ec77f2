"""How a Ray of this machine is started, without one."""

import os
import sys
from types import SimpleNamespace

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.core.machine.workers import Workers
from seedlab.pipelines.ray.cluster import RayCluster
from seedlab.pipelines.ray.messages import WorkerOptions


def test_every_ray_of_a_process_has_the_same_token(monkeypatch):
    """Ray's library keeps the first that it reads, and could not join another."""
    tokens = []

    def start(*_, **__):
        tokens.append(os.environ["RAY_AUTH_TOKEN"])
        raise RuntimeError("no room")

    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(init=start, shutdown=lambda: None))
    monkeypatch.setattr(os, "environ", {})
    for _ in range(2):
        with pytest.raises(SeedLabError, match="Ray could not be started"):
            RayCluster(Workers(local=1), WorkerOptions(device="cpu")).connect()
    assert tokens == [tokens[0]] * 2
    assert len(tokens[0]) == 64
