//! What the city says in a conversation, in plain words that fit in a text message.

use super::dialogue::Say;
use schemas::{city::City, report::Language};

/// The word by which what is said is counted.
pub(super) fn name(say: Option<&Say>) -> &'static str {
    match say {
        None => "emergency",
        Some(Say::Help) => "help",
        Some(Say::What) => "what",
        Some(Say::Where) => "where",
        Some(Say::Which(_)) => "which",
    }
}

/// The words of `say`, after the number to call first if there is one; empty when nothing is said.
pub(super) fn of(city: &City, emergency: Option<&str>, say: Option<&Say>, language: Language) -> String {
    let first = emergency.map(|number| match language {
        Language::NL => format!("Is er nu gevaar? Bel meteen {number}."),
        Language::FR => format!("Un danger immediat ? Appelez tout de suite le {number}."),
        _ => format!("Is there danger now? Call {number} at once."),
    });
    let name = city.name(language);
    let then = say.map(|say| match (say, language) {
        (Say::Help, Language::NL) => {
            format!(
                "{name}: sms wat er is en waar. U krijgt een nummer. STOP: geen sms meer. START: weer wel. Bellen: {}",
                city.phone
            )
        }
        (Say::Help, Language::FR) => {
            format!(
                "{name}: ecrivez quoi et ou. Vous recevez un numero. STOP: plus de SMS. START: de nouveau. Tel: {}",
                city.phone
            )
        }
        (Say::Help, _) => {
            format!(
                "{name}: text us what it is and where. You get a number. STOP: no more texts. START: again. Call: {}",
                city.phone
            )
        }
        (Say::What, Language::NL) => format!("{name}: wat wilt u melden of vragen? Antwoord met een korte zin."),
        (Say::What, Language::FR) => format!("{name}: que voulez-vous signaler ou demander ? Repondez en une phrase."),
        (Say::What, _) => format!("{name}: what would you like to report or ask? Answer in one sentence."),
        (Say::Where, Language::NL) => {
            format!("{name}: waar is het? Antwoord met straat en nummer, of een plek in de buurt.")
        }
        (Say::Where, Language::FR) => {
            format!("{name}: c'est ou ? Repondez avec la rue et le numero, ou un lieu proche.")
        }
        (Say::Where, _) => format!("{name}: where is it? Answer with street and number, or a place nearby."),
        (Say::Which(of), Language::NL) => {
            format!("{name}: gaat dit over {}? Antwoord {} of NIEUW.", list(of, "of"), numbers(of))
        }
        (Say::Which(of), Language::FR) => {
            format!("{name}: il s'agit de {} ? Repondez {} ou NOUVEAU.", list(of, "ou"), numbers(of))
        }
        (Say::Which(of), _) => {
            format!("{name}: is this about {}? Answer {} or NEW.", list(of, "or"), numbers(of))
        }
    });
    first.into_iter().chain(then).collect::<Vec<_>>().join(" ")
}

/// `1) 1234 5671, 2) 2345 6789 or something new`.
fn list(of: &[schemas::reference::Reference], or: &str) -> String {
    let each = of.iter().enumerate().map(|(n, reference)| format!("{}) {reference}", n + 1));
    let new = match or {
        "of" => "iets nieuws",
        "ou" => "autre chose",
        _ => "something new",
    };
    format!("{} {or} {new}", each.collect::<Vec<_>>().join(", "))
}

fn numbers(of: &[schemas::reference::Reference]) -> String {
    (1..=of.len()).map(|n| n.to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use schemas::reference::Reference;

    #[test]
    fn everything_fits_in_one_message_of_the_cheap_alphabet() {
        let city = testing::city();
        let which: Vec<Reference> = (1..4).map(|n| Reference::from_number(n * 1_111_111)).collect();
        for language in Language::BUILT_IN {
            for say in [Say::Help, Say::What, Say::Where, Say::Which(which.clone())] {
                let words = of(&city, None, Some(&say), language);
                assert!(words.chars().count() <= 160 && words.is_ascii(), "{}: {words}", words.chars().count());
            }
            let both = of(&city, Some("0800 65 0 65"), Some(&Say::Where), language);
            assert!(both.contains("0800 65 0 65") && both.chars().count() <= 160, "{}: {both}", both.len());
        }
        assert_eq!(of(&city, None, None, Language::NL), "");
        let words = of(&city, None, Some(&Say::Which(which)), Language::NL);
        assert!(words.contains("1) ") && words.ends_with("Antwoord 1, 2, 3 of NIEUW."), "{words}");
    }
}
