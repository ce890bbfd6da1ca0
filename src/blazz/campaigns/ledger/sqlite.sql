-- What only SQLite says in this way.

-- name: clear_recipients
DELETE FROM recipient WHERE campaign = $1;

-- name: alone
SELECT NULL WHERE $1 IS NULL; -- one writer at a time: everybody is alone

-- name: repeated_addresses
-- Addresses are sorted faster alone; hardly any of them is repeated.
SELECT group_concat(seq), group_concat(line) FROM recipient
WHERE campaign = $1 AND address IN (
    SELECT address FROM recipient WHERE campaign = $1 GROUP BY address HAVING count(*) > 1
)
GROUP BY address;

-- name: remove_recipient
DELETE FROM recipient WHERE campaign = $1 AND seq = $2 RETURNING line, address;

-- name: fill_chunk
INSERT INTO chunk (campaign, lane, number, pending) VALUES ($1, $2, $3, $4)
ON CONFLICT DO UPDATE SET pending = pending + excluded.pending;

-- name: identify_deliveries
UPDATE recipient SET
    state = $3, refusals = $4, next_at = $5, code = $6, reason = $7, sender = $8, changed_at = $2,
    message_id = $9
WHERE campaign = $1 AND seq = $10;

-- name: count_changes
UPDATE chunk SET
    pending = pending + $2, sending = sending + $3, unknown = unknown + $4,
    accepted = accepted + $5, sent = sent + $6, delivered = delivered + $7, read = read + $8,
    failed = failed + $9, next_at = min(next_at, $10), last_at = coalesce($11, last_at)
WHERE campaign = $1 AND number = $12;

-- name: enter
INSERT INTO contact (workspace, scope, campaign, at, address, seq) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO UPDATE SET at = excluded.at;

-- name: take_window
UPDATE recipient SET state = 'sending', attempt = attempt + 1, changed_at = $4, sent_at = $4
WHERE campaign = $1 AND seq IN (
    SELECT seq FROM recipient
    WHERE campaign = $1 AND seq BETWEEN $2 AND $3 AND state = 'pending' AND next_at <= $4
    ORDER BY seq LIMIT $5
)
RETURNING seq, attempt, address, vars, variant;
