"""The plugin of the second pytest process: it runs the tests that the first one names. See `remote`."""

import json
import os
import socket

import pytest

from tests.simulated_cuda.remote import CONNECTION

STREAM = socket.socket(fileno=int(os.environ[CONNECTION])).makefile("rw", encoding="utf-8")


def pytest_runtestloop(session: pytest.Session) -> bool:
    if session.testsfailed:
        raise session.Interrupted("the tests could not be collected")
    items = {item.nodeid: item for item in session.items}
    for line in STREAM:
        nodeid, next_nodeid = json.loads(line)
        item, nextitem = items[nodeid], items.get(next_nodeid)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=nextitem)
        print(file=STREAM, flush=True)
    return True


class Reporter:
    """Sends each report to the first process."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        print(json.dumps(data), file=STREAM, flush=True)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Reporter(config))
