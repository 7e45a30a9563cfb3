//! What the mails say, in the languages of departments.

use schemas::{
    Date,
    dispatch::AgainWhy,
    report::{Kind, Language, Urgency},
};

/// One thing a department can say by a link, in the order of the mail.
pub(super) const ANSWERS: [&str; 6] = ["accept", "plan", "done", "ask", "note", "reject"];

/// The texts of one language.
pub(super) struct Words {
    pub(super) mark: &'static str,
    pub(super) new: &'static str,
    pub(super) informed: &'static str,
    pub(super) reference: &'static str,
    pub(super) category: &'static str,
    pub(super) kind: &'static str,
    pub(super) place: &'static str,
    pub(super) map: &'static str,
    pub(super) due: &'static str,
    pub(super) received: &'static str,
    pub(super) priority: &'static str,
    pub(super) reporter: &'static str,
    pub(super) rule: &'static str,
    pub(super) photo: &'static str,
    pub(super) what_now: &'static str,
    pub(super) links: [&'static str; 6],
    pub(super) only_note: &'static str,
    pub(super) secret: &'static str,
    pub(super) by_mail: &'static str,
    pub(super) not_by_mail: &'static str,
    pub(super) yes: &'static str,
    pub(super) no: &'static str,
    pub(super) out_of_office: &'static str,
    pub(super) came_back: &'static str,
    pub(super) attached: &'static str,
    pub(super) cut: &'static str,
}

const NL: Words = Words {
    mark: "##- Antwoord boven deze lijn -##",
    new: "Nieuw voor u",
    informed: "Ter informatie: een andere dienst doet dit",
    reference: "Referentie",
    category: "Categorie",
    kind: "Soort",
    place: "Waar",
    map: "Kaart",
    due: "Tegen",
    received: "Ontvangen",
    priority: "Dringendheid",
    reporter: "Melder",
    rule: "Bij u door regel",
    photo: "Foto",
    what_now: "Wat doet u ermee? Kies een link. U hebt geen account nodig; er gebeurt pas iets als u op de pagina bevestigt.",
    links: [
        "We nemen het op",
        "We plannen het op een dag",
        "Het is klaar",
        "We vragen iets aan de melder",
        "We schrijven een notitie",
        "Dit is niet van ons",
    ],
    only_note: "We schrijven een notitie voor collega's",
    secret: "Wie deze mail heeft, kan voor dit dossier antwoorden. Stuur hem alleen door naar wie dat mag.",
    by_mail: "U mag ook gewoon antwoorden op deze mail, boven de lijn. Uw antwoord is een notitie voor collega's; de melder \
              ziet het niet. Schrijf AKKOORD of KLAAR, en niets anders, om dat te melden. Wat na AAN DE MELDER: staat, \
              sturen we naar de melder.",
    not_by_mail: "Antwoorden op deze mail komen niet in het dossier: gebruik de links.",
    yes: "ja",
    no: "nee",
    out_of_office: "Automatisch antwoord uit hun mailbox",
    came_back: "De mail kwam terug van een adres",
    attached: "Bijlagen, te vinden in de mailbox van de stad",
    cut: "(ingekort; het hele bericht staat in de mailbox van de stad)",
};

const FR: Words = Words {
    mark: "##- Répondez au-dessus de cette ligne -##",
    new: "Nouveau pour vous",
    informed: "Pour information : un autre service s'en charge",
    reference: "Référence",
    category: "Catégorie",
    kind: "Type",
    place: "Où",
    map: "Carte",
    due: "Pour le",
    received: "Reçu",
    priority: "Urgence",
    reporter: "Demandeur",
    rule: "Chez vous par la règle",
    photo: "Photo",
    what_now: "Que faites-vous ? Choisissez un lien. Vous n'avez pas besoin de compte ; rien ne se passe avant que vous \
               confirmiez sur la page.",
    links: [
        "Nous nous en chargeons",
        "Nous le planifions un jour précis",
        "C'est terminé",
        "Nous demandons quelque chose au demandeur",
        "Nous écrivons une note",
        "Ce n'est pas pour nous",
    ],
    only_note: "Nous écrivons une note pour les collègues",
    secret: "Qui a ce courriel peut répondre pour ce dossier. Ne le transférez qu'à qui le peut.",
    by_mail: "Vous pouvez aussi répondre à ce courriel, au-dessus de la ligne. Votre réponse est une note pour les \
              collègues ; le demandeur ne la voit pas. Écrivez ACCEPTÉ ou TERMINÉ, et rien d'autre, pour le signaler. Ce \
              qui suit AU DEMANDEUR: est envoyé au demandeur.",
    not_by_mail: "Les réponses à ce courriel n'arrivent pas dans le dossier : utilisez les liens.",
    yes: "oui",
    no: "non",
    out_of_office: "Réponse automatique de leur boîte",
    came_back: "Le courriel est revenu d'une adresse",
    attached: "Pièces jointes, dans la boîte de la ville",
    cut: "(raccourci ; le message entier est dans la boîte de la ville)",
};

const EN: Words = Words {
    mark: "##- Reply above this line -##",
    new: "New for you",
    informed: "For your information: another department does this",
    reference: "Reference",
    category: "Category",
    kind: "Kind",
    place: "Where",
    map: "Map",
    due: "By",
    received: "Received",
    priority: "Urgency",
    reporter: "Reporter",
    rule: "With you by rule",
    photo: "Photo",
    what_now: "What do you do with it? Choose a link. You need no account; nothing happens before you confirm on the page.",
    links: [
        "We take it",
        "We plan it on a day",
        "It is done",
        "We ask the reporter something",
        "We write a note",
        "This is not ours",
    ],
    only_note: "We write a note for colleagues",
    secret: "Whoever has this mail can answer for this case. Forward it only to those who may.",
    by_mail: "You may also just reply to this mail, above the line. Your reply is a note for colleagues; the reporter does \
              not see it. Write ACCEPTED or DONE, and nothing else, to say so. What follows TO THE REPORTER: is sent to \
              the reporter.",
    not_by_mail: "Replies to this mail do not reach the case: use the links.",
    yes: "yes",
    no: "no",
    out_of_office: "Automatic answer from their mailbox",
    came_back: "The mail came back from an address",
    attached: "Attachments, to be found in the city's mailbox",
    cut: "(shortened; the whole message is in the city's mailbox)",
};

impl Words {
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::NL => &NL,
            Language::FR => &FR,
            _ => &EN,
        }
    }
}

