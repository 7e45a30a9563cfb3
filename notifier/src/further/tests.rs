//! What is sent in a further language.

use super::*;
use crate::{
    render::registry,
    template::{Compiled, Use, Variables, compile},
};
use schemas::fault::Severity;

/// Every variable that `source` names, as one that may be used anyhow.
fn variables(source: &str) -> Variables {
    let inside = source.split("{{").skip(1).filter_map(|rest| rest.split("}}").next());
    let names = inside.map(|inside| inside.trim_start_matches("#if ")).filter(|name| !matches!(*name, "else" | "/if"));
    names.map(|name| (name.to_owned(), Use::Always)).collect()
}

/// What is sent when these of the `names` are `known`.
fn filled(compiled: &Compiled, names: &[&str], known: &[&str]) -> [String; 4] {
    let value =
        |name: &&str| ((*name).to_owned(), if known.contains(name) { format!("<{name}>") } else { String::new() });
    let data: BTreeMap<String, String> = names.iter().map(value).collect();
    let Compiled { subject, text, html, paper } = compiled;
    [subject, text, html, paper].map(|source| {
        let source = source.replace("{{quote ", "{{");
        registry(handlebars::no_escape).render_template(&source, &data).unwrap()
    })
}

#[test]
fn every_template_says_the_same_as_a_message_of_fluent() {
    for language in Language::BUILT_IN {
        for (key, forms) in notices(language) {
            for (form, source) in forms {
                let text = format!("{key} =\n{}", write(form, &source));
                let resource = FluentResource::try_new(text.clone()).unwrap_or_else(|(_, e)| panic!("{text}: {e:?}"));
                let mut faults = Vec::new();
                let made = read("texts/de.ftl", &text, &resource, &mut faults);
                assert!(faults.iter().all(|fault| fault.severity == Severity::Warning), "{text}");
                let [made] = made.into_values().collect::<Vec<_>>().try_into().unwrap();
                let variables = variables(&source);
                let read =
                    |source: &str| compile("x", source, &variables, form == "mail" && key != "notice-foot").unwrap();
                let (made, source) = (read(&made), read(&source));
                let names: Vec<&str> = variables.keys().map(String::as_str).collect();
                let alone = names.iter().map(|name| vec![*name]);
                for known in [names.clone(), Vec::new()].into_iter().chain(alone) {
                    assert_eq!(filled(&made, &names, &known), filled(&source, &names, &known), "{text}\n{known:?}");
                }
            }
        }
    }
}

#[test]
fn what_cannot_be_read_is_told_where_it_stands() {
    for (text, told) in [
        ("notice-note = x\n    .mail = x\n", "has words that are no form of it"),
        ("notice-note =\n    .mial = x\n", "`notice-note` has no form `.mial`"),
        ("notice-note =\n    .short = { $a ->\n        [one] x\n       *[no] y\n    }\n", "has no `[yes]`"),
        ("notice-note =\n    .short = { skip }\n", "more of Fluent"),
        (
            "notice-note =\n    .short = x { $a ->\n        [yes]\n            a\n            b\n       *[no] y\n    }\n",
            "lines of its own",
        ),
    ] {
        let text = format!("# A file.\n\n{text}");
        let resource = FluentResource::try_new(text.clone()).unwrap();
        let mut faults = Vec::new();
        read("texts/de.ftl", &text, &resource, &mut faults);
        faults.retain(|fault| fault.severity == Severity::Error);
        let [fault] = &faults[..] else { panic!("{text}: {faults:?}") };
        assert!(fault.message.contains(told) && (fault.line, fault.column) == (3, 1), "{fault:?}");
    }
}
