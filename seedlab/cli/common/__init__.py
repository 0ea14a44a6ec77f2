"""What several commands share: options, output, and the progress on the terminal."""