pub(super) fn kind(language: Language, kind: Kind) -> &'static str {
    match (language, kind) {
        (Language::NL, Kind::Report) => "melding",
        (Language::NL, Kind::Question) => "vraag",
        (Language::NL, Kind::Suggestion) => "idee",
        (Language::NL, Kind::Complaint) => "klacht",
        (Language::NL, Kind::Compliment) => "compliment",
        (Language::NL, Kind::Request) => "aanvraag",
        (Language::FR, Kind::Report) => "signalement",
        (Language::FR, Kind::Question) => "question",
        (Language::FR, Kind::Suggestion) => "idée",
        (Language::FR, Kind::Complaint) => "plainte",
        (Language::FR, Kind::Compliment) => "compliment",
        (Language::FR, Kind::Request) => "demande",
        (_, Kind::Report) => "report",
        (_, Kind::Question) => "question",
        (_, Kind::Suggestion) => "suggestion",
        (_, Kind::Complaint) => "complaint",
        (_, Kind::Compliment) => "compliment",
        (_, Kind::Request) => "request",
    }
}

pub(super) fn urgency(language: Language, urgency: Urgency) -> &'static str {
    match (language, urgency) {
        (Language::NL, Urgency::Low) => "niet dringend",
        (Language::NL, Urgency::Normal) => "gewoon",
        (Language::NL, Urgency::High) => "dringend",
        (Language::NL, Urgency::Emergency) => "noodgeval",
        (Language::FR, Urgency::Low) => "pas urgent",
        (Language::FR, Urgency::Normal) => "normal",
        (Language::FR, Urgency::High) => "urgent",
        (Language::FR, Urgency::Emergency) => "cas d'urgence",
        (_, Urgency::Low) => "not urgent",
        (_, Urgency::Normal) => "normal",
        (_, Urgency::High) => "urgent",
        (_, Urgency::Emergency) => "emergency",
    }
}

/// Why it comes again.
pub(super) fn again(language: Language, why: AgainWhy) -> &'static str {
    match (language, why) {
        (Language::NL, AgainWhy::Reopened) => "De melder zegt dat het niet opgelost is",
        (Language::NL, AgainWhy::Replied) => "De melder antwoordt",
        (Language::NL, AgainWhy::Reminder) => "Herinnering: we hoorden nog niets van u",
        (Language::NL, AgainWhy::Merged) => "U hoeft dit niet te doen: het is samengevoegd met een andere melding",
        (Language::NL, AgainWhy::Split) => "Deze melding staat weer apart: ze moet toch gebeuren",
        (Language::NL, AgainWhy::Recategorised) => "De stad verbeterde waar deze melding over gaat",
        (Language::FR, AgainWhy::Reopened) => "Le demandeur dit que ce n'est pas résolu",
        (Language::FR, AgainWhy::Replied) => "Le demandeur répond",
        (Language::FR, AgainWhy::Reminder) => "Rappel : nous n'avons encore rien reçu de vous",
        (Language::FR, AgainWhy::Merged) => "Rien à faire pour ceci : c'est joint à un autre signalement",
        (Language::FR, AgainWhy::Split) => "Ce signalement est à nouveau à part : il faut quand même le traiter",
        (Language::FR, AgainWhy::Recategorised) => "La ville a corrigé le sujet de ce signalement",
        (_, AgainWhy::Reopened) => "The reporter says that it is not solved",
        (_, AgainWhy::Replied) => "The reporter answers",
        (_, AgainWhy::Reminder) => "Reminder: we have not heard from you yet",
        (_, AgainWhy::Merged) => "Nothing to do for this one: it was merged with another report",
        (_, AgainWhy::Split) => "This report stands by itself again: it has to be done after all",
        (_, AgainWhy::Recategorised) => "The city corrected what this report is about",
    }
}

/// `3 december 2026`.
pub(super) fn date(language: Language, date: Date) -> String {
    const NL: [&str; 12] = [
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ];
    const FR: [&str; 12] = [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ];
    const EN: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let names = match language {
        Language::NL => NL,
        Language::FR => FR,
        _ => EN,
    };
    let month = usize::try_from(date.month()).ok().and_then(|month| names.get(month.checked_sub(1)?));
    format!("{} {} {}", date.day(), month.unwrap_or(&""), date.year())
}
