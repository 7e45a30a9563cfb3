-- The activation that decides, locked until the transaction ends: who activates another version waits
-- for the batches that decide by this one, and batches that come meanwhile wait for it. A function, so
-- that lock and look are one round trip; its second statement sees what was committed while the first
-- one waited.
CREATE FUNCTION rules_in_force() RETURNS TABLE (nth bigint, named text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('voordeur rules'));
    RETURN QUERY SELECT n, version FROM activation ORDER BY n DESC LIMIT 1;
END $$;
