-- Photos whose bytes lie elsewhere, and what was sent of them before they were made safe. Written as 0001 is.

-- Where the bytes lie, when not here: `bytes` is empty then.
ALTER TABLE photo ADD COLUMN shelf TEXT;
ALTER TABLE photo ADD COLUMN file TEXT;
ALTER TABLE photo ADD COLUMN small_file TEXT;
CREATE INDEX photo_report ON photo (report_id) WHERE report_id IS NOT NULL;

-- The bytes as they were sent, metadata and all. Personal data; gone by term, and with their photo.
CREATE TABLE photo_original (
    photo_id TEXT PRIMARY KEY,
    media_type TEXT NOT NULL,
    bytes BYTEA NOT NULL,
    shelf TEXT,
    file TEXT,
    received_at BIGINT NOT NULL
);
CREATE INDEX photo_original_at ON photo_original (received_at);

-- Every file that may lie on a shelf: written down before it is, and struck off after it is gone.
CREATE TABLE photo_file (
    file TEXT PRIMARY KEY,
    shelf TEXT NOT NULL,
    photo_id TEXT NOT NULL,
    -- From when on it goes; null: a photo needs it.
    due_at BIGINT
);
CREATE INDEX photo_file_due ON photo_file (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX photo_file_photo ON photo_file (photo_id);
