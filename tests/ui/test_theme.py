"""The look: what is not text, and has to be seen all the same."""

import pytest

from seedlab.ui.theme import DARK, LIGHT, make_stylesheet, make_theme
from tests.ui.test_layout import luminance


@pytest.mark.parametrize("colours", [LIGHT, DARK])
@pytest.mark.parametrize("ground", ["paper", "panel"])
def test_the_border_of_a_field_has_the_contrast_of_aa(colours, ground):
    lighter, darker = sorted((luminance(colours["rim"]), luminance(colours[ground])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 3


def test_fields_have_that_border():
    theme = make_theme()
    assert (theme.input_border_color, theme.input_border_color_dark) == (LIGHT["rim"], DARK["rim"])
    # Gradio gives dropdowns another one, so that ours comes from the stylesheet.
    assert f"--sl-rim: {LIGHT['rim']}" in make_stylesheet()
    assert ".wrap:has(.wrap-inner):not(:focus-within) { border-color: var(--sl-rim); }" in make_stylesheet()
