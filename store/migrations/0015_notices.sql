-- The words that notices are written with, so that what was planned is sent in the words it was planned with,
-- and can be read again later. Written as 0001 is. No personal data.

CREATE TABLE template_version (
    -- The head of the sha256 of the texts.
    version TEXT PRIMARY KEY,
    template TEXT NOT NULL,
    language TEXT NOT NULL,
    -- JSON: each file with its text.
    texts TEXT NOT NULL,
    since BIGINT NOT NULL
);
CREATE INDEX template_version_of ON template_version (template, language, since);
CREATE INDEX notice_template_version ON notice (template_version) WHERE template_version IS NOT NULL;

-- Somebody wants to be forgotten, in the sandbox too.
CREATE INDEX letterbox_recipient ON letterbox (recipient);
