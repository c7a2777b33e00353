"""Verdicts on the lab's hosts against what is true of them, ours and docker-bench-security's."""
