-- The clock: by when each case is expected, so that who is late is counted without reading every case.
-- Written as 0001 is.
ALTER TABLE cases ADD COLUMN due_on TEXT;
DROP INDEX cases_open;
CREATE INDEX cases_open ON cases (lead, status, due_on) WHERE closed_at IS NULL AND lead IS NOT NULL;
