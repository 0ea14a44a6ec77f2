"""What SeedLab changes in gradio's app."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from gradio.state_holder import SessionState

from seedlab.ui.blocks.layout import build_blocks
from seedlab.ui.gradio_app import GradioApp
from seedlab.ui.pictures import PictureServer
from tests.ui.fakes import make_services


def test_a_tab_keeps_no_copy_of_the_components(painter):
    async def open_tab():
        blocks = build_blocks(make_services(painter), PictureServer())
        GradioApp(blocks)
        return blocks, SessionState(blocks)

    with ThreadPoolExecutor(1) as executor:  # the thread of the tests may have an event loop already
        blocks, tab = executor.submit(asyncio.run, open_tab()).result()
    assert len(tab.config_values) > 20
    assert not any(tab.config_values.values())
    key, component = next((key, each) for key, each in blocks.blocks.items() if not each.stateful)
    tab[key] = component
    tab._update_value_in_config(key, "a boat")
    assert not any(tab.config_values.values())
    assert blocks.default_config.config_for_block(key, [], component)["props"], "the page itself has them"
