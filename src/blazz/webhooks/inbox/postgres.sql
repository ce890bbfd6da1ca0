-- What PostgreSQL says in words of its own. Parameters of a batch are lists, one for each column.

-- name: now
SELECT extract(epoch FROM clock_timestamp())::double precision;

-- name: alone
-- One transaction at a time changes rows: then rows get their numbers in the order of their
-- commits, and what one transaction blocks is never missed by the one that unblocks.
SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), 1));

-- name: put
WITH given AS (
    SELECT received_at, signer, body
    FROM unnest($1::double precision[], $2::text[], $3::bytea[]) AS given (received_at, signer, body)
), kept AS (
    INSERT INTO bodies (received_at, signer, body) SELECT * FROM given
    RETURNING id, signer, length(body) AS size
)
INSERT INTO arrivals (body, signer, weight) SELECT id, signer, 1 + size / 1024 FROM kept;

-- name: arrived
-- For these sessions, or for nobody any more.
SELECT body, weight FROM arrivals
WHERE signer IN (
    SELECT signer FROM routes WHERE session IN (SELECT json_array_elements_text($1::json))
)
OR NOT EXISTS (SELECT 1 FROM routes WHERE routes.signer = arrivals.signer)
ORDER BY body
LIMIT $2;

-- name: arrived_bodies
SELECT id, signer, body FROM bodies
WHERE id IN (SELECT json_array_elements_text($1::json)::bigint)
ORDER BY id;

-- name: claim_arrivals
DELETE FROM arrivals WHERE body IN (SELECT json_array_elements_text($1::json)::bigint)
RETURNING body, again;

-- name: add_update
INSERT INTO updates (seq, body, position, key, session, lane, state, account, error)
SELECT * FROM unnest(
    $1::bigint[], $2::bigint[], $3::integer[], $4::bytea[], $5::text[], $6::text[], $7::smallint[],
    $8::text[], $9::text[]
)
ON CONFLICT (key) DO NOTHING;

-- name: forget_repeated_bodies
DELETE FROM bodies
WHERE id IN (SELECT json_array_elements_text($1::json)::bigint)
AND NOT EXISTS (SELECT 1 FROM updates WHERE updates.seq > $2 AND updates.body = bodies.id);

-- name: make_ready
UPDATE updates SET state = 0, owner = NULL, until = NULL
WHERE seq IN (SELECT json_array_elements_text($1::json)::bigint) AND state < 4;

-- name: unblock
-- The next ones of each lane are ready again once nothing of it is taken or waiting. Not all of them:
-- whoever takes some would have to block the others again, each time.
UPDATE updates SET state = 0
FROM (SELECT value ->> 0 AS session, value ->> 1 AS lane FROM json_array_elements($1::json)) AS freed
CROSS JOIN LATERAL (
    SELECT blocked.seq FROM updates AS blocked
    WHERE blocked.session = freed.session AND blocked.lane = freed.lane AND blocked.state = 3
    ORDER BY blocked.seq
    LIMIT $2
) AS next
WHERE updates.seq = next.seq
AND NOT EXISTS (
    SELECT 1 FROM updates AS held
    WHERE held.session = freed.session AND held.lane = freed.lane
    AND held.state BETWEEN 1 AND 2
);

-- name: first_ready
-- The first of each lane that is ready; the lanes are named apart from their sessions, so that all
-- that is ready is read once.
SELECT session, lane, min(seq) FROM updates
WHERE state = 0
AND session IN (SELECT json_array_elements_text($1::json))
AND lane IN (SELECT json_array_elements_text($2::json))
GROUP BY session, lane;

-- name: ready_sessions
-- Jumps from one session to the next in the index, instead of reading all rows of each.
WITH RECURSIVE found (session) AS (
    (SELECT session FROM updates WHERE state = 0 ORDER BY session LIMIT 1)
    UNION ALL
    SELECT (
        SELECT updates.session FROM updates
        WHERE updates.state = 0 AND updates.session > found.session
        ORDER BY updates.session LIMIT 1
    )
    FROM found
    WHERE found.session IS NOT NULL
)
SELECT session FROM found WHERE session IS NOT NULL;

-- name: block
UPDATE updates SET state = 3 WHERE seq IN (SELECT json_array_elements_text($1::json)::bigint);

-- name: give
UPDATE updates SET state = 1, owner = $1
WHERE seq IN (SELECT json_array_elements_text($2::json)::bigint);

-- name: done
UPDATE updates SET state = 4, owner = NULL, until = NULL, error = NULL, finished = NULL
WHERE seq IN (SELECT json_array_elements_text($1::json)::bigint) AND state < 4;

-- name: failed
UPDATE updates
SET state = given.state, until = given.until, attempts = given.attempts, error = given.error,
    finished = given.finished, owner = NULL
