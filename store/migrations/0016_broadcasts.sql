-- Broadcasts: the city tells many people one thing. Written as 0001 is. No personal data of residents.

CREATE TABLE broadcast (
    id TEXT PRIMARY KEY,
    -- What residents call it.
    reference BIGINT NOT NULL,
    -- JSON: per language a subject, a text, and what a text message says.
    words TEXT NOT NULL,
    -- JSON: who is told.
    audience TEXT NOT NULL,
    -- JSON: the surfaces that were drawn on a map.
    drawn TEXT NOT NULL,
    -- 1: it does not wait for quiet hours.
    critical BIGINT NOT NULL,
    -- draft, running, paused, done, stopped.
    state TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    approved_by TEXT,
    approved_at BIGINT,
    -- How many people were to be told when it was approved.
    expected BIGINT,
    changed_by TEXT,
    changed_at BIGINT,
    -- Raised with each step: a letter that asks for another one is out of date.
    step BIGINT NOT NULL,
    -- The last person who was looked at.
    cursor_at TEXT,
    planned_at BIGINT,
    ended_at BIGINT,
    -- Those who were looked at.
    planned BIGINT NOT NULL,
    unwanted BIGINT NOT NULL,
    unreachable BIGINT NOT NULL,
    -- JSON: per sender, when its next notice may leave.
    slots TEXT NOT NULL
);
CREATE UNIQUE INDEX broadcast_reference ON broadcast (reference);
CREATE INDEX broadcast_running ON broadcast (id) WHERE state = 'running';
CREATE INDEX broadcast_made ON broadcast (made_at, id);

-- What of a broadcast is still to be sent: what holds the next step back.
CREATE INDEX notice_broadcast ON notice (case_id, sender, due_at) WHERE template = 'broadcast' AND state = 'planned';
