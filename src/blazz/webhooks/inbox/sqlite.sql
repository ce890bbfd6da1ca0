-- What SQLite says in words of its own.

-- name: put_body
-- A trigger puts it among the arrivals.
INSERT INTO bodies (received_at, signer, body) VALUES ($1, $2, $3);

-- name: arrived
-- For these sessions, or for nobody any more.
SELECT body, weight FROM arrivals
WHERE signer IN (
    SELECT signer FROM routes WHERE session IN (SELECT value FROM json_each($1))
)
OR signer NOT IN (SELECT signer FROM routes)
ORDER BY body
LIMIT $2;

-- name: arrived_bodies
SELECT id, signer, body FROM bodies WHERE id IN (SELECT value FROM json_each($1)) ORDER BY id;

-- name: claim_arrivals
DELETE FROM arrivals WHERE body IN (SELECT value FROM json_each($1)) RETURNING body, again;

-- name: add_update
INSERT INTO updates (seq, body, position, key, session, lane, state, account, error)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (key) DO NOTHING;

-- name: forget_repeated_bodies
DELETE FROM bodies
WHERE id IN (SELECT value FROM json_each($1))
AND id NOT IN (SELECT body FROM updates WHERE seq > $2);

-- name: make_ready
UPDATE updates SET state = 0, owner = NULL, until = NULL
WHERE seq IN (SELECT value FROM json_each($1)) AND state < 4;

-- name: unblock
-- The next ones of each lane are ready again once nothing of it is taken or waiting. Not all of them:
-- whoever takes some would have to block the others again, each time.
UPDATE updates SET state = 0
WHERE seq IN (
    SELECT next.seq
    FROM (
        SELECT json_extract(value, '$[0]') AS session, json_extract(value, '$[1]') AS lane
        FROM json_each($1)
    ) AS freed
    CROSS JOIN updates AS next ON next.seq IN (
        SELECT blocked.seq FROM updates AS blocked
        WHERE blocked.session = freed.session AND blocked.lane = freed.lane AND blocked.state = 3
        ORDER BY blocked.seq
        LIMIT $2
    )
    WHERE NOT EXISTS (
        SELECT 1 FROM updates AS held
        WHERE held.session = freed.session AND held.lane = freed.lane
        AND held.state BETWEEN 1 AND 2
    )
);

-- name: first_ready
-- The first of each lane that is ready; the lanes are named apart from their sessions, so that all
-- that is ready is read once.
SELECT session, lane, min(seq) FROM updates
WHERE state = 0
AND session IN (SELECT value FROM json_each($1))
AND lane IN (SELECT value FROM json_each($2))
GROUP BY session, lane;

-- name: ready_sessions
-- Jumps from one session to the next in the index, instead of reading all rows of each.
WITH RECURSIVE found (session) AS (
    SELECT min(session) FROM updates WHERE state = 0
    UNION ALL
    SELECT (SELECT min(session) FROM updates WHERE state = 0 AND session > found.session)
    FROM found
    WHERE found.session IS NOT NULL
)
SELECT session FROM found WHERE session IS NOT NULL;

-- name: block
UPDATE updates SET state = 3 WHERE seq IN (SELECT value FROM json_each($1));

-- name: give
UPDATE updates SET state = 1, owner = $1 WHERE seq IN (SELECT value FROM json_each($2));

-- name: done
UPDATE updates SET state = 4, owner = NULL, until = NULL, error = NULL, finished = NULL
WHERE seq IN (SELECT value FROM json_each($1)) AND state < 4;

-- name: failed
UPDATE updates
SET state = $3, until = $4, attempts = $5, error = $6, finished = $7, owner = NULL
WHERE seq = $1 AND owner = $2 AND state = 1;

-- name: released
UPDATE updates SET state = $3, finished = $4, owner = NULL
WHERE seq = $1 AND owner = $2 AND state = 1;

-- name: bodies
SELECT id, body FROM bodies WHERE id IN (SELECT value FROM json_each($1));

-- name: add_route
INSERT INTO routes (session, account, signer) VALUES ($1, $2, $3)
ON CONFLICT DO UPDATE SET last_body = NULL;

-- name: adoptable
-- What was kept for want of a route and now has one.
-- CROSS JOIN keeps this order: the few kept rows come first.
SELECT DISTINCT updates.seq FROM updates INDEXED BY updates_kept
CROSS JOIN bodies ON bodies.id = updates.body
CROSS JOIN routes ON routes.signer = bodies.signer AND routes.session = $1
AND (routes.account = updates.account OR updates.account IS NULL)
AND (routes.last_body IS NULL OR routes.last_body >= bodies.id)
WHERE updates.state >= 5 AND updates.state BETWEEN 6 AND 7;

-- name: arrive_again
INSERT INTO arrivals (body, signer, weight, again)
SELECT id, signer, 1 + length(body) / 1024, 1 FROM bodies
WHERE id IN (
    SELECT body FROM updates
    WHERE seq IN (SELECT value FROM json_each($1)) AND state >= 6
)
ON CONFLICT DO NOTHING;

-- name: forget_kept
DELETE FROM updates WHERE seq IN (SELECT value FROM json_each($1)) AND state >= 6
RETURNING seq;

-- name: with_others
-- Bodies that hold more than what is kept: something of them was handled, or will be.
SELECT DISTINCT body FROM updates
WHERE body IN (SELECT value FROM json_each($1)) AND seq > $2 AND state < 6;

-- name: forget_kept_of
DELETE FROM updates
WHERE state >= 5 AND state BETWEEN 6 AND 8 AND body IN (SELECT value FROM json_each($1))
RETURNING body;

-- name: forget_bodies
DELETE FROM bodies
WHERE id IN (SELECT value FROM json_each($1))
AND NOT EXISTS (SELECT 1 FROM arrivals WHERE arrivals.body = bodies.id)
AND id NOT IN (SELECT body FROM updates WHERE seq > $2);

-- name: revive
UPDATE updates SET state = 0, attempts = 0, until = NULL
WHERE seq IN (SELECT value FROM json_each($1)) AND state = 5
RETURNING seq;

-- name: backlog_of
SELECT
    (
        SELECT coalesce(sum(weight), 0) FROM arrivals
        WHERE signer IN (
            SELECT signer FROM routes WHERE session IN (SELECT value FROM json_each($1))
        )
        OR signer NOT IN (SELECT signer FROM routes)
    )
    + (
        SELECT count(*) FROM updates
        WHERE state = 0 AND session IN (SELECT value FROM json_each($1))
    )
    + (
        SELECT count(*) FROM updates
        WHERE state BETWEEN 1 AND 2 AND session IN (SELECT value FROM json_each($1))
    )
    + (
        SELECT count(*) FROM updates
        WHERE state = 3 AND session IN (SELECT value FROM json_each($1))
    );

-- name: entries
SELECT
    updates.seq, state, session, account, lane, attempts, error, until, finished,
    bodies.received_at, updates.body, position, key
FROM updates
LEFT JOIN bodies ON bodies.id = updates.body
WHERE updates.seq > $1
AND ($2 IS NULL OR state IN (SELECT value FROM json_each($2)))
AND ($3 IS NULL OR session = $3)
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
AND state IN (SELECT value FROM json_each($2))
AND ($3 IS NULL OR session = $3)
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
