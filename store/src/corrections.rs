//! Corrected categories. Whoever reads a report through this crate reads the corrected one; what the
//! resident chose stays in its row.

use crate::{Result, Tx, db::args, sql::sql};
use schemas::{Uuid, slug::CategoryId};

sql! {
    both CORRECT = "INSERT INTO correction (case_id, category, corrected_by, at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (case_id) DO UPDATE SET category = excluded.category, corrected_by = excluded.corrected_by,
            at = excluded.at";
}

impl Tx {
    /// From now on the report of `case` is about `category`, says `by`. The last correction counts.
    pub async fn correct_category(&mut self, case: Uuid, category: &CategoryId, by: &str) -> Result<()> {
        let now = self.clock().now();
        self.conn.exec(CORRECT, args![case, category.as_str(), by, now]).await?;
        self.touch_cases(&[case]).await
    }
}
