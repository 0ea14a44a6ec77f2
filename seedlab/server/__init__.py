"""The web server: starting and ending it, its routes, and what it refuses before gradio sees a request."""
