"""What programs and agents are offered."""
