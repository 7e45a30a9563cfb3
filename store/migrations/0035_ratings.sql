-- What a resident says of how their report was dealt with, with one tap; and by which address they find their reports.

CREATE TABLE rating (
    report_id TEXT PRIMARY KEY,
    department TEXT NOT NULL,
    category TEXT NOT NULL,
    score TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX rating_at ON rating (at);
CREATE INDEX rating_department ON rating (department, at);
CREATE INDEX contact_email ON contact (lower(email));
