"""The allocator keeps freed memory for the next computation until it is released."""

import json
import platform
import subprocess
import sys

import pytest

from seedlab.pipelines.devices import malloc
from seedlab.pipelines.devices.malloc import release_freed_memory, retain_freed_memory

MEASURE = """
import json, resource, sys
from pathlib import Path
from threading import Thread
from seedlab.pipelines.devices.malloc import release_freed_memory, retain_freed_memory

def count_faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def measure_memory():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

def work():
    before = count_faults()
    blocks = [bytearray(b"x") * 2**size for size in (22, 26)]
    measured["faults"] = count_faults() - before

def work_twice():
    work()
    work()

measured = {"retained": sys.argv[1] == "retain" and retain_freed_memory()}
thread = Thread(target=work_twice)
thread.start()
thread.join()
before = measure_memory()
release_freed_memory()
print(json.dumps({**measured, "released": before - measure_memory()}))
"""


def measure(how: str) -> dict[str, int]:
    done = subprocess.run([sys.executable, "-c", MEASURE, how], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs glibc")
def test_freed_memory_is_reused_and_then_released():
    plain, retained = measure("plain"), measure("retain")
    assert retained["retained"]
    assert retained["faults"] < plain["faults"] / 5
    assert retained["released"] > 2**25 > plain["released"]


class OldMallopt:
    """The mallopt of older glibc releases, which limit the mmap threshold to 32 MiB."""

    def __init__(self):
        self.options = {}

    def __call__(self, name: int, value: int) -> int:
        if name == malloc.M_MMAP_THRESHOLD and value > 2**25:
            return 0
        self.options[name] = value
        return 1


def test_older_releases_use_the_largest_threshold_they_accept(monkeypatch):
    mallopt = OldMallopt()
    monkeypatch.setattr(malloc, "_find", lambda name: mallopt if name == "mallopt" else None)
    assert retain_freed_memory()
    assert mallopt.options[malloc.M_MMAP_THRESHOLD] == 2**25


def test_other_systems_do_nothing(monkeypatch):
    monkeypatch.setattr(malloc.sys, "platform", "win32")
    assert not retain_freed_memory()
    release_freed_memory()
