//! Conditions that cannot hold together.

use super::implies;
use crate::{
    Rule,
    conditions::{Clause, Condition},
};
use schemas::{
    city::{Category, City},
    report::{Kind, Urgency},
};

/// What is wrong, and what to write instead.
type Found = (String, &'static str);

/// Why `rule`, or a branch of an `any` in it, can never hold.
pub(super) fn find(rule: &Rule, city: &City) -> Vec<Found> {
    let mut together = Vec::new();
    flatten(&rule.clauses, &mut together);
    if let Some((why, help)) = contradiction(&together, city) {
        return vec![(format!("the conditions never hold together: {why}"), help)];
    }
    let mut found = Vec::new();
    for clause in &together {
        let Condition::Any(any) = &clause.condition else { continue };
        let dead = |branch: &Vec<Clause>| {
            let mut with = together.clone();
            flatten(branch, &mut with);
            contradiction(&with, city)
        };
        let branches: Vec<Option<Found>> = any.clauses().iter().map(dead).collect();
        if branches.iter().all(Option::is_some) {
            let why = branches.into_iter().flatten().map(|(why, _)| why).collect::<Vec<_>>().join("; ");
            return vec![(format!("no branch of `any` ever holds: {why}"), "correct the branches")];
        }
        for (branch, (why, help)) in any.clauses().iter().zip(branches).filter_map(|(b, dead)| Some((b, dead?))) {
            let text = branch.iter().map(|clause| clause.text.as_str()).collect::<Vec<_>>().join(", ");
            found.push((format!("the branch {{{text}}} never holds: {why}"), help));
        }
    }
    found
}

/// `all` says the same as its conditions one by one.
fn flatten<'r>(clauses: &'r [Clause], into: &mut Vec<&'r Clause>) {
    for clause in clauses {
        match &clause.condition {
            Condition::All(all) => flatten(all.clauses(), into),
            _ => into.push(clause),
        }
    }
}

fn contradiction(together: &[&Clause], city: &City) -> Option<Found> {
    let categories: Vec<&Category> = city.categories.iter().filter(|category| admits(together, category)).collect();
    if categories.is_empty() {
        return Some((
            "no category is left".to_owned(),
            "correct `category`: what one condition names, another rules out",
        ));
    }
    if !Kind::ALL.into_iter().any(|kind| together.iter().all(|clause| clause.admits_kind(kind))) {
        return Some(("no kind is left".to_owned(), "correct `kind`"));
    }
    about_categories(together, &categories, city)
        .or_else(|| about_time(together, city))
        .or_else(|| about_place(together, city))
        .or_else(|| about_load(together))
        .or_else(|| about_reporter(together, &categories, city))
        .or_else(|| ruled_out(together))
}

fn admits(together: &[&Clause], category: &Category) -> bool {
    together.iter().all(|clause| match &clause.condition {
        Condition::Not(not) => match not.clauses().as_slice() {
            [Clause { condition: Condition::Category(ruled_out), .. }] => ruled_out.admits(&category.id).is_none(),
            _ => true,
        },
        _ => clause.admits_category(&category.id),
    })
}

/// Urgencies that no report of these categories has, questions that none of them asks.
fn about_categories(together: &[&Clause], categories: &[&Category], city: &City) -> Option<Found> {
    let raises = |id: &String| city.question(id).is_some_and(|question| question.raises);
    for clause in together {
        match &clause.condition {
            Condition::Urgency(urgency) => {
                let names = urgency.names();
                let can_be = |category: &&Category| {
                    names.iter().any(|name| name == category.urgency.as_str())
                        || (names.iter().any(|name| name == Urgency::Emergency.as_str())
                            && category.questions.iter().any(raises))
                };
                if !categories.iter().any(can_be) {
                    return Some((
                        format!("`{}` is never so in {}", clause.text, listed(categories)),
                        "a report has its category's urgency, or is an emergency by an answer: correct either",
                    ));
                }
            }
            Condition::Answer(answer) => {
                // Every question has to be asked in one and the same category.
                let asks =
                    |category: &&Category| answer.questions().all(|id| category.questions.iter().any(|q| q == id));
                if !categories.iter().any(asks) {
                    return Some((
                        format!("`{}` is not asked in {}", clause.text, listed(categories)),
                        "add the question to the category in categories.yaml, or correct the rule",
                    ));
                }
            }
            _ => {}
        }
    }
    None
}

fn listed(categories: &[&Category]) -> String {
    match categories {
        [first, _, _, _, ..] => format!("{} or {} other categories", first.id, categories.len() - 1),
        few => few.iter().map(|category| category.id.as_str()).collect::<Vec<_>>().join(", "),
    }
}

/// Office hours on days and at times when the office is closed.
fn about_time(together: &[&Clause], city: &City) -> Option<Found> {
    let calendar = &city.calendar;
    let open = together.iter().find(|clause| matches!(&clause.condition, Condition::OfficeHours(o) if o.wanted()))?;
    let closed = |clause: &&&Clause| match &clause.condition {
        Condition::Holiday(holiday) => holiday.wanted(),
        Condition::Weekday(weekday) => !weekday.meets(&calendar.working_days),
        Condition::Time(time) => !time.meets(calendar.office_minutes.0..calendar.office_minutes.1),
        _ => false,
    };
    let clause = together.iter().find(closed)?;
    Some((format!("`{}`, but the office is closed when `{}`", open.text, clause.text), "leave one of them out"))
}

