"""The Gradio page: a front end to `seedlab.workflow.session.Session`."""
