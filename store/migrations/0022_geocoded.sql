-- What a geocoder outside answered. Written as 0001 is. The key is a keyed digest of what was asked, so that a row does not
-- tell who lives where or what somebody wrote; the answer holds addresses of streets and houses alone.

CREATE TABLE geocoded (
    key TEXT PRIMARY KEY,
    -- JSON.
    answer TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX geocoded_at ON geocoded (at);
