-- The queries of the conversation store on SQLite; the operations name them.

-- name: exclusive
SELECT 1 WHERE ?1 IS NOT NULL;

-- name: saw
INSERT INTO contact (session, address, last_seen) VALUES (?1, ?2, ?3)
ON CONFLICT (session, address) DO UPDATE SET last_seen = excluded.last_seen
WHERE excluded.last_seen > contact.last_seen;

-- name: last_seen
SELECT last_seen FROM contact WHERE session = ?1 AND address = ?2;

-- name: suppress
INSERT INTO suppression (session, address, reason, at, active) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (session, address) DO UPDATE
SET reason = excluded.reason, at = excluded.at, active = excluded.active
WHERE excluded.at >= suppression.at;

-- name: suppressed
SELECT address FROM suppression
WHERE session = ?1 AND active = 1 AND address IN (SELECT value FROM json_each(?2));

-- name: suppressing
-- Steps from session to session instead of reading all their entries.
WITH RECURSIVE each (session) AS (
    SELECT min(session) FROM suppression
    UNION ALL
    SELECT (SELECT min(session) FROM suppression WHERE suppression.session > each.session)
    FROM each WHERE each.session IS NOT NULL
)
SELECT session FROM each WHERE substr(session, 1, length(?1)) = ?1;

-- name: suppressions
SELECT address, reason, at FROM suppression WHERE session = ?1 AND active = 1 ORDER BY at, address;

-- name: ask
-- One that has expired, or that never left, is asked anew.
INSERT INTO question (session, id, address, asked_at, expires_at, log_position, state)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'open')
ON CONFLICT (session, id) DO UPDATE
SET address = excluded.address, asked_at = excluded.asked_at, expires_at = excluded.expires_at,
    log_position = excluded.log_position, state = 'open', sent = 0
WHERE question.state = 'expired' OR (question.state = 'open' AND question.sent = 0);

-- name: claim
-- 2: somebody sends it; 1: it has left.
UPDATE question SET sent = 2 WHERE session = ?1 AND id = ?2 AND state = 'open' AND sent = 0
RETURNING id;

-- name: left
UPDATE question SET sent = 1 WHERE session = ?1 AND id = ?2 AND sent = 2;

-- name: unclaim
UPDATE question SET sent = 0 WHERE session = ?1 AND id = ?2 AND state = 'open';

-- name: question
SELECT id, address, asked_at, expires_at, state, sent, answer_key, answer, log_position
FROM question WHERE session = ?1 AND id = ?2;

-- name: question_by_answer
SELECT id FROM question WHERE session = ?1 AND answer_key = ?2;

-- name: oldest_open
SELECT id FROM question
WHERE session = ?1 AND state = 'open' AND sent > 0 AND asked_at <= ?3 AND expires_at > ?3
  AND log_position < ?4
  AND address IN (SELECT value FROM json_each(?2))
ORDER BY asked_at, id LIMIT 1;

-- name: answer
UPDATE question SET state = 'answered', answer_key = ?3, answer = ?4 WHERE session = ?1 AND id = ?2;

-- name: expire
UPDATE question SET state = 'expired' WHERE session = ?1 AND id = ?2 AND state = 'open';

-- name: state
SELECT message_id, status, at, error_code, error FROM message_state
WHERE session = ?1 AND message_id = ?2;

-- name: reached
INSERT INTO message_state (session, message_id, status, at, error_code, error)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (session, message_id) DO UPDATE
SET status = excluded.status, at = excluded.at,
    error_code = excluded.error_code, error = excluded.error;

-- name: pace
SELECT pace FROM pace WHERE session = ?1;

-- name: keep_pace
INSERT INTO pace (session, pace) VALUES (?1, ?2)
ON CONFLICT (session) DO UPDATE SET pace = excluded.pace;

-- name: prune_states
DELETE FROM message_state WHERE at < ?1;

-- name: prune_questions
DELETE FROM question WHERE expires_at < ?1;
