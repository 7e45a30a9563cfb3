//! The reports that the demo plays: real-looking, of every kind, through every door.

use schemas::{
    place::Point,
    report::{Kind, Language},
};

/// The door a report comes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The residents' form.
    Web,
    /// `POST /api/v1/reports`.
    Api,
}

/// One report.
#[derive(Debug, Clone)]
pub struct Story {
    /// Through which door.
    pub door: Door,
    /// In which language.
    pub language: Language,
    /// What kind; `None` = the category's own.
    pub kind: Option<Kind>,
    /// A category of the sample city.
    pub category: &'static str,
    /// The resident's words.
    pub words: &'static str,
    /// Where.
    pub address: Option<&'static str>,
    /// Where exactly.
    pub point: Option<Point>,
    /// Answers to the category's questions.
    pub answers: &'static [(&'static str, &'static str)],
    /// Name and e-mail address; `None` = anonymous.
    pub contact: Option<(&'static str, &'static str)>,
    /// With a photo.
    pub photo: bool,
}

/// An address with this in it makes the simulated department say that the place is not theirs.
pub const NOT_OURS: &str = "R8";

const NOTHING: Story = Story {
    door: Door::Web,
    language: Language::NL,
    kind: None,
    category: "",
    words: "",
    address: None,
    point: None,
    answers: &[],
    contact: None,
    photo: false,
};

/// All of them, in the order they are sent.
pub fn all() -> Vec<Story> {
    vec![
        Story {
            category: "wegen/put",
            words: "Diepe put in de rijweg, vlak voor de schoolpoort. Fietsers moeten uitwijken naar het midden van de straat.",
            address: Some("Grote Markt 12"),
            point: Some(Point { lat: 50.8278, lon: 3.2647 }),
            answers: &[("grootte", "stoeptegel")],
            contact: Some(("An Peeters", "an.peeters@example.org")),
            photo: true,
            ..NOTHING
        },
        Story {
            door: Door::Api,
            language: Language::EN,
            category: "licht/lamp",
            words: "The street lamp in front of number 40 has been flickering for a week; at night the crossing is dark.",
            address: Some("Doorniksestraat 40"),
            contact: Some(("Sam Taylor", "sam.taylor@example.org")),
            ..NOTHING
        },
        Story {
            language: Language::FR,
            category: "netheid/sluikstort",
            words: "Quelqu'un a laissé un vieux canapé et cinq sacs à côté de la bulle à verre.",
            address: Some("Zandstraat 3"),
            answers: &[("hoeveelheid", "kruiwagen")],
            contact: Some(("Claire Dubois", "claire.dubois@example.org")),
            ..NOTHING
        },
        Story {
            category: "netheid/hondenpoep",
            words: "Het voetpad naar de speeltuin ligt elke ochtend vol. Graag een bordje of een bak met zakjes.",
            address: Some("Magdalenapark"),
            ..NOTHING
        },
        Story {
            door: Door::Api,
            kind: Some(Kind::Question),
            category: "dienst/vraag",
            words: "Wanneer is het recyclagepark open tijdens de kerstvakantie?",
            contact: Some(("Mehmet Yilmaz", "mehmet.yilmaz@example.org")),
            ..NOTHING
        },
        Story {
            kind: Some(Kind::Complaint),
            category: "dienst/klacht",
            words: "Ik stond drie weken na elkaar voor een gesloten loket, terwijl de website zegt dat het open is.",
            contact: Some(("Lieve Maes", "lieve.maes@example.org")),
            ..NOTHING
        },
        Story {
            door: Door::Api,
            language: Language::FR,
            category: "groen/boom",
            words: "Un grand arbre penche dangereusement au bord de la voie rapide depuis la tempête.",
            address: Some("R8, sortie Kortrijk-Oost"),
            contact: Some(("Luc Lambert", "luc.lambert@example.org")),
            ..NOTHING
        },
        Story {
            language: Language::EN,
            kind: Some(Kind::Suggestion),
            category: "idee/suggestie",
            words: "A drinking water tap near the skate park would be used all summer long.",
            contact: Some(("Priya Nair", "priya.nair@example.org")),
            ..NOTHING
        },
    ]
}
