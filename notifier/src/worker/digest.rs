//! Sends a digest: everything that was gathered for somebody, in one mail.

use super::{
    known::is_unwanted,
    send::{SendWorker, UNWANTED},
};
use crate::{digest::Digest, senders::Parcel};
use schemas::{
    notice::NoticeState,
    report::Urgency,
    verdict::{Fault, Verdict},
    way::Address,
};
use store::{NoticeEnd, NoticeView};

impl SendWorker {
    /// Hands over the digest `view` to the person at `to`. What they do not want any more is left out, and is
    /// written down as such before the mail leaves.
    pub(super) async fn deliver_digest(&self, view: &NoticeView, to: Address) -> Result<Verdict, store::Error> {
        let rows = self.store.gathered(view.notice.id).await?;
        let left_out =
            |state| matches!(state, NoticeState::Suppressed | NoticeState::Superseded | NoticeState::Stopped);
        let ids: Vec<_> = rows.iter().filter(|row| !left_out(row.notice.state)).map(|row| row.notice.id).collect();
        let views = self.store.notices_by_ids(&ids).await?;
        let (mut items, mut unwanted) = (Vec::new(), Vec::new());
        for one in ids.iter().filter_map(|id| views.get(id)) {
            if is_unwanted(&self.store, &self.city, &self.keys, one, &to).await? {
                let (id, at, why) = (one.notice.id, self.store.clock().now(), Some(UNWANTED.to_owned()));
                unwanted.push(NoticeEnd { id, state: NoticeState::Suppressed, at, receipt: None, why });
                continue;
            }
            match self.render(one).await? {
                Ok((rendered, _)) => items.push(rendered),
                Err(error) => return Ok(Verdict::never(Fault::Ours, error.to_string())),
            }
        }
        if !unwanted.is_empty() {
            let mut tx = self.store.begin().await?;
            tx.settle_notices(&unwanted).await?;
            tx.commit().await?;
        }
        if items.is_empty() {
            return Ok(Verdict::receipt(UNWANTED));
        }
        let (notice, language) = (&view.notice, self.city.answers_in(view.notice.language));
        let (wishes, why) = (self.links.wishes(notice.id, language), self.links.why(notice.id, language));
        let choices = self.links.choices(notice.id, language);
        let name = view.person.as_ref().and_then(|(person, _)| person.name.as_deref());
        let digest = Digest { name, items: &items, wishes: &wishes, why: &why, choices: &choices };
        let made = match self.words.today().render_digest(&self.city, &digest, language) {
            Ok(made) => made,
            Err(error) => return Ok(Verdict::never(Fault::Ours, error.to_string())),
        };
        let parcel = Parcel {
            notice: notice.id,
            // A thread of its own: it is about no single case.
            case_id: notice.id,
            reference: view.reference(),
            person: notice.person.clone(),
            version: 1,
            to,
            subject: made.subject,
            text: made.text,
            html: made.html,
            short: made.short,
            paper: Vec::new(),
            link: made.link,
            language,
            critical: false,
            urgency: Urgency::Normal,
            is_status: false,
            may_stop: true,
            at: notice.planned_at,
        };
        Ok(self.sender.send(&parcel).await)
    }
}
