-- The messages that were given to the page, by the last part of their ids.
CREATE TABLE sent (
    id TEXT PRIMARY KEY,
    token TEXT NOT NULL,
    chat TEXT NOT NULL,
    message_id TEXT,
    state TEXT NOT NULL DEFAULT 'given' CHECK (state IN ('given', 'accepted', 'refused')),
    noted_at REAL NOT NULL
) WITHOUT ROWID;

CREATE INDEX sent_by_time ON sent (noted_at);

-- What is known of the session apart from its messages, such as since when it is linked.
CREATE TABLE facts (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
