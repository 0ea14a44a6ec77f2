"""Contrast of what is not text."""

import pytest

from seedlab.ui.theme import DARK, LIGHT, make_stylesheet, make_theme
from tests.ui.blocks.test_layout import luminance


@pytest.mark.parametrize("colours", [LIGHT, DARK])
@pytest.mark.parametrize("ground", ["paper", "panel"])
def test_field_borders_have_aa_contrast(colours, ground):
    lighter, darker = sorted((luminance(colours["rim"]), luminance(colours[ground])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 3


def test_all_fields_have_that_border():
    theme = make_theme()
    assert (theme.input_border_color, theme.input_border_color_dark) == (LIGHT["rim"], DARK["rim"])
    # Gradio gives dropdowns another border, so ours is set in the stylesheet.
    assert f"--sl-rim: {LIGHT['rim']}" in make_stylesheet()
    assert ".wrap:has(.wrap-inner):not(:focus-within) { border-color: var(--sl-rim); }" in make_stylesheet()


def test_the_gutter_of_the_scrollbar_is_dark_in_dark_mode():
    """Gradio marks the body, and the gutter has the colours of the root."""
    assert f":root:has(> body.dark), .dark {{ color-scheme: dark; --sl-paper: {DARK['paper']};" in make_stylesheet()
