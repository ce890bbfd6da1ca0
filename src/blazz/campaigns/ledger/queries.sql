-- What both databases understand, in PostgreSQL's spelling; see blazz.databases.operations.

-- name: make_key
INSERT INTO ledger_key (id, value) VALUES (1, $1) ON CONFLICT DO NOTHING;

-- name: key
SELECT value FROM ledger_key WHERE id = 1;

-- name: insert_campaign
INSERT INTO campaign (
    workspace, id, session, message, columns, priority, rate, not_before, unknown, settle_after,
    most_refusals, chunk_size, options, upto, created_at, state
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'importing')
ON CONFLICT DO NOTHING;

-- name: set_options
UPDATE campaign SET
    session = $2, priority = $3, rate = $4, not_before = $5, unknown = $6, settle_after = $7,
    most_refusals = $8, options = $9, upto = $10
WHERE number = $1;

-- name: set_content
UPDATE campaign SET message = $2, columns = $3 WHERE number = $1;

-- name: hold_campaign
SELECT number FROM campaign WHERE number = $1 FOR UPDATE;

-- name: number_of
SELECT number FROM campaign WHERE workspace = $1 AND id = $2;

-- name: numbers
SELECT number FROM campaign
WHERE (CAST($1 AS TEXT) IS NULL OR workspace = $1) AND state = ANY($2);

-- name: campaigns
SELECT workspace, id, session, message, columns, priority, rate, not_before, unknown, settle_after,
    most_refusals, chunk_size, options, upto, number, state, reason, audience, audience_columns,
    rows_read, rejected, duplicates, created_at
FROM campaign WHERE number = ANY($1) ORDER BY number DESC;

-- name: set_state
UPDATE campaign SET state = $2, reason = $3 WHERE number = $1 AND state = ANY($4)
RETURNING upto, chunk_size;

-- name: rest
UPDATE campaign SET not_before = GREATEST(not_before, $2), reason = $3 WHERE number = $1;

-- name: limits
SELECT upto, chunk_size FROM campaign WHERE number = $1 FOR UPDATE;

-- name: set_limit
UPDATE campaign SET upto = $2 WHERE number = $1;

-- name: hold_hidden
SELECT number FROM chunk WHERE campaign = $1 AND number >= $2 AND pending > 0 AND next_at >= 1e15
ORDER BY number FOR UPDATE;

-- name: look_again
UPDATE chunk SET next_at = 0
WHERE campaign = $1 AND number >= $2 AND pending > 0 AND next_at >= 1e15;

-- name: delete_campaign
DELETE FROM campaign WHERE number = $1;

-- name: hold_all_chunks
SELECT number FROM chunk WHERE campaign = $1 ORDER BY number FOR UPDATE;

-- name: delete_chunks
DELETE FROM chunk WHERE campaign = $1;

-- name: delete_rejects
DELETE FROM reject WHERE campaign = $1;

-- name: delete_contacts
DELETE FROM contact WHERE campaign = $1;

-- name: delete_samples
DELETE FROM sample WHERE campaign = $1;

-- name: delete_notes
DELETE FROM note WHERE campaign = $1;

-- name: claim_import
UPDATE campaign SET
    importer = $2, import_until = $3, rows_read = 0, rejected = 0, duplicates = 0, lanes = 1
WHERE number = $1 AND state = 'importing'
    AND (importer IS NULL OR importer = $2 OR import_until <= $4)
RETURNING number;

-- name: count_import
UPDATE campaign SET
    rows_read = rows_read + $3, rejected = rejected + $4, import_until = $5,
    lanes = GREATEST(lanes, $6)
WHERE number = $1 AND state = 'importing' AND importer = $2
RETURNING chunk_size;

-- name: open_chunk
SELECT number, pending FROM chunk WHERE campaign = $1 AND lane = $2
ORDER BY number DESC LIMIT 1;

-- name: last_chunk
SELECT coalesce(max(number), 0) FROM chunk WHERE campaign = $1;

-- name: count_duplicates
UPDATE campaign SET duplicates = duplicates + $3, import_until = $4
WHERE number = $1 AND state = 'importing' AND importer = $2
RETURNING chunk_size;

-- name: finish_import
UPDATE campaign SET
    state = 'ready', audience = $3, audience_columns = $4, importer = NULL, import_until = 0
WHERE number = $1 AND state = 'importing' AND importer = $2
RETURNING number;

