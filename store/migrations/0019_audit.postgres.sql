CREATE FUNCTION audit_is_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.at < coalesce((SELECT CAST(value AS bigint) FROM setting WHERE name = 'audit_term'), 0) THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'audit is kept until its term';
    END IF;
    RAISE EXCEPTION 'audit is only added to';
END $$;
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_is_only_added_to();
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_only_added_to();
