"""Other ways to compute the same bits, faster: prepacked weights, group norms, and the frames of video models."""
