-- A photo once more, small, for pages that show several; empty when the photo itself is small, or older than this.
ALTER TABLE photo ADD COLUMN small BYTEA;
ALTER TABLE photo ADD COLUMN small_width BIGINT;
ALTER TABLE photo ADD COLUMN small_height BIGINT;
