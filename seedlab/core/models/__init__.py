"""What is known about models without loading them."""
