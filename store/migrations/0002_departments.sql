-- What departments and rules need beyond the foundation. Written as 0001 is.

-- The clock: what it knows of a case (JSON, empty while nothing happened), when it looks again.
ALTER TABLE cases ADD COLUMN parts TEXT;
ALTER TABLE cases ADD COLUMN watch TEXT;
ALTER TABLE cases ADD COLUMN check_at BIGINT;
CREATE INDEX cases_check ON cases (check_at) WHERE check_at IS NOT NULL;

-- Every ruleset that ever decided, and which one decides: the activation with the highest n.
CREATE TABLE ruleset (
    version TEXT PRIMARY KEY,
    files TEXT NOT NULL,
    stored_at BIGINT NOT NULL
);
CREATE TABLE activation (
    n BIGINT PRIMARY KEY,
    version TEXT NOT NULL,
    at BIGINT NOT NULL,
    note TEXT NOT NULL
);

-- What adapters do by themselves: polling, reading a mailbox, writing a file. One process at a time.
CREATE TABLE round (
    name TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    next_at BIGINT NOT NULL,
    claimed_until BIGINT,
    ran_at BIGINT,
    why TEXT
);

-- Their number of a case: what an answer is recognised by when it does not know our dispatch.
CREATE TABLE their_number (
    department TEXT NOT NULL,
    number TEXT NOT NULL,
    dispatch_id TEXT NOT NULL,
    noted_at BIGINT NOT NULL,
    PRIMARY KEY (department, number)
);
CREATE INDEX their_number_dispatch ON their_number (dispatch_id);

-- What a person has to do for a department that no machine reaches.
CREATE TABLE task (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    desk TEXT NOT NULL,
    department TEXT NOT NULL,
    dispatch_id TEXT,
    case_id TEXT NOT NULL,
    reference BIGINT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    level BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    due_at BIGINT,
    done_at BIGINT,
    done_by TEXT,
    outcome TEXT
);
CREATE INDEX task_open ON task (desk, opened_at) WHERE state = 'open';
CREATE INDEX task_due ON task (due_at) WHERE state = 'open' AND due_at IS NOT NULL;
CREATE INDEX task_case ON task (case_id);

-- Dispatches that wait for the next file of their department, and those that went in one.
CREATE TABLE batch_row (
    dispatch_id TEXT PRIMARY KEY,
    department TEXT NOT NULL,
    body TEXT NOT NULL,
    staged_at BIGINT NOT NULL,
    batch TEXT,
    delivered_at BIGINT
);
CREATE INDEX batch_row_waiting ON batch_row (department, staged_at) WHERE delivered_at IS NULL;
