-- What of a report everybody may read. The report itself never changes: this stands beside it.
CREATE TABLE publication (
    report_id TEXT PRIMARY KEY,
    -- approved, rejected, withdrawn.
    state TEXT NOT NULL,
    -- The words that were approved; null when none are, and gone when they are withdrawn.
    words TEXT,
    -- JSON: ids of photos.
    photos TEXT NOT NULL,
    who TEXT NOT NULL,
    at BIGINT NOT NULL
);
