-- Which cases residents contested: statistics read only these events. Written as 0001 is.
CREATE INDEX event_reopened ON event (case_id) WHERE what = 'reopened';
