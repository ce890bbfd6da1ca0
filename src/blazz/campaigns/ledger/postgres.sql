-- What only PostgreSQL says in this way. A partition's name holds its campaign's number.

-- name: now
SELECT CAST(extract(epoch FROM clock_timestamp()) AS double precision);

-- name: alone
SELECT pg_advisory_xact_lock(hashtextextended($1, 0));

-- name: begin_window
-- The chunk is held first: who waited then for one that records a row, and waits for the chunk
-- next, would wait for ever. Held rows are found where they lie: the index is asked only once.
WITH held AS MATERIALIZED (
    SELECT ($2 - 1) * chunk_size AS before,
        LEAST($2 * chunk_size, upto) AS last, -- without a limit, the chunk's last one
        state = 'running' AND not_before <= $5::double precision AS may_send
    FROM chunk JOIN campaign ON campaign.number = chunk.campaign
    WHERE chunk.campaign = $1 AND chunk.number = $2 AND owner = $3 AND epoch = $4
    FOR UPDATE OF chunk
), taken AS (
    UPDATE recipient SET state = 'sending', attempt = attempt + 1, changed_at = $5, sent_at = $5
    WHERE campaign = $1 AND ctid = ANY (ARRAY (
        SELECT ctid FROM recipient
        WHERE campaign = $1
            AND seq > (SELECT GREATEST(before, $7) FROM held WHERE may_send)
            AND seq <= (SELECT last FROM held)
            AND state = 'pending' AND next_at <= $5
        ORDER BY seq LIMIT $8 FOR UPDATE SKIP LOCKED
    ))
    RETURNING seq, attempt, address, vars, variant
), renewed AS (
    UPDATE chunk SET
        lease_until = $6, pending = pending - rows, sending = sending + rows,
        first_at = CASE WHEN rows > 0 THEN coalesce(first_at, $5) ELSE first_at END
    FROM (SELECT count(*)::integer AS rows FROM taken) AS counted
    WHERE campaign = $1 AND number = $2 AND EXISTS (SELECT 1 FROM held)
)
SELECT taken.* FROM held LEFT JOIN taken ON true;

-- name: fill_chunk
INSERT INTO chunk (campaign, lane, number, pending)
SELECT $1::integer, $2::integer, number, size FROM unnest($3::integer[], $4::integer[]) AS filled (number, size)
ON CONFLICT (campaign, number) DO UPDATE SET pending = chunk.pending + excluded.pending;

-- name: identify_deliveries
UPDATE recipient SET
    state = $3, refusals = $4, next_at = $5, code = $6, reason = $7, sender = $8, changed_at = $2,
    message_id = found.message_id
FROM unnest($9::text[], $10::integer[]) AS found (message_id, seq)
WHERE campaign = $1 AND recipient.seq = found.seq;

-- name: count_changes
UPDATE chunk SET
    pending = chunk.pending + change.pending, sending = chunk.sending + change.sending,
    unknown = chunk.unknown + change.unknown, accepted = chunk.accepted + change.accepted,
    sent = chunk.sent + change.sent, delivered = chunk.delivered + change.delivered,
    read = chunk.read + change.read, failed = chunk.failed + change.failed,
    next_at = LEAST(chunk.next_at, change.next_at),
    last_at = coalesce(change.last_at, chunk.last_at)
FROM unnest(
    $2::integer[], $3::integer[], $4::integer[], $5::integer[], $6::integer[], $7::integer[],
    $8::integer[], $9::integer[], $10::double precision[], $11::double precision[], $12::integer[]
) AS change (
    pending, sending, unknown, accepted, sent, delivered, read, failed, next_at, last_at, number
)
WHERE campaign = $1 AND chunk.number = change.number;

-- name: enter
INSERT INTO contact (workspace, scope, campaign, at, address, seq)
SELECT $1::text, $2::text, $3::integer, $4::double precision, address, seq
FROM unnest($5::text[], $6::integer[]) AS fresh (address, seq)
ON CONFLICT (workspace, scope, address, campaign, seq) DO UPDATE SET at = excluded.at;

-- name: drop_partition
DROP TABLE IF EXISTS recipient_{number};

-- name: make_partition
CREATE TABLE recipient_{number} (
    LIKE recipient INCLUDING DEFAULTS, CHECK (campaign = {number})
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1);

-- name: remove_repeated
WITH alike AS MATERIALIZED (
    -- Numbers are sorted three times as fast as addresses; hardly any two share one by chance.
    SELECT hashtextextended(address, 0) AS hash FROM recipient_{number}
    GROUP BY hash HAVING count(*) > 1
), repeated AS (
    SELECT address, min(line) AS first FROM recipient_{number}
    WHERE hashtextextended(address, 0) IN (SELECT hash FROM alike)
    GROUP BY address HAVING count(*) > 1
), gone AS (
    DELETE FROM recipient_{number} AS it USING repeated
    WHERE it.address = repeated.address AND it.line > repeated.first
    RETURNING it.seq, it.line, it.address, repeated.first
), rejected AS (
    INSERT INTO reject (campaign, line, kind, reason, fields)
    SELECT $1::integer, line, 'duplicate', 'the same address as in line ' || first,
        jsonb_build_array(address)::text
    FROM gone
), counted AS (
    UPDATE chunk SET pending = pending - less.count
    FROM (SELECT (seq - 1) / $2::integer + 1 AS number, count(*) FROM gone GROUP BY 1) AS less
    WHERE campaign = $1 AND chunk.number = less.number
)
SELECT count(*) FROM gone;

-- name: index_partition
ALTER TABLE recipient_{number} ADD PRIMARY KEY (campaign, seq);

-- name: analyze_partition
ANALYZE recipient_{number};

-- name: analyze_chunks
ANALYZE chunk;

-- name: join_partition
ALTER TABLE recipient ATTACH PARTITION recipient_{number} FOR VALUES IN ({number});

-- name: roomy_sort
SET LOCAL work_mem = '64MB';

-- name: roomy_index
SET LOCAL maintenance_work_mem = '128MB';

-- name: impatient
SET LOCAL lock_timeout = '1s';
