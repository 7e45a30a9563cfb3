//! The rules of a city: read, checked against the city, and refused when their own examples fail.

use crate::{
    Needs, Rule,
    check::Check,
    example::Example,
    index::Index,
    reach,
    rule::RuleConfig,
    suggest::suggest,
    table,
    yaml::{Pos, place},
};
use schemas::{
    Date, Timestamp,
    city::{City, Files},
    fault::{Fault, Severity},
    report::Report,
};
use sha2::{Digest as _, Sha256};
use std::{collections::HashMap, fmt::Write as _};

/// The rules of a city, in their order: files by name, rules as they stand in them.
#[derive(Debug)]
pub struct Ruleset {
    version: String,
    rules: Vec<Rule>,
    needs: Needs,
    pub(crate) index: Index,
}

impl Ruleset {
    /// Reads `rules/*.yaml` and `rules/*.csv` of the city. The rules are there when no fault is an error; warnings
    /// come either way. Every rule's own examples have been run through all rules.
    pub fn read(city: &City) -> (Option<Self>, Vec<Fault>) {
        Self::read_files(city, &city.files)
    }

    /// As [`Ruleset::read`], but the rules stand in `files` instead of the city's own.
    pub fn read_files(city: &City, files: &Files) -> (Option<Self>, Vec<Fault>) {
        let mut check = Check::new(city, files);
        let mut hash = Sha256::new();
        let mut written: Vec<(&str, RuleConfig)> = Vec::new();
        for (file, text) in files {
            if !is_rule(file) {
                continue;
            }
            hash.update(file.as_bytes());
            hash.update([0]);
            hash.update(text.as_bytes());
            hash.update([0]);
            check.file = file.to_string();
            let parsed = if is_table(file) {
                match table::read(text, city) {
                    Ok(table) => {
                        let parsed = parse(&table.yaml);
                        check.is_table(table);
                        parsed
                    }
                    Err(wrongs) => {
                        for (at, message, help) in wrongs {
                            check.error_in_file(at, message, help);
                        }
                        continue;
                    }
                }
            } else {
                parse(text)
            };
            match parsed {
                Ok(rules) => written.extend(rules.into_iter().map(|rule| (file.as_str(), rule))),
                Err((at, message, help)) => check.error(at, message, help),
            }
        }
        check_all(&written, &mut check);
        if check.failed() {
            return (None, check.faults);
        }
        let mut version = String::new();
        for byte in &hash.finalize()[..6] {
            // Writing to a String cannot fail.
            let _ = write!(version, "{byte:02x}");
        }
        let (rules, examples): (Vec<Rule>, Vec<Vec<Example>>) =
            written.into_iter().filter_map(|(file, rule)| build(file, rule, &mut check)).unzip();
        let needs = rules.iter().fold(Needs::default(), |needs, rule| needs | rule.needs());
        let ruleset = Self { version, index: Index::new(&rules, city), needs, rules };
        run_examples(&ruleset, &examples, &mut check);
        reach::check(&ruleset, &mut check);
        if check.failed() { (None, check.faults) } else { (Some(ruleset), check.faults) }
    }

    /// The files of a city folder that are its rules: what is kept of a version.
    pub fn files(files: &Files) -> Files {
        files.iter().filter(|(file, _)| is_rule(file)).map(|(file, text)| (file.clone(), text.clone())).collect()
    }

    /// The ruleset `version`, out of the files that were kept of it, for the city as it is now.
    ///
    /// # Errors
    /// Why this city cannot use it (any more), for an operator.
    pub fn kept(city: &City, files: &Files, version: &str) -> Result<Self, String> {
        let (ruleset, faults) = Self::read_files(city, files);
        let Some(ruleset) = ruleset else {
            let first = faults.iter().find(|fault| fault.severity == Severity::Error);
            let first =
                first.map_or_else(String::new, |fault| format!("{}:{}: {}", fault.file, fault.line, fault.message));
            return Err(format!("version {version} does not fit this city any more: {first}"));
        };
        if ruleset.version != version {
            return Err(format!("version {version} is kept, but its text reads as {}", ruleset.version));
        }
        Ok(ruleset)
    }

    /// A short hash of the rule files: the same text is the same version, everywhere.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Every rule, in order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What its rules ask that has to be looked up beforehand; a rule that asks for what was not
    /// looked up does not match.
    pub fn needs(&self) -> Needs {
        self.needs
    }

