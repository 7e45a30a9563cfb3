-- People, how they want to be told, and what they do not want. Written as 0001 is.

ALTER TABLE contact ADD COLUMN post TEXT;

ALTER TABLE notice ADD COLUMN way TEXT NOT NULL DEFAULT 'email';
-- Why this person is told, this way and at this moment: JSON.
ALTER TABLE notice ADD COLUMN reasons TEXT NOT NULL DEFAULT '[]';
ALTER TABLE notice ADD COLUMN due_at BIGINT;
-- The templates that it was written with: the head of their sha256.
ALTER TABLE notice ADD COLUMN template_version TEXT;
-- Millionths of a euro.
ALTER TABLE notice ADD COLUMN cost BIGINT;
-- What was heard of it after it was sent.
ALTER TABLE notice ADD COLUMN heard_at BIGINT;
CREATE INDEX notice_person ON notice (person, planned_at);

ALTER TABLE letterbox ADD COLUMN way TEXT NOT NULL DEFAULT 'email';

-- Somebody who follows something. Personal data.
CREATE TABLE person (
    id TEXT PRIMARY KEY,
    -- The unguessable part of the link to their choices.
    token TEXT NOT NULL,
    name TEXT,
    language TEXT NOT NULL,
    -- Quiet hours of their own, as 22:00-07:00; none: the city's.
    quiet TEXT,
    -- at_once, daily or weekly.
    rhythm TEXT NOT NULL,
    made_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX person_token ON person (token);

-- Where they are told. Personal data, but for the key: a keyed digest of way and address, by which the
-- same address is known again.
CREATE TABLE address (
    way TEXT NOT NULL,
    key TEXT NOT NULL,
    person_id TEXT NOT NULL,
    -- The lowest is tried first.
    rank BIGINT NOT NULL,
    address TEXT NOT NULL,
    verified_at BIGINT,
    PRIMARY KEY (way, key)
);
CREATE INDEX address_person ON address (person_id, rank);

-- What they want to hear of: case and its id; topic and a category or group; area and its id.
CREATE TABLE follow (
    scope TEXT NOT NULL,
    target TEXT NOT NULL,
    person_id TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (scope, target, person_id)
);
CREATE INDEX follow_person ON follow (person_id);

-- Who is not told, and of what: scope is all, topic, area or case. No personal data.
CREATE TABLE suppression (
    way TEXT NOT NULL,
    key TEXT NOT NULL,
    scope TEXT NOT NULL,
    target TEXT NOT NULL,
    -- unsubscribed, stopped, bounced, complained, desk, gone.
    reason TEXT NOT NULL,
    -- The words of the provider or of the desk, without the address.
    why TEXT,
    at BIGINT NOT NULL,
    -- Until when; none: until somebody lifts it.
    until BIGINT,
    PRIMARY KEY (way, key, scope, target)
);

-- What providers say of notices, in whatever order it comes; one row per thing said.
CREATE TABLE receipt (
    id TEXT PRIMARY KEY,
    -- The notice; none while only the provider's own number is known.
    notice_id TEXT,
    provider TEXT NOT NULL,
    -- The provider's own number of the message, or of one part of it.
    number TEXT,
    state TEXT NOT NULL,
    why TEXT,
    at BIGINT NOT NULL,
    heard_at BIGINT NOT NULL
);
CREATE INDEX receipt_notice ON receipt (notice_id, at);
CREATE INDEX receipt_number ON receipt (provider, number) WHERE notice_id IS NULL;

-- The numbers that a provider gave to a notice, one per part.
CREATE TABLE provider_number (
    provider TEXT NOT NULL,
    number TEXT NOT NULL,
    notice_id TEXT NOT NULL,
    PRIMARY KEY (provider, number)
);
CREATE INDEX provider_number_notice ON provider_number (notice_id);
