"""Tells the truth about Docker hosts."""

__version__ = "0.1.0"
