-- What holds a lane is found without reading all that is blocked in it.
DROP INDEX updates_open;
CREATE INDEX updates_held ON updates (session, lane) WHERE state BETWEEN 1 AND 2;
