"""The heap: memory that a computation frees stays for the next one, until it is given back."""

import json
import platform
import subprocess
import sys

import pytest

from seedlab.pipelines import heap
from seedlab.pipelines.heap import give_back_heap, keep_heap

MEASURE = """
import json, resource, sys
from pathlib import Path
from seedlab.pipelines.heap import give_back_heap, keep_heap

def count_faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def measure_pages():
    return int(Path("/proc/self/statm").read_text().split()[1])

def work():
    before = count_faults()
    blocks = [bytearray(b"x") * 2**size for size in (22, 26)]
    return count_faults() - before

kept = sys.argv[1] == "keep" and keep_heap()
work()
again, before = work(), measure_pages()
give_back_heap()
print(json.dumps([kept, again, before - measure_pages()]))
"""
PAGES = (2**22 + 2**26) // 4096

needs_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another library than glibc")


def measure(how: str) -> list[int]:
    done = subprocess.run([sys.executable, "-c", MEASURE, how], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@needs_glibc
def test_freed_memory_is_there_for_the_next_computation_and_then_given_back():
    kept, faults, given_back = measure("keep")
    assert kept
    assert faults < PAGES / 10
    assert given_back > PAGES / 2


@needs_glibc
def test_without_it_every_page_comes_anew():
    _, faults, given_back = measure("plain")
    assert faults > PAGES / 2 > given_back


def test_elsewhere_nothing_is_done(monkeypatch):
    monkeypatch.setattr(heap.sys, "platform", "win32")
    assert not keep_heap()
    give_back_heap()
