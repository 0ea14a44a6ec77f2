"""Theme, stylesheet and other arguments of `Blocks.launch`. System fonts; nothing is fetched from other hosts."""

from pathlib import Path
from typing import Any

import gradio as gr

from seedlab.core.storage.uploads import choose_max_upload

STATIC = Path(__file__).parent / "static"
STYLESHEETS = ("page.css", "sheet.css", "layout.css", "look.css", "compare.css", "gallery.css", "live.css")
SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace")

LIGHT = {"paper": "#faf8f4", "panel": "#ffffff", "ink": "#23201c", "mute": "#6b6359", "line": "#e2dbcf"}
LIGHT |= {"mark": "#b92f19", "dim": "#9d2512", "on": "#ffffff", "tile": "#efeae1", "rim": "#968c7f"}
DARK = {"paper": "#161413", "panel": "#1e1b19", "ink": "#efe9e0", "mute": "#a89f93", "line": "#38322d"}
DARK |= {"mark": "#ff6a4d", "dim": "#ff8a73", "on": "#1a0f0c", "tile": "#2a2623", "rim": "#70675f"}

COLOURS = {
    "body_background_fill": "paper",
    "body_text_color": "ink",
    "body_text_color_subdued": "mute",
    "background_fill_primary": "panel",
    "background_fill_secondary": "paper",
    "border_color_primary": "line",
    "border_color_accent": "mark",
    "color_accent_soft": "tile",
    "block_background_fill": "paper",
    "block_label_text_color": "mute",
    "block_title_text_color": "mute",
    "block_info_text_color": "mute",
    "input_background_fill": "panel",
    "input_background_fill_focus": "panel",
    "input_border_color": "rim",
    "input_border_color_focus": "mark",
    "input_placeholder_color": "mute",
    "button_primary_background_fill": "mark",
    "button_primary_background_fill_hover": "dim",
    "button_primary_border_color": "mark",
    "button_primary_border_color_hover": "dim",
    "button_primary_text_color": "on",
    "slider_color": "mark",
    "button_secondary_background_fill": "panel",
    "button_secondary_background_fill_hover": "tile",
    "button_secondary_border_color": "line",
    "button_secondary_border_color_hover": "mute",
    "button_secondary_text_color": "ink",
    "checkbox_background_color": "panel",
    "checkbox_background_color_hover": "panel",
    "checkbox_background_color_selected": "mark",
    "checkbox_border_color": "rim",
    "checkbox_border_color_hover": "mute",
    "checkbox_border_color_focus": "mark",
    "checkbox_border_color_selected": "mark",
    "checkbox_label_text_color": "ink",
    "error_text_color": "mark",
    "error_border_color": "mark",
    "error_icon_color": "mark",
}
"""Gradio theme variables to our colour names."""


def make_theme() -> gr.themes.Base:
    """Make the Gradio theme, with light and dark colours."""
    theme = gr.themes.Base(font=SANS, font_mono=MONO, radius_size="md", spacing_size="md", text_size="md")
    colours = {name: LIGHT[colour] for name, colour in COLOURS.items()}
    colours |= {name + "_dark": DARK[colour] for name, colour in COLOURS.items()}
    flat = dict.fromkeys(("block_shadow", "input_shadow", "button_primary_shadow", "shadow_drop"), "none")
    lines = {"block_border_width": "0px", "input_border_width": "1px", "button_border_width": "1px"}
    return theme.set(**colours, **flat, **lines, block_padding="0px")


def launch_options(*, local: bool = False) -> dict[str, Any]:
    """Return the arguments of `launch` for this page.

    Args:
        local: whether only this machine reaches the server.
    """
    return {
        "theme": make_theme(),
        # In the head: Gradio applies `css` only after the page has loaded, and rewrites its selectors.
        "head": f"<style>{make_stylesheet()}</style>",
        "footer_links": [],
        "run_history": False,
        "show_error": False,
        # Server-side rendering needs Node.
        "ssr_mode": False,
        # A stream holds a thread, even while it waits in the queue.
        "max_threads": 128,
        # A tab's state takes about 70 kB plus its last view; Gradio's default is 10,000 tabs.
        "state_session_capacity": 1000,
        "max_file_size": choose_max_upload(local=local),
    }


def make_stylesheet() -> str:
    """Make the stylesheet: the colours as CSS variables, then the CSS files."""
    # Gradio marks the body as dark. The gutter and the scrollbar of the page have the colours of the root.
    themes = ((":root", "light", LIGHT), (":root:has(> body.dark), .dark", "dark", DARK))
    colours = (
        f"{selector} {{ color-scheme: {scheme}; {' '.join(f'--sl-{name}: {value};' for name, value in own.items())} }}"
        for selector, scheme, own in themes
    )
    return "\n".join((*colours, *((STATIC / name).read_text("utf-8") for name in STYLESHEETS)))
