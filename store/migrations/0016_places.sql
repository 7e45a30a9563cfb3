-- Places that somebody wants to hear about. Written as 0001 is. Personal data: mostly where they live.

CREATE TABLE place (
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL,
    -- In their own words: at home, my mother.
    label TEXT,
    -- Millionths of a degree (WGS 84).
    lat BIGINT NOT NULL,
    lon BIGINT NOT NULL,
    -- As they wrote it, and as streets are compared.
    street TEXT,
    street_key TEXT,
    since BIGINT NOT NULL
);
CREATE INDEX place_person ON place (person_id, since, id);
CREATE INDEX place_lat ON place (lat, lon);
CREATE INDEX place_street ON place (street_key) WHERE street_key IS NOT NULL;
