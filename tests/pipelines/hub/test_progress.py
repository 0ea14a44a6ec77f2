"""How far a download is, in words."""

import pytest

from seedlab.pipelines.hub.progress import format_bytes


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
    assert format_bytes(done, total) == words
