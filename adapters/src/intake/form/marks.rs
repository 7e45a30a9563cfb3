//! The hidden marks of a form: its token, and when it was shown.

use super::{Door, FormData, field};
use crate::intake::{IntakeTools, guard::Clues};
use std::net::IpAddr;

impl Door {
    /// The form with its token and the mark of when it was shown, as its page hides them: those that it has, if they
    /// are good. A mark that cannot be made is left out.
    pub async fn marked(&self, mut form: FormData) -> FormData {
        let IntakeTools { store, clock, ids, guard, .. } = &self.tools;
        let token = form.filled(field::TOKEN).unwrap_or_else(|| ids.token());
        let mark = form.filled(field::SHOWN).unwrap_or_default();
        form.fields.retain(|(name, _)| name != field::TOKEN && name != field::SHOWN);
        let mark = match guard.is_mark(store, &token, &mark).await {
            Ok(true) => Ok(mark),
            _ => guard.mark(store, clock, &token).await,
        };
        form.fields.push((field::TOKEN.to_owned(), token));
        form.fields.extend(mark.ok().map(|mark| (field::SHOWN.to_owned(), mark)));
        form
    }

    pub(super) async fn clues(
        &self,
        form: &FormData,
        token: Option<&str>,
        peer: Option<IpAddr>,
    ) -> Result<Clues, store::Error> {
        let IntakeTools { store, clock, guard, .. } = &self.tools;
        let mark = form.filled(field::SHOWN);
        let fast = guard.is_fast(store, clock.now(), token, mark.as_deref()).await?;
        Ok(Clues { peer, trap: form.filled(field::TRAP).is_some(), fast })
    }
}
