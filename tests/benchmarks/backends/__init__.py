"""Other ways to run the same model on a CPU: see `python -m tests.benchmarks.backends --help`."""
