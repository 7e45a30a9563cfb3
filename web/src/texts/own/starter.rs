//! The file of a further language, to be translated. Nothing that somebody wrote in it is lost when it is written again.

use super::{Names, Said, built, words};
use schemas::{city::City, report::Language};
use std::collections::{BTreeMap, BTreeSet};

/// The file of a further language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Starter {
    /// Its text.
    pub text: String,
    /// How many texts there are.
    pub all: usize,
    /// How many of them are translated.
    pub translated: usize,
}

/// The file of `language` for `city`, where the city has `have` of it: that stays, and each text that is missing stands there in
/// `from`, a built-in language, behind `#`, for somebody to translate. Lines for people begin with `##`.
pub fn starter(city: &City, have: &str, language: Language, from: Language) -> Starter {
    let code = language.as_str();
    let head = [
        format!("Everything that residents read, in the language `{code}`."),
        "Translate what stands after `=`, and take the `# ` before it away. What stands in braces is filled in"
            .to_owned(),
        "and stays as it is. What still has its `# ` is said in English.".to_owned(),
        format!("`voordeur check` tells what is wrong and what is missing; `voordeur texts {code} --write` adds"),
        "what a new version brought, and keeps what you wrote.".to_owned(),
    ];
    let mut ours: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut lines: BTreeSet<String> = head.iter().map(|line| format!("## {line}")).collect();
    lines.extend([TERMS, REST].map(|title| format!("## {title}")));
    for part in Language::BUILT_IN.into_iter().flat_map(|one| parts(city, one)) {
        lines.extend([&part.title].into_iter().chain(part.notes).map(|line| format!("## {line}")));
        for (key, text) in part.texts {
            match key {
                Some(key) => ours.entry(key).or_default().push(text),
                None => lines.extend(text.lines().map(str::to_owned)),
            }
        }
    }
    let have = Have::read(have, &ours, &lines);
    let mut writer = Writer { have, ours, made: Starter::default() };
    head.iter().for_each(|line| writer.note(line));
    writer.terms();
    for part in parts(city, from) {
        writer.title(part.title);
        part.notes.iter().for_each(|line| writer.note(line));
        for (key, text) in part.texts {
            match key {
                Some(key) => writer.text(&key, &text),
                None => writer.made.text.push_str(&text),
            }
        }
    }
    writer.rest();
    writer.made
}

const TERMS: &str = "Words that others are made of";
const REST: &str = "Not asked for any more";

/// A part of the file: its texts, and what stands between them without a key.
struct Part {
    title: &'static str,
    notes: &'static [&'static str],
    texts: Vec<(Option<String>, String)>,
}

/// Everything that there is to say, as it is said in `from`.
fn parts(city: &City, from: Language) -> [Part; 4] {
    let pages = pieces(&built(from).unwrap_or_default()).into_iter().flat_map(|piece| {
        // One `#` alone is for what is to be translated.
        let above = piece.above.lines().filter(|line| line.starts_with("##"));
        let above: Vec<_> = above.map(|line| (None, format!("\n{line}\n"))).collect();
        above.into_iter().chain([(Some(piece.key), piece.text)])
    });
    let words = words().map(|word| (Some(word.key.to_owned()), format!("{} = {}\n", word.key, word.in_built_in(from))));
    let names = Names::all(city, from).into_iter().map(|(key, name)| {
        let line = format!("{key} = {name}\n");
        (Some(key), line)
    });
    let sent = notifier::further::notices(from).into_iter().flat_map(|(key, forms)| {
        let forms: String = forms.iter().map(|(form, source)| notifier::further::write(form, source)).collect();
        let text = format!("{key} =\n{forms}");
        [(None, "\n".to_owned()), (Some(key), text)]
    });
    [
        Part { title: "The pages", notes: &[], texts: pages.collect() },
        Part {
            title: "Dates, and what is said beside the pages",
            notes: &["NEW, STOP, START and HELP are words that the program understands: they stay as they are."],
            texts: words.collect(),
        },
        Part { title: "What the city named", notes: &[], texts: names.collect() },
        Part {
            title: "What is sent: mails, text messages, letters",
            notes: &[
                "A line that begins with a bracket is a button. `[yes]` is said when there is such a thing, `*[no]` when not.",
            ],
            texts: sent.collect(),
        },
    ]
}

