//! Whose message a text message is: the reports whose reporter was told by that number.

use crate::{
    Error, Result, Tx,
    db::{args, row},
    references,
    sql::sql,
};
use schemas::{Timestamp, Uuid, id::from_micros, reference::Reference};

sql! {
    both TOLD = "SELECT contact.report_id, contact.phone, report.reference, max(notice.sent_at) AS sent_at
        FROM contact JOIN report ON report.id = contact.report_id
        JOIN notice ON notice.case_id = contact.report_id AND notice.person = 'reporter' AND notice.way = 'sms'
        WHERE contact.phone_tail = $1 AND notice.sent_at > $2
        GROUP BY contact.report_id, contact.phone, report.reference
        ORDER BY max(notice.sent_at) DESC, contact.report_id DESC LIMIT 50";
}

row! { "contact", ToldRow { report_id: String, phone: String, reference: i64, sent_at: i64 } }

/// A report whose reporter was told of it by text message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldBySms {
    /// The report.
    pub report: Uuid,
    /// Its reference.
    pub reference: Reference,
    /// Their number, as they wrote it.
    pub phone: String,
    /// When they were told of it last.
    pub told_at: Timestamp,
}

/// The last eight digits of a telephone number: the same however it is written, with the country or without.
pub(crate) fn tail(phone: &str) -> String {
    let digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
    digits[digits.len().saturating_sub(8)..].iter().collect()
}

impl Tx {
    /// The reports whose reporter was told of them by text message after `since`, at a number that ends as
    /// `phone` does: at most 50, the one that was told last first. Numbers of two countries may end alike.
    pub async fn told_by_sms(&mut self, phone: &str, since: Timestamp) -> Result<Vec<ToldBySms>> {
        let rows: Vec<ToldRow> = self.conn.all(TOLD, args![tail(phone), since]).await?;
        rows.into_iter()
            .map(|row| {
                let broken = |column| Error::broken("contact", column, &row.report_id);
                Ok(ToldBySms {
                    report: row.report_id.parse().map_err(|_| broken("report_id"))?,
                    reference: references::read(row.reference).ok_or_else(|| broken("reference"))?,
                    told_at: from_micros(row.sent_at),
                    phone: row.phone,
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::tail;

    #[test]
    fn the_end_of_a_number_is_the_same_however_it_is_written() {
        for phone in ["+32 470 12 34 56", "0470/12.34.56", "0032470123456", "32470123456", "(0470) 12-34-56"] {
            assert_eq!(tail(phone), "70123456", "{phone}");
        }
        assert_eq!((tail("056 12"), tail("")), ("05612".to_owned(), String::new()));
    }
}
