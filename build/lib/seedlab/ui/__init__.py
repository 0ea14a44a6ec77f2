"""The web page: it translates between a visitor and a `seedlab.workflow.session.Session`."""
