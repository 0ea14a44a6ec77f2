"""How far a download is: in words, and as it is told by a real download."""

import pytest

from seedlab.pipelines.catalog import describe
from seedlab.pipelines.library import Library
from seedlab.pipelines.progress import say_bytes


@pytest.mark.parametrize(
    ("done", "total", "words"),
    [
        (2_149_000_000, 4_266_000_000, "2.1 of 4.3 GB"),
        (0, 33_700_000_000, "0.0 of 33.7 GB"),
        (350_400_000, 900_000_000, "350 of 900 MB"),
        (1_500, 2_000, "2 of 2 kB"),
        (5, 10, "5 of 10 bytes"),
    ],
)
def test_bytes_in_words(done, total, words):
    assert say_bytes(done, total) == words


def test_who_waits_is_told_how_much_is_there_and_then_that_it_is_loaded(tiny, monkeypatch):
    library, said = Library(), []

    def find_snapshot(*_, tell, **__):
        for done in (0, 2_100_000_000, 4_300_000_000):
            tell(done, 4_300_000_000)
            said.append(library.loading)
        return tiny

    def load(*_):
        said.append(library.loading)
        raise RuntimeError

    monkeypatch.setattr("seedlab.pipelines.loading.find_snapshot", find_snapshot)
    monkeypatch.setattr("seedlab.pipelines.library.load_pipeline", load)
    with pytest.raises(RuntimeError):
        library.load(describe(f"owner/name@{'c' * 40}"), "float32", "cpu")
    assert said == [
        "Downloading owner/name: 0.0 of 4.3 GB…",
        "Downloading owner/name: 2.1 of 4.3 GB…",
        "Downloading owner/name: 4.3 of 4.3 GB…",
        "Loading owner/name…",
    ]
    assert library.loading == ""
