-- People of the city who log in. Written as 0001 is. No password, link or session is kept, but a hash of each.

CREATE TABLE account (
    id TEXT PRIMARY KEY,
    -- As the audit has them.
    name TEXT NOT NULL,
    -- What they log in with, in small letters.
    email TEXT NOT NULL UNIQUE,
    -- JSON lists.
    roles TEXT NOT NULL,
    departments TEXT NOT NULL,
    -- Argon2id, in PHC form; none while no password was chosen.
    password TEXT,
    made_at BIGINT NOT NULL,
    disabled_at BIGINT,
    logged_in_at BIGINT
);

-- The one link by which somebody may choose a password, once.
CREATE TABLE account_link (
    account_id TEXT PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    expires_at BIGINT NOT NULL
);

CREATE TABLE session (
    -- SHA-256 of what stands in the cookie.
    digest TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    -- Within a minute.
    seen_at BIGINT NOT NULL,
    -- The end, however busy it is.
    ends_at BIGINT NOT NULL
);
CREATE INDEX session_account ON session (account_id);
CREATE INDEX session_end ON session (ends_at);

-- How often somebody tried to log in by one name, or from one address, since the last time that it worked. The key
-- tells neither.
CREATE TABLE login_try (
    key TEXT PRIMARY KEY,
    tries BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- Nothing is tried before.
    until BIGINT
);
CREATE INDEX login_try_at ON login_try (at);
