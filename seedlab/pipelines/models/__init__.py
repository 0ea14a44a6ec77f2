"""What is known about models before they are loaded: catalog, families, folders, addresses."""
