-- The category that somebody of the city corrected a report to. The report itself stays as it was told.

CREATE TABLE correction (
    case_id TEXT PRIMARY KEY,
    category TEXT NOT NULL,
    corrected_by TEXT NOT NULL,
    at BIGINT NOT NULL
);