-- name: owners
SELECT owner FROM chunk WHERE unfinished AND lease_until > $1
UNION SELECT offered_by FROM chunk WHERE unfinished AND offered_until > $1
UNION SELECT importer FROM campaign WHERE import_until > $1;

-- name: hold_owned
SELECT campaign, number FROM chunk WHERE owner = $1 OR offered_by = $1
ORDER BY campaign, number FOR UPDATE;

-- name: expire_leases
UPDATE chunk SET lease_until = 0 WHERE owner = $1 AND lease_until > 0;

-- name: expire_offers
UPDATE chunk SET offered_by = NULL, offered_until = 0 WHERE offered_by = $1;

-- name: expire_import
UPDATE campaign SET import_until = 0 WHERE importer = $1;

-- name: campaigns_due
SELECT number, workspace, session, priority, lanes, upto, chunk_size FROM campaign
WHERE state = 'running' AND not_before <= $1
    AND (CAST($2 AS INTEGER) IS NULL OR number = $2)
ORDER BY priority, number;

-- name: queued_of
SELECT lane, count(*) FROM campaign JOIN chunk ON chunk.campaign = campaign.number
WHERE workspace = $1 AND session = $2 AND state = 'running'
    AND offered_by IS NOT NULL AND unfinished AND offered_until > $3 AND lease_until <= $3
GROUP BY lane;

-- name: chunks_due
SELECT number FROM chunk
WHERE campaign = $1 AND lane = $2 AND unfinished AND next_at <= $3
    AND lease_until <= $3 AND offered_until <= $3 AND number <= $4
ORDER BY next_at, number LIMIT $5;

-- name: mark_offered
UPDATE chunk SET offered_by = $2, offered_until = $3
WHERE campaign = $1 AND number = ANY($4);

-- name: lease
UPDATE chunk SET
    owner = $3, epoch = epoch + 1, lease_until = $4, offered_by = NULL, offered_until = 0
WHERE campaign = $1 AND number = $2 AND lease_until <= $5 AND unfinished
    AND (sending = 0 OR NOT $6)
    AND EXISTS (
        SELECT 1 FROM campaign
        WHERE campaign.number = $1 AND state = 'running' AND not_before <= $5
            AND (upto IS NULL OR ($2 - 1) * chunk_size < upto)
    )
RETURNING epoch, sending, lane,
    (SELECT chunk_size FROM campaign WHERE campaign.number = $1),
    (
        SELECT count(*) FROM recipient
        WHERE campaign = $1 AND state = 'pending' AND next_at <= $5
            AND seq > (SELECT ($2 - 1) * chunk_size FROM campaign WHERE campaign.number = $1)
            AND seq <= (
                SELECT LEAST($2 * chunk_size, coalesce(upto, $2 * chunk_size))
                FROM campaign WHERE campaign.number = $1
            )
    );

-- name: lose_unanswered
UPDATE recipient SET state = 'unknown', next_at = 0, changed_at = $4, code = NULL,
    reason = 'the process that was sending it ended'
WHERE campaign = $1 AND state = 'sending' AND seq IN (
    SELECT seq FROM recipient
    WHERE campaign = $1 AND seq BETWEEN $2 AND $3 AND state = 'sending'
    FOR UPDATE SKIP LOCKED
)
RETURNING seq;

-- name: count_lost
UPDATE chunk SET sending = sending - $3, unknown = unknown + $3
WHERE campaign = $1 AND number = $2;

-- name: due_rows
SELECT seq, attempt, address FROM recipient
WHERE campaign = $1 AND seq BETWEEN $2 AND $3 AND state = 'pending' AND next_at <= $4
ORDER BY seq;

-- name: hold_chunk
SELECT chunk_size, upto, state = 'running' AND not_before <= $5
FROM chunk JOIN campaign ON campaign.number = chunk.campaign
WHERE chunk.campaign = $1 AND chunk.number = $2 AND owner = $3 AND epoch = $4
FOR UPDATE OF chunk;

-- name: renew_lease
UPDATE chunk SET
    lease_until = $3, pending = pending - $4, sending = sending + $4,
    first_at = CASE WHEN $4 > 0 THEN coalesce(first_at, $5) ELSE first_at END
WHERE campaign = $1 AND number = $2;

-- name: deliveries
SELECT chunk_size, most_refusals, seq, recipient.state, attempt, refusals, next_at,
    message_id <> '', code, recipient.reason, sender
FROM campaign CROSS JOIN recipient
WHERE number = $1 AND campaign = $1 AND seq = ANY($2) ORDER BY seq FOR UPDATE OF recipient;

