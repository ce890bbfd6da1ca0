-- What PostgreSQL says in other words than `queries.sql`.

-- name: exclusive
SELECT pg_advisory_xact_lock(hashtextextended($1, 7041));

-- name: suppressed
SELECT address FROM suppression
WHERE session = $1 AND active = 1 AND address IN (SELECT json_array_elements_text($2::json));

-- name: oldest_open
SELECT id FROM question
WHERE session = $1 AND state = 'open' AND asked_at <= $3 AND expires_at > $3
  AND address IN (SELECT json_array_elements_text($2::json))
ORDER BY asked_at, id LIMIT 1;
