//! A city: everything that differs from town to town, read from one folder. The folder is handed
//! in as [`Files`]; reading it never touches a disk.

mod areas;
pub(crate) mod assets;
pub mod base_map;
mod calendar;
mod delivery;
mod emergency;
mod gaps;
mod general;
mod kinds;
mod knowledge;
mod maintenance;
mod near;
mod neighbours;
mod on_call;
mod outward;
mod owners;
mod pace;
mod patience;
mod proving;
mod publicity;
pub mod publish;
mod quiet;
mod read;
#[cfg(test)]
pub(crate) mod sample;
mod soft_bounces;
pub(crate) mod streets;
mod term;
pub mod theme;
mod whereabouts;

pub use areas::{Area, Areas};
pub use assets::{Asset, AssetKind, Assets};
pub use base_map::BaseMap;
pub use calendar::Calendar;
pub use emergency::EmergencyHint;
pub use kinds::{KindPolicy, Kinds, SecondLine};
pub use knowledge::{Article, ArticleText};
pub use maintenance::Maintenance;
pub use near::Near;
pub use neighbours::Neighbour;
pub use on_call::{Contact as CallContact, Days, Hours, OnCall, Turn};
pub use outward::{Embed, OpenData};
pub use owners::{Drawn, Layer, OwnerMap, Owners};
pub use pace::Pace;
pub use patience::Patience;
pub use proving::Proving;
pub use publicity::{Photos, Publicity};
pub use publish::Publish;
pub use quiet::Quiet;
pub use soft_bounces::SoftBounces;
pub use streets::{Street, Streets};
pub use term::{NotATerm, Term};

use crate::{
    broadcast::Audience,
    further::Further,
    report::{Answers, Kind, Language, Urgency},
    slug::{CategoryId, Channel, DepartmentId, Slug},
    way::Way,
};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, OnceLock},
};

/// The files of a city folder: path relative to the folder, with `/`, and the text.
pub type Files = BTreeMap<String, Arc<str>>;

/// The pictures and fonts of a city folder, named the same way.
pub type Blobs = BTreeMap<String, Arc<[u8]>>;

/// The same words in every language of the city; Dutch is always there.
pub type Texts = BTreeMap<Language, String>;

/// `texts` in `language`, or in Dutch, or in whatever there is; instead of a further language rather in English.
pub fn in_language(texts: &Texts, language: Language) -> &str {
    let instead = if language.is_built_in() { Language::NL } else { Language::EN };
    texts
        .get(&language)
        .or_else(|| texts.get(&instead))
        .or_else(|| texts.get(&Language::NL))
        .or_else(|| texts.values().next())
        .map_or("", String::as_str)
}

/// A city that was read and found good.
#[derive(Debug)]
pub struct City {
    /// Its name.
    pub names: Texts,
    /// The languages it serves, the first is its own and built in.
    pub languages: Vec<Language>,
    /// What is said in those that are not built in.
    pub further: Further,
    /// The telephone number of the front door.
    pub phone: String,
    /// Where telephone numbers without a country are from (ISO 3166-1 alpha-2).
    pub country: String,
    /// When nobody is woken up, unless they or the matter ask for it.
    pub quiet: Option<Quiet>,
    /// How news is gathered before it is told.
    pub pace: Pace,
    /// How people prove that an address is theirs.
    pub proving: Proving,
    /// What of a report may become public.
    pub publish: Publish,
    /// By which terms everybody may use what is public.
    pub open_data: OpenData,
    /// Whose pages may hold ours in a frame.
    pub embed: Embed,
    /// When the pages are worked on, if that is planned.
    pub maintenance: Option<Maintenance>,
    /// When an address counts as dead from which mails come back for the time being.
    pub soft_bounces: SoftBounces,
    /// What counts as near, when two people report the same.
    pub near: Near,
    /// The mail address of the front door: `From` of every notice.
    pub email: String,
    /// The desk that gets what no rule matches.
    pub fallback: DepartmentId,
    /// What somebody asks whose words say too little to know more: see [`City::general_category`].
    pub general: Option<CategoryId>,
    /// Working days, holidays, office hours.
    pub calendar: Calendar,
    /// How the clock deals with departments that are silent.
    pub patience: Patience,
    /// What each kind of matter has of its own.
    pub kinds: Kinds,
    /// The question whose yes lets partners know who reported.
    pub consent_question: Option<String>,
    /// Departments and partners, in file order.
    pub departments: Vec<Department>,
    /// Groups of categories, in file order.
    pub groups: Vec<Group>,
    /// Categories, in file order.
    pub categories: Vec<Category>,
    /// Extra questions, by id.
    pub questions: BTreeMap<String, Question>,
    /// Words that make the form show an emergency number first.
    pub emergency_hints: Vec<EmergencyHint>,
    /// The knowledge base, in the order of the names.
    pub articles: Vec<Article>,
    /// What people could say and what they mean by it, to judge the suggestion by.
    pub sentences: Vec<Sentence>,
    /// People that the city often tells something, by name.
    pub segments: BTreeMap<Slug, Audience>,
    /// Whether residents are shown which category their words fit.
    pub suggest: bool,
    /// Districts and the outline of the city.
    pub areas: Areas,
    /// Who looks after roads, green and watercourses.
    pub owners: Owners,
    /// Streets and houses, as far as the list names them.
    pub streets: Streets,
    /// Lamp posts and other things with a number.
    pub assets: Assets,
    /// Who is next door, and where things are reported there.
    pub neighbours: Vec<Neighbour>,
    /// Channels where somebody of the city writes down what a resident says.
    pub staff_channels: Vec<Channel>,
    /// Attribution the sources of the data ask for, shown in the footer of maps and pages.
    pub attribution: Vec<String>,
    /// What lies under the points of the public map.
    pub base_map: BaseMap,
    /// Attribution that its sources ask for, shown on the map.
    pub base_attribution: Vec<String>,
    /// The ways by which people may ask to be told here. Every way, until whoever set the senders up says
    /// which: see [`City::offer`].
    ways: OnceLock<Vec<Way>>,
    /// The files themselves: rules, templates and theme are read by those who use them.
    pub files: Files,
    /// Its logo and fonts, when they are no text.
    pub blobs: Blobs,
    /// Where departments and categories stand in their lists.
    index: Index,
}

