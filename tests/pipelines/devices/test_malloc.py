"""The heap: memory that a computation frees stays for the next one, until it is given back."""

import json
import platform
import subprocess
import sys

import pytest

from seedlab.pipelines.devices import malloc as heap
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
    told["faults"] = count_faults() - before

def work_twice():
    work()
    work()

told = {"kept": sys.argv[1] == "keep" and retain_freed_memory()}
thread = Thread(target=work_twice)
thread.start()
thread.join()
before = measure_memory()
release_freed_memory()
print(json.dumps({**told, "given back": before - measure_memory()}))
"""


def measure(how: str) -> dict[str, int]:
    done = subprocess.run([sys.executable, "-c", MEASURE, how], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another library than glibc")
def test_freed_memory_is_there_for_the_next_computation_and_then_given_back():
    plain, kept = measure("plain"), measure("keep")
    assert kept["kept"]
    assert kept["faults"] < plain["faults"] / 5
    assert kept["given back"] > 2**25 > plain["given back"]


class OldLibrary:
    """glibc as it was when only blocks of up to 32 MiB came from the heap."""

    def __init__(self):
        self.options = {}

    def __call__(self, name: int, value: int) -> int:
        if name == heap.M_MMAP_THRESHOLD and value > 2**25:
            return 0
        self.options[name] = value
        return 1


def test_older_releases_keep_what_they_can(monkeypatch):
    library = OldLibrary()
    monkeypatch.setattr(heap, "_find", lambda name: library if name == "mallopt" else None)
    assert retain_freed_memory()
    assert library.options[heap.M_MMAP_THRESHOLD] == 2**25


def test_elsewhere_nothing_is_done(monkeypatch):
    monkeypatch.setattr(heap.sys, "platform", "win32")
    assert not retain_freed_memory()
    release_freed_memory()
