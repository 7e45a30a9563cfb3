-- By which ways somebody showed that what they left with a report is theirs: they wrote from there, or answered what only that
-- address was sent. Holds no address; goes with the contact. Written as 0001 is.
CREATE TABLE contact_proof (
    report_id TEXT NOT NULL,
    -- email, or sms: the telephone number.
    way TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (report_id, way)
);
