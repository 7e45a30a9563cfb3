-- Letters on paper: what waits for the print room, in which batch it was printed, and what came back. Written as
-- 0001 is. No personal data: whom a letter goes to stands with its report.

CREATE TABLE paper (
    notice_id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL,
    reference BIGINT NOT NULL,
    person TEXT NOT NULL,
    -- 1: a newer letter about the case makes this one pointless.
    passing BIGINT NOT NULL,
    -- waiting, printing, printed, sent, returned, dropped.
    state TEXT NOT NULL,
    at BIGINT NOT NULL,
    batch_id TEXT,
    -- Its place in the batch, from 1.
    seq BIGINT,
    pages BIGINT,
    -- Of its file.
    sha256 TEXT,
    -- When it was sent, came back, or was dropped.
    ended_at BIGINT,
    why TEXT
);
CREATE INDEX paper_in_state ON paper (state, at);
CREATE INDEX paper_in_batch ON paper (batch_id, seq) WHERE batch_id IS NOT NULL;
CREATE INDEX paper_of_case ON paper (case_id);
CREATE INDEX paper_of_reference ON paper (reference);

CREATE TABLE paper_batch (
    id TEXT PRIMARY KEY,
    -- open, printed, sent.
    state TEXT NOT NULL,
    -- Where its files are: what was begun there is finished there.
    folder TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    printed_at BIGINT,
    sent_at BIGINT
);
CREATE INDEX paper_batch_in_state ON paper_batch (state, id);
