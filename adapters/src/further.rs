//! What the channels say to residents, for the files of further languages (see [`schemas::further`]).

use crate::{
    intake::{mail::WORDLESS, open311, sms},
    tasks::INTRO,
};
use schemas::further::Word;

/// Every one of these words.
pub fn words() -> impl Iterator<Item = &'static Word> {
    let open311 = [
        &open311::form::NOT_FETCHED,
        &open311::describe::YES,
        &open311::describe::NO,
        &open311::say::SOLVED,
        &open311::say::NOT_SOLVED,
    ];
    sms::words::words().chain([&WORDLESS, &INTRO]).chain(open311)
}
