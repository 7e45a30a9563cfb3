-- Against abuse. Written as 0001 is.

-- Reports that were noticed at the door: held back, or let through with a mark. The report itself is kept like any
-- other; what it has no letter for yet is told from here.
CREATE TABLE held (
    report_id TEXT PRIMARY KEY,
    -- held, released, refused; passed: it went through at once.
    state TEXT NOT NULL,
    -- JSON: trap, fast, blocked, alike.
    reasons TEXT NOT NULL,
    trace TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- It is released then, if nobody looked.
    until BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX held_state ON held (state, at, report_id);
CREATE INDEX held_until ON held (until, report_id) WHERE state = 'held';

-- Who is on the block list. `key`: a domain, a network, or the key of an address, which does not tell it.
CREATE TABLE block (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    until BIGINT NOT NULL,
    reason TEXT NOT NULL,
    who TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX block_until ON block (until);

-- What was said lately and by whom, as keyed digests: the same words again are noticed. Gone after hours.
CREATE TABLE sighting (
    report_id TEXT PRIMARY KEY,
    words TEXT NOT NULL,
    peer TEXT,
    at BIGINT NOT NULL
);
CREATE INDEX sighting_words ON sighting (words, at);
CREATE INDEX sighting_peer ON sighting (peer, words, at);
CREATE INDEX sighting_at ON sighting (at);
