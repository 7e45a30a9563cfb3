-- How many open cases each department leads: only the open ones stand in the index.
CREATE INDEX cases_open ON cases (lead) WHERE closed_at IS NULL AND lead IS NOT NULL;
