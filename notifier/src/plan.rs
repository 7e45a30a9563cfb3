//! Who is told of an event or a broadcast, by which sender, and when. Pure.
//!
//! A wish of the person counts on every way: who said "no more of this" by mail is not called instead.
//! A fact about one address (it came back, it is gone) sends the notice the next way they left an
//! address for.

mod news;
mod silence;
mod wait;

pub use news::News;
pub use silence::Silence;

use crate::senders;
use jiff::tz::TimeZone;
use schemas::{
    Timestamp, Uuid,
    city::{Pace, Quiet},
    id::derived,
    notice::{Because, Notice, NoticeState, Scope, Suppressed},
    person::Rhythm,
    report::Language,
    way::Way,
};

pub use schemas::notice::REPORTER;

/// Somebody who may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// [`REPORTER`], or the id of a person.
    pub person: String,
    /// In which language.
    pub language: Language,
    /// Why they are told at all.
    pub because: Vec<Because>,
    /// The ways they can be told, the one they want first.
    pub ways: Vec<Way>,
    /// The keys of the devices that the way `push` goes to.
    pub devices: Vec<String>,
    /// What they do not want, of what this event is about.
    pub wish: Option<(Suppressed, Scope)>,
    /// Ways whose address does not work, and why.
    pub dead: Vec<(Way, Suppressed)>,
    /// Their own quiet hours.
    pub quiet: Option<Quiet>,
    /// How often they want to hear.
    pub rhythm: Rhythm,
    /// The person whose choices count for them; a digest is theirs.
    pub owner: Option<Uuid>,
    /// Their own case, when that was merged into the one that this is about: they are told as of their own.
    pub of: Option<Uuid>,
}

impl Recipient {
    /// What tells them from all others who hear of the same event.
    fn key(&self) -> String {
        self.of.map_or_else(|| self.person.clone(), |of| format!("{} of {of}", self.person))
    }
}

/// What all recipients of one piece of news have in common.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// What is told.
    pub news: News<'a>,
    /// The names of the senders that are set up.
    pub available: &'a [&'a str],
    /// The quiet hours of the city.
    pub quiet: Option<Quiet>,
    /// How news is gathered in the city.
    pub pace: Pace,
    /// The city's clock on the wall.
    pub zone: &'a TimeZone,
    /// It matters for somebody's safety: it waits for nothing. What they do not want they do not get all the same.
    pub critical: bool,
    /// When the plan is made.
    pub now: Timestamp,
}

/// The notice of the scene's event for `to`; `None` when the event is not told, or no sender that is set
/// up can reach them.
pub fn plan(scene: &Scene<'_>, to: &Recipient) -> Option<Notice> {
    decide(scene, to, &[], None).ok()
}

/// The notice that goes the next way, after those `tried`; `instead` is the last of these and why it did
/// not reach them. `None` when there is no further way.
pub fn next(scene: &Scene<'_>, to: &Recipient, tried: &[Way], instead: Option<(Way, String)>) -> Option<Notice> {
    decide(scene, to, tried, instead).ok()
}

/// The notice as [`next`] plans it, or why there is none.
///
/// # Errors
/// The [`Silence`]: why nothing is sent to `to` about the scene's event.
pub fn decide(
    scene: &Scene<'_>,
    to: &Recipient,
    tried: &[Way],
    instead: Option<(Way, String)>,
) -> Result<Notice, Silence> {
    let news = scene.news;
    if !news.is_told() {
        return Err(Silence::NotTold);
    }
    let mut reasons = to.because.clone();
    let mut chosen = None;
    let mut skipped = instead;
    for way in &to.ways {
        let Some(sender) = senders::preferred(*way, scene.available).filter(|_| !tried.contains(way)) else { continue };
        if let Some((_, fact)) = to.dead.iter().find(|(dead, _)| dead == way) {
            skipped = Some((*way, fact.as_str().to_owned()));
            continue;
        }
        chosen = Some((*way, sender));
        break;
    }
    let Some((way, sender)) = chosen else { return Err(silence::of(scene, to, tried)) };
    reasons.push(match skipped {
        Some((of, why)) => Because::Instead { of, why },
        None => Because::Asked,
    });
    let (mut state, mut due_at) = (NoticeState::Planned, None);
    if let Some((by, scope)) = to.wish {
        reasons.push(Because::Suppressed { by, scope });
        state = NoticeState::Suppressed;
    } else {
        let (until, because) = wait::wait(scene, to, way);
        due_at = until;
        reasons.extend(because);
    }
    Ok(Notice {
        id: notice_id(news.id(), &to.key(), sender, way),
        case_id: to.of.unwrap_or(news.about()),
        event_id: news.id(),
        version: news.version(),
        template: news.template().to_owned(),
        person: to.person.clone(),
        sender: sender.to_owned(),
        way,
        device: None,
        language: to.language,
        template_version: None,
        reasons,
        state,
        planned_at: scene.now,
        due_at,
    })
}

/// The notices that `notice` of `to` stands for: one for each device when it goes to devices, so that each has
/// its own verdict and its own retry.
pub fn spread(notice: Notice, to: &Recipient) -> Vec<Notice> {
    if notice.sender != senders::push::NAME || notice.state == NoticeState::Suppressed {
        return vec![notice];
    }
    let event = notice.event_id.to_string();
    let one = |key: &String| Notice {
        id: derived(&["notice", &event, &to.key(), &notice.sender, notice.way.as_str(), key]),
        device: Some(key.clone()),
        ..notice.clone()
    };
    to.devices.iter().map(one).collect()
}

/// The id of the notice that tells `event` to `person` by `sender`: the same on every retry, so that
/// planning twice plans once. One sender that goes several ways tells each once.
pub fn notice_id(event: Uuid, person: &str, sender: &str, way: Way) -> Uuid {
    match way {
        Way::Email => derived(&["notice", &event.to_string(), person, sender]),
        _ => derived(&["notice", &event.to_string(), person, sender, way.as_str()]),
    }
}

#[cfg(test)]
mod tests;
