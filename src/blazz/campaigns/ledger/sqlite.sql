-- name: make_key
INSERT INTO ledger_key (id, value) VALUES (1, :value) ON CONFLICT DO NOTHING;

-- name: key
SELECT value FROM ledger_key WHERE id = 1;

-- name: insert_campaign
INSERT INTO campaign (
    workspace, id, session, message, columns, priority, rate, not_before, unknown, settle_after,
    most_refusals, chunk_size, state, created_at
) VALUES (
    :workspace, :id, :session, :message, :columns, :priority, :rate, :not_before, :unknown,
    :settle_after, :most_refusals, :chunk_size, 'importing', :now
);

-- name: update_options
UPDATE campaign SET
    session = :session, priority = :priority, rate = :rate, unknown = :unknown,
    settle_after = :settle_after, most_refusals = :most_refusals,
    not_before = CASE WHEN state = 'importing' OR state = 'ready' THEN :not_before
                      ELSE not_before END
WHERE number = :number;

-- name: update_content
UPDATE campaign SET message = :message, columns = :columns WHERE number = :number;

-- name: campaign_by_name
SELECT * FROM campaign WHERE workspace = :workspace AND id = :id;

-- name: campaign_by_number
SELECT * FROM campaign WHERE number = :number;

-- name: campaigns_of
SELECT * FROM campaign WHERE workspace = :workspace ORDER BY number DESC;

-- name: set_state
UPDATE campaign SET state = :state, reason = :reason WHERE number = :number AND state = :expected;

-- name: rest
UPDATE campaign SET not_before = max(not_before, :until), reason = :reason WHERE number = :number;

-- name: claim_import
UPDATE campaign SET
    importer = :owner, import_until = :until, rows_read = 0, rejected = 0, duplicates = 0
WHERE number = :number AND state = 'importing'
    AND (importer IS NULL OR importer = :owner OR import_until <= :now);

-- name: clear_recipients
DELETE FROM recipient WHERE campaign = :number;

-- name: clear_chunks
DELETE FROM chunk WHERE campaign = :number;

-- name: clear_rejects
DELETE FROM reject WHERE campaign = :number;

-- name: count_import
UPDATE campaign SET
    rows_read = rows_read + :rows, rejected = rejected + :rejected, import_until = :until
WHERE number = :number AND state = 'importing' AND importer = :owner
RETURNING rows_read - rejected - :rows + :rejected, chunk_size;

-- name: insert_recipient
INSERT INTO recipient (campaign, seq, line, address, vars) VALUES (?, ?, ?, ?, ?);

-- name: insert_reject
INSERT INTO reject (campaign, line, kind, reason, fields) VALUES (?, ?, ?, ?, ?);

-- name: fill_chunk
INSERT INTO chunk (campaign, number, pending) VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET pending = pending + excluded.pending;

-- name: repeated_addresses
SELECT group_concat(seq) FROM recipient WHERE campaign = :number
GROUP BY address HAVING count(*) > 1;

-- name: line_of
SELECT line FROM recipient WHERE campaign = ? AND seq = ?;

-- name: remove_recipient
DELETE FROM recipient WHERE campaign = ? AND seq = ? RETURNING line, address;

-- name: count_duplicates
UPDATE campaign SET duplicates = duplicates + :count, import_until = :until
WHERE number = :number AND state = 'importing' AND importer = :owner;

-- name: finish_import
UPDATE campaign SET
    state = 'ready', audience = :audience, audience_columns = :columns,
    importer = NULL, import_until = 0
WHERE number = :number AND state = 'importing' AND importer = :owner;

-- name: owners
SELECT owner FROM chunk WHERE pending + sending > 0 AND lease_until > :now
UNION SELECT offered_by FROM chunk WHERE pending + sending > 0 AND offered_until > :now
UNION SELECT importer FROM campaign WHERE import_until > :now;

-- name: expire_leases
UPDATE chunk SET lease_until = 0 WHERE owner = :owner;

-- name: expire_offers
UPDATE chunk SET offered_by = NULL, offered_until = 0 WHERE offered_by = :owner;

-- name: expire_import
UPDATE campaign SET import_until = 0 WHERE importer = :owner;

-- name: campaigns_due
SELECT number, workspace, session, priority FROM campaign
WHERE state = 'running' AND not_before <= :now AND (:campaign IS NULL OR number = :campaign)
ORDER BY priority, number;

-- name: queued_of
SELECT count(*) FROM campaign JOIN chunk ON chunk.campaign = campaign.number
WHERE workspace = :workspace AND session = :session AND state = 'running'
    AND chunk.pending + chunk.sending > 0
    AND chunk.offered_until > :now AND chunk.lease_until <= :now;

