//! One public case as open data has it: the same fields in GeoJSON and in CSV.

use crate::{app::App, public::PublicCase};
use adapters::abuse::review::Approved;
use schemars::JsonSchema;
use schemas::{
    Date, Timestamp,
    case::Status,
    city::in_language,
    place::Point,
    reference::Reference,
    report::{Kind, Language},
    slug::{AreaId, CategoryId, DepartmentId},
};
use serde::Serialize;

/// The fields of [`Row`] in a sheet, in order; several of one are parted by blanks.
pub const FIELDS: [&str; 17] = [
    "reference",
    "kind",
    "category",
    "category_name",
    "areas",
    "received_at",
    "status",
    "status_at",
    "closed_at",
    "department",
    "expected_on",
    "people",
    "lat",
    "lon",
    "words",
    "photos",
    "page",
];

/// A public case.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenCase")]
pub struct Row {
    /// Eight digits.
    pub reference: Reference,
    /// What kind of matter.
    pub kind: Kind,
    /// An id of the list of categories.
    pub category: CategoryId,
    /// Its name in the language of the city.
    pub category_name: String,
    /// The districts that it lies in.
    pub areas: Vec<AreaId>,
    /// When the report came in.
    pub received_at: Timestamp,
    /// How far it is.
    pub status: Status,
    /// Since when.
    pub status_at: Timestamp,
    /// When it was solved, declined or referred.
    pub closed_at: Option<Timestamp>,
    /// Who does it.
    pub department: Option<DepartmentId>,
    /// The day by which it is expected to be solved.
    pub expected_on: Option<Date>,
    /// How many people reported it.
    pub people: u32,
    /// The words of whoever reported it, as far as somebody of the city approved them.
    pub words: Option<String>,
    /// Addresses of photos that somebody of the city approved.
    pub photos: Vec<String>,
    /// The page of the case.
    pub page: String,
    /// The middle of the block that it lies in.
    #[serde(skip)]
    pub point: Option<Point>,
}

impl Row {
    /// `case` for everybody, with what of it was approved.
    pub fn new(app: &App, case: &PublicCase, approved: Option<&Approved>) -> Self {
        let city = &app.site.city;
        let own = app.own_language();
        let page = page(app, own, case);
        let photos = approved.map(|approved| approved.photos.as_slice()).unwrap_or_default();
        Self {
            reference: case.reference,
            kind: case.kind,
            category_name: name(app, own, case),
            category: case.category.clone(),
            areas: case.areas.clone(),
            received_at: seconds(case.received_at),
            status: case.status,
            status_at: seconds(case.status_at),
            closed_at: case.closed_at.map(seconds),
            department: case.lead.clone().filter(|lead| city.department(lead).is_some()),
            expected_on: case.expected_on,
            people: case.people,
            words: approved.and_then(|approved| approved.words.clone()),
            photos: photos.iter().map(|photo| format!("{page}/photos/{photo}")).collect(),
            page,
            point: case.point,
        }
    }
}

/// The page of a public case in `language`.
pub fn page(app: &App, language: Language, case: &PublicCase) -> String {
    format!("{}/{}/case/{}", super::base(app), language.as_str(), case.reference.digits())
}

/// What a public case is about, in `language`.
pub fn name(app: &App, language: Language, case: &PublicCase) -> String {
    let category = app.site.city.category(&case.category);
    category.map_or_else(|| case.category.to_string(), |category| in_language(&category.names, language).to_owned())
}

/// Microseconds are for programs that sort; people and sheets read seconds.
fn seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}
