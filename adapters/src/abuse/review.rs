//! What becomes public of what residents sent: nothing, until somebody of the city looked at it. What they approve is a
//! text of its own beside the report, with personal data left out; it can be withdrawn at once.

use schemas::{
    Uuid,
    audit::Deed,
    city::{City, Publicity},
    publication::{Publication, State},
    redact::{self, Found},
    reference::Reference,
    report::Report,
    submission::MAX_WORDS,
    text,
};
use std::{collections::HashMap, time::Duration};
use store::{Store, Unseen};

/// What came longer ago is not offered any more; it can be approved by its reference.
pub const OFFERED_FOR: Duration = Duration::from_hours(30 * 24);

/// A report that may become public.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The report.
    pub report: Report,
    /// What of its words may be personal data.
    pub found: Vec<Found>,
    /// What was decided before, if anything was.
    pub decided: Option<Publication>,
}

impl Waiting {
    fn new(city: &City, report: Report, decided: Option<Publication>) -> Self {
        Self { found: redact::find(&report.words, &city.country), decided, report }
    }

    /// The words with what was found left out: what is proposed.
    pub fn proposed(&self) -> String {
        redact::mask(&self.report.words, &self.found)
    }
}

/// What may be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approved {
    /// These words; none when `None`.
    pub words: Option<String>,
    /// These photos.
    pub photos: Vec<Uuid>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// It is done.
    Done,
    /// Nothing of it was public.
    Nothing,
    /// There is no such report.
    Unknown,
    /// It cannot become public.
    Never(Never),
}

/// Why something does not become public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Never {
    /// Nothing was approved.
    Nothing,
    /// The city publishes no words.
    Words,
    /// The city publishes no photos.
    Photos,
    /// Its case is not public.
    Private,
    /// The text is longer than that of a report may be.
    TooLong,
    /// A photo is not of this report.
    OtherPhoto,
    /// It is held, or was refused.
    Held,
}

impl Never {
    /// The reason in one word, as the texts of pages name it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Words => "words",
            Self::Photos => "photos",
            Self::Private => "private",
            Self::TooLong => "too-long",
            Self::OtherPhoto => "other-photo",
            Self::Held => "held",
        }
    }

    /// The reason in a sentence, for the command line.
    pub fn message(self) -> &'static str {
        match self {
            Self::Nothing => "nothing is approved: name words or photos, or reject it",
            Self::Words => "words never become public here: `publish` in city.yaml says so",
            Self::Photos => "photos never become public here: `publish` in city.yaml says so",
            Self::Private => "its case is not public: by its category, or by its kind, as complaints are",
            Self::TooLong => "the text is longer than a report may be: shorten it",
            Self::OtherPhoto => "a photo is not of this report",
            Self::Held => "it is held, or was refused: release it first",
        }
    }
}

/// What waits for somebody to look, the newest first, at most so much: public reports with words or photos that may
/// become public in this city.
pub async fn waiting(store: &Store, city: &City, limit: usize) -> Result<Vec<Waiting>, store::Error> {
    if !city.publish.has_words() && !city.publish.has_photos() {
        return Ok(Vec::new());
    }
    let public = city.categories.iter().filter(|category| category.publicity == Publicity::Public);
    let confidential = city.departments.iter().filter(|department| department.confidential);
    let mut unseen = Unseen {
        since: store.clock().now() - OFFERED_FOR,
        before: None,
        categories: public.map(|category| category.id.clone()).collect(),
        confidential: confidential.map(|department| department.id.clone()).collect(),
        private: city.kinds.private(),
        limit: limit.max(1),
    };
    let mut waiting = Vec::new();
    while waiting.len() < limit {
        let ids = store.unseen_reports(&unseen).await?;
        let mut reports = store.reports_by_ids(&ids).await?;
        let found = ids.iter().filter_map(|id| reports.remove(id));
        let has = |report: &Report| city.publish.has_words() || !report.photos.is_empty();
        waiting.extend(found.filter(has).map(|report| Waiting::new(city, report, None)));
        unseen.before = ids.last().copied();
        if ids.len() < unseen.limit {
            break;
        }
    }
    waiting.truncate(limit);
    Ok(waiting)
}

/// One report, whatever was decided about it; nothing when there is none.
pub async fn look(store: &Store, city: &City, reference: Reference) -> Result<Option<Waiting>, store::Error> {
    let Some(report) = store.report_by_reference(reference).await? else { return Ok(None) };
    let decided = store.publication(report.id).await?;
    Ok(Some(Waiting::new(city, report, decided)))
}

