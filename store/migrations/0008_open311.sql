-- Open311: what a department's own server calls what it was sent. Written as 0001 is.

-- A dispatch that such a server took. One number may stand for several dispatches of one case.
CREATE TABLE open311_dispatch (
    dispatch_id TEXT PRIMARY KEY,
    department TEXT NOT NULL,
    number TEXT,
    -- What it gave instead of a number, until the number is there.
    token TEXT,
    since BIGINT NOT NULL
);
CREATE INDEX open311_dispatch_number ON open311_dispatch (department, number);
CREATE INDEX open311_dispatch_waiting ON open311_dispatch (department, dispatch_id)
    WHERE token IS NOT NULL AND number IS NULL;

-- A number that is asked after: what was last seen of it, until nobody needs to know.
CREATE TABLE open311_number (
    department TEXT NOT NULL,
    number TEXT NOT NULL,
    seen TEXT,
    dropped_at BIGINT,
    PRIMARY KEY (department, number)
);
-- What became known since the last time.
CREATE INDEX their_number_noted ON their_number (department, noted_at);
CREATE INDEX open311_number_followed ON open311_number (department, number) WHERE dropped_at IS NULL;
