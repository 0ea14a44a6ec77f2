"""One call of a pipeline: its arguments, prompts, steps, randomness and previews."""
