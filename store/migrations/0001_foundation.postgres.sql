-- What PostgreSQL needs beside the shared text.

-- Teaches PostgreSQL to read a batch as SQLite does. Not STRICT, so that the planner inlines it.
CREATE OR REPLACE FUNCTION json_each(text) RETURNS TABLE (key bigint, value jsonb)
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT i - 1, v FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS e (v, i) $$;

-- Ids, lanes and states are compared byte by byte: faster than by a language's rules, and the
-- same order on every machine.
DO $$
DECLARE c record;
BEGIN
    FOR c IN SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND table_name <> 'migration' AND data_type = 'text'
    LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN %I TYPE text COLLATE "C"', c.table_name, c.column_name);
    END LOOP;
END $$;

-- Rows of letter live for milliseconds: clean up early and often.
ALTER TABLE letter SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_threshold = 20000, autovacuum_analyze_scale_factor = 0);