    /// By when something decided by the rule with this name is due, if it starts `at`: the rule's
    /// term, the category's, or that of its kind.
    pub(crate) fn due(&self, rule: &str, report: &Report, city: &City, at: Timestamp) -> Option<Date> {
        let term = self.rule(rule).and_then(|rule| rule.term).or_else(|| self.index.term(&report.category));
        Some(term.or(city.policy(report).term)?.due(&city.calendar, at))
    }

    /// The rule with this name.
    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name == name)
    }
}

fn is_rule(file: &str) -> bool {
    file.starts_with("rules/") && (file.ends_with(".yaml") || file.ends_with(".yml") || is_table(file))
}

fn is_table(file: &str) -> bool {
    file.ends_with(".csv")
}

fn build(file: &str, rule: RuleConfig, check: &mut Check<'_>) -> Option<(Rule, Vec<Example>)> {
    file.clone_into(&mut check.file);
    let (line, _) = check.place(rule.name().1);
    rule.build(file, line)
}

fn check_all(written: &[(&str, RuleConfig)], check: &mut Check<'_>) {
    let mut names: HashMap<&str, (&str, usize)> = HashMap::new();
    for (file, rule) in written {
        check.file = file.to_string();
        rule.check(check);
        let (name, at) = rule.name();
        if let Some((file, line)) = names.insert(name, (file, check.place(at).0)) {
            check.error(
                at,
                format!("there is another rule `{name}` in {file}:{line}"),
                "give each rule a name of its own",
            );
        }
    }
}

fn run_examples(ruleset: &Ruleset, examples: &[Vec<Example>], check: &mut Check<'_>) {
    for (rule, examples) in ruleset.rules.iter().zip(examples) {
        check.file.clone_from(&rule.file);
        let before = check.faults.len();
        let decided: Vec<String> = examples.iter().filter_map(|example| example.run(rule, ruleset, check)).collect();
        // An example may show where a rule stops, but one has to show the rule at work: otherwise
        // nobody sees that an earlier rule always gets there first.
        if check.faults.len() == before
            && let Some(other) = decided.first()
            && !decided.contains(&rule.name)
        {
            check.error_in_file(
                (rule.line, 0),
                format!("no example of `{}` is decided by it: `{other}` decides", rule.name),
                "add an example that this rule decides, or move it before the rules that match more",
            );
        }
    }
}

/// The rules of one file, or what is wrong with it: where, what, and what to write instead.
fn parse(text: &str) -> Result<Vec<RuleConfig>, (Pos, String, String)> {
    use serde_saphyr::Error;
    // A file with nothing but comments has no rules yet.
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Vec::new());
    }
    serde_saphyr::from_str::<Vec<RuleConfig>>(text).map_err(|error| {
        let error = error.without_snippet();
        let at = error.location().map_or((0, 0), place);
        let (message, help) = match error {
            Error::SerdeUnknownField { field, expected, .. } => (
                format!("`{field}` means nothing here"),
                match suggest(field, expected.iter().copied()) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("here can stand: {}", expected.join(", ")),
                },
            ),
            Error::SerdeMissingField { field, .. } => (format!("`{field}` is missing"), format!("add `{field}:`")),
            Error::DuplicateMappingKey { key: Some(key), .. } => {
                (format!("`{key}` stands here twice"), "put both in one list, or leave one out".to_owned())
            }
            Error::SerdeInvalidType { unexpected, expected, .. } if unexpected.contains("unit") => {
                ("nothing is written here".to_owned(), format!("write {expected}, or leave it out"))
            }
            Error::SerdeInvalidType { unexpected, expected, .. } => {
                (format!("{unexpected} cannot stand here"), format!("write {expected}"))
            }
            Error::Unexpected { expected, .. } if expected.contains("mapping") => {
                ("here belong names with values".to_owned(), "write it like `{ category: wegen/put }`".to_owned())
            }
            Error::Unexpected { expected, .. } if expected.contains("sequence") => {
                ("here belongs a list".to_owned(), "begin each entry with `- `".to_owned())
            }
            other if other.to_string().starts_with("invalid boolean") => {
                ("this is neither yes nor no".to_owned(), "write `true` or `false`".to_owned())
            }
            other if other.to_string().starts_with("invalid i") || other.to_string().starts_with("invalid u") => {
                ("this is not a number".to_owned(), "write digits, like 3".to_owned())
            }
            // The position is told apart, so it need not be in the sentence.
            other => (
                one_line(other.to_string().split(" at line ").next().unwrap_or_default()),
                "a rule has `rule`, `when`, `then` and `examples`, each two spaces in".to_owned(),
            ),
        };
        (at, message, help)
    })
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
