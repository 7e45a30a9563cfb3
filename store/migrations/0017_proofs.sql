-- Who proves that an address is theirs. Written as 0001 is.

-- Somebody asked for something at an address, and got a message there with a link and a code. Personal data; kept
-- for a week. Neither the link nor the code is kept: both derive from the id with the secret of the city.
CREATE TABLE proof (
    id TEXT PRIMARY KEY,
    way TEXT NOT NULL,
    key TEXT NOT NULL,
    -- Whose choices it is added to; none: whoever it belongs to, or somebody new.
    person_id TEXT,
    address TEXT NOT NULL,
    language TEXT NOT NULL,
    -- What they asked for: JSON.
    wants TEXT NOT NULL,
    -- 1: a message was sent; 0: too many were.
    sent BIGINT NOT NULL,
    -- How many codes were tried.
    tries BIGINT NOT NULL,
    asked_at BIGINT NOT NULL,
    done_at BIGINT
);
CREATE INDEX proof_address ON proof (way, key, asked_at);
CREATE INDEX proof_way ON proof (way, asked_at);
CREATE INDEX proof_person ON proof (person_id, asked_at) WHERE person_id IS NOT NULL;
CREATE INDEX proof_asked ON proof (asked_at);
