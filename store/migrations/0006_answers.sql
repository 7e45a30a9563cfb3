-- Which article answered a case at once, and whether the resident says that it helped.

CREATE TABLE answer (
    case_id TEXT PRIMARY KEY,
    article TEXT NOT NULL,
    language TEXT NOT NULL,
    at BIGINT NOT NULL,
    helped BOOLEAN,
    said_at BIGINT
);
CREATE INDEX answer_at ON answer (at);
