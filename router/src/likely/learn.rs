//! How it is learnt: from names and hints at once, from cases as the store gives them.

use super::{
    COMMON, Likely,
    table::Table,
    words::{keepable, pieces, words},
};
use schemas::city::City;
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};
use store::{Lesson, Store};

/// How often each word of a name or a hint counts, beside one for each report that has it.
const OWN: f64 = 2.0;
/// The same of the name of its group.
const GROUP: f64 = 0.3;
/// The most cases that are learnt from, the newest.
const MOST_CASES: usize = 20_000;
/// How many are read at a time.
const PAGE: usize = 500;

/// Learns case by case.
#[derive(Debug)]
pub struct Teacher<'c> {
    city: &'c City,
    /// How many reports per category have a word.
    taught: HashMap<String, HashMap<usize, u32>>,
    /// Cases per category.
    cases: Vec<u32>,
}

impl<'c> Teacher<'c> {
    /// Knows the categories of `city`, and no case yet.
    pub fn new(city: &'c City) -> Self {
        Self { city, taught: HashMap::new(), cases: vec![0; city.categories.len()] }
    }

    /// Learns from one case. A category that the city has no more is passed over.
    pub fn teach(&mut self, lesson: &Lesson) {
        let Some(at) = self.city.categories.iter().position(|known| known.id == lesson.category) else { return };
        self.cases[at] += 1;
        for word in keepable(&lesson.words, lesson.address.as_deref()) {
            *self.taught.entry(word).or_default().entry(at).or_default() += 1;
        }
    }

    /// What was learnt.
    pub fn finish(self) -> Likely {
        let categories = &self.city.categories;
        let (mut known, mut parts) = (Table::new(categories.len()), Table::new(categories.len()));
        let mut count = |word: &str, at: usize, times: f64| {
            known.count(word, at, times);
            let pieces = pieces(word);
            for piece in &pieces {
                parts.count(piece, at, times / pieces.len() as f64);
            }
        };
        for (at, category) in categories.iter().enumerate() {
            let own = category.names.values().chain(category.hints.values().flatten());
            own.flat_map(|text| words(text)).for_each(|word| count(&word.folded, at, OWN));
            let group = self.city.groups.iter().find(|group| group.id == category.id.group());
            let group = group.into_iter().flat_map(|group| group.names.values());
            group.flat_map(|text| words(text)).for_each(|word| count(&word.folded, at, GROUP));
        }
        for (word, by) in &self.taught {
            // What few people wrote could be about one of them.
            if by.values().sum::<u32>() >= COMMON {
                by.iter().for_each(|(at, reports)| count(word, *at, f64::from(*reports)));
            }
        }
        let cases: u32 = self.cases.iter().sum();
        // As if every category had had five cases before the first.
        let all = f64::from(cases) + 5.0 * categories.len() as f64;
        let even = (1.0 / categories.len().max(1) as f64).ln();
        Likely {
            categories: categories.iter().map(|category| category.id.clone()).collect(),
            priors: self.cases.iter().map(|cases| ((f64::from(*cases) + 5.0) / all).ln() - even).collect(),
            words: known,
            pieces: parts,
            cases: cases as usize,
        }
    }
}

/// Reads the city's newest cases whose category nobody doubts any more, newest first.
pub async fn lessons(store: &Store) -> Result<Vec<Lesson>, store::Error> {
    let mut all: Vec<Lesson> = Vec::new();
    while all.len() < MOST_CASES {
        let page = store.lessons(all.last().map(|lesson| lesson.case_id), PAGE).await?;
        let done = page.len() < PAGE;
        all.extend(page);
        if done {
            break;
        }
    }
    Ok(all)
}

/// Learns from the city's own cases, beside the loop that answers.
pub async fn learn(store: &Store, city: &Arc<City>) -> Result<Likely, store::Error> {
    let (lessons, city) = (lessons(store).await?, city.clone());
    let learnt = tokio::task::spawn_blocking(move || {
        let mut teacher = Teacher::new(&city);
        lessons.iter().for_each(|lesson| teacher.teach(lesson));
        teacher.finish()
    });
    Ok(learnt.await.expect("counting words does not panic"))
}

/// What was learnt last, for everybody who asks while the next is learnt.
#[derive(Debug)]
pub struct Latest(RwLock<Arc<Likely>>);

impl Latest {
    /// Begins with `likely`.
    pub fn new(likely: Likely) -> Self {
        Self(RwLock::new(Arc::new(likely)))
    }

    /// What was learnt last.
    pub fn get(&self) -> Arc<Likely> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on, `likely`.
    pub fn set(&self, likely: Likely) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(likely);
    }
}
