"""What is on disk: files, JSON that is remembered, headers of weights, and how large uploads may be."""
