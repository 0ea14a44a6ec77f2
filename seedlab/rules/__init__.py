"""Rules: the ways to make a round from a recipe. One module in `kinds` for each, and one line in `registry`."""
