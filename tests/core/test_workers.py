"""Where the workers are, as people write it."""

import pytest

from seedlab.core.errors import SeedLabError
from seedlab.core.machine.workers import Workers, parse_threads, parse_workers


@pytest.mark.parametrize(
    ("text", "workers"),
    [
        ("", None),
        (None, None),
        ("local:2", Workers(local=2)),
        (" local:64 ", Workers(local=64)),
        ("10.0.0.1:6379", Workers(address="10.0.0.1:6379")),
        ("head.lan:6379", Workers(address="head.lan:6379")),
        ("[fe80::1]:6379", Workers(address="[fe80::1]:6379")),
    ],
)
def test_workers(text, workers):
    assert parse_workers(text) == workers


@pytest.mark.parametrize(
    "text", ["local", "local:x", "2", "10.0.0.1", ":6379", "a b:1", "head:0", "head:70000", "ray://h:1"]
)
def test_what_names_no_workers_is_refused(text):
    with pytest.raises(SeedLabError, match="use local:N for N on this machine, or HOST:PORT for a Ray cluster"):
        parse_workers(text)


@pytest.mark.parametrize("text", ["local:0", "local:65"])
def test_there_are_1_to_64_local_workers(text):
    with pytest.raises(SeedLabError, match="There can be 1 to 64 workers on this machine"):
        parse_workers(text)


@pytest.mark.parametrize(
    ("text", "threads"), [("", None), (None, None), ("1", 1), (" 16 ", 16), (4, 4), ("1024", 1024)]
)
def test_threads(text, threads):
    assert parse_threads(text) == threads


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", "1025", "²", 0])
def test_what_is_no_number_of_threads_is_refused(text):
    with pytest.raises(SeedLabError, match="is not a number of threads: use 1 to 1024"):
        parse_threads(text)