struct Writer {
    have: Have,
    /// What the built-in languages say, by key.
    ours: BTreeMap<String, Vec<String>>,
    made: Starter,
}

impl Writer {
    fn title(&mut self, title: &str) {
        self.made.text.push_str(&format!("\n\n## {title}\n\n"));
    }

    fn note(&mut self, line: &str) {
        self.made.text.push_str(&format!("## {line}\n"));
    }

    fn behind_hash(&mut self, text: &str) {
        for line in text.lines() {
            self.made.text.push_str(if line.is_empty() { "#" } else { "# " });
            self.made.text.push_str(line);
            self.made.text.push('\n');
        }
    }

    /// Terms, which the texts after them may name.
    fn terms(&mut self) {
        let terms: Vec<Piece> = self.have.take(|key| key.starts_with('-'));
        if !terms.is_empty() {
            self.title(TERMS);
            terms.iter().for_each(|term| self.made.text.push_str(&format!("{}{}", term.above, term.text)));
        }
    }

    /// A text: the one that there is, or a draft of it, or `text`, both behind `#`.
    fn text(&mut self, key: &str, text: &str) {
        self.made.all += 1;
        let ours = self.ours.get(key).map(Vec::as_slice).unwrap_or_default();
        let mut drafts = self.have.drafts.remove(key).unwrap_or_default();
        drafts.retain(|draft| !ours.iter().any(|ours| same(ours, draft)));
        drafts.dedup();
        if let Some(own) = self.have.texts.remove(key) {
            self.made.translated += 1;
            drafts.iter().for_each(|draft| self.behind_hash(draft));
            self.made.text.push_str(&format!("{}{}", own.above, own.text));
            // A form that is missing, as somebody began it or as it is with us.
            let has =
                |text: &str, name: &str| text.lines().any(|line| line.trim_start().starts_with(&format!(".{name} ")));
            let begun = self.have.forms.remove(key).unwrap_or_default();
            self.behind_hash(&begun);
            let forms = text.split("\n    .").skip(1).filter(|_| key.starts_with(notifier::further::BEGIN));
            for form in forms {
                let name = form.split(' ').next().unwrap_or_default();
                if !has(&own.text, name) && !has(&begun, name) {
                    self.behind_hash(&format!("    .{form}"));
                }
            }
            return;
        }
        if drafts.is_empty() {
            self.behind_hash(text);
        }
        drafts.iter().for_each(|draft| self.behind_hash(draft));
    }

    /// What nobody asks for any more.
    fn rest(&mut self) {
        let texts = self.have.take(|_| true);
        let mut drafts: Vec<String> = std::mem::take(&mut self.have.drafts).into_values().flatten().collect();
        drafts.extend(std::mem::take(&mut self.have.forms).into_values());
        if texts.is_empty() && drafts.is_empty() && self.have.notes.is_empty() {
            return;
        }
        self.title(REST);
        for piece in texts {
            self.made.text.push_str(&piece.above);
            self.behind_hash(&piece.text);
        }
        drafts.iter().for_each(|draft| self.behind_hash(draft));
        let notes = std::mem::take(&mut self.have.notes);
        self.made.text.push_str(&notes);
    }
}

