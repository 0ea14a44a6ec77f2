"""Warnings of the libraries are collected instead of being hushed or written to stderr."""

import logging
import warnings
from threading import Barrier, Event, Thread

import diffusers.utils.logging
import pytest
import transformers.utils.logging

from seedlab.pipelines.devices.libraries import import_libraries
from seedlab.pipelines.devices.library_warnings import collect_warnings, repeat_warnings


def test_warnings_and_log_records_are_collected_once_though_the_libraries_are_silenced(capfd):
    diffusers.utils.logging.set_verbosity_error()
    logger = diffusers.utils.logging.get_logger("diffusers.loaders.peft")
    with collect_warnings() as messages:
        logger.warning("unexpected keys: %s", "a")
        logger.info("loading")
        for _ in range(2):
            warnings.warn("two adapters", UserWarning, stacklevel=1)
        warnings.warn("outdated", FutureWarning, stacklevel=1)
        warnings.warn("renamed", DeprecationWarning, stacklevel=1)
    assert messages == ["unexpected keys: a", "two adapters", "outdated"]
    logger.warning("after")
    assert "unexpected" not in "".join(capfd.readouterr())
    assert len(messages) == 3


def test_a_warning_that_a_library_gives_once_is_collected_for_each_model():
    logger = transformers.utils.logging.get_logger("transformers.modeling_utils")
    collected = []
    for _ in range(2):
        with collect_warnings() as messages:
            logger.warning_once("ignored weights")
        collected += messages
    assert collected == ["ignored weights"] * 2


def test_levels_and_handlers_are_restored_after_a_failure():
    logger = logging.getLogger("diffusers")
    before = (logger.level, logger.handlers, logger.propagate, warnings.showwarning)
    with pytest.raises(ValueError, match="broken"), collect_warnings():
        raise ValueError("broken")
    assert (logger.level, logger.handlers, logger.propagate, warnings.showwarning) == before


def test_warnings_of_other_threads_are_not_collected():
    def warn() -> None:
        logging.getLogger("peft").warning("another model")

    with collect_warnings() as messages:
        thread = Thread(target=warn)
        thread.start()
        thread.join()
    assert messages == []


def test_two_threads_that_collect_at_the_same_time_get_their_own_and_all_is_restored():
    """Whichever ends first: what a process has only once is restored by the last."""
    logger = logging.getLogger("diffusers")
    before = (logger.level, logger.handlers, logger.propagate, warnings.showwarning)
    collected, begun, ended = {}, Barrier(2), Event()

    def collect(name: str, is_first: bool) -> None:
        with collect_warnings() as messages:
            begun.wait(60)
            if not is_first:
                assert ended.wait(60)
            logger.warning("a log record of %s", name)
            warnings.warn(f"a warning of {name}", UserWarning, stacklevel=1)
        collected[name] = messages
        ended.set()

    threads = [Thread(target=collect, args=each) for each in (("one", True), ("two", False))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert collected == {name: [f"a log record of {name}", f"a warning of {name}"] for name in ("one", "two")}
    assert (logger.level, logger.handlers, logger.propagate, warnings.showwarning) == before


def test_warnings_of_earlier_can_be_repeated():
    with collect_warnings() as messages:
        repeat_warnings(["a", "b", "a"])
    repeat_warnings(["nobody collects this"])
    assert messages == ["a", "b"]


def test_the_loggers_stay_as_they_are_while_another_thread_imports_the_libraries():
    import_libraries()
    with collect_warnings() as messages:
        import_libraries()
        logging.getLogger("diffusers").warning("unexpected")
    assert messages == ["unexpected"]