/// Areas that lie apart.
fn about_place(together: &[&Clause], city: &City) -> Option<Found> {
    let areas: Vec<(&str, Vec<String>)> = together
        .iter()
        .filter_map(|clause| match &clause.condition {
            Condition::Area(area) => Some((clause.text.as_str(), area.names())),
            _ => None,
        })
        .collect();
    for (n, (text, one)) in areas.iter().enumerate() {
        for (other_text, other) in &areas[..n] {
            let meet = one.iter().any(|a| other.iter().any(|b| a == b || city.areas.meet(a, b)));
            if !meet {
                return Some((
                    format!("nowhere lies in both `{other_text}` and `{text}`"),
                    "write `area: [one, other]` for one of both",
                ));
            }
        }
    }
    None
}

/// Numbers of cases that cannot be.
fn about_load(together: &[&Clause]) -> Option<Found> {
    let asked = |clause: &&&Clause| matches!(clause.condition, Condition::Load(_));
    let loads: Vec<&&Clause> = together.iter().filter(asked).collect();
    for (n, clause) in loads.iter().enumerate() {
        let Condition::Load(load) = &clause.condition else { continue };
        let Some((department, range)) = load.asked() else { continue };
        if !range.counts() {
            return Some((format!("`{}` is no number of cases that can be", clause.text), "correct the number"));
        }
        for other in &loads[..n] {
            let Condition::Load(load) = &other.condition else { continue };
            if load.asked().is_some_and(|(theirs, other)| theirs == department && !other.meets(range)) {
                return Some((format!("no number is both `{}` and `{}`", other.text, clause.text), "correct a number"));
            }
        }
    }
    None
}

/// Reporters that these categories or channels do not have.
fn about_reporter(together: &[&Clause], categories: &[&Category], city: &City) -> Option<Found> {
    let channels = together.iter().find_map(|clause| match &clause.condition {
        Condition::Channel(channel) => Some(channel.names()),
        _ => None,
    });
    for clause in together {
        let Condition::Reporter(reporter) = &clause.condition else { continue };
        let names = reporter.names();
        let only = |word: &str| names.iter().all(|name| name == word);
        if only("anonymous") && categories.iter().all(|category| !category.anonymous) {
            return Some((
                format!("nobody stays anonymous in {}", listed(categories)),
                "leave the condition out, or set `anonymous: true` in categories.yaml",
            ));
        }
        let by_staff = |channel: &String| city.staff_channels.iter().any(|staff| staff.as_str() == channel);
        if let Some(channels) = &channels
            && ((only("staff") && !channels.iter().any(by_staff))
                || (only("resident") && channels.iter().all(by_staff)))
        {
            return Some((
                format!("`{}` is never so through {}", clause.text, channels.join(", ")),
                "see `staff_channels` in city.yaml",
            ));
        }
    }
    None
}

/// What a `not` rules out although another condition asks for it, and yes and no at once.
fn ruled_out(together: &[&Clause]) -> Option<Found> {
    for (n, clause) in together.iter().enumerate() {
        let same = |other: &&&Clause| match (&clause.condition, &other.condition) {
            (Condition::Photo(one), Condition::Photo(other)) => one.wanted() != other.wanted(),
            (Condition::Holiday(one), Condition::Holiday(other)) => one.wanted() != other.wanted(),
            (Condition::OfficeHours(one), Condition::OfficeHours(other)) => one.wanted() != other.wanted(),
            // A report has one of each.
            (Condition::Channel(_), Condition::Channel(_))
            | (Condition::Language(_), Condition::Language(_))
            | (Condition::Urgency(_), Condition::Urgency(_))
            | (Condition::Weekday(_), Condition::Weekday(_))
            | (Condition::RoadManager(_), Condition::RoadManager(_))
            | (Condition::GreenManager(_), Condition::GreenManager(_))
            | (Condition::WatercourseManager(_), Condition::WatercourseManager(_)) => {
                let (one, other) = (clause.condition.names(), other.condition.names());
                one.zip(other).is_some_and(|(one, other)| !one.iter().any(|name| other.contains(name)))
            }
            _ => false,
        };
        if let Some(other) = together[..n].iter().find(same) {
            return Some((
                format!("`{}` and `{}` rule each other out", other.text, clause.text),
                "leave one of them out",
            ));
        }
        let Condition::Not(not) = &clause.condition else { continue };
        let asked = |inside: &Clause| {
            together
                .iter()
                .enumerate()
                .any(|(m, other)| m != n && implies::implies(std::slice::from_ref(*other), inside))
        };
        if !not.clauses().is_empty() && not.clauses().iter().all(asked) {
            return Some((
                format!("`{}` rules out what the others ask", clause.text),
                "correct the `not`, or leave it out",
            ));
        }
    }
    None
}
