-- Whose text message is this? By the last eight digits of a telephone number, however it is written.
ALTER TABLE contact ADD COLUMN phone_tail TEXT;

UPDATE contact SET phone_tail = replace(replace(replace(replace(replace(replace(replace(
    phone, ' ', ''), '.', ''), '/', ''), '-', ''), '(', ''), ')', ''), '+', '')
WHERE phone IS NOT NULL;

UPDATE contact SET phone_tail = substr(phone_tail, length(phone_tail) - 7) WHERE length(phone_tail) > 8;

CREATE INDEX contact_phone ON contact (phone_tail);
