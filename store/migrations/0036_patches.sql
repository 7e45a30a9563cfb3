-- The part of the city in which somebody wants to hear of single cases: a circle or a polygon. Written as 0001 is.
-- Personal data, as all of `place`.

-- JSON; none: the place is a point alone.
ALTER TABLE place ADD COLUMN patch TEXT;
-- The box around it, in millionths of a degree.
ALTER TABLE place ADD COLUMN south BIGINT;
ALTER TABLE place ADD COLUMN north BIGINT;
ALTER TABLE place ADD COLUMN west BIGINT;
ALTER TABLE place ADD COLUMN east BIGINT;
CREATE INDEX place_patch ON place (south, north, west, east) WHERE patch IS NOT NULL;
