-- What is told over Open311 as an update of a request, by the moment it was said. Steps that every case takes are not
-- among it, so that most events cost nothing here.
CREATE INDEX event_said ON event (at)
    WHERE what IN ('accepted', 'planned', 'asked', 'solved', 'declined', 'referred', 'reopened', 'answered',
        'part_solved', 'note', 'slipping');
