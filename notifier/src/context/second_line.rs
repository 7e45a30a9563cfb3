//! Where somebody goes who is not content with how it ended.

use schemas::{
    city::City,
    event::{CaseEvent, What},
    report::{Language, Report},
};
use serde::Serialize;

/// The independent body that looks at what the city did; said to who sent it, when it ends.
#[derive(Debug, Default, Serialize)]
pub struct SecondLine<'a> {
    /// Its name.
    pub second_line: Option<&'a str>,
    /// Its telephone number.
    pub second_line_phone: Option<&'a str>,
    /// The address of its website.
    pub second_line_web: Option<&'a str>,
}

impl<'a> SecondLine<'a> {
    pub(super) fn of(city: &'a City, event: &CaseEvent, report: &Report, is_theirs: bool, language: Language) -> Self {
        let ends = matches!(event.what, What::Solved { .. } | What::Declined { .. } | What::Referred { .. });
        let line = city.policy(report).second_line.as_ref().filter(|_| ends && is_theirs);
        line.map_or_else(Self::default, |line| Self {
            second_line: Some(line.name(language)),
            second_line_phone: line.phone.as_deref(),
            second_line_web: line.web.as_deref(),
        })
    }
}