-- name: chunks_due
SELECT number FROM chunk
WHERE campaign = :campaign AND pending + sending > 0 AND next_at <= :now
    AND lease_until <= :now AND offered_until <= :now
ORDER BY next_at, number LIMIT :room;

-- name: mark_offered
UPDATE chunk SET offered_by = :owner, offered_until = :until
WHERE campaign = :campaign AND number = :number;

-- name: lease
UPDATE chunk SET
    owner = :owner, epoch = epoch + 1, lease_until = :until, offered_by = NULL, offered_until = 0
WHERE campaign = :campaign AND number = :number AND lease_until <= :now
    AND pending + sending > 0
    AND EXISTS (
        SELECT 1 FROM campaign
        WHERE campaign.number = :campaign AND state = 'running' AND not_before <= :now
    )
RETURNING epoch, sending;

-- name: lose_unanswered
UPDATE recipient SET state = 'unknown', next_at = 0, changed_at = :now, code = NULL,
    reason = 'the process that was sending it ended'
WHERE campaign = :campaign AND seq BETWEEN :first AND :last AND state = 'sending';

-- name: count_lost
UPDATE chunk SET sending = sending - :lost, unknown = unknown + :lost
WHERE campaign = :campaign AND number = :number;

-- name: count_due
SELECT count(*) FROM recipient
WHERE campaign = :campaign AND seq BETWEEN :first AND :last
    AND state = 'pending' AND next_at <= :now;

-- name: terms
SELECT chunk_size, most_refusals, state = 'running' AND not_before <= :now
FROM campaign WHERE number = :campaign;

-- name: take_window
UPDATE recipient SET state = 'sending', attempt = attempt + 1, changed_at = :now
WHERE campaign = :campaign AND seq IN (
    SELECT seq FROM recipient
    WHERE campaign = :campaign AND seq BETWEEN :first AND :last
        AND state = 'pending' AND next_at <= :now
    ORDER BY seq LIMIT :n
)
RETURNING seq, attempt, address, vars;

-- name: renew_lease
UPDATE chunk SET
    lease_until = :until, pending = pending - :taken, sending = sending + :taken,
    first_at = CASE WHEN :taken > 0 THEN coalesce(first_at, :now) ELSE first_at END
WHERE campaign = :campaign AND number = :number AND owner = :owner AND epoch = :epoch;

-- name: deliveries
SELECT recipient.seq, state, attempt, refusals, next_at, message_id, code, reason
FROM json_each(:seqs) AS wanted
CROSS JOIN recipient ON campaign = :campaign AND recipient.seq = wanted.value;

-- name: update_delivery
UPDATE recipient SET
    state = ?, refusals = ?, next_at = ?, message_id = ?, code = ?, reason = ?, changed_at = ?
WHERE campaign = ? AND seq = ?;

-- name: count_changes
UPDATE chunk SET
    pending = pending + ?, sending = sending + ?, unknown = unknown + ?, accepted = accepted + ?,
    sent = sent + ?, delivered = delivered + ?, read = read + ?, failed = failed + ?,
    next_at = min(next_at, ?), last_at = coalesce(?, last_at)
WHERE campaign = ? AND number = ?;

-- name: release
UPDATE chunk SET
    owner = NULL, lease_until = 0,
    next_at = coalesce((
        SELECT min(next_at) FROM recipient
        WHERE campaign = :campaign AND seq BETWEEN :first AND :last AND state = 'pending'
    ), 1e15)
WHERE campaign = :campaign AND number = :number AND owner = :owner AND epoch = :epoch
RETURNING sending;

-- name: standing
SELECT
    coalesce(sum(pending), 0), coalesce(sum(sending), 0), coalesce(sum(unknown), 0),
    coalesce(sum(accepted), 0), coalesce(sum(sent), 0), coalesce(sum(delivered), 0),
    coalesce(sum(read), 0), coalesce(sum(failed), 0),
    count(CASE WHEN lease_until > :now THEN 1 END),
    min(CASE WHEN pending > 0 THEN next_at END), min(first_at), max(last_at)
FROM chunk WHERE campaign = :number;

-- name: errors
SELECT state, code, min(reason), count(*) AS times FROM recipient
WHERE campaign = :number AND state IN ('failed', 'unknown')
GROUP BY state, code, CASE WHEN code IS NULL THEN reason END
ORDER BY times DESC, state, code LIMIT 1000;

-- name: recipients
SELECT seq, line, address, vars, state, attempt, message_id, code, reason, changed_at
FROM recipient
WHERE campaign = :number AND seq > :after AND changed_at < :changed_before
    AND state IN (SELECT value FROM json_each(:states))
ORDER BY seq LIMIT :limit;

-- name: rejects
SELECT line, kind, reason, fields FROM reject
WHERE campaign = :number AND line > :after ORDER BY line LIMIT :limit;
