-- When a broadcast starts, once it is approved; NULL: at once. Its state may be `scheduled`, too.
ALTER TABLE broadcast ADD COLUMN start_at BIGINT;
