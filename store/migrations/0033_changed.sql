-- When what everybody may know of a case last changed, by our clock: what keeps the public map, lists and feeds up to date reads
-- only that. Written as 0001 is.
ALTER TABLE cases ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX cases_changed ON cases (changed_at, id);
