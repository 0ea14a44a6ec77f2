"""Agents, with the protocol's own client: over HTTP, and over standard input and output."""

import asyncio
import base64
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import httpx
import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from PIL import Image

from seedlab.server.programs.extras import import_mcp
from tests.pipelines.queues import wait_until_still
from tests.server.programs.conftest import LONG, LONG_STEPS, SMALL, encode_picture


def run(work):
    """Run a coroutine, also where Playwright has an event loop in this thread."""
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(asyncio.run, work).result()


@asynccontextmanager
async def connect(running):
    async with (
        streamable_http_client(f"{running.url}/seedlab/mcp") as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        yield session


async def call(session, tool, **arguments):
    result = await session.call_tool(tool, arguments)
    assert not result.isError, result.content
    return json.loads(result.content[0].text)


async def explore(session):
    """Do an agent's whole job; returns what it found."""
    steps = []

    async def note(done, total, sentence):
        steps.append((done, total))

    made = await session.call_tool("grid", {"prompt": "a boat", **SMALL}, progress_callback=note)
    grid = json.loads(made.content[0].text)["pictures"]
    seen = (await session.call_tool("look", {"pictures": [each["picture"] for each in grid]})).content[0]
    more = (await call(session, "refine", picture=grid[2]["picture"]))["pictures"]
    verified = await call(session, "verify", picture=more[1]["picture"])
    script = (await call(session, "script", pictures=[each["picture"] for each in more]))["script"]
    return grid, seen, more, verified, script, steps


def check(grid, seen, more, verified, script, steps):
    assert [each["seed"] for each in grid] == ["0", "1", "2", "3"]
    assert (seen.type, seen.mimeType) == ("image", "image/jpeg")
    assert [each["prompt"] for each in more][1] == "a boat, artsy"
    assert {each["seed"] for each in more} == {"2"}
    assert verified["equal"] is True
    assert "from diffusers import" in script
    assert steps[-1][1] == 4


def test_an_agent_does_the_whole_job(running):
    async def work():
        async with connect(running) as session:
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            return tools, await explore(session)

    tools, found = run(work())
    check(*found)
    assert set(tools) == {"models", "grid", "refine", "finish", "look", "recipe", "verify", "script"}
    assert tools["grid"].inputSchema["required"] == ["prompt"]
    assert tools["grid"].inputSchema["properties"]["seeds"]["description"].startswith("such as")


def test_a_picture_is_a_resource_with_its_recipe(running):
    async def work():
        async with connect(running) as session:
            (picture,) = (await call(session, "grid", prompt="a boat", seeds="0", **SMALL))["pictures"]
            return picture, await session.read_resource(f"seedlab://picture/{picture['picture']}")

    picture, found = run(work())
    assert base64.b64decode(found.contents[0].blob) == (running.store / f"{picture['picture']}.png").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"prompt": "a boat", "seeds": "nonsense"}, "“nonsense” is not a seed"),
        ({"prompt": "a boat", "model": "/etc/passwd"}, "“passwd” is not a file of a model"),
        ({"prompt": "a boat", "steps": 0}, "steps"),
        ({}, "prompt"),
    ],
)
def test_bad_input_gets_a_sentence(running, arguments, sentence):
    async def work():
        async with connect(running) as session:
            return await session.call_tool("grid", arguments)

    result = run(work())
    assert result.isError
    assert sentence in result.content[0].text


def test_a_cancelled_call_ends_within_a_step(running):
    async def work():
        async with connect(running) as session:
            await call(session, "grid", prompt="a house", **SMALL)
            begun = asyncio.Event()

            async def note(done, total, sentence):
                begun.set()

            with running.count_steps() as steps:
                arguments = {"prompt": "a house", "seeds": "200-215", **LONG}
                call_ = asyncio.create_task(session.call_tool("grid", arguments, progress_callback=note))
                await begun.wait()
                await session.send_notification(cancel(max(session._response_streams)))
                taken = await asyncio.to_thread(wait_until_still, steps, 1)
            call_.cancel()
            return taken

    assert 0 < run(work()) < LONG_STEPS / 2


def cancel(request):
    from mcp.types import CancelledNotification, CancelledNotificationParams, ClientNotification

    parameters = CancelledNotificationParams(requestId=request, reason="enough")
    return ClientNotification(CancelledNotification(method="notifications/cancelled", params=parameters))


def test_pages_of_other_sites_cannot_reach_it(running):
    for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
        assert httpx.post(f"{running.url}/seedlab/mcp", headers=headers, json={}).status_code == 403


def test_over_standard_input_and_output(tmp_path):
    async def work():
        command = ["-m", "seedlab", "mcp", "--store", str(tmp_path)]
        server = StdioServerParameters(command=sys.executable, args=command)
        async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
            await session.initialize()
            made = await call(session, "grid", prompt="a boat", seeds="0", **SMALL)
            return made["pictures"][0]

    picture = run(work())
    file = tmp_path / f"{picture['picture']}.png"
    assert picture["url"] == file.as_uri()
    with Image.open(file) as image:
        assert image.size == (64, 64)


def test_without_the_package_it_is_said(monkeypatch):
    from seedlab.core.errors import SeedLabError

    monkeypatch.delitem(sys.modules, "seedlab.server.programs.mcp", raising=False)
    monkeypatch.setitem(sys.modules, "mcp.server.fastmcp", None)
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(SeedLabError, match=r'pip install "seedlab\[mcp\]"'):
        import_mcp()


def test_an_agent_starts_from_a_picture_of_its_own(running):
    async def work():
        async with connect(running) as session:
            made = await call(
                session, "grid", prompt="a boat", seeds="5", start=encode_picture(), strength=0.5, steps=4
            )
            return await call(session, "recipe", picture=made["pictures"][0]["picture"])

    recipe = run(work())["recipe"]
    assert recipe["start"]["strength"] == 0.5
    assert recipe["start"]["picture"]["width"] == 96
