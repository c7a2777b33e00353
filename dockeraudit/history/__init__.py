"""The history: an SQLite file with every run's findings, kept as intervals.

`record` adds a run, `read` answers questions, `prune` forgets, `trend` draws. `file` opens the
file safely and `schema` is what lies in it. sqlite3 is imported only by those that need it.
"""
