"""What a GPU does to pictures, and how fast it makes them: see `python -m tests.benchmarks.gpu --help`."""