/// Finds by id, because the router asks for each report. The lists of a [`City`] are not changed
/// after it was read.
#[derive(Debug)]
struct Index {
    departments: HashMap<DepartmentId, usize>,
    categories: HashMap<CategoryId, usize>,
    /// Line and column of each department's `delivery`.
    delivery_at: HashMap<String, (usize, usize)>,
    /// Line and column of each category.
    category_at: HashMap<CategoryId, (usize, usize)>,
}

impl Index {
    fn new(
        departments: &[Department],
        categories: &[Category],
        delivery_at: HashMap<String, (usize, usize)>,
        category_at: HashMap<CategoryId, (usize, usize)>,
    ) -> Self {
        Self {
            departments: departments.iter().enumerate().map(|(place, d)| (d.id.clone(), place)).collect(),
            categories: categories.iter().enumerate().map(|(place, c)| (c.id.clone(), place)).collect(),
            delivery_at,
            category_at,
        }
    }
}

/// A department or partner.
#[derive(Debug, Clone, PartialEq)]
pub struct Department {
    /// Its id.
    pub id: DepartmentId,
    /// Its name.
    pub names: Texts,
    /// Inside the city, a partner, or an outsider.
    pub kind: DepartmentKind,
    /// How it gets its work.
    pub delivery: Delivery,
    /// Whether it may know who reported.
    pub share_reporter: Share,
    /// How long it may be silent before it is reminded, in working days; never when 0; the city's own
    /// when left out.
    pub silent: Option<u32>,
    /// The desk that looks after it when it stays silent; the fallback desk when left out.
    pub escalate_to: Option<DepartmentId>,
    /// Cases of this department never show on public pages.
    pub confidential: bool,
    /// What the resident may do themselves to reach it.
    pub phone: Option<String>,
    /// Who is telephoned when it cannot wait.
    pub on_call: Option<OnCall>,
    /// Whether it may say of its news that it matters for somebody's safety, and waits for nothing.
    pub may_be_critical: bool,
}

/// Whether a department may know who reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// Always.
    Always,
    /// When the reporter said so: a yes to [`City::consent_question`].
    WithConsent,
    /// Never.
    Never,
}

/// Where a department stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DepartmentKind {
    /// Part of the city.
    Internal,
    /// Works for the city.
    Partner,
    /// Works for somebody else.
    External,
}

/// How a department gets its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It fetches letters from its own queue: RabbitMQ, or the HTTP long-poll.
    Queue,
    /// An adapter pushes: the adapter's name (`webhook`, `sandbox`) and its settings, as JSON, read
    /// by the adapter's own `Config`.
    Push {
        /// A name of the adapters' registry.
        adapter: String,
        /// Its settings.
        settings: serde_json::Value,
    },
}

/// A group of categories.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The part of a category id before the slash.
    pub id: String,
    /// Its name.
    pub names: Texts,
    /// The picture that stands for it: a name of the theme's icon set.
    pub icon: String,
}

