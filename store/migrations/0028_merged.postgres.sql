-- Where reports are that were kept before.
UPDATE report SET lat = CAST(round(CAST(CAST(place AS json) -> 'point' ->> 'lat' AS numeric) * 1000000) AS bigint),
    lon = CAST(round(CAST(CAST(place AS json) -> 'point' ->> 'lon' AS numeric) * 1000000) AS bigint)
WHERE CAST(place AS json) -> 'point' ->> 'lat' IS NOT NULL;
