//! `categories.yaml`: what people come to the city with, and what they are asked.

use super::{
    departments::{name_of, once},
    fields::{Fields, clip},
    yaml::{Key, Node, Value},
};
use crate::{
    city::{AnswerType, Category, EmergencyHint, Group, Near, Photos, Publicity, Question},
    fault::nearest,
    report::{Kind, Language, Urgency},
    slug::{CategoryId, Slug},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The most questions of one category: more, and people give up.
const MAX_QUESTIONS: usize = 5;

/// What `categories.yaml` says.
pub(super) struct Tree {
    pub groups: Vec<Group>,
    pub categories: Vec<Category>,
    /// Line and column of each category.
    pub category_at: HashMap<CategoryId, (usize, usize)>,
    pub questions: BTreeMap<String, Question>,
    pub emergency_hints: Vec<EmergencyHint>,
}

/// `departments` are the ids that may be referred to, if their file could be read.
pub(super) fn read(node: &Node, departments: Option<&[String]>, fields: &mut Fields<'_>) -> Option<Tree> {
    let map = fields.map(node, "the file", &["emergency_hints", "questions", "groups", "categories"])?;
    let hints = map.get("emergency_hints").map_or_else(Vec::new, |node| hints(node, fields));
    let (questions, known_questions) =
        map.get("questions").map_or_else(Default::default, |node| questions(node, fields));
    let groups = fields.required(map, "groups", "[{id: wegen, icon: road, name: {nl: …}}]");
    let (groups, known_groups) = groups.map_or_else(Default::default, |node| groups_of(node, fields));
    let list = fields.required(map, "categories", "[{id: wegen/put, …}]")?;
    let mut reader = Reader {
        departments: departments.map(|ids| ids.iter().map(String::as_str).collect()),
        groups: known_groups.iter().map(|(id, _)| id.as_str()).collect(),
        questions: known_questions.iter().map(|(id, _)| id.as_str()).collect(),
        asked: BTreeSet::new(),
        filled: BTreeSet::new(),
        seen: HashMap::new(),
    };
    let (mut categories, mut category_at) = (Vec::new(), HashMap::new());
    for item in fields.list(list, "`categories`") {
        if let Some(category) = reader.category(item, fields) {
            category_at.insert(category.id.clone(), item.get("id").map_or(item.at, |node| node.at));
            categories.push(category);
        }
    }
    for (id, at) in &known_questions {
        if !reader.asked.contains(id.as_str()) {
            fields.warning(
                *at,
                format!("no category asks `{id}`"),
                "name it in the `questions` of a category, or remove it",
            );
        }
    }
    for (id, at) in &known_groups {
        if !reader.filled.contains(id.as_str()) {
            fields.warning(
                *at,
                format!("the group `{id}` has no category"),
                format!("add a category `{id}/…`, or remove the group"),
            );
        }
    }
    Some(Tree { groups, categories, category_at, questions, emergency_hints: hints })
}

type Known = Vec<(String, (usize, usize))>;

fn hints(node: &Node, fields: &mut Fields<'_>) -> Vec<EmergencyHint> {
    let mut hints = Vec::new();
    for item in fields.list(node, "`emergency_hints`") {
        let Some(map) = fields.map(item, "an emergency hint", &["number", "words"]) else { continue };
        let number =
            fields.required(map, "number", "\"112\"").and_then(|node| fields.text(node, "the emergency number"));
        let mut words = BTreeMap::new();
        if let Some(node) = fields.required(map, "words", "{nl: [brand, rook]}")
            && let Some(found) = words_of(node, "the words of an emergency hint", fields)
        {
            words = found;
            if !words.contains_key(&Language::NL) {
                fields.error(node.at, "the emergency hint has no Dutch words", "add `nl: [brand, rook]`");
            }
        }
        hints.extend(number.map(|number| EmergencyHint { number, words }));
    }
    hints
}

/// `{nl: […], fr: […], en: […]}`, in lower case; every language may be missing.
fn words_of(node: &Node, what: &str, fields: &mut Fields<'_>) -> Option<BTreeMap<Language, Vec<String>>> {
    let known = fields.known();
    let keys: Vec<&str> = known.iter().map(|language| language.as_str()).collect();
    let map = fields.map(node, what, &keys)?;
    let mut words = BTreeMap::new();
    for language in known {
        if let Some(node) = map.get(language.as_str()) {
            let list = fields.texts_of(node, "a word").into_iter().map(|(_, word)| word.to_lowercase()).collect();
            words.insert(language, list);
        }
    }
    Some(words)
}

fn questions(node: &Node, fields: &mut Fields<'_>) -> (BTreeMap<String, Question>, Known) {
    let (mut questions, mut known) = (BTreeMap::new(), Vec::new());
    let Value::Map(entries) = &node.value else {
        fields.error(
            node.at,
            format!("`questions` is {}, not a map", node.sort()),
            "write `id: {text: {nl: …}, answer: bool}` lines",
        );
        return (questions, known);
    };
    for (key, node) in entries {
        known.push((key.name.clone(), key.at));
        if let Some(question) = question(key, node, fields) {
            questions.insert(key.name.clone(), question);
        }
    }
    (questions, known)
}

fn question(key: &Key, node: &Node, fields: &mut Fields<'_>) -> Option<Question> {
    let what = format!("the question `{}`", clip(&key.name));
    let name = Node { at: key.at, value: Value::Scalar { text: key.name.clone(), plain: true } };
    let id = fields.slug(&name, "the id of a question");
    let map = fields.map(node, &what, &["text", "answer", "options", "private", "raises"])?;
    let texts = fields.required(map, "text", "{nl: …, fr: …, en: …}").and_then(|node| fields.texts(node, &what));
    let types = [
        ("bool", AnswerType::Bool),
        ("choice", AnswerType::Choice),
        ("multi", AnswerType::Multi),
        ("text", AnswerType::Text),
    ];
    let answer = fields.required(map, "answer", "bool").and_then(|node| fields.one_of(node, "an answer", &types));
    let private = map.get("private").map_or(Some(false), |node| fields.bool(node, "`private`"));
    let raises = map.get("raises").map_or(Some(false), |node| fields.bool(node, "`raises`"));
    let (mut options, mut option_names) = (Vec::new(), BTreeMap::new());
    if let Some(node) = map.get("options") {
        for item in fields.list(node, "`options`") {
            if let Some((id, names)) = option(item, fields) {
                if options.contains(&id) {
                    fields.error(item.at, format!("the option `{id}` is here twice"), "keep one of them");
                }
                option_names.extend(names.map(|names| (id.clone(), names)));
                options.push(id);
            }
        }
    }
    match (answer, map.get("options")) {
        (Some(AnswerType::Choice | AnswerType::Multi), None) => {
            fields.error(
                map.at(),
                format!("{what} has nothing to choose from"),
                "add `options: [een, twee]`, or write `answer: text`",
            );
        }
        (Some(AnswerType::Choice | AnswerType::Multi), Some(node)) if options.len() < 2 => {
            fields.error(node.at, format!("{what} has fewer than two options"), "add one, or write `answer: bool`");
        }
        (Some(AnswerType::Bool | AnswerType::Text), Some(node)) => {
            fields.error(
                node.at,
                format!("{what} has options, but its answer is not chosen from them"),
                "write `answer: choice` or `answer: multi`, or remove the options",
            );
        }
        _ => {}
    }
    if let (Some(true), Some(node), Some(answer)) = (raises, map.get("raises"), answer)
        && answer != AnswerType::Bool
    {
        fields.error(
            node.at,
            format!("{what} cannot raise the urgency: only a yes can"),
            "write `answer: bool`, or remove `raises`",
        );
    }
    Some(Question {
        id: id?.into(),
        texts: texts?,
        answer: answer?,
        options,
        option_names,
        private: private?,
        raises: raises?,
    })
}

/// `een-zak`, or `{id: een-zak, nl: Een zak, …}`.
fn option(node: &Node, fields: &mut Fields<'_>) -> Option<(String, Option<crate::city::Texts>)> {
    if !matches!(node.value, Value::Map(_)) {
        return Some((fields.slug(node, "an option")?.into(), None));
    }
    let known = fields.known();
    let keys: Vec<&str> = ["id"].into_iter().chain(known.iter().map(|language| language.as_str())).collect();
    let map = fields.map(node, "an option", &keys)?;
    let id: String = fields.required(map, "id", "een-zak").and_then(|node| fields.slug(node, "an option"))?.into();
    let what = format!("the option `{id}`");
    let texts = known
        .into_iter()
        .filter_map(|language| Some((language, fields.text(map.get(language.as_str())?, &what)?)))
        .collect();
    Some((id, fields.complete(node, &what, texts)))
}

fn groups_of(node: &Node, fields: &mut Fields<'_>) -> (Vec<Group>, Known) {
    let (mut groups, mut known, mut seen) = (Vec::new(), Vec::new(), HashMap::new());
    for item in fields.list(node, "`groups`") {
        let what = name_of("the group", item);
        let Some(map) = fields.map(item, &what, &["id", "icon", "name"]) else { continue };
        let id = fields.required(map, "id", "wegen").and_then(|node| fields.slug(node, "the id"));
        if let (Some(id), Some(node)) = (&id, map.get("id")) {
            once(fields, &mut seen, "group", id, node.at);
            known.push((id.to_string(), node.at));
        }
        let icon = fields.required(map, "icon", "road").and_then(|node| fields.slug(node, "the icon"));
        let names = fields.required(map, "name", "{nl: …, fr: …, en: …}").and_then(|node| fields.texts(node, &what));
        if let (Some(id), Some(icon), Some(names)) = (id, icon, names) {
            groups.push(Group { id: id.into(), names, icon: icon.into() });
        }
    }
    (groups, known)
}

struct Reader<'a> {
    /// Nothing when the departments could not be read: then no reference is called wrong.
    departments: Option<Vec<&'a str>>,
    groups: Vec<&'a str>,
    questions: Vec<&'a str>,
    /// Questions that some category asks.
    asked: BTreeSet<String>,
    /// Groups that have a category.
    filled: BTreeSet<String>,
    seen: HashMap<String, usize>,
}

