-- Mails to departments that a mail server took and that may still come back. Written as 0001 is. The
-- letter holds no reporter.
CREATE TABLE mailed (
    dispatch_id TEXT PRIMARY KEY,
    letter TEXT NOT NULL,
    sent_at BIGINT NOT NULL
);
CREATE INDEX mailed_sent ON mailed (sent_at);
