//! The names that a city gave, in a further language.

use super::Further;
use crate::{
    city::{Area, Category, City, Department, Group, Question, Texts},
    report::Language,
};

/// The keys under which a further language names what a city named, each with its Dutch name: `category-wegen_put`,
/// `group-wegen`, `question-gevaar`, `option-soort_een-zak`, `department-wegen`, `area-heule`.
pub struct Names;

fn category(category: &Category) -> String {
    format!("category-{}", category.id.as_str().replace('/', "_"))
}

fn group(group: &Group) -> String {
    format!("group-{}", group.id)
}

fn question(question: &Question) -> String {
    format!("question-{}", question.id)
}

fn option(question: &Question, option: &str) -> String {
    format!("option-{}_{option}", question.id)
}

fn department(department: &Department) -> String {
    format!("department-{}", department.id)
}

fn area(area: &Area) -> String {
    format!("area-{}", area.id)
}

impl Names {
    /// What begins each of the keys.
    pub const BEGIN: [&str; 6] = ["category-", "group-", "question-", "option-", "department-", "area-"];

    /// Every key of `city`, with what is said in `language`.
    pub fn all(city: &City, language: Language) -> Vec<(String, String)> {
        let said = |texts: &Texts| crate::city::in_language(texts, language).to_owned();
        let mut all = Vec::new();
        all.extend(city.groups.iter().map(|one| (group(one), said(&one.names))));
        all.extend(city.categories.iter().map(|one| (category(one), said(&one.names))));
        for one in city.questions.values() {
            all.push((question(one), said(&one.texts)));
            for id in &one.options {
                let name = one.option_names.get(id).map_or_else(|| id.replace('-', " "), said);
                all.push((option(one, id), name));
            }
        }
        all.extend(city.departments.iter().map(|one| (department(one), said(&one.names))));
        all.extend(city.areas.all().iter().map(|one| (area(one), said(&one.names))));
        all
    }

    /// Gives everything of `city` the names that its further languages have for it.
    pub(crate) fn give(city: &mut City) {
        let City { further, languages, groups, categories, questions, departments, areas, .. } = city;
        let give = |texts: &mut Texts, key: &str| give(further, languages, texts, key);
        for one in groups {
            let key = group(one);
            give(&mut one.names, &key);
        }
        for one in categories {
            let key = category(one);
            give(&mut one.names, &key);
        }
        for one in departments {
            let key = department(one);
            give(&mut one.names, &key);
        }
        for one in areas.all_mut() {
            let key = area(one);
            give(&mut one.names, &key);
        }
        for one in questions.values_mut() {
            let key = question(one);
            give(&mut one.texts, &key);
            for id in one.options.clone() {
                let key = option(one, &id);
                // The Dutch is what every other language falls back to.
                let plain = || Texts::from([(Language::NL, id.replace('-', " "))]);
                let mut names = one.option_names.get(&id).cloned().unwrap_or_else(plain);
                give(&mut names, &key);
                if names.len() > 1 {
                    one.option_names.insert(id, names);
                }
            }
        }
    }
}

fn give(further: &Further, languages: &[Language], texts: &mut Texts, key: &str) {
    for language in languages.iter().filter(|language| !language.is_built_in()) {
        if let Some(name) = further.text(*language, key, &[]) {
            texts.insert(*language, name);
        }
    }
}
