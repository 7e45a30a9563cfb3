-- Text messages as a door. Written as 0001 is.

-- What people send to the city. Personal data until it is read; then the row stays for days without number and words,
-- so that the same message is known again.
CREATE TABLE sms_in (
    id TEXT PRIMARY KEY,
    -- The key of the number.
    key TEXT NOT NULL,
    number TEXT NOT NULL,
    words TEXT NOT NULL,
    -- Which part of a longer message it is: `reference/of/nth`; null when it is whole.
    part TEXT,
    at BIGINT NOT NULL,
    -- 1: read.
    done BIGINT NOT NULL
);
CREATE INDEX sms_in_waiting ON sms_in (at, id) WHERE done = 0;
CREATE INDEX sms_in_key ON sms_in (key, at);
CREATE INDEX sms_in_at ON sms_in (at);

-- Conversations that are not over. Personal data; gone with their end, hours later at most.
CREATE TABLE sms_talk (
    key TEXT PRIMARY KEY,
    number TEXT NOT NULL,
    state TEXT NOT NULL,
    until BIGINT NOT NULL
);
CREATE INDEX sms_talk_until ON sms_talk (until);

-- What the city says in them. Personal data; kept for two days, for the limits.
CREATE TABLE sms_out (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL,
    number TEXT NOT NULL,
    what TEXT NOT NULL,
    words TEXT NOT NULL,
    language TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX sms_out_key ON sms_out (key, at);
CREATE INDEX sms_out_at ON sms_out (at);
