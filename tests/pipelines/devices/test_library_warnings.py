"""Warnings of the libraries are collected instead of being hushed or written to stderr."""

import logging
import warnings
from threading import Thread

import diffusers.utils.logging
import pytest
import transformers.utils.logging

from seedlab.pipelines.devices.library_warnings import collect_warnings


def test_warnings_and_log_records_are_collected_once_though_the_libraries_are_silenced(capfd):
    diffusers.utils.logging.set_verbosity_error()
    logger = diffusers.utils.logging.get_logger("diffusers.loaders.peft")
    with collect_warnings() as messages:
        logger.warning("unexpected keys: %s", "a")
        logger.info("loading")
        for _ in range(2):
            warnings.warn("two adapters", UserWarning, stacklevel=1)
        warnings.warn("renamed", FutureWarning, stacklevel=1)
    assert messages == ["unexpected keys: a", "two adapters"]
    logger.warning("after")
    assert "unexpected" not in "".join(capfd.readouterr())
    assert len(messages) == 2


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
