BEGIN TRANSACTION;
CREATE TABLE finding (
        id INTEGER PRIMARY KEY,
        host INTEGER NOT NULL REFERENCES host (id) ON DELETE CASCADE,
        fingerprint BLOB NOT NULL,
        rule INTEGER NOT NULL REFERENCES rule (id),
        engine TEXT NOT NULL, resource TEXT NOT NULL, message TEXT NOT NULL,
        UNIQUE (host, fingerprint));
INSERT INTO "finding" VALUES(1,1,X'3EFEC52CCACBCB1DA55BCF315E4FF76A',1,'docker','/x','/x is wrong');
INSERT INTO "finding" VALUES(2,1,X'2272031E973A56A2CD951DC35F98E2DF',1,'docker','/y','/y is wrong');
INSERT INTO "finding" VALUES(3,2,X'8883822DA8B97BC3041FC3F949C3E683',2,'docker','/z','/z is wrong');
CREATE TABLE fleet (id INTEGER PRIMARY KEY, hosts TEXT NOT NULL UNIQUE);
INSERT INTO "fleet" VALUES(1,'[1,2]');
CREATE TABLE gap (
        host INTEGER NOT NULL REFERENCES host (id) ON DELETE CASCADE,
        rule INTEGER NOT NULL REFERENCES rule (id),
        first INTEGER NOT NULL REFERENCES run (id), until INTEGER REFERENCES run (id),
        status TEXT NOT NULL, severity INTEGER NOT NULL, reason TEXT NOT NULL,
        PRIMARY KEY (host, rule, first)) WITHOUT ROWID;
INSERT INTO "gap" VALUES(1,2,2,3,'unknown',2,'no openssl');
CREATE TABLE host (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
        hostname TEXT NOT NULL, address TEXT NOT NULL,
        seen INTEGER REFERENCES run (id), collected INTEGER);
INSERT INTO "host" VALUES(1,'a','a','192.0.2.1',3,1795172800);
INSERT INTO "host" VALUES(2,'b','b','192.0.2.1',2,1795086400);
CREATE TABLE host_move (
        run INTEGER NOT NULL, host INTEGER NOT NULL, new INTEGER NOT NULL, fixed INTEGER NOT NULL,
        PRIMARY KEY (run, host)) WITHOUT ROWID;
INSERT INTO "host_move" VALUES(2,1,0,1);
CREATE TABLE rule (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
INSERT INTO "rule" VALUES(1,'one');
INSERT INTO "rule" VALUES(2,'two');
CREATE TABLE rule_move (
        run INTEGER NOT NULL, rule INTEGER NOT NULL, new INTEGER NOT NULL, fixed INTEGER NOT NULL,
        PRIMARY KEY (run, rule)) WITHOUT ROWID;
INSERT INTO "rule_move" VALUES(2,1,0,1);
CREATE TABLE run (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        started INTEGER NOT NULL, finished INTEGER NOT NULL,
        profile TEXT NOT NULL, fail_on TEXT NOT NULL, tool TEXT NOT NULL,
        exit_code INTEGER NOT NULL, fleet INTEGER REFERENCES fleet (id),
        scanned INTEGER NOT NULL, partial INTEGER NOT NULL, unreachable INTEGER NOT NULL,
        critical INTEGER NOT NULL, high INTEGER NOT NULL, medium INTEGER NOT NULL,
        low INTEGER NOT NULL, info INTEGER NOT NULL, waived INTEGER NOT NULL,
        new INTEGER NOT NULL, worse INTEGER NOT NULL, fixed INTEGER NOT NULL,
        better INTEGER NOT NULL, still INTEGER NOT NULL, unseen INTEGER NOT NULL);
INSERT INTO "run" VALUES(1,1795000000,1795000000,'daemon','low','0.1.0',1,1,1,0,1,0,2,0,0,0,0,2,0,0,0,0,0);
INSERT INTO "run" VALUES(2,1795086400,1795086400,'daemon','low','0.1.0',1,1,2,0,0,0,1,0,1,0,0,1,0,1,0,1,0);
INSERT INTO "run" VALUES(3,1795172800,1795172800,'daemon','low','0.1.0',1,1,0,1,1,0,1,0,1,0,0,0,0,0,0,1,1);
CREATE TABLE selection (id INTEGER PRIMARY KEY, checks TEXT NOT NULL UNIQUE);
INSERT INTO "selection" VALUES(1,'["one","two"]');
INSERT INTO "selection" VALUES(2,'["two"]');
CREATE TABLE sight (
        finding INTEGER NOT NULL REFERENCES finding (id) ON DELETE CASCADE,
        first INTEGER NOT NULL REFERENCES run (id), until INTEGER REFERENCES run (id),
        last INTEGER REFERENCES run (id), since INTEGER NOT NULL REFERENCES run (id),
        fixed INTEGER REFERENCES run (id),
        state INTEGER NOT NULL, severity INTEGER NOT NULL, earlier INTEGER,
        waived INTEGER NOT NULL, seconds INTEGER,
        PRIMARY KEY (finding, first)) WITHOUT ROWID;
INSERT INTO "sight" VALUES(1,1,NULL,NULL,1,NULL,0,1,NULL,0,NULL);
INSERT INTO "sight" VALUES(2,1,2,1,1,2,2,1,NULL,0,86400);
INSERT INTO "sight" VALUES(3,2,NULL,NULL,2,NULL,0,3,NULL,0,NULL);
CREATE TABLE visit (
        host INTEGER NOT NULL REFERENCES host (id) ON DELETE CASCADE,
        run INTEGER NOT NULL REFERENCES run (id),
        state TEXT NOT NULL, reason TEXT NOT NULL,
        selection INTEGER REFERENCES selection (id),
        PRIMARY KEY (host, run)) WITHOUT ROWID;
INSERT INTO "visit" VALUES(1,1,'scanned','',1);
INSERT INTO "visit" VALUES(1,3,'partial','privilege: seen as ops without root',1);
INSERT INTO "visit" VALUES(2,1,'unreachable','timeout: no answer',NULL);
INSERT INTO "visit" VALUES(2,2,'scanned','',2);
INSERT INTO "visit" VALUES(2,3,'unreachable','timeout: no answer',NULL);
CREATE INDEX gap_open ON gap (host, rule) WHERE until IS NULL;
CREATE INDEX finding_rule ON finding (rule);
CREATE INDEX sight_open ON sight (severity, since, finding, state) WHERE state < 2;
CREATE INDEX sight_fixed ON sight (fixed DESC, severity, seconds, finding) WHERE fixed IS NOT NULL;
CREATE INDEX sight_rose ON sight (severity, earlier DESC, first DESC, finding) WHERE earlier > severity AND state < 2;
CREATE INDEX sight_took ON sight (severity, seconds, fixed) WHERE fixed IS NOT NULL;
CREATE INDEX sight_until ON sight (until, first);
CREATE INDEX sight_paused ON sight (until, fixed) WHERE (state IN (1, 4) OR fixed > until);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('run',3);
COMMIT;
PRAGMA application_id = 1145782613;
PRAGMA user_version = 1;
