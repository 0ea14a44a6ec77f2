"""What sees every request before gradio does, and refuses it or changes it; `seedlab.server.edge` gives the order."""
