-- A webhook body as it came; kept while any of its updates may be handled, shown or read again.
CREATE TABLE bodies (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice, even after pruning
    received_at REAL NOT NULL,                      -- seconds since 1970
    signer      TEXT NOT NULL,
    body        BLOB NOT NULL
);

-- Bodies that are not split yet. A table of its own: changing a row of `bodies` would write the
-- whole body again.
CREATE TABLE arrivals (
    body   INTEGER PRIMARY KEY,
    signer TEXT NOT NULL,
    weight INTEGER NOT NULL,            -- how many updates it is taken for: one per kilobyte
    again  INTEGER NOT NULL DEFAULT 0   -- it was split before, and some of it had no route then
);

CREATE TRIGGER body_arrives AFTER INSERT ON bodies BEGIN
    INSERT INTO arrivals (body, signer, weight)
    VALUES (new.id, new.signer, 1 + length(new.body) / 1024);
END;

-- One row per update. The numbers of `state` are those of blazz.webhooks.inbox.base.State.
CREATE TABLE updates (
    seq      INTEGER PRIMARY KEY,
    body     INTEGER NOT NULL,
    position INTEGER NOT NULL,
    key      BLOB NOT NULL,
    session  TEXT,
    lane     TEXT NOT NULL,
    state    INTEGER NOT NULL,
    account  TEXT,
    owner    TEXT,
    until    REAL,
    attempts INTEGER NOT NULL DEFAULT 0,
    error    TEXT,
    finished TEXT
);

CREATE UNIQUE INDEX updates_by_key ON updates (key);
-- Each of the others holds only the few rows that are on their way, so that a handled update costs
-- nothing. SQLite uses one only for queries that repeat its condition word by word.
CREATE INDEX updates_ready ON updates (session, seq) WHERE state = 0;
CREATE INDEX updates_open ON updates (session, lane) WHERE state BETWEEN 1 AND 3;
CREATE INDEX updates_blocked ON updates (session, lane) WHERE state = 3;
CREATE INDEX updates_due ON updates (until) WHERE state = 2;
CREATE INDEX updates_kept ON updates (state, seq) WHERE state >= 5;

-- The highest number that an update has had; it survives pruning.
CREATE TABLE log_end (seq INTEGER NOT NULL);
INSERT INTO log_end VALUES (0);

-- Dispatchers that have taken something; what they have lapses at `until`.
CREATE TABLE owners (
    owner TEXT PRIMARY KEY,
    until REAL NOT NULL
) WITHOUT ROWID;

CREATE TABLE routes (
    account   TEXT NOT NULL,
    signer    TEXT NOT NULL,
    session   TEXT NOT NULL,
    last_body INTEGER,  -- replaced since: only for bodies up to this one
    PRIMARY KEY (account, signer, session)
) WITHOUT ROWID;

CREATE TABLE routes_version (version INTEGER NOT NULL);
INSERT INTO routes_version VALUES (1);

CREATE TABLE cursors (
    name     TEXT PRIMARY KEY,
    position INTEGER NOT NULL
) WITHOUT ROWID;

-- How far numbers had come at a time, so that rows need no time of their own.
CREATE TABLE marks (
    at   REAL PRIMARY KEY,
    seq  INTEGER NOT NULL,
    body INTEGER NOT NULL
) WITHOUT ROWID;
