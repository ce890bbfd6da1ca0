-- Shared by SQLite and PostgreSQL; `sqlite.sql` and `postgres.sql` have what differs.
-- SQLite uses a partial index only for queries that repeat its condition word by word.

-- name: log_end
SELECT seq FROM log_end;

-- name: move_log_end
UPDATE log_end SET seq = $1;

-- name: extend_lease
INSERT INTO owners (owner, until) VALUES ($1, $2)
ON CONFLICT (owner) DO UPDATE SET until = excluded.until;

-- name: lapsed_owners
SELECT owner FROM owners WHERE until <= $1;

-- name: forget_owner
DELETE FROM owners WHERE owner = $1;

-- name: owned
SELECT seq, session, lane FROM updates
WHERE state BETWEEN 1 AND 2 AND state = 1 AND owner = $1;

-- name: due
-- And what no pause can be that long for: a clock was wrong when it began.
SELECT seq, session, lane FROM (
    SELECT seq, session, lane FROM updates WHERE state = 2 AND until <= $1
    ORDER BY until LIMIT 1000
) AS over
UNION ALL
SELECT seq, session, lane FROM (
    SELECT seq, session, lane FROM updates WHERE state = 2 AND until > $2 LIMIT 1000
) AS never_over;

-- name: any_blocked
SELECT EXISTS (SELECT 1 FROM updates WHERE state = 3);

-- name: blocked_lanes
-- Those of which nothing is taken or waiting, and the first that is blocked.
SELECT session, lane, min(seq) FROM updates AS blocked
WHERE state = 3 AND session IS NOT NULL AND lane <> ''
GROUP BY session, lane
HAVING NOT EXISTS (
    SELECT 1 FROM updates AS held
    WHERE held.session = blocked.session AND held.lane = blocked.lane
    AND held.state BETWEEN 1 AND 2
);

-- name: stray
-- What nothing would ever make ready again: nobody has it, no time is set for it, or it is blocked
-- without a lane.
SELECT seq, session, lane FROM updates
WHERE state BETWEEN 1 AND 2 AND session IS NOT NULL
AND CASE state
    WHEN 1 THEN coalesce(owner, '') NOT IN (SELECT owner FROM owners)
    ELSE until IS NULL
END
UNION ALL
SELECT seq, session, lane FROM updates
WHERE state = 3 AND session IS NOT NULL AND lane = '';

-- name: ready
SELECT
    seq, session, lane, body, position, key, attempts, finished,
    lane <> '' AND (
        EXISTS (
            SELECT 1 FROM updates AS held
            WHERE held.session = updates.session AND held.lane = updates.lane
            AND held.state BETWEEN 1 AND 2
        )
        OR EXISTS (
            SELECT 1 FROM updates AS earlier
            WHERE earlier.session = updates.session AND earlier.lane = updates.lane
            AND earlier.state = 3 AND earlier.seq < updates.seq
        )
    ) AS busy
FROM updates
WHERE state = 0 AND session = $1 AND seq > $2
ORDER BY seq
LIMIT $3;

-- name: forget_routes
DELETE FROM routes WHERE session = $1;

-- name: end_routes
-- Bodies that are here already were accepted under them.
UPDATE routes SET last_body = coalesce((SELECT max(id) FROM bodies), 0)
WHERE session = $1 AND last_body IS NULL;

-- name: routes_version
SELECT version FROM routes_version;

-- name: new_routes_version
UPDATE routes_version SET version = version + 1;

-- name: routes
SELECT account, signer, session, last_body FROM routes ORDER BY account, signer, session;

-- name: backlog
SELECT
    (SELECT CAST(coalesce(sum(weight), 0) AS bigint) FROM arrivals)
    + (SELECT count(*) FROM updates WHERE state = 0)
    + (SELECT count(*) FROM updates WHERE state BETWEEN 1 AND 2)
    + (SELECT count(*) FROM updates WHERE state = 3);

