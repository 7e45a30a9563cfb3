-- What people of the city take down. Written as 0001 is.

-- Who of the city took a report down, and for whom. The caller's name is personal data, and goes with the contact.
CREATE TABLE taken_down (
    report_id TEXT PRIMARY KEY,
    -- The account, and its name at that moment.
    account_id TEXT NOT NULL,
    by_name TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- Who called for the one it is for, and agreed that both names are kept.
    caller TEXT,
    -- When a letter came in: YYYY-MM-DD.
    received_on TEXT,
    -- The paper itself, as it was scanned: id of the row in scan.
    scan_id TEXT
);

-- A paper as it was scanned. Personal data; for people of the city alone.
CREATE TABLE scan (
    id TEXT PRIMARY KEY,
    -- Who put it there, until a report has it.
    report_id TEXT,
    media_type TEXT NOT NULL,
    bytes BYTEA NOT NULL,
    received_at BIGINT NOT NULL
);
CREATE INDEX scan_unclaimed ON scan (received_at) WHERE report_id IS NULL;

-- What somebody of the city answered at once, without a case. Nothing of who asked.
CREATE TABLE first_line (
    id TEXT PRIMARY KEY,
    -- YYYY-MM-DD, in the city.
    day TEXT NOT NULL,
    channel TEXT NOT NULL,
    category TEXT NOT NULL,
    -- The article that was read out, if one was; empty: none.
    article TEXT NOT NULL,
    language TEXT NOT NULL
);
CREATE INDEX first_line_day ON first_line (day);
