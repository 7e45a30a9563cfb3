-- Files for departments that get their work by the batch. Written as 0001 is.

-- What 0002 foresaw knew nothing of files and receipts, and was never used.
DROP TABLE batch_row;

-- A file that went out, or is going. Numbers count from 1 per department and never come back, so the
-- rows stay.
CREATE TABLE batch_file (
    department TEXT NOT NULL,
    number BIGINT NOT NULL,
    name TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    -- What lies ready beside its place, whole: its sha256.
    digest TEXT,
    handed_at BIGINT,
    -- When nobody waits for its receipt any more.
    settled_at BIGINT,
    warned_at BIGINT,
    PRIMARY KEY (department, number)
);
CREATE UNIQUE INDEX batch_file_name ON batch_file (department, name);
CREATE INDEX batch_file_open ON batch_file (department, number) WHERE settled_at IS NULL;
CREATE INDEX batch_file_settled ON batch_file (department, settled_at);

-- A dispatch that is, or will be, a row of a file. The letter holds no reporter.
CREATE TABLE batch_row (
    dispatch_id TEXT PRIMARY KEY,
    department TEXT NOT NULL,
    letter TEXT NOT NULL,
    urgent BIGINT NOT NULL,
    taken_at BIGINT NOT NULL,
    -- Its file; nothing while it waits for the next.
    number BIGINT,
    -- What the receipt said: accepted or rejected.
    answer TEXT
);
CREATE INDEX batch_row_waiting ON batch_row (department, dispatch_id) WHERE number IS NULL;
CREATE INDEX batch_row_file ON batch_row (department, number, dispatch_id);