-- name: count_arrivals
SELECT count(*) FROM arrivals;

-- name: count_states
SELECT 0, count(*) FROM updates WHERE state = 0
UNION ALL
SELECT state, count(*) FROM updates WHERE state BETWEEN 1 AND 2 GROUP BY state
UNION ALL
SELECT 3, count(*) FROM updates WHERE state = 3
UNION ALL
SELECT state, count(*) FROM updates WHERE state >= 5 GROUP BY state;

-- name: read_after
SELECT seq, session, body, position, key FROM updates
WHERE seq > $1 AND seq <= $2 AND session IS NOT NULL AND (CAST($3 AS text) IS NULL OR session = $3)
ORDER BY seq
LIMIT $4;

-- name: cursor
SELECT position FROM cursors WHERE name = $1;

-- name: set_cursor
INSERT INTO cursors (name, position) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET position = excluded.position;

-- name: add_mark
INSERT INTO marks (at, seq, body)
SELECT CAST($1 AS double precision), (SELECT seq FROM log_end), coalesce((SELECT max(id) FROM bodies), 0)
WHERE NOT EXISTS (SELECT 1 FROM marks WHERE at >= CAST($1 AS double precision));

-- name: mark_before
SELECT at, seq, body FROM marks WHERE at <= $1 ORDER BY at DESC LIMIT 1;

-- name: forget_marks_before
DELETE FROM marks WHERE at < $1;

-- name: forget_marks_after
DELETE FROM marks WHERE at > $1;

-- name: prune_handled
-- Not while others of its body may be split again: it would come out of the body as new.
DELETE FROM updates WHERE seq IN (
    SELECT seq FROM updates
    WHERE seq <= $2 AND state = 4
    AND body NOT IN (SELECT body FROM updates WHERE state >= 5 AND state BETWEEN 6 AND 8)
    AND body NOT IN (SELECT body FROM arrivals WHERE again)
    ORDER BY seq LIMIT $1
)
RETURNING seq;

-- name: prune_kept
-- By the age of their bodies: their numbers change whenever they are split again.
DELETE FROM updates WHERE seq IN (
    SELECT seq FROM updates
    WHERE state >= 5 AND body <= $2 AND (until IS NULL OR until <= $3)
    LIMIT $1
)
RETURNING seq;

-- name: prune_forgotten
-- What waits for a session that has been forgotten, and so has no route at all.
DELETE FROM updates WHERE seq IN (
    SELECT seq FROM updates
    WHERE state = 0 AND body <= $2 AND session NOT IN (SELECT session FROM routes)
    LIMIT $1
)
RETURNING seq, session, lane;

-- name: excess
-- The oldest bodies with kept updates, beyond so many bytes of one signer.
SELECT id, signer FROM (
    SELECT id, signer, sum(size) OVER (PARTITION BY signer ORDER BY id DESC) AS so_far
    FROM (
        SELECT id, signer, length(body) + 512 AS size FROM bodies
        WHERE id IN (SELECT body FROM updates WHERE state >= 5 AND state BETWEEN 6 AND 8)
    ) AS kept
) AS counted
WHERE so_far > $1
ORDER BY id
LIMIT $2;

-- name: seq_before
-- Where the log ended before this body came; its updates have higher numbers.
SELECT coalesce(max(seq), 0) FROM marks WHERE body < $1;

-- name: prune_bodies
DELETE FROM bodies WHERE id IN (
    SELECT id FROM bodies
    WHERE id <= $2
    AND NOT EXISTS (SELECT 1 FROM arrivals WHERE arrivals.body = bodies.id)
    AND id NOT IN (SELECT body FROM updates WHERE state = 0)
    AND id NOT IN (SELECT body FROM updates WHERE state BETWEEN 1 AND 2)
    AND id NOT IN (SELECT body FROM updates WHERE state = 3)
    AND id NOT IN (SELECT body FROM updates WHERE state >= 5)
    ORDER BY id LIMIT $1
)
RETURNING id;
