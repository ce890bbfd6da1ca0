-- Several numbers for one campaign, message variants, limits, caps, and what happened when.

ALTER TABLE campaign ADD COLUMN options TEXT NOT NULL DEFAULT '{}';
ALTER TABLE campaign ADD COLUMN upto INTEGER;
ALTER TABLE campaign ADD COLUMN lanes INTEGER NOT NULL DEFAULT 1;

ALTER TABLE chunk ADD COLUMN lane INTEGER NOT NULL DEFAULT 0;
ALTER TABLE chunk ADD COLUMN unfinished INTEGER AS (pending + sending > 0) VIRTUAL;

-- Finds the chunks that have something left to send without reading those that are done.
DROP INDEX chunk_open;
CREATE INDEX chunk_unfinished ON chunk (campaign, lane, next_at) WHERE unfinished;

-- Finds the few that wait in a queue.
CREATE INDEX chunk_offered ON chunk (campaign) WHERE offered_by IS NOT NULL;

ALTER TABLE recipient ADD COLUMN country TEXT NOT NULL DEFAULT '';
ALTER TABLE recipient ADD COLUMN variant INTEGER NOT NULL DEFAULT 0;
ALTER TABLE recipient ADD COLUMN sender INTEGER NOT NULL DEFAULT 0;
ALTER TABLE recipient ADD COLUMN sent_at REAL NOT NULL DEFAULT 0;

-- Who hears how often from a workspace; only campaigns with a cap enter anybody.
CREATE TABLE contact (
    workspace TEXT NOT NULL,
    scope TEXT NOT NULL,
    address TEXT NOT NULL,
    campaign INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (workspace, scope, address, campaign, seq)
) WITHOUT ROWID;

CREATE TABLE sample (
    campaign INTEGER NOT NULL,
    at REAL NOT NULL,
    pending INTEGER NOT NULL,
    sending INTEGER NOT NULL,
    unknown INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    read INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    PRIMARY KEY (campaign, at)
) WITHOUT ROWID;

CREATE TABLE note (
    number INTEGER PRIMARY KEY,
    campaign INTEGER NOT NULL,
    at REAL NOT NULL,
    text TEXT NOT NULL
);

CREATE INDEX note_campaign ON note (campaign, at);
