//! What a mailed answer means. A mail is written by a person for people, so only the plainest words
//! move a case; everything else is a note among colleagues (docs/decisions/0012).

use schemas::{dispatch::Say, text};

/// The whole answer is one of these: the department takes it.
const ACCEPT: &[&str] = &[
    "akkoord",
    "ok",
    "oke",
    "oké",
    "okay",
    "in orde",
    "we nemen het op",
    "accepté",
    "accepte",
    "d'accord",
    "d’accord",
    "accepted",
    "accept",
    "agreed",
    "we take it",
    "nous nous en chargeons",
];
/// The whole answer is one of these: it is done.
const DONE: &[&str] = &[
    "klaar",
    "gedaan",
    "opgelost",
    "hersteld",
    "afgewerkt",
    "het is klaar",
    "terminé",
    "termine",
    "fait",
    "c'est fait",
    "c’est fait",
    "c'est terminé",
    "c’est terminé",
    "résolu",
    "réparé",
    "done",
    "solved",
    "fixed",
    "it is done",
];
/// What begins a line that the resident may read, and all that follows it.
const PUBLIC: &[&str] =
    &["aan de melder", "aan de inwoner", "au demandeur", "au citoyen", "to the reporter", "to the resident"];

/// What the words `said` mean, in order. `files`: names of what was sent along, with the words that
/// introduce them. `cut` stands at the end of what is too long. Nothing when nothing was said.
pub(super) fn says(said: &str, files: &[String], attached: &str, cut: &str) -> Vec<Say> {
    let (private, public) = split(said);
    let public = public.map(|public| shorten(&public, cut)).filter(|public| !public.is_empty());
    let word = private.trim().trim_matches(['.', '!', ',', ' ']).to_lowercase();
    let mut out = Vec::new();
    let mut told = public;
    if ACCEPT.contains(&word.as_str()) {
        out.push(Say::Accept {});
    } else if DONE.contains(&word.as_str()) {
        out.push(Say::Done { text: told.take(), evidence: Vec::new() });
    } else {
        // Signs that nobody sees are nothing said.
        let text = shorten(&private, cut);
        out.extend((!text.is_empty()).then_some(Say::InternalNote { text }));
    }
    out.extend(told.map(|text| Say::Note { text }));
    if !files.is_empty() {
        out.push(Say::InternalNote { text: shorten(&format!("{attached}: {}", files.join(", ")), cut) });
    }
    out
}

/// What is for colleagues, and what the resident may read.
fn split(said: &str) -> (String, Option<String>) {
    let lines: Vec<&str> = said.lines().collect();
    let after = |line: &str| {
        let line = line.trim();
        let low = line.to_lowercase();
        let words = PUBLIC.iter().find(|words| low.starts_with(*words))?;
        // As many characters; capitals may be longer in bytes.
        let rest: String = line.chars().skip(words.chars().count()).collect();
        rest.trim_start().strip_prefix(':').map(|rest| rest.trim().to_owned())
    };
    let Some((at, first)) = lines.iter().enumerate().find_map(|(at, line)| Some((at, after(line)?))) else {
        return (said.to_owned(), None);
    };
    let mut public = vec![first];
    public.extend(lines[at + 1..].iter().map(|line| (*line).to_owned()));
    (lines[..at].join("\n"), Some(public.join("\n")))
}

/// A text of a department, cleaned and not longer than one may be.
fn shorten(said: &str, cut: &str) -> String {
    let said = text::clean(said);
    if text::length(&said) <= crate::answers::MAX_TEXT {
        return said;
    }
    let room = crate::answers::MAX_TEXT.saturating_sub(text::length(cut) + 8);
    text::clean(&format!("{} … {cut}", said.chars().take(room).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn heard(said: &str) -> String {
        let said = says(said, &[], "Bijlagen", "(ingekort)");
        let words = said.iter().map(|say| match say {
            Say::Note { text } | Say::InternalNote { text } | Say::Done { text: Some(text), .. } => {
                format!("{}={}", say.word(), text.replace('\n', "/"))
            }
            other => other.word().to_owned(),
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn only_the_plainest_words_move_a_case() {
        for (said, expected) in [
            ("Akkoord", "accept"),
            ("OK.", "accept"),
            ("KLAAR!", "done"),
            ("C'est fait", "done"),
            ("ok, maar dit is niet van ons", "internal_note=ok, maar dit is niet van ons"),
            ("OK\nmaar niet van ons", "internal_note=OK/maar niet van ons"),
            ("niet klaar", "internal_note=niet klaar"),
            ("We kijken ernaar", "internal_note=We kijken ernaar"),
            ("AAN DE MELDER: We komen maandag.\nTot dan", "note=We komen maandag./Tot dan"),
            ("Jan belt\nAan de melder : dank", "internal_note=Jan belt note=dank"),
            ("KLAAR\nAAN DE MELDER: de put is dicht", "done=de put is dicht"),
            ("Akkoord\n\nTo the reporter: thank you", "accept note=thank you"),
            ("Zeg dit aan de melder: niets", "internal_note=Zeg dit aan de melder: niets"),
            ("Aan de melder zeggen we niets", "internal_note=Aan de melder zeggen we niets"),
            ("AU DEMANDEUR: merci", "note=merci"),
            ("", ""),
            ("AAN DE MELDER:", ""),
            ("\u{feff}", ""),
        ] {
            assert_eq!(heard(said), expected, "{said}");
        }
    }

    #[test]
    fn what_was_sent_along_is_told_to_colleagues() {
        let said = says("", &["put.jpg".to_owned()], "Bijlagen", "");
        assert_eq!(said, [Say::InternalNote { text: "Bijlagen: put.jpg".to_owned() }]);
    }

    proptest! {
        #[test]
        fn every_answer_passes_the_door(said in "(?s).{0,3000}") {
            let dispatch = crate::testing::dispatch("wegen", schemas::case::Role::Lead);
            for say in says(&said, &[], "x", "(ingekort)") {
                let update = crate::testing::update("a", &dispatch, crate::testing::now(), say);
                prop_assert!(crate::answers::check_words(update).is_ok());
            }
        }

        #[test]
        fn nothing_reaches_the_resident_unmarked(said in "[a-z \n]{0,200}") {
            prop_assume!(!said.contains(':'));
            for say in says(&said, &[], "x", "y") {
                prop_assert!(!matches!(say, Say::Note { .. }), "{say:?}");
            }
        }
    }
}
