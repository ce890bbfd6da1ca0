-- name: add
INSERT INTO waiting (reports, body) VALUES (?, ?);

-- name: put_back
INSERT INTO waiting (number, reports, body)
VALUES ((SELECT coalesce(min(number), 1) - 1 FROM waiting), ?, ?);

-- name: first
SELECT number, reports, body FROM waiting ORDER BY number LIMIT 1;

-- name: drop
DELETE FROM waiting WHERE number = :number;

-- name: count
SELECT coalesce(sum(reports), 0) FROM waiting;
