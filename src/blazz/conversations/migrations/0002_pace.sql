-- How much a session has sent of late, in the words of its pacing.

CREATE TABLE pace (
    session TEXT PRIMARY KEY,
    pace TEXT NOT NULL
);
