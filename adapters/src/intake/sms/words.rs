//! What the city says in a conversation, in plain words that fit in a text message.

use super::dialogue::Say;
use schemas::{city::City, further::Word, report::Language};

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

static DANGER: Word = Word::new(
    "sms-danger",
    [
        "Is er nu gevaar? Bel meteen { $number }.",
        "Un danger immediat ? Appelez tout de suite le { $number }.",
        "Is there danger now? Call { $number } at once.",
    ],
);
static HELP: Word = Word::new(
    "sms-help",
    [
        "{ $city }: sms wat er is en waar. U krijgt een nummer. STOP: geen sms meer. START: weer wel. Bellen: { $phone }",
        "{ $city }: ecrivez quoi et ou. Vous recevez un numero. STOP: plus de SMS. START: de nouveau. Tel: { $phone }",
        "{ $city }: text us what it is and where. You get a number. STOP: no more texts. START: again. Call: { $phone }",
    ],
);
static WHAT: Word = Word::new(
    "sms-what",
    [
        "{ $city }: wat wilt u melden of vragen? Antwoord met een korte zin.",
        "{ $city }: que voulez-vous signaler ou demander ? Repondez en une phrase.",
        "{ $city }: what would you like to report or ask? Answer in one sentence.",
    ],
);
static WHERE: Word = Word::new(
    "sms-where",
    [
        "{ $city }: waar is het? Antwoord met straat en nummer, of een plek in de buurt.",
        "{ $city }: c'est ou ? Repondez avec la rue et le numero, ou un lieu proche.",
        "{ $city }: where is it? Answer with street and number, or a place nearby.",
    ],
);
/// Whoever answers may write NIEUW, NOUVEAU or NEW in every language.
static WHICH: Word = Word::new(
    "sms-which",
    [
        "{ $city }: gaat dit over { $list } of iets nieuws? Antwoord { $numbers } of NIEUW.",
        "{ $city }: il s'agit de { $list } ou autre chose ? Repondez { $numbers } ou NOUVEAU.",
        "{ $city }: is this about { $list } or something new? Answer { $numbers } or NEW.",
    ],
);

/// Every one of these words.
pub(crate) fn words() -> impl Iterator<Item = &'static Word> {
    [&DANGER, &HELP, &WHAT, &WHERE, &WHICH].into_iter()
}

/// The words of `say`, after the number to call first if there is one; empty when nothing is said.
pub(super) fn of(city: &City, emergency: Option<&str>, say: Option<&Say>, language: Language) -> String {
    let first = emergency.map(|number| city.further.fill(language, &DANGER, &[("number", number)]));
    let then = say.map(|say| {
        let (word, of) = match say {
            Say::Help => (&HELP, &[][..]),
            Say::What => (&WHAT, &[][..]),
            Say::Where => (&WHERE, &[][..]),
            Say::Which(of) => (&WHICH, &of[..]),
        };
        let args =
            [("city", city.name(language)), ("phone", &city.phone), ("list", &list(of)), ("numbers", &numbers(of))];
        city.further.fill(language, word, &args)
    });
    first.into_iter().chain(then).collect::<Vec<_>>().join(" ")
}

/// `1) 1234 5671, 2) 2345 6789`.
fn list(of: &[schemas::reference::Reference]) -> String {
    let each = of.iter().enumerate().map(|(n, reference)| format!("{}) {reference}", n + 1));
    each.collect::<Vec<_>>().join(", ")
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
