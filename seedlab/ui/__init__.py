"""The Gradio page: a front end to `seedlab.workflow.sessions.session.Session`."""