/// Whether two texts are the same but for how their lines are set.
fn same(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

/// A text with what stands above it.
#[derive(Debug)]
struct Piece {
    key: String,
    /// Lines that begin with `#`.
    above: String,
    text: String,
}

/// What a city has of a language.
struct Have {
    texts: BTreeMap<String, Piece>,
    /// Texts behind `#`, by key, without it.
    drafts: BTreeMap<String, Vec<String>>,
    /// Forms behind `#` of a text that is there, by its key.
    forms: BTreeMap<String, String>,
    /// What stands behind `#` after the last text and is no draft.
    notes: String,
}

impl Have {
    /// Reads a file. `ours` is what there is to say, by key; of the lines for people `lines` are the program's.
    fn read(file: &str, ours: &BTreeMap<String, Vec<String>>, lines: &BTreeSet<String>) -> Self {
        let mut have =
            Self { texts: BTreeMap::new(), drafts: BTreeMap::new(), forms: BTreeMap::new(), notes: String::new() };
        let mut before = String::new();
        let file = file.strip_prefix('\u{feff}').unwrap_or(file);
        // Who takes `#` away and leaves the space means a text of its own.
        let file = file.lines().map(|line| match line.trim_start() {
            plain if key_of(plain).is_some_and(|key| ours.contains_key(&key)) => format!("{plain}\n"),
            _ => format!("{line}\n"),
        });
        let file = &file.collect::<String>();
        let mut pieces = pieces(file);
        // What stands after the last text belongs to none.
        pieces.push(Piece { key: String::new(), above: tail(file), text: String::new() });
        for mut piece in pieces {
            let mut above = String::new();
            let mut draft: Option<String> = None;
            for line in piece.above.lines() {
                let Some(plain) = line.strip_prefix('#').filter(|rest| !rest.starts_with('#')) else {
                    if !lines.contains(line) {
                        above.push_str(&format!("{line}\n"));
                    }
                    draft = None;
                    continue;
                };
                let plain = plain.strip_prefix(' ').unwrap_or(plain);
                let key = Said::all(plain).into_iter().next().map(|said| said.key).filter(|key| is_key(key));
                match (key, &draft) {
                    (Some(key), _) => {
                        have.drafts.entry(key.clone()).or_default().push(format!("{plain}\n"));
                        draft = Some(key);
                    }
                    (None, Some(key)) if plain.is_empty() || plain.starts_with([' ', '\t', '}']) => {
                        let last = have.drafts.get_mut(key).and_then(|drafts| drafts.last_mut());
                        last.into_iter().for_each(|text| text.push_str(&format!("{plain}\n")));
                    }
                    (None, None) if above.is_empty() && (plain.is_empty() || plain.starts_with("    ")) => {
                        have.forms.entry(before.clone()).or_default().push_str(&format!("{plain}\n"));
                    }
                    (None, _) => {
                        draft = None;
                        above.push_str(&format!("{line}\n"));
                    }
                }
            }
            if piece.key.is_empty() {
                have.notes = above;
                continue;
            }
            piece.above = above;
            before.clone_from(&piece.key);
            // Of two with the same key the last counts, as when it is said.
            if let Some(other) = have.texts.insert(piece.key.clone(), piece) {
                have.drafts.entry(other.key).or_default().push(other.text);
            }
        }
        have
    }

    fn take(&mut self, which: impl Fn(&str) -> bool) -> Vec<Piece> {
        let keys: BTreeSet<String> = self.texts.keys().filter(|key| which(key)).cloned().collect();
        keys.iter().filter_map(|key| self.texts.remove(key)).collect()
    }
}

fn is_key(key: &str) -> bool {
    key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// The texts of a file, each with the lines for people above it.
fn pieces(file: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut blank, mut above) = (String::new(), String::new());
    for line in file.lines() {
        if line.trim().is_empty() {
            blank.push('\n');
        } else if line.starts_with('#') {
            above.push_str(&format!("{line}\n"));
            blank.clear();
        } else if let Some(key) = key_of(line) {
            pieces.push(Piece { key, above: std::mem::take(&mut above), text: format!("{line}\n") });
            blank.clear();
        } else if let Some(last) = pieces.last_mut() {
            last.text.push_str(&std::mem::take(&mut blank));
            last.text.push_str(&format!("{line}\n"));
        } else {
            above.push_str(&format!("# {}\n", line.trim_start()));
        }
    }
    pieces
}

/// The lines for people after the last text of a file.
fn tail(file: &str) -> String {
    let lines: Vec<&str> = file.lines().collect();
    let after = lines.iter().rposition(|line| !line.trim().is_empty() && !line.starts_with('#')).map_or(0, |at| at + 1);
    lines[after..].iter().filter(|line| line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

/// The key of the text, or of the term, that begins on this line.
fn key_of(line: &str) -> Option<String> {
    let plain = line.strip_prefix('-').unwrap_or(line);
    let said = Said::all(plain).into_iter().next().filter(|said| is_key(&said.key))?;
    Some(if plain.len() < line.len() { format!("-{}", said.key) } else { said.key })
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
        let own = "\u{feff}stray: line\n## Mine.\n# A word.\n-tuer = Tür\nskip = Zum Inhalt\nday-monday = Montag\n\n# Ours.\nbrand =\n    { -tuer }\n\n    { $city }\n\
            # day-friday = Freitag ??\n# day-sunday = zondag\n\
            # left-out-mail-many = { $count ->\n#     [one] eine Mail\n#    *[other] { $count } Mails\n# }\n\
            # skip = Weiter\ncall = Ruf\ncall = Anruf\n foot-call = Anrufen?\n\
            left-out-pdf-many = { $count ->\n    [one] ein PDF\n   *[other] { $count } PDF\n}\n\
            notice-note =\n    .short = { $link }\ngone = Weg\n# For whoever comes after me.\n";
        let city = city("texts/de.ftl", own);
        let made = starter(&city, own, de, Language::NL);
        assert_eq!(made.translated, 7);
        for kept in [
            "# stray: line\n## Mine.\n# A word.\n-tuer = Tür\n",
            "# left-out-mail-many = { $count ->\n#     [one] eine Mail\n#    *[other] { $count } Mails\n# }\n",
            "\n# skip = Weiter\nskip = Zum Inhalt\n",
            "\n# call = Ruf\ncall = Anruf\n",
            "\nfoot-call = Anrufen?\n",
            "# Ours.\nbrand =\n    { -tuer }\n\n    { $city }\n",
            "\n# day-friday = Freitag ??\n",
            "\n# day-sunday = zondag\n",
            "left-out-pdf-many = { $count ->\n    [one] ein PDF\n   *[other] { $count } PDF\n}\n",
            "notice-note =\n    .short = { $link }\n#     .mail =\n#         subject: Een bericht",
            "\n# gone = Weg\n",
            "\n# For whoever comes after me.\n",
        ] {
            assert_eq!(made.text.matches(kept).count(), 1, "{kept}");
        }
        assert!(made.text.contains("\nskip = Zum Inhalt\n"));
        assert!(made.text.contains("\n# languages = Taal\n"), "{}", &made.text[..2000]);
        let files: Files = [("texts/de.ftl".to_owned(), made.text.as_str().into())].into();
        let [missing] = &check(Folder { files: &files, city: Some(&city) })[..] else { panic!() };
        assert!(missing.message.starts_with(&format!("{} of {} texts", made.all - 7, made.all)), "{missing:?}");
        assert!(starter(&city, &made.text, de, Language::NL) == made, "written again it is the same");
        let other = starter(&city, &made.text, de, Language::EN);
        assert!(
            other.text.contains("\n# day-sunday = Sunday\n") && other.text.contains("\n# day-friday = Freitag ??\n")
        );
    }

    #[test]
    fn with_every_hash_taken_away_nothing_is_missing_or_wrong() {
        let de = Language::parse("de").unwrap();
        let city = city("texts/de.ftl", "");
        for from in Language::BUILT_IN {
            let made = starter(&city, "", de, from);
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
