//! `knowledge/<name>.<language>.md`: articles, one file per language. Each begins with its title
//! and words between two lines of `---`; what is the same in every language stands in the Dutch
//! file. The rest is Markdown.

use super::{
    fields::{Fields, clip, slugged},
    yaml,
};
use crate::{
    city::{Article, ArticleText, Files},
    fault::{Fault, did_you_mean},
    markdown::{self, Found},
    report::Language,
    slug::{CategoryId, Slug},
};
use jiff::civil::Date;
use std::collections::BTreeMap;

const FOLDER: &str = "knowledge/";
/// Longer than anybody reads; what is longer is several articles.
const LONGEST: usize = 64 * 1024;
const SHAPE: &str = "begin the file with `---`, `title: …`, `---`, each on a line of its own, then the answer";

/// Reads every article. `categories` are the ids that may be referred to, if their file could be
/// read; `languages` those of the city.
pub(super) fn read(
    files: &Files,
    categories: Option<&[String]>,
    languages: &[Language],
    faults: &mut Vec<Fault>,
) -> Vec<Article> {
    let mut found: BTreeMap<Slug, BTreeMap<Language, (&str, &str)>> = BTreeMap::new();
    for (file, text) in files.iter().filter(|(file, _)| file.starts_with(FOLDER)) {
        if file.ends_with("/README.md") {
            continue;
        }
        match name(file, languages) {
            Ok((slug, language)) => {
                found.entry(slug).or_default().insert(language, (file, text));
            }
            Err(help) => faults.push(Fault::error(file, (0, 0), "this is not the name of an article", help)),
        }
    }
    let known: Vec<Slug> = found.keys().cloned().collect();
    let mut articles = Vec::new();
    for (slug, texts) in found {
        let mut article = Article {
            slug,
            categories: Vec::new(),
            phone: None,
            valid_until: None,
            texts: BTreeMap::new(),
            until_at: (0, 0),
        };
        for (language, (file, text)) in &texts {
            let fields = &mut Fields { file, faults: &mut *faults, languages: &[] };
            let reader = Reader { categories, articles: &known };
            if let Some(text) = reader.text(text, *language, fields, &mut article) {
                article.texts.insert(*language, text);
            }
        }
        complete(&article.slug, &texts, languages, faults);
        if article.texts.contains_key(&Language::NL) {
            articles.push(article);
        }
    }
    articles
}

/// `knowledge/<name>.<language>.md`; the error says what to write instead.
fn name(file: &str, languages: &[Language]) -> Result<(Slug, Language), String> {
    let rest = &file[FOLDER.len()..];
    let stem = rest.strip_suffix(".md").unwrap_or(rest);
    let (name, language) = stem.rsplit_once('.').unwrap_or((stem, "nl"));
    let spoken = |known: &Language| known.is_built_in() || languages.contains(known);
    let known = Language::parse(language).filter(|known| known.as_str() == language && spoken(known));
    match (Slug::new(name), known) {
        (Ok(slug), Some(language)) if stem.len() < rest.len() && stem.contains('.') => Ok((slug, language)),
        _ => {
            let name = slugged(name).unwrap_or_else(|| "wasps".to_owned());
            let language = known.unwrap_or_default().as_str();
            Err(format!(
                "call it `{FOLDER}{name}.{language}.md`: name, language (nl, fr, en or a further one of the city), `.md`"
            ))
        }
    }
}

/// Dutch has to be there; each other language of the city may be missing, with a warning.
fn complete(slug: &Slug, texts: &BTreeMap<Language, (&str, &str)>, languages: &[Language], faults: &mut Vec<Fault>) {
    if !texts.contains_key(&Language::NL) {
        let file = texts.values().next().map_or(FOLDER, |(file, _)| file);
        let help = format!("add `{FOLDER}{slug}.nl.md`: it is what every other language falls back to");
        faults.push(Fault::error(file, (0, 0), format!("the article `{slug}` has no Dutch text"), help));
        return;
    }
    for language in languages.iter().filter(|language| language.is_built_in() && !texts.contains_key(language)) {
        let language = language.as_str();
        let message = format!("the article `{slug}` has no text in `{language}`");
        let help = format!("add `{FOLDER}{slug}.{language}.md`; until then the Dutch is shown");
        faults.push(Fault::error(&format!("{FOLDER}{slug}.nl.md"), (0, 0), message, help).warning());
    }
}

struct Reader<'a> {
    categories: Option<&'a [String]>,
    articles: &'a [Slug],
}

