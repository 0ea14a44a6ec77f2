"""The kinds of rounds that change the prompt: suffixes, other words, wildcards, and late words."""
