-- Reports of the page that the inbox did not take yet, some in a row, the oldest with the lowest number.
CREATE TABLE waiting (
    number INTEGER PRIMARY KEY,
    reports INTEGER NOT NULL,
    body BLOB NOT NULL
);
