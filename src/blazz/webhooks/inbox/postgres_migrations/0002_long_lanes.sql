-- What holds a lane, and what comes next in it, is found without reading all that is blocked in it.
DROP INDEX updates_open;
CREATE INDEX updates_held ON updates (session, lane) WHERE state BETWEEN 1 AND 2;
DROP INDEX updates_blocked;
CREATE INDEX updates_blocked ON updates (session, lane, seq) WHERE state = 3;
