"""Pictures of the user's own, from which others start: read as untrusted files, and kept by their pixels."""