-- name: deliveries_among
-- As above, of rows that lie close together: to read all of those takes less than to find each.
SELECT chunk_size, most_refusals, seq, recipient.state, attempt, refusals, next_at,
    message_id <> '', code, recipient.reason, sender
FROM campaign CROSS JOIN recipient
WHERE number = $1 AND campaign = $1 AND seq BETWEEN $3 AND $4 AND seq + 0 = ANY($2)
ORDER BY seq FOR UPDATE OF recipient;

-- name: move_deliveries
UPDATE recipient SET
    state = $3, refusals = $4, next_at = $5, code = $6, reason = $7, sender = $8, changed_at = $2
WHERE campaign = $1 AND seq = ANY($9);

-- name: hold_chunks
SELECT number FROM chunk WHERE campaign = $1 AND number = ANY($2) ORDER BY number FOR UPDATE;

-- name: release_done
UPDATE chunk SET owner = NULL, lease_until = 0, next_at = 1e15
WHERE campaign = $1 AND number = $2 AND owner = $3 AND epoch = $4 AND NOT unfinished
RETURNING number;

-- name: release
UPDATE chunk SET
    owner = NULL, lease_until = 0,
    next_at = coalesce((
        SELECT min(next_at) FROM recipient
        WHERE campaign = $1 AND seq BETWEEN $3 AND $4 AND state = 'pending'
    ), 1e15)
WHERE campaign = $1 AND number = $2
RETURNING sending;

-- name: contacts
SELECT contact.address, contact.campaign, contact.seq, contact.at FROM contact
JOIN campaign ON campaign.number = contact.campaign
JOIN recipient ON recipient.campaign = contact.campaign AND recipient.seq = contact.seq
WHERE contact.workspace = $1 AND contact.scope = $2 AND contact.address = ANY($3)
    AND (contact.at > $4 OR contact.campaign = $5)
    AND recipient.state <> 'failed'
    AND NOT (recipient.state = 'pending' AND campaign.state = 'cancelled');

-- name: standing
SELECT
    coalesce(sum(pending), 0), coalesce(sum(sending), 0), coalesce(sum(unknown), 0),
    coalesce(sum(accepted), 0), coalesce(sum(sent), 0), coalesce(sum(delivered), 0),
    coalesce(sum(read), 0), coalesce(sum(failed), 0),
    count(CASE WHEN lease_until > $2 THEN 1 END),
    min(CASE WHEN pending > 0 AND number <= $3 AND next_at < 1e15 THEN next_at END),
    min(first_at), max(last_at)
FROM chunk WHERE campaign = $1;

-- name: errors
SELECT state, code, min(reason), count(*) AS times FROM recipient
WHERE campaign = $1 AND state IN ('failed', 'unknown')
GROUP BY state, code, CASE WHEN code IS NULL THEN reason END
ORDER BY times DESC, state, code LIMIT 1000;

-- name: recipients
SELECT seq, line, address, vars, state, attempt, message_id, code, reason, changed_at, sent_at,
    country, variant, sender
FROM recipient
WHERE campaign = $1 AND seq > $2 AND changed_at < $3 AND state = ANY($4)
ORDER BY seq LIMIT $5;

-- name: rejects
SELECT line, kind, reason, fields FROM reject
WHERE campaign = $1 AND line > $2 ORDER BY line LIMIT $3;

-- name: tallies
SELECT country, variant, sender, state, count(*) FROM recipient WHERE campaign = $1
GROUP BY country, variant, sender, state ORDER BY country, variant, sender, state;

-- name: active_since
SELECT DISTINCT campaign.number FROM campaign JOIN chunk ON chunk.campaign = campaign.number
WHERE workspace = $1 AND session = ANY($2) AND (last_at >= $3 OR sending > 0);

-- name: reached
SELECT count(DISTINCT address) FROM recipient
WHERE campaign = ANY($1) AND sent_at >= $2 AND state NOT IN ('pending', 'failed');

-- name: add_sample
INSERT INTO sample (
    campaign, at, pending, sending, unknown, accepted, sent, delivered, read, failed
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING;

-- name: samples
SELECT at, pending, sending, unknown, accepted, sent, delivered, read, failed
FROM sample WHERE campaign = $1 ORDER BY at;

-- name: add_note
INSERT INTO note (campaign, at, text) VALUES ($1, $2, $3);

-- name: notes
SELECT at, text FROM note WHERE campaign = $1 ORDER BY at, number;
