"""What was measured or hashed before, kept between runs."""
