"""What a user asks for: recipes, and how they are written and read."""
