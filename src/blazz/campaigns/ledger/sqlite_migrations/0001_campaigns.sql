-- Campaigns, their chunks and recipients. Times are seconds since the epoch.

CREATE TABLE ledger_key (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    value BLOB NOT NULL
);

-- A number is never given twice: it stands in tokens that come back days later.
CREATE TABLE campaign (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace TEXT NOT NULL,
    id TEXT NOT NULL,
    session TEXT NOT NULL,
    message TEXT NOT NULL,
    columns TEXT NOT NULL,
    priority INTEGER NOT NULL,
    rate REAL,
    not_before REAL NOT NULL,
    unknown TEXT NOT NULL,
    settle_after REAL NOT NULL,
    most_refusals INTEGER NOT NULL,
    chunk_size INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    audience TEXT,
    audience_columns TEXT NOT NULL DEFAULT '[]',
    rows_read INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0,
    duplicates INTEGER NOT NULL DEFAULT 0,
    created_at REAL NOT NULL,
    importer TEXT,
    import_until REAL NOT NULL DEFAULT 0,
    UNIQUE (workspace, id)
);

-- Chunk n holds the recipients (n - 1) * chunk_size + 1 to n * chunk_size, and counts them.
CREATE TABLE chunk (
    campaign INTEGER NOT NULL,
    number INTEGER NOT NULL,
    owner TEXT,
    epoch INTEGER NOT NULL DEFAULT 0,
    lease_until REAL NOT NULL DEFAULT 0,
    offered_by TEXT,
    offered_until REAL NOT NULL DEFAULT 0,
    next_at REAL NOT NULL DEFAULT 0,
    first_at REAL,
    last_at REAL,
    pending INTEGER NOT NULL DEFAULT 0,
    sending INTEGER NOT NULL DEFAULT 0,
    unknown INTEGER NOT NULL DEFAULT 0,
    accepted INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0,
    read INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (campaign, number)
) WITHOUT ROWID;

-- Finds the chunks that have something left to send without reading those that are done.
CREATE INDEX chunk_open ON chunk (campaign, next_at) WHERE pending + sending > 0;

CREATE TABLE recipient (
    campaign INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    line INTEGER NOT NULL,
    address TEXT NOT NULL,
    vars TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'pending',
    attempt INTEGER NOT NULL DEFAULT 0,
    refusals INTEGER NOT NULL DEFAULT 0,
    next_at REAL NOT NULL DEFAULT 0,
    changed_at REAL NOT NULL DEFAULT 0,
    message_id TEXT,
    code INTEGER,
    reason TEXT,
    PRIMARY KEY (campaign, seq)
) WITHOUT ROWID;

CREATE TABLE reject (
    campaign INTEGER NOT NULL,
    line INTEGER NOT NULL,
    kind TEXT NOT NULL,
    reason TEXT NOT NULL,
    fields TEXT NOT NULL,
    PRIMARY KEY (campaign, line)
) WITHOUT ROWID;