impl Reader<'_> {
    fn category(&mut self, node: &Node, fields: &mut Fields<'_>) -> Option<Category> {
        const KEYS: [&str; 13] = [
            "id",
            "name",
            "hints",
            "kind",
            "department",
            "urgency",
            "term",
            "questions",
            "publicity",
            "photos",
            "anonymous",
            "critical",
            "near",
        ];
        let what = name_of("the category", node);
        let map = fields.map(node, &what, &KEYS)?;
        let id = fields.required(map, "id", "wegen/put").and_then(|node| self.id(node, fields));
        let names = fields.required(map, "name", "{nl: …, fr: …, en: …}").and_then(|node| fields.texts(node, &what));
        let hints = map.get("hints").and_then(|node| words_of(node, &format!("the hints of {what}"), fields));
        let department =
            fields.required(map, "department", "contactcentrum").and_then(|node| self.department(node, fields));
        let kinds = Kind::ALL.map(|kind| (kind.as_str(), kind));
        let kind = map.get("kind").map_or(Some(Kind::Report), |node| fields.one_of(node, "a kind", &kinds));
        let urgencies = [Urgency::Low, Urgency::Normal, Urgency::High, Urgency::Emergency].map(|u| (u.as_str(), u));
        let urgency =
            map.get("urgency").map_or(Some(Urgency::Normal), |node| fields.one_of(node, "an urgency", &urgencies));
        let publicities = [("public", Publicity::Public), ("area", Publicity::Area), ("private", Publicity::Private)];
        let publicity = map
            .get("publicity")
            .map_or(Some(Publicity::Public), |node| fields.one_of(node, "`publicity`", &publicities));
        let photos = [("ask", Photos::Ask), ("ok", Photos::Ok), ("no", Photos::No)];
        let photos = map.get("photos").map_or(Some(Photos::Ask), |node| fields.one_of(node, "`photos`", &photos));
        let anonymous = map.get("anonymous").map_or(Some(true), |node| fields.bool(node, "`anonymous`"));
        let term = map.get("term").map(|node| fields.number(node, "the term in working days", 1..=1000));
        let questions = map.get("questions").map_or_else(Vec::new, |node| self.questions(node, &what, fields));
        let near = map.get("near").and_then(|node| fields.number(node, "`near`", 1..=i64::from(Near::MOST)));
        let critical = map.get("critical").map_or(Some(false), |node| fields.bool(node, "`critical`"));
        if let (Some(true), Some(Urgency::Low | Urgency::Normal), Some(node)) = (critical, urgency, map.get("critical"))
        {
            fields.error(
                node.at,
                format!("news of {what} would wake people, but its urgency is not high"),
                "write `urgency: high` or `urgency: emergency` beside it, or leave `critical` out",
            );
        }
        Some(Category {
            id: id?,
            names: names?,
            hints: hints.unwrap_or_default(),
            kind: kind?,
            urgency: urgency?,
            department: department?,
            questions,
            publicity: publicity?,
            photos: photos?,
            anonymous: anonymous?,
            term: term.flatten().and_then(|days| u32::try_from(days).ok()),
            critical: critical?,
            near: near.and_then(|metres| u16::try_from(metres).ok()),
        })
    }

    fn id(&mut self, node: &Node, fields: &mut Fields<'_>) -> Option<CategoryId> {
        let text = fields.text(node, "the id")?;
        once(fields, &mut self.seen, "category", &text, node.at);
        let Ok(id) = CategoryId::new(&text) else {
            fields.error(
                node.at,
                format!("`{}` is not the id of a category", clip(&text)),
                "write group/name of a-z, 0-9 and -, for instance `wegen/put`",
            );
            return None;
        };
        self.filled.insert(id.group().to_owned());
        if !self.groups.contains(&id.group()) {
            let help = match nearest(id.group(), self.groups.iter().copied()) {
                Some(near) => format!("did you mean `{near}/{}`?", &id[id.group().len() + 1..]),
                None => format!("add the group to `groups`, or use one of: {}", self.groups.join(", ")),
            };
            fields.error(node.at, format!("there is no group `{}`", id.group()), help);
        }
        Some(id)
    }

    fn department(&self, node: &Node, fields: &mut Fields<'_>) -> Option<Slug> {
        let text = fields.text(node, "the department")?;
        if let Some(known) = &self.departments
            && !known.contains(&text.as_str())
        {
            fields.unknown(node.at, "department", &text, known);
        }
        Slug::new(&text).ok()
    }

    fn questions(&mut self, node: &Node, what: &str, fields: &mut Fields<'_>) -> Vec<String> {
        let mut questions: Vec<String> = Vec::new();
        for (at, id) in fields.texts_of(node, "a question") {
            if !self.questions.contains(&id.as_str()) {
                fields.unknown(at, "question", &id, &self.questions);
            } else if questions.contains(&id) {
                fields.error(at, format!("{what} asks `{id}` twice"), "keep one of them");
            }
            self.asked.insert(id.clone());
            questions.push(id);
        }
        if questions.len() > MAX_QUESTIONS {
            fields.error(
                node.at,
                format!("{what} asks {} questions", questions.len()),
                format!("keep the {MAX_QUESTIONS} that change what is done; people give up on more"),
            );
        }
        questions
    }
}
