"""The page's modules in a real browser: found below a path, and kept by the browser."""

import pytest
from playwright.sync_api import expect

from seedlab.ui.static_files import find_base

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("path", ["/below/", "/below"])
def test_the_page_finds_its_modules_below_a_path(visit, path):
    screen = visit(steps=None)
    asked: list[str] = []

    def pass_on(route):
        asked.append(route.request.url)
        route.continue_(url=route.request.url.replace("/below", "", 1))

    screen.page.route("**/below**", pass_on)
    screen.go_to(f"{screen.url}{path}")
    expect(screen.page.locator(".blank")).to_be_visible()
    expect(screen.page.get_by_role("button", name="Fold the panel away")).to_be_visible()
    assert f"{screen.url}/below/{find_base()}/js/sheet.js" in asked
    screen.page.unroute("**/below**")


ACCOUNT = """async () => {
  const module = document.querySelector('link[href*="/statustracker-"][href$=".js"]');
  const Status = Object.values(await import(module.href)).find((each) => each?.prototype?.resolve_args);
  const status = new Status();
  status.register(1, [10], [20, 30], 'hidden');
  status.update({ fn_index: 1, status: 'pending', stream_state: null });
  status.update({ fn_index: 1, status: 'complete', stream_state: 'closed' });
  return Object.keys(status.current);
}"""


def test_gradio_accounts_for_what_events_write_and_not_for_all_that_they_read(visit):
    assert visit(steps=None).page.evaluate(ACCOUNT) == ["10"]
