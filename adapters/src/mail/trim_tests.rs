//! Mails as programs write them, and what somebody wrote in them.

use super::*;
use proptest::prelude::*;

#[test]
fn what_was_written_stays_and_nothing_else() {
    for (name, mail, written) in [
        ("nothing to trim", "We komen maandag.\n\nTot dan", "We komen maandag.\n\nTot dan"),
        ("our mark", "Akkoord\n\n##- Antwoord boven deze lijn -##\nReferentie 1234-5678", "Akkoord"),
        ("our mark, quoted", "Akkoord\n> > ##- Antwoord boven deze lijn -##\n> x", "Akkoord"),
        (
            "gmail nl",
            "Dit is niet van ons.\n\nOp ma 23 nov 2026 om 10:00 schreef Stad Voorbeeld <voordeur@stad.example>:\n\n> Referentie\n> Put",
            "Dit is niet van ons.",
        ),
        (
            "gmail nl, folded",
            "Dag,\n\nOp ma 23 nov. 2026 om 10:00 schreef Stad Voorbeeld met een lange naam <\nvoordeur+abc@stad.example>:\n> x",
            "Dag,",
        ),
        (
            "gmail fr",
            "C'est fait\n\nLe lun. 23 nov. 2026 à 10:00, Ville <v@ville.example> a écrit :\n> x",
            "C'est fait",
        ),
        ("gmail en", "Done\n\nOn Mon, Nov 23, 2026 at 10:00 AM City <c@city.example> wrote:\n> x", "Done"),
        (
            "apple nl",
            "Klaar\n\nOp 23 nov. 2026, om 10:00 heeft Stad <v@s.example> het volgende geschreven:\n\n> x",
            "Klaar",
        ),
        (
            "outlook nl",
            "We plannen dit.\n\nMet vriendelijke groeten,\nJan\nTel. 016\n\n________________________________\nVan: Stad <v@s.example>\nVerzonden: maandag 23 november 2026 10:00\nAan: Wegen\nOnderwerp: Put\n\nTekst",
            "We plannen dit.",
        ),
        ("outlook nl, bare", "Prima\n\nVan: Stad\nVerzonden: maandag\nAan: Wegen\n\nTekst", "Prima"),
        ("outlook fr", "Bien reçu\n\nDe : Ville\nEnvoyé : lundi\nÀ : Voirie\nObjet : Trou", "Bien reçu"),
        ("outlook en, bold", "Fine\n\n*From:* City\n*Sent:* Monday\n*To:* Roads\n*Subject:* Pothole", "Fine"),
        ("old outlook", "Ja\n\n-----Oorspronkelijk bericht-----\nVan: Stad", "Ja"),
        ("old outlook fr", "Oui\n-----Message d'origine-----\nx", "Oui"),
        ("telephone", "OK\n\nVerzonden vanaf mijn iPhone", "OK"),
        ("telephone fr", "OK\n\nEnvoyé de mon iPhone", "OK"),
        ("android", "OK\n\nOutlook voor Android downloaden<https://aka.ms/x>\n\nVan: x", "OK"),
        ("signature", "Morgen.\n-- \nJan Peeters\nDienst Wegen", "Morgen."),
        ("between the quotes", "> Waar is het?\nAan de kerk.\n> Wanneer?\nMorgen.", "Aan de kerk.\nMorgen."),
        ("a closing alone says nothing", "Mvg", "Mvg"),
        (
            "words that look like a head",
            "Van: dit weten we niets.\nMaar we kijken.",
            "Van: dit weten we niets.\nMaar we kijken.",
        ),
        ("a day in a sentence", "Op 3 december komen we:\nvoor 10 uur.", "Op 3 december komen we:\nvoor 10 uur."),
        ("only a quote", "> x\n> y", ""),
        ("windows", "Ja\r\n\r\n\r\n\r\nNee\r\n", "Ja\n\nNee"),
    ] {
        assert_eq!(trim(mail), written, "{name}");
    }
}

#[test]
fn a_quarter_of_a_megabyte_of_nothing_takes_no_time() {
    assert_eq!(trim(&format!("{}Akkoord", "\n".repeat(262_144))), "Akkoord");
    assert_eq!(trim(&"van:\n".repeat(60_000)).lines().count(), 60_000);
}

proptest! {
    #[test]
    fn it_never_fails_and_trimming_twice_is_trimming_once(text in "(?s).{0,400}") {
        let once = trim(&text);
        prop_assert_eq!(trim(&once), once.clone());
        prop_assert!(once.len() <= text.len() + 1);
    }

    #[test]
    fn what_stands_above_the_mark_is_kept(words in "[a-z]{1,12}( [a-z]{1,12}){0,5}", below in "(?s).{0,200}") {
        prop_assume!(!closes(&words) && !["op ", "on ", "le "].iter().any(|w| words.starts_with(w)));
        let mail = format!("{words}\n\n{MARK}Antwoord -##\n{below}");
        prop_assert_eq!(trim(&mail), words);
    }
}
