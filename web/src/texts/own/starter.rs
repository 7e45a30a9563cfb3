//! The file of a further language, to be translated.

use super::{Names, Said, built, words};
use schemas::{city::City, further, report::Language};
use std::collections::BTreeMap;

/// The file of a further language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Starter {
    /// Its text.
    pub text: String,
    /// How many texts there are.
    pub all: usize,
    /// How many of them are translated.
    pub translated: usize,
}

/// The file of `language` for `city`: what the city has of it stays, and each text that is missing stands there in `from`,
/// a built-in language, behind `#`, for somebody to translate. Lines for people begin with `##`.
pub fn starter(city: &City, language: Language, from: Language) -> Starter {
    let have = city.files.get(&further::file_of(language)).map_or("", AsRef::as_ref);
    let have: BTreeMap<String, String> =
        pieces(have).into_iter().filter_map(|piece| Some((piece.key?, piece.text))).collect();
    let mut starter = Starter { text: String::new(), all: 0, translated: 0 };
    let code = language.as_str();
    starter.comment(&format!("Everything that residents read, in the language `{code}`."));
    starter.comment(
        "Translate what stands after `=`, and take the `# ` before it away. What stands in braces is filled in",
    );
    starter.comment("and stays as it is. What still has its `# ` is said in English.");
    starter.comment(&format!(
        "`voordeur check` tells what is wrong and what is missing; `voordeur texts {code} --write` adds"
    ));
    starter.comment("what a new version brought.");
    starter.title("The pages");
    for piece in pieces(&built(from).unwrap_or_default()).into_iter().skip_while(|piece| piece.key.is_none()) {
        match piece.key {
            Some(key) => starter.add(&key, &piece.text, &have),
            // One `#` alone is for what is to be translated.
            None => {
                starter.text.push_str(&piece.text.replacen("# ", "## ", usize::from(!piece.text.starts_with("##"))))
            }
        }
    }
    starter.title("Dates, and what is said beside the pages");
    for word in words() {
        starter.add(word.key, &format!("{} = {}\n", word.key, word.in_built_in(from)), &have);
    }
    starter.title("What the city named");
    for (key, name) in Names::all(city, from) {
        starter.add(&key, &format!("{key} = {name}\n"), &have);
    }
    starter.title("What is sent: mails, text messages, letters");
    starter.comment(
        "A line that begins with a bracket is a button; `[yes]` is said when there is such a thing, `*[no]` when not.",
    );
    for (key, forms) in notifier::further::notices(from) {
        let forms: String = forms.iter().map(|(form, source)| notifier::further::write(form, source)).collect();
        starter.text.push('\n');
        starter.add(&key, &format!("{key} =\n{forms}"), &have);
    }
    starter
}

impl Starter {
    fn title(&mut self, title: &str) {
        self.text.push_str(&format!("\n\n## {title}\n\n"));
    }

    fn comment(&mut self, line: &str) {
        self.text.push_str(&format!("## {line}\n"));
    }

    /// A text: the one that there is, or `text`, behind `#`.
    fn add(&mut self, key: &str, text: &str, have: &BTreeMap<String, String>) {
        self.all += 1;
        if let Some(own) = have.get(key) {
            self.translated += 1;
            self.text.push_str(own);
            return;
        }
        for line in text.lines() {
            self.text.push_str(if line.is_empty() { "#" } else { "# " });
            self.text.push_str(line);
            self.text.push('\n');
        }
    }
}

/// A part of a Fluent file: a text with its key, or what stands between them.
struct Piece {
    key: Option<String>,
    text: String,
}

fn pieces(file: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut blank = String::new();
    for line in file.lines() {
        if line.trim().is_empty() {
            blank.push('\n');
            continue;
        }
        if line.starts_with(' ')
            && let Some(last) = pieces.last_mut().filter(|piece| piece.key.is_some())
        {
            last.text.push_str(&std::mem::take(&mut blank));
            last.text.push_str(line);
            last.text.push('\n');
            continue;
        }
        if !blank.is_empty() {
            pieces.push(Piece { key: None, text: std::mem::take(&mut blank) });
        }
        let key = Said::all(line).into_iter().next().map(|said| said.key);
        pieces.push(Piece { key, text: format!("{line}\n") });
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::{super::*, *};

    /// The sample city with a file of a further language.
    fn city(path: &str, text: &str) -> City {
        let mut files = crate::tests::city().files;
        files.insert(path.to_owned(), text.into());
        let (city, faults) = City::read(files);
        city.unwrap_or_else(|| panic!("{faults:?}"))
    }

    #[test]
    fn what_is_written_is_whole_and_keeps_what_there_was() {
        let de = Language::parse("de").unwrap();
        let own = "skip = Zum Inhalt\nday-monday = Montag\n# Ours.\nbrand =\n    Tür\n\n    { $city }\n";
        let city = city("texts/de.ftl", own);
        let made = starter(&city, de, Language::NL);
        assert_eq!(made.translated, 3);
        assert!(
            made.text.contains("\nskip = Zum Inhalt\n") && made.text.contains("brand =\n    Tür\n\n    { $city }\n")
        );
        assert!(made.text.contains("\n# languages = Taal\n"), "{}", &made.text[..2000]);
        let files: Files = [("texts/de.ftl".to_owned(), made.text.as_str().into())].into();
        let [missing] = &check(Folder { files: &files, city: Some(&city) })[..] else { panic!() };
        assert!(missing.message.starts_with(&format!("{} of {} texts", made.all - 3, made.all)), "{missing:?}");
        let (again, faults) = City::read({
            let mut files = city.files.clone();
            files.insert("texts/de.ftl".to_owned(), made.text.as_str().into());
            files
        });
        assert_eq!(starter(&again.unwrap_or_else(|| panic!("{faults:?}")), de, Language::NL), made);
    }

    #[test]
    fn with_every_hash_taken_away_nothing_is_missing_or_wrong() {
        let de = Language::parse("de").unwrap();
        let city = city("texts/de.ftl", "");
        for from in Language::BUILT_IN {
            let made = starter(&city, de, from);
            let plain = |line: &str| match line.strip_prefix('#') {
                Some(rest) if rest.starts_with('#') => String::new(),
                Some(rest) => rest.strip_prefix(' ').unwrap_or(rest).to_owned(),
                None => line.to_owned(),
            };
            let texts = made.text.lines().map(plain).collect::<Vec<_>>().join("\n");
            let files: Files = [("texts/de.ftl".to_owned(), texts.as_str().into())].into();
            let faults = check(Folder { files: &files, city: Some(&city) });
            assert_eq!(faults, [], "{}", from.as_str());
        }
    }
}