/// A category.
#[derive(Debug, Clone, PartialEq)]
pub struct Category {
    /// `group/name`.
    pub id: CategoryId,
    /// Its name.
    pub names: Texts,
    /// Words and phrases by which people mean it, per language.
    pub hints: BTreeMap<Language, Vec<String>>,
    /// The kind it usually is.
    pub kind: Kind,
    /// The urgency it usually has.
    pub urgency: Urgency,
    /// Who usually does it: what a city's first rule per category says.
    pub department: DepartmentId,
    /// Extra questions, ids of [`City::questions`], at most five.
    pub questions: Vec<String>,
    /// What of it may be public.
    pub publicity: Publicity,
    /// Whether photos are asked for.
    pub photos: Photos,
    /// Whether somebody may stay anonymous.
    pub anonymous: bool,
    /// Working days until solved, when the rules say nothing else.
    pub term: Option<u32>,
    /// News of its cases matters for somebody's safety, and waits for nothing.
    pub critical: bool,
    /// So many metres around a report of it is near; the city's own when left out.
    pub near: Option<u16>,
}

/// Something that a resident could say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// What they mean.
    pub category: CategoryId,
    /// In which language.
    pub language: Language,
    /// What they say.
    pub text: String,
}

/// An extra question.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Its id.
    pub id: String,
    /// The question.
    pub texts: Texts,
    /// What an answer looks like.
    pub answer: AnswerType,
    /// The options of a choice.
    pub options: Vec<String>,
    /// Names of the options, where the city gave them; the id, with spaces for `-`, otherwise.
    pub option_names: BTreeMap<String, Texts>,
    /// Never shown to the public.
    pub private: bool,
    /// A yes makes it an emergency.
    pub raises: bool,
}

/// What an answer looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerType {
    /// Yes or no.
    Bool,
    /// One option.
    Choice,
    /// Several options.
    Multi,
    /// One line of text (dates, numbers on poles, plates are text too).
    Text,
}

impl City {
    /// The city's name in `language`.
    pub fn name(&self, language: Language) -> &str {
        in_language(&self.names, language)
    }

    /// The language in which somebody who chose `language` is answered: theirs while it is built in or the city serves it,
    /// or the city's own.
    pub fn answers_in(&self, language: Language) -> Language {
        if language.is_built_in() || self.languages.contains(&language) { language } else { self.own_language() }
    }

    /// The department with this id.
    pub fn department(&self, id: &str) -> Option<&Department> {
        self.index.departments.get(id).and_then(|place| self.departments.get(*place))
    }

    /// The category with this id.
    pub fn category(&self, id: &str) -> Option<&Category> {
        self.index.categories.get(id).and_then(|place| self.categories.get(*place))
    }

    /// Line and column of a department's `delivery` in `departments.yaml`, so that an adapter can
    /// say where settings it refuses are written.
    pub fn delivery_at(&self, department: &str) -> (usize, usize) {
        self.index.delivery_at.get(department).copied().unwrap_or_default()
    }

    /// Line and column of a category in `categories.yaml`; of what is not there, zeros.
    pub fn category_at(&self, category: &CategoryId) -> (usize, usize) {
        self.index.category_at.get(category).copied().unwrap_or_default()
    }

    /// Whether a department with this right may know who sent a report with these `answers`.
    pub fn may_know(&self, share: Share, answers: &Answers) -> bool {
        match share {
            Share::Always => true,
            Share::Never => false,
            Share::WithConsent => {
                let answer = self.consent_question.as_ref().and_then(|question| answers.get(question));
                answer.is_some_and(|answer| answer.as_bool() == Some(true))
            }
        }
    }

    /// The ways by which this installation can tell people; said once, at the start. Said again, it changes
    /// nothing.
    pub fn offer(&self, ways: &[Way]) {
        _ = self.ways.set(ways.to_vec());
    }

    /// Whether people may ask to be told this way.
    pub fn offers(&self, way: Way) -> bool {
        self.ways.get().is_none_or(|ways| ways.contains(&way))
    }

    /// The desk whose operator calls the people on call of `department`.
    pub fn calling_desk(&self, department: &str) -> &DepartmentId {
        self.department(department)
            .and_then(|department| department.on_call.as_ref()?.desk.as_ref())
            .unwrap_or(&self.fallback)
    }

    /// How many working days `department` may be silent; `None` when it is never reminded.
    pub fn may_be_silent(&self, department: &str) -> Option<u32> {
        let own = self.department(department).and_then(|department| department.silent);
        Some(own.unwrap_or(self.patience.silent)).filter(|days| *days > 0)
    }

    /// The desk that looks after `department` when it stays silent.
    pub fn escalation_desk(&self, department: &str) -> &DepartmentId {
        self.department(department).and_then(|department| department.escalate_to.as_ref()).unwrap_or(&self.fallback)
    }

    /// The question with this id.
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.questions.get(id)
    }
}
