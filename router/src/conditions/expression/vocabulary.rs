//! The names that an expression may ask, their types, and how each gets its value of a report.

use crate::{
    Facts, Needs,
    conditions::{TRAITS, URGENCIES, weekday},
};
use schemas::{
    city::{AnswerType, City, Layer},
    report::Kind,
    slug::DepartmentId,
};
use serde_json::Value;
use std::{collections::BTreeMap, rc::Rc};
use zen_expression::variable::{ToVariable as _, Variable, VariableType};

/// A name and what it stands for.
#[derive(Debug, Clone)]
pub(crate) struct Name {
    group: Option<&'static str>,
    own: Box<str>,
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    Category,
    Kind,
    Channel,
    Urgency,
    Language,
    Areas,
    Photos,
    Hour,
    Minute,
    Weekday,
    Holiday,
    OfficeHours,
    Manager(Layer),
    /// The question's id.
    Answer(String, AnswerType),
    /// A place in [`TRAITS`].
    Reporter(usize),
    Load(DepartmentId),
}

impl Name {
    /// `answers` of `answers.danger`.
    pub fn group(&self) -> Option<&'static str> {
        self.group
    }

    /// `danger` of `answers.danger`.
    pub fn own(&self) -> &str {
        &self.own
    }

    /// What has to be looked up before it has a value.
    pub fn needs(&self) -> Needs {
        Needs { reporter: matches!(self.source, Source::Reporter(_)), load: matches!(self.source, Source::Load(_)) }
    }

    /// Its value; nothing when it was not looked up.
    pub fn value(&self, facts: &Facts<'_>) -> Option<Variable> {
        Some(match &self.source {
            Source::Category => facts.category.as_str().to_variable(),
            Source::Kind => facts.kind.as_str().to_variable(),
            Source::Channel => facts.channel.as_str().to_variable(),
            Source::Urgency => facts.urgency.as_str().to_variable(),
            Source::Language => facts.language.as_str().to_variable(),
            Source::Areas => Variable::from_array(facts.areas.iter().map(|area| area.as_str().to_variable()).collect()),
            Source::Photos => facts.photos.to_variable(),
            Source::Hour => facts.moment().local.hour().to_variable(),
            Source::Minute => facts.moment().local.minute().to_variable(),
            Source::Weekday => weekday::name(facts.moment().local.weekday()).to_variable(),
            Source::Holiday => facts.moment().holiday.to_variable(),
            Source::OfficeHours => facts.moment().office.to_variable(),
            Source::Manager(layer) => facts.owner(*layer).map_or(Variable::Null, |owner| owner.as_str().to_variable()),
            Source::Answer(id, kind) => answered(facts.answers.get(id), *kind),
            Source::Reporter(place) => (TRAITS[*place].1)(&facts.reporter?).to_variable(),
            Source::Load(department) => facts.load?.open(department).to_variable(),
        })
    }

    /// Name and value for people. Of what somebody wrote, only that they did.
    pub fn shown(&self, facts: &Facts<'_>) -> String {
        let value = match (self.value(facts), &self.source) {
            (None, _) => "was not looked up".to_owned(),
            (Some(Variable::Null), Source::Answer(..)) => "was not answered".to_owned(),
            (Some(Variable::Null), _) => "is not known".to_owned(),
            (Some(_), Source::Answer(_, AnswerType::Text)) => "was answered".to_owned(),
            (Some(Variable::String(text)), _) => text.to_string(),
            (Some(Variable::Array(items)), _) if items.borrow().is_empty() => "has none".to_owned(),
            (Some(value), _) => value.to_string().replace('"', ""),
        };
        format!("{self} {value}")
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.group {
            Some(group) => write!(f, "{group}.{}", self.own),
            None => f.write_str(&self.own),
        }
    }
}

fn answered(answer: Option<&Value>, kind: AnswerType) -> Variable {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.to_variable()),
        Value::Number(number) => Some(number.to_string().to_variable()),
        Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    match (kind, answer) {
        (AnswerType::Bool, Some(Value::Bool(yes))) => yes.to_variable(),
        (AnswerType::Multi, Some(Value::Array(items))) => Variable::from_array(items.iter().filter_map(text).collect()),
        (AnswerType::Multi, other) => Variable::from_array(other.and_then(text).into_iter().collect()),
        (AnswerType::Choice | AnswerType::Text, Some(value)) => text(value).unwrap_or(Variable::Null),
        (_, _) => Variable::Null,
    }
}

/// By group (none: `""`) and own name: what it is, and the texts it can have, if those are known.
type Names = BTreeMap<(&'static str, String), (Name, Option<Vec<String>>)>;

/// Everything that can be asked in one city.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    names: Names,
    types: VariableType,
}

/// As an expression writes a name with dashes, which would be read as minus.
fn underscored(id: &str) -> String {
    id.replace('-', "_")
}

