-- Mail as a door. Written as 0001 is.

-- Which case a mail of a resident belongs to. Holds no address and no words: `key` derives from the Message-ID,
-- `sender` is the key of an address, `left_out` says what kinds of things were not taken.
CREATE TABLE mail_in (
    key TEXT PRIMARY KEY,
    report_id TEXT NOT NULL,
    sender TEXT NOT NULL,
    -- report: acknowledged; silent: a report of somebody who was answered a moment before; wrote: joined its case.
    what TEXT NOT NULL,
    left_out TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX mail_in_sender ON mail_in (sender, at);
CREATE INDEX mail_in_report ON mail_in (report_id);
CREATE INDEX mail_in_at ON mail_in (at);

-- Mails that a mail server handed over by LMTP. Personal data: a row goes with the commit of what its mail came to,
-- or stays with the reason why until a person looked at it, or its term is over.
CREATE TABLE mail_spool (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    -- Why it stays; null while it waits to be read.
    why TEXT,
    bytes BYTEA NOT NULL
);
CREATE INDEX mail_spool_waiting ON mail_spool (at, id) WHERE why IS NULL;
CREATE INDEX mail_spool_kept ON mail_spool (at, id) WHERE why IS NOT NULL;
