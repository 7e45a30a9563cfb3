-- Keys of programs that bring reports in. Only the digest of a key is kept; the prefix is how people recognise it.
CREATE TABLE api_key (
    id TEXT PRIMARY KEY,
    prefix TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    channel TEXT NOT NULL,
    kind TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    used_at BIGINT,
    revoked_at BIGINT
);

-- What came by a channel, the newest first.
CREATE INDEX report_of_channel ON report (channel, id);
