//! What people of the city did: who, when, what, and why. Kept beside its effect, and never changed.

use crate::{Timestamp, Uuid};
use serde::Serialize;

/// What somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deed {
    /// An address is not told something any more, says the desk.
    NoticesStop,
    /// It is told again.
    NoticesLift,
    /// An address is forgotten.
    NoticesForget,
    /// A dead letter is sent again.
    DeadReplay,
    /// A dead letter is thrown away.
    DeadDrop,
    /// Rules were put in force.
    RulesActivate,
    /// Earlier rules were put in force again.
    RulesRollback,
    /// A batch of letters was printed.
    LettersPrint,
    /// It went in the post.
    LettersSent,
    /// A letter came back.
    LettersReturned,
    /// A case is about something else.
    CasesRecategorise,
    /// A case is the same as another.
    CasesMerge,
    /// It is a case of its own again.
    CasesSplit,
    /// A broadcast was written down.
    BroadcastDraft,
    /// Somebody else started it.
    BroadcastApprove,
    /// It stands still.
    BroadcastPause,
    /// It goes on.
    BroadcastResume,
    /// It goes no further.
    BroadcastStop,
    /// A mail that nobody understood is read once more.
    MailAgain,
    /// It is forgotten.
    MailDrop,
    /// A program was given a key.
    KeysCreate,
    /// A key is refused from now on.
    KeysRevoke,
    /// An account was made.
    StaffAdd,
    /// An account may not log in any more.
    StaffDisable,
    /// It may again.
    StaffEnable,
    /// Its password is worth nothing, and it was given a link to choose another.
    StaffReset,
    /// Somebody chose a password.
    StaffPassword,
    /// Somebody logged in.
    StaffLogin,
    /// Somebody did not get in by the name of an account.
    StaffRefused,
    /// Somebody logged out.
    StaffLogout,
    /// A report was taken down for somebody.
    DeskTake,
    /// Something was answered at once.
    DeskAnswer,
    /// A caller added words to a case.
    DeskJoin,
    /// Somebody is to be called back.
    DeskBack,
    /// The paper that a report came on was fetched.
    DeskScan,
    /// A photo was given out as it was sent.
    PhotosOriginal,
    /// A photo is erased.
    PhotosErase,
    /// What somebody sends is held from now on.
    AbuseBlock,
    /// It is not any more.
    AbuseUnblock,
    /// A report that was held is let through.
    AbuseRelease,
    /// It is refused.
    AbuseRefuse,
    /// What of a report may be read by everybody.
    AbuseApprove,
    /// Nothing of it may.
    AbuseReject,
    /// It may be read no more.
    AbuseUnpublish,
}

impl Deed {
    /// Every deed.
    pub const ALL: [Self; 44] = [
        Self::NoticesStop,
        Self::NoticesLift,
        Self::NoticesForget,
        Self::DeadReplay,
        Self::DeadDrop,
        Self::RulesActivate,
        Self::RulesRollback,
        Self::LettersPrint,
        Self::LettersSent,
        Self::LettersReturned,
        Self::CasesRecategorise,
        Self::CasesMerge,
        Self::CasesSplit,
        Self::BroadcastDraft,
        Self::BroadcastApprove,
        Self::BroadcastPause,
        Self::BroadcastResume,
        Self::BroadcastStop,
        Self::MailAgain,
        Self::MailDrop,
        Self::KeysCreate,
        Self::KeysRevoke,
        Self::StaffAdd,
        Self::StaffDisable,
        Self::StaffEnable,
        Self::StaffReset,
        Self::StaffPassword,
        Self::StaffLogin,
        Self::StaffRefused,
        Self::StaffLogout,
        Self::DeskTake,
        Self::DeskAnswer,
        Self::DeskJoin,
        Self::DeskBack,
        Self::DeskScan,
        Self::PhotosOriginal,
        Self::PhotosErase,
        Self::AbuseBlock,
        Self::AbuseUnblock,
        Self::AbuseRelease,
        Self::AbuseRefuse,
        Self::AbuseApprove,
        Self::AbuseReject,
        Self::AbuseUnpublish,
    ];

    /// The deed in words of the command line, with a dot.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoticesStop => "notices.stop",
            Self::NoticesLift => "notices.lift",
            Self::NoticesForget => "notices.forget",
            Self::DeadReplay => "dead.replay",
            Self::DeadDrop => "dead.drop",
            Self::RulesActivate => "rules.activate",
            Self::RulesRollback => "rules.rollback",
            Self::LettersPrint => "letters.print",
            Self::LettersSent => "letters.sent",
            Self::LettersReturned => "letters.returned",
            Self::CasesRecategorise => "cases.recategorise",
            Self::CasesMerge => "cases.merge",
            Self::CasesSplit => "cases.split",
            Self::BroadcastDraft => "broadcast.draft",
            Self::BroadcastApprove => "broadcast.approve",
            Self::BroadcastPause => "broadcast.pause",
            Self::BroadcastResume => "broadcast.resume",
            Self::BroadcastStop => "broadcast.stop",
            Self::MailAgain => "mail.again",
            Self::MailDrop => "mail.drop",
            Self::KeysCreate => "keys.create",
            Self::KeysRevoke => "keys.revoke",
            Self::StaffAdd => "staff.add",
            Self::StaffDisable => "staff.disable",
            Self::StaffEnable => "staff.enable",
            Self::StaffReset => "staff.reset",
            Self::StaffPassword => "staff.password",
            Self::StaffLogin => "staff.login",
            Self::StaffRefused => "staff.refused",
            Self::StaffLogout => "staff.logout",
            Self::DeskTake => "desk.take",
            Self::DeskAnswer => "desk.answer",
            Self::DeskJoin => "desk.join",
            Self::DeskBack => "desk.back",
            Self::DeskScan => "desk.scan",
            Self::PhotosOriginal => "photos.original",
            Self::PhotosErase => "photos.erase",
            Self::AbuseBlock => "abuse.block",
            Self::AbuseUnblock => "abuse.unblock",
            Self::AbuseRelease => "abuse.release",
            Self::AbuseRefuse => "abuse.refuse",
            Self::AbuseApprove => "abuse.approve",
            Self::AbuseReject => "abuse.reject",
            Self::AbuseUnpublish => "abuse.unpublish",
        }
    }
}

/// One line of the record of what people did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// Who, as they named themselves; `account NAME` when they did not.
    pub who: String,
    /// What they did: [`Deed::as_str`], or the word of another version of this program.
    pub deed: String,
    /// To what: ids, references, versions. An address stands here by its key, which does not tell it.
    pub what: String,
    /// Why, in their words; empty when they did not say.
    pub why: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_deed_has_a_word_of_its_own() {
        let words: BTreeSet<&str> = Deed::ALL.iter().map(|deed| deed.as_str()).collect();
        assert_eq!(words.len(), Deed::ALL.len());
        assert!(words.iter().all(|word| word.split('.').count() == 2), "{words:?}");
    }
}
