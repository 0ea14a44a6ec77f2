"""A visitor's exploration: the trail of rounds, the session that works on it, verification, and scripts."""
