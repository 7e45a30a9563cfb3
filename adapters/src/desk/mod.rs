//! The desk: what people of the city take down while somebody is on the telephone, stands at the counter, or from a letter.
//!
//! - [`earlier`]: the cases of the number that calls, and what the caller adds to one of them.
//! - [`take`]: a report, with who took it down and for whom, as one.
//! - [`answer`]: what is answered at once, counted without a case.
//! - [`back`]: somebody of the city calls back.
//! - [`scan`]: the paper that a report came on.

pub mod answer;
pub mod back;
pub mod earlier;
pub mod scan;
pub mod take;

use crate::intake::{Doors, IntakeTools, form, photo};
use schemas::{
    account::{Account, Role},
    case::Case,
    city::City,
    report::{Kind, Report},
};

/// The names of the fields of the desk's page, besides those of the form.
pub mod field {
    /// Who of the city's channels for this it came by: `phone`, `counter`, `letter`.
    pub const CHANNEL: &str = "channel";
    /// The number of whoever calls.
    pub const NUMBER: &str = "number";
    /// They leave neither name nor number.
    pub const ANONYMOUS: &str = "anonymous";
    /// It is for somebody else.
    pub const BEHALF: &str = "behalf";
    /// Who calls for them.
    pub const CALLER: &str = "caller";
    /// The one it is for, or who calls for them, agrees that both names are kept.
    pub const CONSENT: &str = "consent";
    /// The day on which a letter came in.
    pub const RECEIVED_ON: &str = "received_on";
    /// The paper, as a file.
    pub const SCAN: &str = "scan";
    /// A scan that is here already.
    pub const KEPT_SCAN: &str = "kept_scan";
    /// The article that was read out.
    pub const ARTICLE: &str = "article";
    /// The button that looks everything up.
    pub const LOOK: &str = "look";
    /// The button that says that it was answered at once.
    pub const ANSWERED: &str = "answered";
}

/// The desk of one hub. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Desk {
    pub(crate) tools: IntakeTools,
    pub(crate) form: form::Door,
    pub(crate) photos: photo::Desk,
}

impl Desk {
    /// The desk beside these doors.
    pub fn new(doors: &Doors) -> Self {
        Self { tools: doors.tools.clone(), form: doors.form.clone(), photos: doors.photos.clone() }
    }
}

/// Whether somebody may read a report and its case: those of confidential departments, and complaints, are for their own
/// people.
pub fn may_read(city: &City, account: &Account, report: &Report, case: Option<&Case>) -> bool {
    let lead = case.and_then(|case| case.lead.as_ref());
    let usual = city.category(&report.category).map(|category| &category.department);
    let department = lead.or(usual).and_then(|id| city.department(id));
    let secret = report.kind == Kind::Complaint || department.is_some_and(|department| department.confidential);
    let complaint = report.kind == Kind::Complaint && account.may(Role::Complaints);
    complaint || account.may_read(department.map_or("", |department| department.id.as_str()), secret)
}
