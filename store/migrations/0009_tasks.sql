-- Tasks: who is at it, whom to call, and the ways by which they are found.

ALTER TABLE task ADD COLUMN calls TEXT NOT NULL DEFAULT '{}';
ALTER TABLE task ADD COLUMN claimed_by TEXT;
ALTER TABLE task ADD COLUMN claimed_at BIGINT;
DROP INDEX task_open;
CREATE INDEX task_desk ON task (desk, state, id);
CREATE INDEX task_dispatch ON task (dispatch_id) WHERE dispatch_id IS NOT NULL;

-- The cases of one department, for departments that work in our own console. The id sorts by the
-- time of its report, so that rows are added at the end of each department's part.
CREATE INDEX dispatch_department ON dispatch (department, id);
