"""What a pipeline reads of a recipe's prompts: their embeddings, which are cached, and how they change on the way."""
