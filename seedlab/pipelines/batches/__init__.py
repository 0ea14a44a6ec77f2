"""The pictures of a batch: the work on them in turns, by one thread, in as few calls of a pipeline as are exact."""
