"""`python -m dockeraudit`."""

from dockeraudit.cli import main

main()
