-- A webhook body as it came; kept while any of its updates may be handled, shown or read again.
CREATE TABLE bodies (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at double precision NOT NULL,      -- seconds since 1970
    signer      text NOT NULL,
    body        bytea NOT NULL
);
-- JSON that is compressed costs more time than it saves space here.
ALTER TABLE bodies ALTER COLUMN body SET STORAGE EXTERNAL;

-- Bodies that are not split yet.
CREATE TABLE arrivals (
    body   bigint PRIMARY KEY,
    signer text NOT NULL,
    weight bigint NOT NULL,                     -- how many updates it is taken for: one per kilobyte
    again  boolean NOT NULL DEFAULT false       -- it was split before, and some had no route then
);

-- One row per update. The numbers of `state` are those of blazz.webhooks.inbox.base.State.
CREATE TABLE updates (
    seq      bigint PRIMARY KEY,
    body     bigint NOT NULL,
    position integer NOT NULL,
    key      bytea NOT NULL,
    session  text COLLATE "C",
    lane     text COLLATE "C" NOT NULL,
    state    smallint NOT NULL,
    account  text,
    owner    text,
    until    double precision,
    attempts integer NOT NULL DEFAULT 0,
    error    text,
    finished text
) WITH (fillfactor = 80);

CREATE UNIQUE INDEX updates_by_key ON updates (key);
-- Each of the others holds only the few rows that are on their way.
CREATE INDEX updates_ready ON updates (session, seq) WHERE state = 0;
CREATE INDEX updates_open ON updates (session, lane) WHERE state BETWEEN 1 AND 3;
CREATE INDEX updates_blocked ON updates (session, lane) WHERE state = 3;
CREATE INDEX updates_due ON updates (until) WHERE state = 2;
CREATE INDEX updates_kept ON updates (state, seq) WHERE state >= 5;

-- The highest number that an update has had; it survives pruning.
CREATE TABLE log_end (seq bigint NOT NULL);
INSERT INTO log_end VALUES (0);

-- Dispatchers that have taken something; what they have lapses at `until`.
CREATE TABLE owners (
    owner text PRIMARY KEY,
    until double precision NOT NULL
);

CREATE TABLE routes (
    account   text NOT NULL,
    signer    text NOT NULL,
    session   text COLLATE "C" NOT NULL,
    last_body bigint,  -- replaced since: only for bodies up to this one
    PRIMARY KEY (account, signer, session)
);

CREATE TABLE routes_version (version bigint NOT NULL);
INSERT INTO routes_version VALUES (1);

CREATE TABLE cursors (
    name     text PRIMARY KEY,
    position bigint NOT NULL
);

-- How far numbers had come at a time, so that rows need no time of their own.
CREATE TABLE marks (
    at   double precision PRIMARY KEY,
    seq  bigint NOT NULL,
    body bigint NOT NULL
);
