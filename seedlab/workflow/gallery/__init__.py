"""The gallery: every picture of the store that is a visitor's, with marks and comparisons."""
