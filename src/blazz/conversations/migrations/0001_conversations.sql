-- Times are seconds since 1970 (UTC). The same script serves SQLite and PostgreSQL.

CREATE TABLE contact (
    session TEXT NOT NULL,
    address TEXT NOT NULL,
    last_seen DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (session, address)
);

CREATE TABLE suppression (
    session TEXT NOT NULL,
    address TEXT NOT NULL,
    reason TEXT NOT NULL,
    at DOUBLE PRECISION NOT NULL,
    -- 0: taken off again; kept so that a late, older opt-out does not come back.
    active INTEGER NOT NULL,
    PRIMARY KEY (session, address)
);

CREATE TABLE question (
    session TEXT NOT NULL,
    id TEXT NOT NULL,
    address TEXT NOT NULL,
    asked_at DOUBLE PRECISION NOT NULL,
    expires_at DOUBLE PRECISION NOT NULL,
    state TEXT NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0,
    answer_key TEXT,
    answer BIGINT,
    PRIMARY KEY (session, id)
);

CREATE INDEX question_open ON question (session, address, asked_at) WHERE state = 'open';

CREATE UNIQUE INDEX question_answer ON question (session, answer_key) WHERE answer_key IS NOT NULL;

CREATE TABLE message_state (
    session TEXT NOT NULL,
    message_id TEXT NOT NULL,
    status TEXT NOT NULL,
    at DOUBLE PRECISION NOT NULL,
    error_code INTEGER,
    error TEXT,
    PRIMARY KEY (session, message_id)
);

CREATE INDEX message_state_at ON message_state (at);
