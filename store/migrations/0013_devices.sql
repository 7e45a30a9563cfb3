-- The devices that the reporter of a case is told on. Written as 0001 is.

-- Personal data, but for the key: that of the address (see table address).
CREATE TABLE device (
    report_id TEXT NOT NULL,
    key TEXT NOT NULL,
    -- Where it takes messages: JSON.
    address TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (report_id, key)
);
CREATE INDEX device_key ON device (key);

-- The key of the device that a notice goes to: each device of a person has a notice of its own.
ALTER TABLE notice ADD COLUMN device TEXT;
