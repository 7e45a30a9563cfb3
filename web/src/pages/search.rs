//! Finding a category by a person's own words.

use schemas::{
    Date,
    city::{Article, Category, City, in_language},
    report::Language,
    text::fold,
};

/// The most articles offered for one search.
const MOST_ARTICLES: usize = 3;
/// How well a whole word fits.
const WHOLE_WORD: u32 = 8;
/// The most categories offered for one search.
const MOST: usize = 12;

/// How well `asked`, folded words, fits `name`; 0 = not at all.
fn fit(asked: &[&str], name: &str) -> u32 {
    let name = fold(name);
    let words: Vec<&str> = name.split(' ').collect();
    asked.iter().map(|asked| words.iter().map(|word| closeness(asked, word)).max().unwrap_or(0)).sum()
}

/// How close a word that was asked for is to one of a name.
fn closeness(asked: &str, word: &str) -> u32 {
    // Plurals and compounds both ways: "lampen" for "lamp", "straatlamp" for "lamp".
    if word == asked {
        WHOLE_WORD
    } else if word.starts_with(asked) {
        6
    } else if word.len() >= 3 && asked.starts_with(word) {
        5
    } else if (asked.len() >= 4 && word.contains(asked)) || (word.len() >= 4 && asked.ends_with(word)) {
        3
    } else {
        0
    }
}

/// The categories that fit `query`, best first. Names in the language of the page count double;
/// those in the others count too, since a town speaks more languages than its pages.
pub fn categories<'a>(city: &'a City, language: Language, query: &str) -> Vec<&'a Category> {
    let query = fold(query);
    // Words of one or two letters are articles more often than not.
    let asked: Vec<&str> = query.split(' ').filter(|word| word.chars().count() > 2).take(12).collect();
    if asked.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(u32, &Category)> = city
        .categories
        .iter()
        .filter_map(|category| {
            let own = 2 * fit(&asked, in_language(&category.names, language));
            let other = category.names.values().map(|name| fit(&asked, name)).max().unwrap_or(0);
            let group = city.groups.iter().find(|group| group.id == category.id.group());
            let group =
                group.map_or(0, |group| group.names.values().map(|name| fit(&asked, name)).max().unwrap_or(0) / 3);
            let score = own.max(other) * 2 + group;
            (score > 0).then_some((score, category))
        })
        .collect();
    // Stable: equals stay in the order of the city's file.
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    // What fits less than half as well as the best is noise.
    let enough = found.first().map_or(0, |(best, _)| best.div_ceil(2));
    found.into_iter().filter(|(score, _)| *score >= enough).map(|(_, category)| category).take(MOST).collect()
}

/// The articles that are right on `day` and fit `query`, best first: whose title or words have one of
/// its words, in any language.
pub fn articles<'a>(city: &'a City, day: Date, query: &str) -> Vec<&'a Article> {
    let query = fold(query);
    let asked: Vec<&str> = query.split(' ').filter(|word| word.chars().count() > 3).take(12).collect();
    let score = |article: &Article| -> u32 {
        let texts = article.texts.values().flat_map(|text| text.words.iter().chain([&text.title]));
        texts.map(|text| fit(&asked, text)).max().unwrap_or(0)
    };
    let mut found: Vec<(u32, &Article)> =
        city.articles.iter().filter(|article| article.is_valid(day)).map(|article| (score(article), article)).collect();
    // A part of a word is too little: "kaart" is in many.
    found.retain(|(score, _)| *score >= WHOLE_WORD);
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, article)| article).take(MOST_ARTICLES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_fold() {
        assert_eq!(fold("  Éclairage, PUBLIC! "), "eclairage public");
        assert_eq!(fold("<b>"), "b");
    }

    #[test]
    fn people_find_what_they_mean() {
        let city = crate::tests::city();
        for (language, query, expected) in [
            (Language::NL, "er is een put in de straat", "wegen/put"),
            (Language::NL, "putten", "wegen/put"),
            (Language::FR, "nid de poule", "wegen/put"),
            (Language::EN, "pothole", "wegen/put"),
            (Language::EN, "put", "wegen/put"),
        ] {
            let found = categories(&city, language, query);
            assert!(found.iter().take(3).any(|c| c.id.as_str() == expected), "{query}: {found:?}");
        }
        for nothing in ["", "  ", "de", "qqqq", "\u{0}"] {
            assert!(categories(&city, Language::NL, nothing).is_empty(), "{nothing}");
        }
    }
}
