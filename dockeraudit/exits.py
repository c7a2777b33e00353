"""The exit codes, as documented."""

CLEAN = 0
"""Nothing at or above `--fail-on`."""
FINDINGS = 1
USAGE = 2
"""Wrong use or configuration."""
INCOMPLETE = 3
"""A host not reached, an unknown result that would count, or nothing that applied."""
INTERNAL = 4
"""An error of dockeraudit's own, a report that could not be written included."""
SIGNALLED = 128
"""Plus the signal's number: 130 for ^C, 143 for a termination."""
