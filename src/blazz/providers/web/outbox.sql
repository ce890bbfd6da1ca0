-- name: note
INSERT INTO sent (id, token, chat, noted_at) VALUES (:id, :token, :chat, :now)
ON CONFLICT (id) DO NOTHING
RETURNING id;

-- name: accept
UPDATE sent SET message_id = :message_id, state = 'accepted' WHERE id = :id;

-- name: refuse
UPDATE sent SET state = 'refused' WHERE id = :id AND state <> 'accepted';

-- name: standing
SELECT id, token, chat, state FROM sent WHERE id IN (SELECT value FROM json_each(:ids));

-- name: forget
DELETE FROM sent WHERE noted_at < :before;

-- name: forget_all
DELETE FROM sent;

-- name: recent
SELECT message_id FROM sent
WHERE message_id IS NOT NULL AND noted_at >= :since AND chat NOT LIKE '%@g.us'
ORDER BY noted_at DESC, id LIMIT :most;

-- name: newest
SELECT id, token, chat, message_id, state, noted_at FROM sent
ORDER BY noted_at DESC, id LIMIT :most;

-- name: all_facts
SELECT name, value FROM facts ORDER BY name;

-- name: take_message
INSERT INTO sent (id, token, chat, message_id, state, noted_at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING;

-- name: take_fact
INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING;

-- name: get_fact
SELECT value FROM facts WHERE name = :name;

-- name: set_fact
INSERT INTO facts (name, value) VALUES (:name, :value)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: forget_facts
DELETE FROM facts;
