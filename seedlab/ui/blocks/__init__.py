"""The gradio components of the page: its panel, its form and its columns."""
