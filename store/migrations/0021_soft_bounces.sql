-- Mails that came back for the time being: when it happens too often, the address counts as dead.
CREATE TABLE soft_bounce (
    way TEXT NOT NULL,
    -- That of a suppression: it does not tell the address.
    key TEXT NOT NULL,
    notice_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (way, key, notice_id)
);
CREATE INDEX soft_bounce_at ON soft_bounce (at);
