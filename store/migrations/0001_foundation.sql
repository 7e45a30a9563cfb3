-- The tables of Voordeur, one text for SQLite and PostgreSQL.
--
-- Ids are hyphenated UUIDs, moments are microseconds since 1970 (UTC), days are YYYY-MM-DD, JSON
-- is kept as text and only read by the program. Lines that begin with "-- sqlite:" are for SQLite:
-- small rows live in the index of their key instead of beside it. No foreign keys: the rows of one report are
-- written by one transaction, and a check per row would cost the hot path a quarter of its speed.

CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE counter (
    name TEXT PRIMARY KEY,
    next BIGINT NOT NULL
);

-- What somebody told the city. Never changes, and holds nothing that says who they are.
CREATE TABLE report (
    id TEXT PRIMARY KEY,
    reference BIGINT NOT NULL UNIQUE,
    channel TEXT NOT NULL,
    source_id TEXT,
    digest TEXT NOT NULL,
    kind TEXT NOT NULL,
    category TEXT NOT NULL,
    words TEXT NOT NULL,
    place TEXT NOT NULL,
    answers TEXT NOT NULL,
    urgency TEXT NOT NULL,
    language TEXT NOT NULL,
    tell TEXT NOT NULL,
    photos TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE,
    received_at BIGINT NOT NULL
);
-- The channel's own id of a report: the same thing sent twice is the same report.
CREATE UNIQUE INDEX report_source ON report (channel, source_id);

-- Who told it: personal data, here and in letterbox only.
CREATE TABLE contact (
    report_id TEXT PRIMARY KEY,
    name TEXT,
    email TEXT,
    phone TEXT
);

-- What became of it. The id is the report's.
CREATE TABLE cases (
    id TEXT PRIMARY KEY,
    reference BIGINT NOT NULL,
    status TEXT NOT NULL,
    version BIGINT NOT NULL,
    lead TEXT,
    decision TEXT,
    rejected_by TEXT NOT NULL,
    planned_on TEXT,
    status_at BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    closed_at BIGINT,
    tell TEXT NOT NULL
);

-- The timeline. Keyed by case and version: two events can never be the same step, and the index
-- has one place per case. The id is derived from the cause and only compared.
CREATE TABLE event (
    id TEXT NOT NULL,
    case_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    reference BIGINT NOT NULL,
    at BIGINT NOT NULL,
    what TEXT NOT NULL,
    public BOOLEAN NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (case_id, version)
);

-- The department leg of a case.
CREATE TABLE dispatch (
    id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL,
    department TEXT NOT NULL,
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    posted_at BIGINT NOT NULL,
    delivered_at BIGINT,
    receipt TEXT,
    why TEXT,
    attempts BIGINT NOT NULL,
    answered_at BIGINT
);
CREATE INDEX dispatch_case ON dispatch (case_id);

-- What a reader has seen: an effect happens once.
CREATE TABLE inbox (
    reader TEXT NOT NULL,
    id TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (reader, id)
)
-- sqlite: WITHOUT ROWID
;
CREATE INDEX inbox_age ON inbox (seen_at);

-- Outbox, queue, retries and dead letters in one.
CREATE TABLE letter (
    id TEXT PRIMARY KEY,
    lane TEXT NOT NULL,
    topic TEXT NOT NULL,
    subject TEXT NOT NULL,
    case_id TEXT,
    body TEXT NOT NULL,
    cause TEXT,
    trace TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    posted_at BIGINT NOT NULL,
    ready_at BIGINT NOT NULL,
    why TEXT,
    buried_at BIGINT
);
CREATE INDEX letter_ready ON letter (lane, ready_at, id) WHERE buried_at IS NULL;
CREATE INDEX letter_buried ON letter (buried_at) WHERE buried_at IS NOT NULL;

-- The ledger of what left the house: committed before the socket is opened.
CREATE TABLE attempt (
    letter_id TEXT NOT NULL,
    n BIGINT NOT NULL,
    lane TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    verdict TEXT,
    why TEXT,
    PRIMARY KEY (letter_id, n)
)
-- sqlite: WITHOUT ROWID
;

-- One event told to one person by one sender.
CREATE TABLE notice (
    id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    template TEXT NOT NULL,
    person TEXT NOT NULL,
    sender TEXT NOT NULL,
    language TEXT NOT NULL,
    state TEXT NOT NULL,
    planned_at BIGINT NOT NULL,
    sent_at BIGINT,
    attempts BIGINT NOT NULL,
    receipt TEXT,
    why TEXT
);
CREATE INDEX notice_case ON notice (case_id);

-- The sandbox: what would have been sent. Personal data.
CREATE TABLE letterbox (
    notice_id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    html TEXT NOT NULL,
    language TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX letterbox_at ON letterbox (at);

CREATE TABLE photo (
    id TEXT PRIMARY KEY,
    report_id TEXT,
    media_type TEXT NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    bytes BYTEA NOT NULL,
    received_at BIGINT NOT NULL
);
CREATE INDEX photo_unclaimed ON photo (received_at) WHERE report_id IS NULL;
