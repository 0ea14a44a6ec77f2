"""What pictures are made on: the environment that decides their bytes, memory, and worker processes."""
