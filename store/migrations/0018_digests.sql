-- What is told together. Written as 0001 is.

-- The notice that this one is told with: a digest.
ALTER TABLE notice ADD COLUMN digest TEXT;
CREATE INDEX notice_digest ON notice (digest) WHERE digest IS NOT NULL;