impl Reader<'_> {
    fn text(
        &self,
        text: &str,
        language: Language,
        fields: &mut Fields<'_>,
        article: &mut Article,
    ) -> Option<ArticleText> {
        if text.len() > LONGEST {
            fields.error((0, 0), format!("the article is longer than {LONGEST} bytes"), "make several articles of it");
            return None;
        }
        let text = text.replace("\r\n", "\n");
        let text = text.trim_start_matches('\u{feff}');
        let Some((front, body)) = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n")) else {
            fields.error((1, 1), "the article does not begin with its title", SHAPE);
            return None;
        };
        // One line before, so that every line keeps its number.
        let node = yaml::parse(fields.file, &format!("\n{front}\n"), fields.faults)?;
        let keys: &[&str] = match language {
            Language::NL => &["title", "words", "categories", "phone", "valid_until"],
            _ => &["title", "words"],
        };
        let shared = ["categories", "phone", "valid_until"];
        if language != Language::NL
            && let yaml::Value::Map(entries) = &node.value
            && let Some((key, _)) = entries.iter().find(|(key, _)| shared.contains(&key.name.as_str()))
        {
            let help = format!("write it in `{FOLDER}{}.nl.md` only, and leave it out here", article.slug);
            fields.error(key.at, format!("`{}` is the same in every language", key.name), help);
            return None;
        }
        let map = fields.map(&node, "the article", keys)?;
        let title = fields
            .required(map, "title", "Wanneer haalt men mijn afval op?")
            .and_then(|node| fields.text(node, "the title"));
        let words = map.get("words").map_or_else(Vec::new, |node| fields.texts_of(node, "a word"));
        if let Some(node) = map.get("categories") {
            article.categories = self.categories(node, fields);
        }
        if let Some(node) = map.get("phone") {
            article.phone = fields.text(node, "the telephone number");
        }
        if let Some(node) = map.get("valid_until") {
            article.until_at = node.at;
            article.valid_until = fields.text(node, "`valid_until`").and_then(|text| {
                let day: Option<Date> = text.parse().ok();
                if day.is_none() {
                    fields.error(node.at, format!("`{}` is not a day", clip(&text)), "write it as 2027-12-31");
                }
                day
            });
        }
        self.body(body, front.lines().count() + 3, fields);
        Some(ArticleText {
            title: title?,
            words: words.into_iter().map(|(_, word)| word).collect(),
            markdown: body.trim().to_owned(),
        })
    }

    fn categories(&self, node: &yaml::Node, fields: &mut Fields<'_>) -> Vec<CategoryId> {
        let mut categories = Vec::new();
        for (at, id) in fields.texts_of(node, "a category") {
            match self.categories {
                Some(known) if !known.contains(&id) => {
                    let known: Vec<&str> = known.iter().map(String::as_str).collect();
                    fields.unknown(at, "category", &id, &known);
                }
                _ => categories.extend(CategoryId::new(&id).ok()),
            }
        }
        categories
    }

    /// Checks the Markdown, whose first line is line `first` of the file.
    fn body(&self, body: &str, first: usize, fields: &mut Fields<'_>) {
        if body.trim().is_empty() {
            fields.error((first, 0), "the article has no answer", SHAPE);
            return;
        }
        let place = |at: usize| {
            let before = body.get(..at).unwrap_or_default();
            let line = before.rsplit('\n').next().unwrap_or_default();
            (first + before.matches('\n').count(), line.chars().count() + 1)
        };
        for (at, found) in markdown::look(body) {
            let (message, help) = match found {
                Found::Html => (
                    "HTML stands in the article".to_owned(),
                    "write Markdown: `**strong**`, `- item`, `[words](address)`; a `<` that is meant as such is written `\\<`",
                ),
                Found::Picture => {
                    ("articles have no pictures".to_owned(), "say it in words, or link to it: `[words](https://…)`")
                }
                Found::Link(target) => (
                    format!("the link `{}` leads nowhere", clip(&target)),
                    "begin it with https://, mailto: or tel:, with `/` for a page of this site, or name another article",
                ),
                Found::Article(slug) if self.articles.contains(&slug) => continue,
                Found::Article(slug) => {
                    let help = did_you_mean(&slug, self.articles.iter().map(Slug::as_str));
                    fields.error(place(at), format!("there is no article `{slug}`"), help);
                    continue;
                }
            };
            fields.error(place(at), message, help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(given: &[(&str, &str)]) -> (Vec<Article>, Vec<String>) {
        let files: Files = given.iter().map(|(name, text)| (format!("knowledge/{name}"), (*text).into())).collect();
        let mut faults = Vec::new();
        let categories = ["dieren/wespen".to_owned(), "wegen/put".to_owned()];
        let articles = read(&files, Some(&categories), &[Language::NL, Language::FR], &mut faults);
        let told = faults.iter().map(|f| format!("{}:{}:{} {}", f.file, f.line, f.column, f.message)).collect();
        (articles, told)
    }

    const NL: &str = "---\ntitle: Een wespennest\nwords: [wespen, nest]\ncategories: [dieren/wespen]\nphone: '112'\nvalid_until: 2027-01-31\n---\n\nBel **eerst**.\n";

    #[test]
    fn an_article_is_read_in_every_language() {
        let (articles, faults) = read_all(&[
            ("wespen.nl.md", NL),
            ("wespen.fr.md", "---\r\ntitle: Un nid\r\n---\r\nAppelez.\r\n"),
            ("README.md", "x"),
        ]);
        assert_eq!(faults, Vec::<String>::new());
        let article = &articles[0];
        assert_eq!((article.slug.as_str(), article.phone.as_deref()), ("wespen", Some("112")));
        assert_eq!(article.categories, [CategoryId::new("dieren/wespen").unwrap()]);
        let (language, text) = article.text(Language::FR);
        assert_eq!((language, text.title.as_str(), text.markdown.as_str()), (Language::FR, "Un nid", "Appelez."));
        assert_eq!(article.text(Language::EN).0, Language::NL);
        assert_eq!(article.text(Language::NL).1.html(Language::NL, 2), "<p>Bel <strong>eerst</strong>.</p>\n");
        let day = |text: &str| text.parse::<Date>().unwrap();
        assert!(article.is_valid(day("2027-01-31")) && !article.is_valid(day("2027-02-01")));
    }

    #[test]
    fn every_fault_has_its_place() {
        for (name, text, told) in [
            ("wespen.nl.md", "Bel ons.", "1:1 the article does not begin with its title"),
            ("wespen.nl.md", "---\nwords: [a]\n---\nx", "2:1 the article lacks `title`"),
            ("wespen.nl.md", "---\ntitle: a\n---\n \n", "4:0 the article has no answer"),
            ("wespen.nl.md", "---\ntitle: a\nowner: b\n---\nx", "3:1 the article has no `owner`"),
            (
                "wespen.nl.md",
                "---\ntitle: a\ncategories: [wegen/putt]\n---\nx",
                "3:14 there is no category `wegen/putt`",
            ),
            ("wespen.nl.md", "---\ntitle: a\nvalid_until: soon\n---\nx", "3:14 `soon` is not a day"),
            ("wespen.nl.md", "---\ntitle: a\n---\nx\n\ny <b>z</b>", "6:3 HTML stands in the article"),
            ("wespen.nl.md", "---\ntitle: a\n---\n![x](y)", "4:1 articles have no pictures"),
            ("wespen.nl.md", "---\ntitle: a\n---\né [x](javascript:y)", "4:3 the link `javascript:y` leads nowhere"),
            ("wespen.nl.md", "---\ntitle: a\n---\n[x](wesp)", "4:1 there is no article `wesp`"),
            ("wespen.nl.md", "---\ntitle: [a\n---\nx", ""),
        ] {
            let (_, faults) = read_all(&[(name, text)]);
            let expected = format!("knowledge/{name}:{told}");
            assert!(faults.iter().any(|fault| fault.starts_with(&expected)), "{text}: {faults:#?}");
        }
        for name in ["wespen.md", "wespen.de.md", "Wespen!.nl.md", "wespen.nl.txt", ".nl.md"] {
            let (articles, faults) = read_all(&[(name, NL)]);
            assert!(articles.is_empty() && faults[0].contains("not the name of an article"), "{name}: {faults:?}");
        }
        let (articles, faults) = read_all(&[("wespen.fr.md", "---\ntitle: a\nphone: x\n---\nx")]);
        assert!(articles.is_empty(), "an article without Dutch");
        assert!(
            faults[0].ends_with("3:1 `phone` is the same in every language") && faults[1].contains("no Dutch text"),
            "{faults:?}"
        );
        let (articles, faults) = read_all(&[("wespen.nl.md", NL)]);
        assert!(articles.len() == 1 && faults[0].contains("has no text in `fr`"), "{faults:?}");
    }
}
