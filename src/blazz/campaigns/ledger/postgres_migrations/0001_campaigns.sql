-- Campaigns, their chunks and recipients. Times are seconds since the epoch, by this server's clock.

CREATE TABLE ledger_key (
    id integer PRIMARY KEY CHECK (id = 1),
    value bytea NOT NULL
);

-- A number is never given twice: it stands in tokens that come back days later.
CREATE TABLE campaign (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace text NOT NULL,
    id text NOT NULL,
    session text NOT NULL,
    message text NOT NULL,
    columns text NOT NULL,
    priority integer NOT NULL,
    rate double precision,
    not_before double precision NOT NULL,
    unknown text NOT NULL,
    settle_after double precision NOT NULL,
    most_refusals integer NOT NULL,
    chunk_size integer NOT NULL,
    options text NOT NULL,
    upto integer,
    lanes integer NOT NULL DEFAULT 1,
    state text NOT NULL,
    reason text,
    audience text,
    audience_columns text NOT NULL DEFAULT '[]',
    rows_read integer NOT NULL DEFAULT 0,
    rejected integer NOT NULL DEFAULT 0,
    duplicates integer NOT NULL DEFAULT 0,
    created_at double precision NOT NULL,
    importer text,
    import_until double precision NOT NULL DEFAULT 0,
    UNIQUE (workspace, id)
);

-- Chunk n holds the recipients (n - 1) * chunk_size + 1 to n * chunk_size, and counts them.
CREATE TABLE chunk (
    campaign integer NOT NULL,
    number integer NOT NULL,
    lane integer NOT NULL DEFAULT 0,
    owner text,
    epoch integer NOT NULL DEFAULT 0,
    lease_until double precision NOT NULL DEFAULT 0,
    offered_by text,
    offered_until double precision NOT NULL DEFAULT 0,
    next_at double precision NOT NULL DEFAULT 0,
    first_at double precision,
    last_at double precision,
    pending integer NOT NULL DEFAULT 0,
    sending integer NOT NULL DEFAULT 0,
    unknown integer NOT NULL DEFAULT 0,
    accepted integer NOT NULL DEFAULT 0,
    sent integer NOT NULL DEFAULT 0,
    delivered integer NOT NULL DEFAULT 0,
    read integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0,
    unfinished boolean NOT NULL GENERATED ALWAYS AS (pending + sending > 0) STORED,
    PRIMARY KEY (campaign, number)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

-- No column of it changes while a chunk is worked on, so those updates touch no index.
CREATE INDEX chunk_unfinished ON chunk (campaign, lane, number) WHERE unfinished;

-- Finds the few that wait in a queue.
CREATE INDEX chunk_offered ON chunk (campaign) WHERE offered_by IS NOT NULL;

-- A partition for each campaign: dropped as a whole, and vacuumed by itself. It is joined to the
-- table when its import is complete. Only the number is indexed, and it never changes: the five
-- updates in the life of a row touch no index.
CREATE TABLE recipient (
    campaign integer NOT NULL,
    seq integer NOT NULL,
    line integer NOT NULL,
    attempt integer NOT NULL DEFAULT 0,
    next_at double precision NOT NULL DEFAULT 0,
    changed_at double precision NOT NULL DEFAULT 0,
    sent_at double precision NOT NULL DEFAULT 0,
    code integer,
    refusals smallint NOT NULL DEFAULT 0,
    variant smallint NOT NULL DEFAULT 0,
    sender smallint NOT NULL DEFAULT 0,
    state text COLLATE "C" NOT NULL DEFAULT 'pending',
    address text COLLATE "C" NOT NULL,
    country text COLLATE "C" NOT NULL DEFAULT '',
    vars text NOT NULL,
    message_id text,
    reason text,
    PRIMARY KEY (campaign, seq)
) PARTITION BY LIST (campaign);

CREATE TABLE reject (
    campaign integer NOT NULL,
    line integer NOT NULL,
    kind text NOT NULL,
    reason text NOT NULL,
    fields text NOT NULL,
    PRIMARY KEY (campaign, line)
);

-- Who hears how often from a workspace; only campaigns with a cap enter anybody.
CREATE TABLE contact (
    workspace text COLLATE "C" NOT NULL,
    scope text COLLATE "C" NOT NULL,
    address text COLLATE "C" NOT NULL,
    campaign integer NOT NULL,
    seq integer NOT NULL,
    at double precision NOT NULL,
    PRIMARY KEY (workspace, scope, address, campaign, seq)
);

CREATE TABLE sample (
    campaign integer NOT NULL,
    at double precision NOT NULL,
    pending integer NOT NULL,
    sending integer NOT NULL,
    unknown integer NOT NULL,
    accepted integer NOT NULL,
    sent integer NOT NULL,
    delivered integer NOT NULL,
    read integer NOT NULL,
    failed integer NOT NULL,
    PRIMARY KEY (campaign, at)
);

CREATE TABLE note (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    campaign integer NOT NULL,
    at double precision NOT NULL,
    text text NOT NULL
);

CREATE INDEX note_campaign ON note (campaign, at);