/// Everybody may read `approved` of the report `reference`, as `by` says. The newest decision counts.
pub async fn approve(
    store: &Store,
    city: &City,
    reference: Reference,
    approved: Approved,
    by: &str,
) -> Result<Decided, store::Error> {
    let Some(report) = store.report_by_reference(reference).await? else { return Ok(Decided::Unknown) };
    let words = approved.words.as_deref().map(text::clean).filter(|words| !words.is_empty());
    if let Some(why) = never(store, city, &report, words.as_deref(), &approved.photos).await? {
        return Ok(Decided::Never(why));
    }
    let what = format!(
        "{reference}: {}, {} photos",
        if words.is_some() { "words" } else { "no words" },
        approved.photos.len()
    );
    let at = store.clock().now();
    let publication = Publication {
        report: report.id,
        state: State::Approved,
        words,
        photos: approved.photos,
        who: by.to_owned(),
        at,
    };
    let mut tx = store.begin().await?;
    tx.put_publication(&publication).await?;
    tx.audit(by, Deed::AbuseApprove, &what, "").await?;
    tx.commit().await?;
    Ok(Decided::Done)
}

async fn never(
    store: &Store,
    city: &City,
    report: &Report,
    words: Option<&str>,
    photos: &[Uuid],
) -> Result<Option<Never>, store::Error> {
    if words.is_none() && photos.is_empty() {
        return Ok(Some(Never::Nothing));
    }
    if words.is_some() && !city.publish.has_words() {
        return Ok(Some(Never::Words));
    }
    if !photos.is_empty() && !city.publish.has_photos() {
        return Ok(Some(Never::Photos));
    }
    if !city.is_public(report) {
        return Ok(Some(Never::Private));
    }
    if words.is_some_and(|words| text::length(words) > MAX_WORDS) {
        return Ok(Some(Never::TooLong));
    }
    if photos.iter().any(|photo| !report.photos.contains(photo)) {
        return Ok(Some(Never::OtherPhoto));
    }
    if store.is_hidden(report.id).await? {
        return Ok(Some(Never::Held));
    }
    Ok(None)
}

/// Nothing of the report `reference` becomes public, as `by` says.
pub async fn reject(store: &Store, reference: Reference, by: &str) -> Result<Decided, store::Error> {
    let Some(report) = store.report_by_reference(reference).await? else { return Ok(Decided::Unknown) };
    let at = store.clock().now();
    let (state, who) = (State::Rejected, by.to_owned());
    let publication = Publication { report: report.id, state, words: None, photos: Vec::new(), who, at };
    let mut tx = store.begin().await?;
    tx.put_publication(&publication).await?;
    tx.audit(by, Deed::AbuseReject, &reference.to_string(), "").await?;
    tx.commit().await?;
    Ok(Decided::Done)
}

/// What was approved of the report `reference` can be read no more from now on, as `by` says.
pub async fn unpublish(store: &Store, reference: Reference, by: &str) -> Result<Decided, store::Error> {
    let Some(report) = store.report_by_reference(reference).await? else { return Ok(Decided::Unknown) };
    let mut tx = store.begin().await?;
    if !tx.withdraw(report.id, by).await? {
        return Ok(Decided::Nothing);
    }
    tx.audit(by, Deed::AbuseUnpublish, &reference.to_string(), "").await?;
    tx.commit().await?;
    Ok(Decided::Done)
}

/// What everybody may read of these reports now: what was approved, as far as the city still publishes such things.
/// Only for reports whose case is public.
pub async fn public(store: &Store, city: &City, reports: &[Uuid]) -> Result<HashMap<Uuid, Approved>, store::Error> {
    if !city.publish.has_words() && !city.publish.has_photos() {
        return Ok(HashMap::new());
    }
    let all = store.publications(reports).await?;
    let approved = all.into_iter().filter(|(_, one)| one.state == State::Approved);
    let shown = approved.map(|(report, Publication { words, photos, .. })| {
        let words = words.filter(|_| city.publish.has_words());
        let photos = if city.publish.has_photos() { photos } else { Vec::new() };
        (report, Approved { words, photos })
    });
    Ok(shown.collect())
}

#[cfg(test)]
#[path = "review_tests.rs"]
mod tests;
