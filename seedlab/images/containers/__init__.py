"""Reads the text that PNG, JPEG and WebP files hold besides their pixels. All files are untrusted."""
