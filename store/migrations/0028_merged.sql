-- Where a report is, so that others near it are found: the position in millionths of a degree, and one text for what has
-- an equal: the number of a thing of the city, else the address. Written as 0001 is.
ALTER TABLE report ADD COLUMN lat BIGINT;
ALTER TABLE report ADD COLUMN lon BIGINT;
ALTER TABLE report ADD COLUMN spot TEXT;
-- sqlite: UPDATE report SET lat = CAST(round((place ->> '$.point.lat') * 1000000) AS bigint), lon = CAST(round((place ->> '$.point.lon') * 1000000) AS bigint) WHERE place ->> '$.point.lat' IS NOT NULL;
CREATE INDEX report_near ON report (lat, lon) WHERE lat IS NOT NULL;
CREATE INDEX report_spot ON report (spot, received_at) WHERE spot IS NOT NULL;

-- Cases that are about the same thing as another: of each the main case (never a duplicate itself), and what it was before,
-- as JSON, to be put back.
CREATE TABLE merged (
    case_id TEXT PRIMARY KEY,
    main_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    was TEXT NOT NULL
);
CREATE INDEX merged_main ON merged (main_id);

-- Merged and split are told over Open311, too.
DROP INDEX event_said;
CREATE INDEX event_said ON event (at)
    WHERE what IN ('accepted', 'planned', 'asked', 'solved', 'declined', 'referred', 'reopened', 'answered',
        'part_solved', 'note', 'slipping', 'merged', 'split');
