//! Forgetting where somebody is told.

use crate::{
    AddressKey, Result, Tx,
    db::{args, batch_ids},
    reports::{ContactRow, contacts_by_id},
    sql::sql,
};
use schemas::{Uuid, report::Contact, way::Way};
use std::collections::HashMap;

sql! {
    both CONTACTS_AFTER = "SELECT report_id, name, email, phone, post FROM contact WHERE report_id > $1
        ORDER BY report_id LIMIT $2";
    both NO_EMAIL = "UPDATE contact SET email = NULL WHERE report_id IN (SELECT value ->> 'id' FROM json_each($1))";
    both NO_PHONE = "UPDATE contact SET phone = NULL, phone_tail = NULL
        WHERE report_id IN (SELECT value ->> 'id' FROM json_each($1))";
    both NO_POST = "UPDATE contact SET post = NULL WHERE report_id IN (SELECT value ->> 'id' FROM json_each($1))";
    both NO_CONTACT = "DELETE FROM contact WHERE email IS NULL AND phone IS NULL AND post IS NULL
        AND report_id IN (SELECT value ->> 'id' FROM json_each($1))";
    // With the last of the contact, also who called for them and the paper that they wrote.
    both NO_CALLER = "UPDATE taken_down SET caller = NULL, scan_id = NULL
        WHERE report_id IN (SELECT value ->> 'id' FROM json_each($1))
            AND NOT EXISTS (SELECT 1 FROM contact WHERE contact.report_id = taken_down.report_id)";
    both NO_SCAN = "DELETE FROM scan WHERE report_id IN (SELECT value ->> 'id' FROM json_each($1))
            AND NOT EXISTS (SELECT 1 FROM contact WHERE contact.report_id = scan.report_id)";
    both NO_ITEMS = "DELETE FROM letterbox WHERE recipient = $1 AND way = $2";
    both NO_ADDRESS = "DELETE FROM address WHERE way = $1 AND key = $2 RETURNING person_id";
    both NO_PROOFS = "DELETE FROM proof WHERE way = $1 AND key = $2";
    both NO_SMS_IN = "DELETE FROM sms_in WHERE key = $1";
    both NO_SMS_TALK = "DELETE FROM sms_talk WHERE key = $1";
    both NO_SMS_OUT = "DELETE FROM sms_out WHERE key = $1";
    both NO_FOLLOWS = "DELETE FROM follow WHERE person_id = $1
        AND NOT EXISTS (SELECT 1 FROM address WHERE address.person_id = $1)";
    both NO_PLACES = "DELETE FROM place WHERE person_id = $1
        AND NOT EXISTS (SELECT 1 FROM address WHERE address.person_id = $1)";
    both NO_PERSON = "DELETE FROM person WHERE id = $1
        AND NOT EXISTS (SELECT 1 FROM address WHERE address.person_id = $1)";
}

impl Tx {
    /// What reporters left, of at most `limit` reports whose ids come after `after`, by report. Walks through
    /// the whole table page by page: for a person at work, not for a loop.
    pub async fn contacts_after(&mut self, after: Uuid, limit: usize) -> Result<HashMap<Uuid, Contact>> {
        let rows: Vec<ContactRow> = self.conn.all(CONTACTS_AFTER, args![after, limit]).await?;
        contacts_by_id(rows)
    }

    /// Forgets what the reporters of these reports left for a way, and the whole contact where nothing is left
    /// by which they could be reached, and the originals of their photos, which may tell who they are. A telephone number serves for messages and for calls. A push
    /// subscription does not stand there.
    pub async fn forget_contacts(&mut self, reports: &[Uuid], way: Way) -> Result<()> {
        self.drop_originals_of(reports).await?;
        let sql = match way {
            Way::Email => NO_EMAIL,
            Way::Sms | Way::Call => NO_PHONE,
            Way::Letter => NO_POST,
            Way::Push => return Ok(()),
        };
        self.conn.exec(sql, vec![batch_ids(reports)]).await?;
        self.unprove_contacts(reports, way).await?;
        for sql in [NO_CONTACT, NO_CALLER, NO_SCAN] {
            self.conn.exec(sql, vec![batch_ids(reports)]).await?;
        }
        Ok(())
    }

    /// Forgets what the sandbox kept for this recipient; returns how much that was.
    pub async fn forget_items(&mut self, way: Way, recipient: &str) -> Result<u64> {
        self.conn.exec(NO_ITEMS, args![recipient, way.as_str()]).await
    }

    /// Forgets an address of somebody who follows something, what waits for a proof of it, conversations with it, and them with what they
    /// follow and their places when it was their last. `None` when it was nobody's; otherwise whether the person is
    /// gone.
    pub async fn forget_address(&mut self, key: &AddressKey) -> Result<Option<bool>> {
        self.clear_soft_bounces(key).await?;
        self.conn.exec(NO_PROOFS, args![key.way.as_str(), key.key.as_str()]).await?;
        if key.way == Way::Sms {
            for sql in [NO_SMS_IN, NO_SMS_TALK, NO_SMS_OUT] {
                self.conn.exec(sql, args![key.key.as_str()]).await?;
            }
        }
        let gone: Vec<(String,)> = self.conn.all(NO_ADDRESS, args![key.way.as_str(), key.key.as_str()]).await?;
        let Some((person,)) = gone.into_iter().next() else { return Ok(None) };
        self.forget_unreachable(&person).await.map(Some)
    }

    /// Forgets a person with what they follow and their places, if they have no address left. Returns whether they are gone.
    pub async fn forget_unreachable(&mut self, person: &str) -> Result<bool> {
        self.conn.exec(NO_FOLLOWS, args![person]).await?;
        self.conn.exec(NO_PLACES, args![person]).await?;
        Ok(self.conn.exec(NO_PERSON, args![person]).await? > 0)
    }
}
