"""Garbage collection leaves out what stays for ever."""

import gc

import pytest

from seedlab.core.machine.garbage import keep_all_objects


class Kept:
    pass


def test_nothing_is_collected_inside_and_what_is_there_is_kept():
    before = gc.get_freeze_count()
    with keep_all_objects():
        assert not gc.isenabled()
        kept = [Kept() for _ in range(100)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= before + len(kept)
    later = Kept()
    tracked = {id(each) for each in gc.get_objects()}
    assert id(later) in tracked
    assert not tracked & {id(each) for each in kept}


def test_it_is_as_it_was_after_an_error():
    with pytest.raises(ImportError), keep_all_objects():
        raise ImportError
    assert gc.isenabled()
