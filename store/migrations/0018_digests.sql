-- What is told together, and what is forgotten by term. Written as 0001 is.

-- The notice that this one is told with: a digest.
ALTER TABLE notice ADD COLUMN digest TEXT;
CREATE INDEX notice_digest ON notice (digest) WHERE digest IS NOT NULL;

-- The words of providers, which are forgotten by term.
CREATE INDEX notice_words ON notice (planned_at) WHERE (why IS NOT NULL OR receipt IS NOT NULL);
CREATE INDEX receipt_words ON receipt (heard_at) WHERE (why IS NOT NULL OR number IS NOT NULL);
