-- What people of the city did. Rows are added; what is older than the term that the city sets may go, nothing else
-- changes them. Written as 0001 is. No personal data of residents: an address stands here by its key.

CREATE TABLE audit (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    who TEXT NOT NULL,
    deed TEXT NOT NULL,
    what TEXT NOT NULL,
    why TEXT NOT NULL
);
CREATE INDEX audit_at ON audit (at, id);

-- sqlite: CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is only added to'); END;
-- sqlite: CREATE TRIGGER audit_stays BEFORE DELETE ON audit WHEN old.at >= coalesce((SELECT CAST(value AS bigint) FROM setting WHERE name = 'audit_term'), 0) BEGIN SELECT RAISE(ABORT, 'audit is kept until its term'); END;

-- The words of providers that stand among the reasons of a notice are forgotten by term, too.
CREATE INDEX notice_instead ON notice (planned_at)
    WHERE reasons LIKE '%"because":"instead"%' AND reasons NOT LIKE '%"why":"(forgotten)"%';