FROM unnest(
    $1::bigint[], $2::text[], $3::smallint[], $4::double precision[], $5::integer[], $6::text[],
    $7::text[]
) AS given (seq, owner, state, until, attempts, error, finished)
WHERE updates.seq = given.seq AND updates.owner = given.owner AND updates.state = 1;

-- name: released
UPDATE updates SET state = given.state, finished = given.finished, owner = NULL
FROM unnest($1::bigint[], $2::text[], $3::smallint[], $4::text[])
    AS given (seq, owner, state, finished)
WHERE updates.seq = given.seq AND updates.owner = given.owner AND updates.state = 1;

-- name: bodies
SELECT id, body FROM bodies
WHERE id IN (SELECT json_array_elements_text($1::json)::bigint);

-- name: add_route
INSERT INTO routes (session, account, signer)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
ON CONFLICT (account, signer, session) DO UPDATE SET last_body = NULL;

-- name: adoptable
-- What was kept for want of a route and now has one.
SELECT DISTINCT updates.seq FROM updates
JOIN bodies ON bodies.id = updates.body
JOIN routes ON routes.signer = bodies.signer AND routes.session = $1
AND (routes.account = updates.account OR updates.account IS NULL)
AND (routes.last_body IS NULL OR routes.last_body >= bodies.id)
WHERE updates.state >= 5 AND updates.state BETWEEN 6 AND 7;

-- name: arrive_again
INSERT INTO arrivals (body, signer, weight, again)
SELECT id, signer, 1 + length(body) / 1024, true FROM bodies
WHERE id IN (
    SELECT body FROM updates
    WHERE seq IN (SELECT json_array_elements_text($1::json)::bigint) AND state >= 6
)
ON CONFLICT DO NOTHING;

-- name: forget_kept
DELETE FROM updates
WHERE seq IN (SELECT json_array_elements_text($1::json)::bigint) AND state >= 6
RETURNING seq;

-- name: with_others
-- Bodies that hold more than what is kept: something of them was handled, or will be.
SELECT DISTINCT body FROM updates
WHERE body IN (SELECT json_array_elements_text($1::json)::bigint) AND seq > $2 AND state < 6;

-- name: forget_kept_of
DELETE FROM updates
WHERE state >= 5 AND state BETWEEN 6 AND 8 AND body IN (SELECT json_array_elements_text($1::json)::bigint)
RETURNING body;

-- name: forget_bodies
DELETE FROM bodies
WHERE id IN (SELECT json_array_elements_text($1::json)::bigint)
AND NOT EXISTS (SELECT 1 FROM arrivals WHERE arrivals.body = bodies.id)
AND id NOT IN (SELECT body FROM updates WHERE seq > $2);

-- name: revive
UPDATE updates SET state = 0, attempts = 0, until = NULL
WHERE seq IN (SELECT json_array_elements_text($1::json)::bigint) AND state = 5
RETURNING seq;

-- name: backlog_of
SELECT
    (
        SELECT coalesce(sum(weight), 0)::bigint FROM arrivals
        WHERE signer IN (
            SELECT signer FROM routes WHERE session IN (SELECT json_array_elements_text($1::json))
        )
        OR NOT EXISTS (SELECT 1 FROM routes WHERE routes.signer = arrivals.signer)
    )
    + (
        SELECT count(*) FROM updates
        WHERE state = 0 AND session IN (SELECT json_array_elements_text($1::json))
    )
    + (
        SELECT count(*) FROM updates
        WHERE state BETWEEN 1 AND 2 AND session IN (SELECT json_array_elements_text($1::json))
    )
    + (
        SELECT count(*) FROM updates
        WHERE state = 3 AND session IN (SELECT json_array_elements_text($1::json))
    );

-- name: entries
SELECT
    updates.seq, state, session, account, lane, attempts, error, until, finished,
    bodies.received_at, updates.body, position, key
FROM updates
LEFT JOIN bodies ON bodies.id = updates.body
WHERE updates.seq > $1
AND ($2::text IS NULL OR state IN (SELECT json_array_elements_text($2::json)::smallint))
AND ($3::text IS NULL OR session = $3)
ORDER BY updates.seq
LIMIT $4;

-- name: entries_not_done
-- As `entries`, without reading past all that is done.
SELECT
    updates.seq, state, session, account, lane, attempts, error, until, finished,
    bodies.received_at, updates.body, position, key
FROM updates
LEFT JOIN bodies ON bodies.id = updates.body
WHERE updates.seq > $1
AND state IN (SELECT json_array_elements_text($2::json)::smallint)
AND ($3::text IS NULL OR session = $3)
AND updates.seq IN (
    SELECT seq FROM updates WHERE state = 0
    UNION ALL
    SELECT seq FROM updates WHERE state BETWEEN 1 AND 2
    UNION ALL
    SELECT seq FROM updates WHERE state = 3
    UNION ALL
    SELECT seq FROM updates WHERE state >= 5
)
ORDER BY updates.seq
LIMIT $4;
