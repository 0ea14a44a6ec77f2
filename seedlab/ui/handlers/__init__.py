"""What the page's events call: one class for each part of the page."""
