"""Page object: what tests click, type and look for."""

import base64
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Dialog,
    Error,
    Locator,
    Page,
    Playwright,
    Request,
    expect,
)

CHROMIUM = os.environ.get("SEEDLAB_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--headless",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
DROP = """([content, name, more]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type: 'image/png' }));
  for (const other of more) transfer.items.add(new File(['x'], other));
  const given = { dataTransfer: transfer, bubbles: true, cancelable: true };
  for (const kind of ['dragover', 'drop']) document.querySelector('.sheet').dispatchEvent(new DragEvent(kind, given));
}"""
CUT = re.compile("^AbortError: |Connection errored out")
"""What Gradio writes to the console about a request that was cut off."""

PATIENCE = 90_000
"""Milliseconds that a picture may take on a busy machine."""

expect.set_options(timeout=20_000)


def open_browser(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))


def clean(page: Page, url: str) -> None:
    """Forget what the page has saved in a browser profile."""
    page.goto(f"{url}/robots.txt")  # of the same origin, without a script that saves again
    page.evaluate("localStorage.clear(); sessionStorage.clear()")


@dataclass
class Screen:
    """One browser tab. `complaints` collects errors, dialogs and requests to other hosts, which must never happen."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for event, listener in self._listeners.items():
            self.page.on(event, listener)

    def leave(self) -> None:
        """Stop listening: another test uses the tab."""
        for event, listener in self._listeners.items():
            self.page.remove_listener(event, listener)

    @property
    def _listeners(self) -> dict[str, Callable[..., None]]:
        return {
            "console": self._check_message,
            "pageerror": self._note_error,
            "dialog": self._dismiss,
            "request": self._check_host,
        }

    def _check_message(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def _note_error(self, error: Error) -> None:
        self.complaints.append(str(error))

    def _dismiss(self, dialog: Dialog) -> None:
        self.complaints.append(dialog.message)
        dialog.dismiss()

    def _check_host(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:", self.url.replace("http", "ws", 1))):
            self.complaints.append(request.url)

    def open(self) -> "Screen":
        self.go_to(self.url)
        # The empty state appears with the first view, when the page is complete.
        expect(self.page.locator(".blank")).to_be_visible(timeout=PATIENCE)
        return self

    def go_to(self, url: str) -> None:
        with self._expect_cut_requests():
            self.page.goto(url)

    def forget(self) -> None:
        """Leave the page, and forget what it has saved."""
        with self._expect_cut_requests():
            clean(self.page, self.url)

    def reload(self) -> None:
        with self._expect_cut_requests():
            self.page.reload()

    @contextmanager
    def _expect_cut_requests(self) -> Iterator[None]:
        """Leave the page: Gradio complains of the requests that this cuts off, and nobody sees it."""
        before = len(self.complaints)
        yield
        self.complaints[before:] = [each for each in self.complaints[before:] if not CUT.search(each)]

    def fill(self, name: str, text: str) -> None:
        self.page.locator(f"#{name} :is(textarea, input)").fill(text)

    def choose_model(self, model_id: str) -> None:
        """Type a model id instead of choosing from the list."""
        self.page.locator("#model_id input").fill(model_id)
        self.page.locator("#model_id input").press("Enter")

    def value(self, name: str) -> str:
        return self.page.locator(f"#{name} :is(textarea, input)").input_value()

    def generate(self, prompt: str | None = None, seeds: str | None = None) -> None:
        if prompt is not None:
            self.fill("prompt", prompt)
        if seeds is not None:
            self.fill("seeds", seeds)
        # With a picture locked, Generate varies it.
        anew = self.page.locator("#anew")
        (anew if anew.is_visible() else self.page.locator("#generate")).click()

    def set_steps(self, steps: int, side: int | None = None) -> None:
        """Set the number of denoising steps, and the size, which decide how long a picture takes.

        Args:
            side: the pictures' height and width in pixels; None leaves the fields as they are.
        """
        self.open_advanced()
        self.fill("num_inference_steps", str(steps))
        if side is not None:
            self.fill("height", str(side))
            self.fill("width", str(side))
        self.page.locator("#advanced > button").click()
        expect(self.page.locator("#num_inference_steps")).not_to_be_visible()

    def open_advanced(self) -> None:
        """Open Advanced. Gradio mounts its fields only now, and clears them once more a moment later."""
        self.page.locator("#advanced > button").click()
        expect(self.page.locator("#num_inference_steps input")).to_have_attribute("placeholder", re.compile("."))

    def column(self, number: int) -> Locator:
        return self.page.locator(".round").nth(number)

    def frame(self, column: int, index: int) -> Locator:
        return self.column(column).locator(".frame").nth(index)

    def tiles(self, column: int, state: str) -> Locator:
        return self.column(column).locator(f'.tile[data-state="{state}"]')

    def wait_done(self, column: int = 0, count: int = 4) -> None:
        expect(self.tiles(column, "done")).to_have_count(count, timeout=PATIENCE)

    def wait_first(self, column: int, count: int) -> None:
        """Wait until at least `count` pictures are done."""
        expect(self.tiles(column, "done").nth(count - 1)).to_be_visible(timeout=PATIENCE)

    def wait_working(self, column: int = 0) -> None:
        """Wait for the first preview."""
        expect(self.column(column).locator(".preview[src]").first).to_be_visible(timeout=PATIENCE)

    def sentence(self, name: str) -> Locator:
        return self.page.locator(f"#sentence-{name} p")

    def action(self, name: str) -> Locator:
        """Return a button of the inspector."""
        return self.page.locator(".actions .action").get_by_text(name, exact=True)

    def look(self, column: int, index: int) -> None:
        """Look closely at a picture, which also shows it in the inspector, and close it."""
        self.look_closely(column, index)
        self.page.keyboard.press("Escape")
        expect(self.box).to_have_count(0)

    def look_closely(self, column: int, index: int) -> None:
        """Open a picture large over the page."""
        tile = self.column(column).locator(".tile").nth(index)
        tile.hover()
        tile.locator(".look").click()
        expect(self.box).to_have_class(re.compile("pswp--ui-visible"))

    @property
    def box(self) -> Locator:
        """What shows a picture large over the page."""
        return self.page.locator(".pswp")

    @property
    def check(self) -> Locator:
        return self.page.locator(".check")

    @property
    def script(self) -> Locator:
        return self.page.locator(".script textarea")

    def download(self, column: int, index: int) -> Path:
        """Download a finished picture with its tile's button."""
        tile = self.column(column).locator(".tile").nth(index)
        tile.hover()
        with self.page.expect_download() as download:
            tile.locator(".save").click()
        return Path(download.value.path())

    def drop(self, file: Path, name: str = "picture.png", *more: str) -> None:
        """Drop a file on the page, together with others of these names."""
        content = base64.b64encode(file.read_bytes()).decode()
        self.page.evaluate(DROP, [content, name, more])

    @property
    def columns(self) -> Locator:
        return self.page.locator(".round")

    @property
    def status(self) -> Locator:
        return self.page.locator(".status")
