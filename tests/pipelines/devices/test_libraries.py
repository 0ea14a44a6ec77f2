"""What is done in each process before its first picture."""

import pytest

from seedlab.pipelines.devices.libraries import VECTOR_FUNCTIONS
from tests.processes import run_python_afresh

SCRIPT = """
import gc
import torch
from seedlab.pipelines.devices.libraries import import_libraries

class Recorder(torch.overrides.TorchFunctionMode):
    def __torch_function__(self, function, types, args=(), kwargs=None):
        if args and isinstance(args[0], torch.Tensor):
            print(function.__name__, args[0].numel())
        return function(*args, **(kwargs or {}))

with Recorder():
    import_libraries()
print(gc.isenabled(), gc.get_freeze_count() > 300_000, len(gc.get_objects()) < 20_000)
"""
FIRST_CALLS = """
import torch
from seedlab.pipelines.devices.libraries import initialize_functions

initialize_functions()
values = torch.linspace(0.01, 190, 10_000)
for name in ("cos", "sin", "exp", "log"):
    function = getattr(torch, name)
    assert torch.equal(function(values), function(values)), name
"""


def run(script: str) -> list[str]:
    done = run_python_afresh("-c", script)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")


@pytest.fixture(scope="module")
def seen():
    """The functions that are called, with their numbers of values, and what the garbage collector looks through."""
    *called, collected, _ = run(SCRIPT)
    return called, collected


def test_functions_are_called_once_for_a_single_value(seen):
    """Otherwise their first call might have other bits."""
    called, _ = seen
    assert {f"{name} 1" for name in VECTOR_FUNCTIONS} <= set(called)


def test_a_collection_does_not_look_through_the_libraries(seen):
    _, collected = seen
    assert collected == "True True True"


@pytest.mark.slow
def test_the_first_call_for_many_values_has_the_bits_of_later_ones():
    for _ in range(20):
        run(FIRST_CALLS)
