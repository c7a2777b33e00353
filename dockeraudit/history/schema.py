"""What lies in a history file. Version n of it is what the first n migrations make.

Only changes are stored. A `sight` is a time in which a finding was seen unchanged at every look at
its host, from the run `first` to the one before `until`, which is null while it goes on; of those
that belong together `since` is the first, and `last` is when it was really seen last. A `gap` is a
time in which a check could not tell; a `visit` is a host's state until its next one. A run that
did not reach the host changes neither sights nor gaps. What a run looked at is its `fleet` (hosts)
and each visit's `selection` (checks), kept once however many runs share them.
A migration that was released is never edited.
"""

APPLICATION = 0x444B4155
"""`DKAU`: marks an SQLite file as ours."""

SEEN, UNSEEN, FIXED, CHANGED, RESUMED = range(5)
"""A sight's state: it goes on; nobody could tell at the last look; it ended; another row goes on,
at once or after looks that could not tell."""

_FIRST = (
    "CREATE TABLE fleet (id INTEGER PRIMARY KEY, hosts TEXT NOT NULL UNIQUE)",
    "CREATE TABLE selection (id INTEGER PRIMARY KEY, checks TEXT NOT NULL UNIQUE)",
    # AUTOINCREMENT: the number of a run that was forgotten is not given to another.
    """CREATE TABLE run (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        started INTEGER NOT NULL, finished INTEGER NOT NULL,
        profile TEXT NOT NULL, fail_on TEXT NOT NULL, tool TEXT NOT NULL,
        exit_code INTEGER NOT NULL, fleet INTEGER REFERENCES fleet (id),
        scanned INTEGER NOT NULL, partial INTEGER NOT NULL, unreachable INTEGER NOT NULL,
        critical INTEGER NOT NULL, high INTEGER NOT NULL, medium INTEGER NOT NULL,
        low INTEGER NOT NULL, info INTEGER NOT NULL, waived INTEGER NOT NULL,
        new INTEGER NOT NULL, worse INTEGER NOT NULL, fixed INTEGER NOT NULL,
        better INTEGER NOT NULL, still INTEGER NOT NULL, unseen INTEGER NOT NULL)""",
    """CREATE TABLE host (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
        hostname TEXT NOT NULL, address TEXT NOT NULL,
        seen INTEGER REFERENCES run (id), collected INTEGER)""",
    "CREATE TABLE rule (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    """CREATE TABLE visit (
        host INTEGER NOT NULL REFERENCES host (id) ON DELETE CASCADE,
        run INTEGER NOT NULL REFERENCES run (id),
        state TEXT NOT NULL, reason TEXT NOT NULL,
        selection INTEGER REFERENCES selection (id),
        PRIMARY KEY (host, run)) WITHOUT ROWID""",
    """CREATE TABLE gap (
        host INTEGER NOT NULL REFERENCES host (id) ON DELETE CASCADE,
        rule INTEGER NOT NULL REFERENCES rule (id),
        first INTEGER NOT NULL REFERENCES run (id), until INTEGER REFERENCES run (id),
        status TEXT NOT NULL, severity INTEGER NOT NULL, reason TEXT NOT NULL,
        PRIMARY KEY (host, rule, first)) WITHOUT ROWID""",
    "CREATE INDEX gap_open ON gap (host, rule) WHERE until IS NULL",
    """CREATE TABLE finding (
        id INTEGER PRIMARY KEY,
        host INTEGER NOT NULL REFERENCES host (id) ON DELETE CASCADE,
        fingerprint BLOB NOT NULL,
        rule INTEGER NOT NULL REFERENCES rule (id),
        engine TEXT NOT NULL, resource TEXT NOT NULL, message TEXT NOT NULL,
        UNIQUE (host, fingerprint))""",
    """CREATE TABLE sight (
        finding INTEGER NOT NULL REFERENCES finding (id) ON DELETE CASCADE,
        first INTEGER NOT NULL REFERENCES run (id), until INTEGER REFERENCES run (id),
        last INTEGER REFERENCES run (id), since INTEGER NOT NULL REFERENCES run (id),
        fixed INTEGER REFERENCES run (id),
        state INTEGER NOT NULL, severity INTEGER NOT NULL, earlier INTEGER,
        waived INTEGER NOT NULL, seconds INTEGER,
        PRIMARY KEY (finding, first)) WITHOUT ROWID""",
    # How many findings came and went, for what gets worse.
    """CREATE TABLE rule_move (
        run INTEGER NOT NULL, rule INTEGER NOT NULL, new INTEGER NOT NULL, fixed INTEGER NOT NULL,
        PRIMARY KEY (run, rule)) WITHOUT ROWID""",
    """CREATE TABLE host_move (
        run INTEGER NOT NULL, host INTEGER NOT NULL, new INTEGER NOT NULL, fixed INTEGER NOT NULL,
        PRIMARY KEY (run, host)) WITHOUT ROWID""",
    # Each is in the order in which a question wants it, so that a hundred rows cost a hundred.
    "CREATE INDEX finding_rule ON finding (rule)",
    "CREATE INDEX sight_open ON sight (severity, since, finding, state) WHERE state < 2",
    "CREATE INDEX sight_fixed ON sight (fixed DESC, severity, seconds, finding)"
    " WHERE fixed IS NOT NULL",
    "CREATE INDEX sight_rose ON sight (severity, earlier DESC, first DESC, finding)"
    " WHERE earlier > severity AND state < 2",
    "CREATE INDEX sight_took ON sight (severity, seconds, fixed) WHERE fixed IS NOT NULL",
    "CREATE INDEX sight_until ON sight (until, first)",
    "CREATE INDEX sight_paused ON sight (until, fixed) WHERE (state IN (1, 4) OR fixed > until)",
)

_CERTIFICATES = (
    """CREATE TABLE certificate (
        host INTEGER NOT NULL REFERENCES host (id) ON DELETE CASCADE,
        place TEXT NOT NULL, role TEXT NOT NULL, engine TEXT NOT NULL, subject TEXT NOT NULL,
        ends INTEGER NOT NULL,
        PRIMARY KEY (host, place, role, engine)) WITHOUT ROWID""",
    "CREATE INDEX certificate_ends ON certificate (ends)",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _CERTIFICATES)
VERSION = len(MIGRATIONS)
