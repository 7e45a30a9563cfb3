//! What the router says to residents, for the files of further languages (see [`schemas::further`]).

use crate::worker::NOBODY_LEFT;
use schemas::further::Word;

/// Every one of these words.
pub fn words() -> impl Iterator<Item = &'static Word> {
    [&NOBODY_LEFT].into_iter()
}