impl Vocabulary {
    pub fn of(city: &City) -> Self {
        let mut building = Building::default();
        let strings = |items: &mut dyn Iterator<Item = &str>| Some(items.map(str::to_owned).collect::<Vec<_>>());
        let (own, one_of) = (VariableType::String, VariableType::Any);
        for (name, source, texts) in [
            ("category", Source::Category, strings(&mut city.categories.iter().map(|c| c.id.as_str()))),
            ("kind", Source::Kind, strings(&mut Kind::ALL.into_iter().map(Kind::as_str))),
            ("channel", Source::Channel, None),
            ("urgency", Source::Urgency, strings(&mut URGENCIES.into_iter())),
            ("language", Source::Language, strings(&mut city.languages.iter().map(|l| l.as_str()))),
            ("weekday", Source::Weekday, strings(&mut weekday::names())),
        ] {
            let kind = if texts.is_some() { one_of.clone() } else { own.clone() };
            building.add(None, name, source, kind, texts);
        }
        let areas = strings(&mut city.areas.all().iter().map(|area| area.id.as_str()));
        building.add(None, "areas", Source::Areas, one_of.clone().array(), areas);
        for (name, source, kind) in [
            ("photos", Source::Photos, VariableType::Number),
            ("hour", Source::Hour, VariableType::Number),
            ("minute", Source::Minute, VariableType::Number),
            ("holiday", Source::Holiday, VariableType::Bool),
            ("office_hours", Source::OfficeHours, VariableType::Bool),
        ] {
            building.add(None, name, source, kind, None);
        }
        for layer in Layer::ALL {
            let Some(map) = city.owners.map(layer) else { continue };
            let owners = strings(&mut map.owners().map(|owner| owner.as_str()));
            let name = format!("{}_manager", layer.as_str());
            building.add(None, &name, Source::Manager(layer), nullable(one_of.clone()), owners);
        }
        for (id, question) in &city.questions {
            let options = strings(&mut question.options.iter().map(String::as_str));
            let (kind, texts) = match question.answer {
                AnswerType::Bool => (nullable(VariableType::Bool), None),
                AnswerType::Choice => (nullable(one_of.clone()), options),
                AnswerType::Multi => (one_of.clone().array(), options),
                AnswerType::Text => (nullable(VariableType::String), None),
            };
            building.add(Some("answers"), id, Source::Answer(id.clone(), question.answer), kind, texts);
        }
        for (place, (name, ..)) in TRAITS.iter().enumerate() {
            building.add(Some("reporter"), name, Source::Reporter(place), VariableType::Bool, None);
        }
        for department in &city.departments {
            let source = Source::Load(department.id.clone());
            building.add(Some("load"), &department.id, source, VariableType::Number, None);
        }
        building.done()
    }

    /// The types of everything.
    pub fn types(&self) -> &VariableType {
        &self.types
    }

    /// The name at `path`, and the texts it can have.
    pub fn find(&self, path: &[&str]) -> Option<(&Name, Option<&[String]>)> {
        let (group, own) = match path {
            [own] => ("", own),
            [group, own] => (*self.groups().iter().find(|known| *known == group)?, own),
            _ => return None,
        };
        self.names.get(&(group, (*own).to_owned())).map(|(name, texts)| (name, texts.as_deref()))
    }

    /// The groups of names.
    pub fn groups(&self) -> [&'static str; 3] {
        ["answers", "reporter", "load"]
    }

    /// The names of a group, or those without one.
    pub fn of_group(&self, group: &str) -> impl Iterator<Item = &str> {
        self.names.keys().filter(move |(known, _)| *known == group).map(|(_, own)| own.as_str())
    }
}

fn nullable(kind: VariableType) -> VariableType {
    VariableType::Nullable(Rc::new(kind))
}

#[derive(Default)]
struct Building {
    names: Names,
    types: BTreeMap<&'static str, Vec<(String, VariableType)>>,
}

impl Building {
    /// `Any` in `kind` stands for one of `texts`.
    fn add(
        &mut self,
        group: Option<&'static str>,
        id: &str,
        source: Source,
        kind: VariableType,
        texts: Option<Vec<String>>,
    ) {
        let kind = match &texts {
            Some(texts) if !texts.is_empty() => {
                let one = VariableType::Enum(None, texts.iter().map(|text| Rc::from(text.as_str())).collect());
                with(kind, &one)
            }
            _ => with(kind, &VariableType::String),
        };
        // `answers["with-dashes"]` is what the id says, `answers.with_dashes` what people type.
        for own in [id.to_owned(), underscored(id)] {
            let name = Name { group, own: own.as_str().into(), source: source.clone() };
            self.names.insert((group.unwrap_or_default(), own.clone()), (name, texts.clone()));
            self.types.entry(group.unwrap_or_default()).or_default().push((own, kind.clone()));
        }
    }

    fn done(mut self) -> Vocabulary {
        let object = |fields: Vec<(String, VariableType)>| {
            let fields = fields.into_iter().map(|(name, kind)| (Rc::from(name), kind)).collect();
            VariableType::Object(Rc::new(std::cell::RefCell::new(fields)))
        };
        let mut root = self.types.remove("").unwrap_or_default();
        root.extend(self.types.into_iter().map(|(group, fields)| (group.to_owned(), object(fields))));
        Vocabulary { names: self.names, types: object(root) }
    }
}

/// `kind` with `one` where it says `Any`.
fn with(kind: VariableType, one: &VariableType) -> VariableType {
    match kind {
        VariableType::Any => one.clone(),
        VariableType::Array(item) => VariableType::Array(Rc::new(with((*item).clone(), one))),
        VariableType::Nullable(item) => VariableType::Nullable(Rc::new(with((*item).clone(), one))),
        other => other,
    }
}
