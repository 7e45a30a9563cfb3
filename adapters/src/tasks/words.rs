//! What operators read, in the city's own language.

use super::tell::TellView;
use schemas::{
    city::City,
    dispatch::AgainWhy,
    report::{Kind, Language, Urgency},
    task::Told,
    way::Way,
};

/// The words of one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Words(Language);

impl Words {
    /// Those of the city.
    pub fn of(city: &City) -> Self {
        Self(city.languages.first().copied().unwrap_or_default())
    }

    fn choose(self, nl: &'static str, fr: &'static str, en: &'static str) -> &'static str {
        match self.0 {
            Language::NL => nl,
            Language::FR => fr,
            _ => en,
        }
    }

    /// What a field is called.
    pub fn label(self, name: &str) -> &'static str {
        match name {
            "reference" => self.choose("Onze referentie", "Notre référence", "Our reference"),
            "category" => self.choose("Waarover", "Sujet", "About"),
            "words" => self.choose("Beschrijving", "Description", "Description"),
            "place" => self.choose("Plaats", "Lieu", "Place"),
            "coordinates" => self.choose("Coördinaten", "Coordonnées", "Coordinates"),
            "answers" => self.choose("Antwoorden", "Réponses", "Answers"),
            "photos" => self.choose("Foto's", "Photos", "Photos"),
            "due_on" => self.choose("Verwacht tegen", "Attendu pour le", "Expected by"),
            "news" => self.choose("Nieuw", "Nouveau", "New"),
            "their_number" => self.choose("Hun nummer", "Leur numéro", "Their number"),
            "name" => self.choose("Naam van de melder", "Nom du demandeur", "Name of the reporter"),
            "email" => self.choose("E-mail van de melder", "E-mail du demandeur", "E-mail of the reporter"),
            "phone" => self.choose("Telefoon van de melder", "Téléphone du demandeur", "Phone of the reporter"),
            _ => "",
        }
    }

    pub fn kind(self, kind: Kind) -> &'static str {
        match kind {
            Kind::Report => self.choose("melding", "signalement", "report"),
            Kind::Question => self.choose("vraag", "question", "question"),
            Kind::Suggestion => self.choose("idee", "idée", "suggestion"),
            Kind::Complaint => self.choose("klacht", "plainte", "complaint"),
            Kind::Compliment => self.choose("compliment", "compliment", "compliment"),
            Kind::Request => self.choose("aanvraag", "demande", "request"),
        }
    }

    pub fn priority(self, priority: Urgency) -> &'static str {
        match priority {
            Urgency::Low => self.choose("laag", "faible", "low"),
            Urgency::Normal => self.choose("gewoon", "normale", "normal"),
            Urgency::High => self.choose("dringend", "urgente", "high"),
            Urgency::Emergency => self.choose("noodgeval", "urgence immédiate", "emergency"),
        }
    }

    pub fn yes_or_no(self, yes: bool) -> &'static str {
        if yes { self.choose("ja", "oui", "yes") } else { self.choose("nee", "non", "no") }
    }

    pub fn again(self, why: AgainWhy) -> &'static str {
        match why {
            AgainWhy::Reopened => self.choose(
                "De melder zegt dat het niet opgelost is",
                "Le demandeur dit que ce n’est pas résolu",
                "The reporter says that it is not solved",
            ),
            AgainWhy::Replied => self.choose("De melder antwoordt", "Le demandeur répond", "The reporter answers"),
            AgainWhy::Reminder => self.choose(
                "Herinnering: we hoorden nog niets",
                "Rappel : nous n’avons encore rien reçu",
                "Reminder: we have heard nothing yet",
            ),
            AgainWhy::Merged => self.choose(
                "Hoeft niet te gebeuren: samengevoegd met een andere melding. Laat dat weten",
                "Rien à faire : joint à un autre signalement. Faites-le savoir",
                "Nothing to do: merged with another report. Let them know",
            ),
            AgainWhy::Split => self.choose(
                "Staat weer apart: moet toch gebeuren",
                "À nouveau à part : à traiter quand même",
                "Stands by itself again: has to be done after all",
            ),
            AgainWhy::Recategorised => self.choose(
                "De stad verbeterde de categorie",
                "La ville a corrigé la catégorie",
                "The city corrected the category",
            ),
        }
    }

    /// What the operator does next with a form that is open.
    pub fn fill_in(self, informed: bool) -> &'static str {
        if informed {
            return self.choose(
                "Deze dienst wordt alleen geïnformeerd. Vul het formulier in met de velden hieronder, laat staan dat er geen actie gevraagd wordt, en noteer het nummer dat u krijgt.",
                "Ce service est seulement informé. Remplissez le formulaire avec les champs ci-dessous, en gardant qu’il n’y a rien à faire, et notez le numéro reçu.",
                "This department is only informed. Fill in the form with the fields below, keep the line that no action is asked, and record the number that you get.",
            );
        }
        self.choose(
            "Vul het formulier in met de velden hieronder en noteer het nummer dat u krijgt.",
            "Remplissez le formulaire avec les champs ci-dessous et notez le numéro reçu.",
            "Fill in the form with the fields below and record the number that you get.",
        )
    }

    /// What the operator does next with a department that is silent.
    pub fn chase(self) -> &'static str {
        self.choose(
            "Deze dienst zwijgt. Vraag hoe ver het staat en noteer hier het antwoord: de melder ziet het meteen.",
            "Ce service ne répond pas. Demandez où cela en est et notez ici la réponse : le demandeur la voit aussitôt.",
            "This department is silent. Ask how far it is and enter the answer here: the reporter sees it at once.",
        )
    }

    /// What the operator does next with a case that was passed on.
    pub fn follow(self) -> &'static str {
        self.choose(
            "Doorgegeven. Antwoordt de partner? Noteer het hier: de melder ziet het meteen.",
            "Transmis. Le partenaire répond ? Notez-le ici : le demandeur le voit aussitôt.",
            "Passed on. Does the partner answer? Enter it here: the reporter sees it at once.",
        )
    }

    /// What the operator does next with a call.
    pub fn call(self, on_duty: bool) -> &'static str {
        if on_duty {
            self.choose(
                "Bel nu, lees de tekst voor en noteer wie het overneemt.",
                "Appelez maintenant, lisez le texte et notez qui prend en charge.",
                "Call now, read out the text and record who takes it.",
            )
        } else {
            self.choose(
                "Niemand heeft nu wacht. Bel toch, lees de tekst voor en noteer wie het overneemt.",
                "Personne n’est de garde. Appelez quand même, lisez le texte et notez qui prend en charge.",
                "Nobody is on duty. Call all the same, read out the text and record who takes it.",
            )
        }
    }

    /// What the operator does when nobody can be called.
    pub fn nobody(self) -> &'static str {
        self.choose(
            "Er staat niemand in de lijst van deze dienst. Zoek zelf iemand en noteer wie het overneemt.",
            "La liste de ce service est vide. Cherchez quelqu’un et notez qui prend en charge.",
            "The list of this department is empty. Find somebody yourself and record who takes it.",
        )
    }

    /// What the operator does next with a resident to tell something.
    pub fn tell(self, told: Option<&TellView>) -> &'static str {
        match told {
            Some(told) if told.unwanted => self.choose(
                "Deze persoon wil geen berichten meer. Bel of schrijf niet, en noteer: wil dit niet.",
                "Cette personne ne veut plus de messages. N’appelez pas, n’écrivez pas, et notez : ne le souhaite pas.",
                "This person wants no more messages. Do not call or write, and record: unwanted.",
            ),
            Some(TellView { to: Some(_), way: Way::Letter, .. }) => self.choose(
                "Schrijf deze persoon een brief met de tekst hieronder en noteer dat hij op de post is.",
                "Écrivez à cette personne une lettre avec le texte ci-dessous et notez qu’elle est postée.",
                "Write this person a letter with the text below and record that it is in the post.",
            ),
            Some(TellView { to: Some(_), .. }) => self.choose(
                "Bel deze persoon, vertel de tekst hieronder in eigen woorden en noteer hoe het ging.",
                "Appelez cette personne, dites le texte ci-dessous avec vos mots et notez le résultat.",
                "Call this person, tell the text below in your own words and record how it went.",
            ),
            Some(_) | None => self.choose(
                "Het nummer of adres is gewist. Er is niemand meer om in te lichten: noteer verkeerd nummer.",
                "Le numéro ou l’adresse est effacé. Il n’y a plus personne à prévenir : notez mauvais numéro.",
                "The number or address is erased. There is nobody left to tell: record that it is wrong.",
            ),
        }
    }

    /// What the operator does next with a resident to call back.
    pub fn back(self, told: Option<&TellView>) -> &'static str {
        if told.is_some_and(|told| told.to.is_some()) {
            return self.choose(
                "Bel deze persoon terug over wat hieronder staat en noteer hoe het ging.",
                "Rappelez cette personne au sujet de ce qui suit et notez le résultat.",
                "Call this person back about what stands below and record how it went.",
            );
        }
        self.tell(None)
    }

    /// The note among colleagues: how it went to tell the resident.
    pub fn told(self, by: &str, way: Way, told: Told) -> String {
        let what = match (way, told) {
            (Way::Letter, Told::Reached) => self.choose("Brief op de post", "Lettre postée", "Letter in the post"),
            (_, Told::Reached) => self.choose("Telefonisch ingelicht", "Prévenu par téléphone", "Told by telephone"),
            (_, Told::NoAnswer) => self.choose("Gebeld, geen antwoord", "Appelé, pas de réponse", "Called, no answer"),
            (Way::Letter, Told::Wrong) => self.choose("Verkeerd adres", "Mauvaise adresse", "Wrong address"),
            (_, Told::Wrong) => self.choose("Verkeerd nummer", "Mauvais numéro", "Wrong number"),
            (Way::Letter, Told::Unwanted) => {
                self.choose("Wil geen brieven", "Ne veut pas de lettres", "Does not want letters")
            }
            (_, Told::Unwanted) => {
                self.choose("Wil niet gebeld worden", "Ne veut pas être appelé", "Does not want to be called")
            }
        };
        match self.0 {
            Language::NL => format!("{what} (genoteerd door {by})."),
            Language::FR => format!("{what} (noté par {by})."),
            _ => format!("{what} (recorded by {by})."),
        }
    }

    /// What to say on the telephone.
    #[expect(clippy::too_many_arguments, reason = "the parts of one sentence after the other")]
    pub fn script(
        self,
        city: &str,
        priority: &str,
        category: &str,
        place: &str,
        words: &str,
        reference: &str,
        department: &str,
    ) -> String {
        match self.0 {
            Language::NL => format!(
                "Goeiedag, u spreekt met {city}. Ik bel voor {department} ({priority}).\n\
                 Het gaat over: {category}.\nWaar: {place}.\nDe melder schrijft: {words}\n\
                 Onze referentie is {reference}.\nNeemt u dit over? Mag ik uw naam noteren?"
            ),
            Language::FR => format!(
                "Bonjour, ici {city}. J’appelle pour {department} ({priority}).\n\
                 Il s’agit de : {category}.\nOù : {place}.\nLe demandeur écrit : {words}\n\
                 Notre référence est {reference}.\nPrenez-vous ceci en charge ? Puis-je noter votre nom ?"
            ),
            _ => format!(
                "Hello, this is {city}. I am calling for {department} ({priority}).\n\
                 It is about: {category}.\nWhere: {place}.\nThe reporter writes: {words}\n\
                 Our reference is {reference}.\nDo you take this? May I write down your name?"
            ),
        }
    }

    /// Nothing is known of the place.
    pub fn no_place(self) -> &'static str {
        self.choose("niet opgegeven", "non indiqué", "not given")
    }

    /// The note among colleagues: `by` did it.
    pub fn confirmed(self, by: &str, taken_by: &str) -> String {
        match self.0 {
            Language::NL => format!("Telefonisch doorgegeven. {taken_by} neemt het over (genoteerd door {by})."),
            Language::FR => format!("Transmis par téléphone. {taken_by} prend en charge (noté par {by})."),
            _ => format!("Passed on by telephone. {taken_by} takes it (recorded by {by})."),
        }
    }

    pub fn numbered(self, by: &str, number: &str) -> String {
        match self.0 {
            Language::NL => {
                format!("Ingevuld op het formulier van de partner. Hun nummer: {number} (genoteerd door {by}).")
            }
            Language::FR => format!("Formulaire du partenaire rempli. Leur numéro : {number} (noté par {by})."),
            _ => format!("Filled in on the partner's form. Their number: {number} (recorded by {by})."),
        }
    }

    pub fn renumbered(self, by: &str, number: &str) -> String {
        match self.0 {
            Language::NL => format!("Hun nummer verbeterd: {number} (genoteerd door {by})."),
            Language::FR => format!("Leur numéro corrigé : {number} (noté par {by})."),
            _ => format!("Their number corrected: {number} (recorded by {by})."),
        }
    }

    pub fn finished(self, by: &str, outcome: &str) -> String {
        match self.0 {
            Language::NL => format!("Taak afgesloten: {outcome} (genoteerd door {by})."),
            Language::FR => format!("Tâche clôturée : {outcome} (noté par {by})."),
            _ => format!("Task closed: {outcome} (recorded by {by})."),
        }
    }

    pub fn said(self, by: &str, word: &str) -> String {
        let what = match word {
            "accept" => self.choose("aanvaard", "accepté", "accepted"),
            "reject" => self.choose("niet voor hen", "pas pour eux", "not theirs"),
            "plan" => self.choose("gepland", "planifié", "planned"),
            "done" => self.choose("opgelost", "résolu", "solved"),
            "ask" => self.choose("vraag aan de melder", "question au demandeur", "question to the reporter"),
            "refer" => self.choose("doorverwezen", "renvoyé", "referred"),
            _ => self.choose("nota", "note", "note"),
        };
        match self.0 {
            Language::NL => format!("Antwoord van de partner ingevoerd door {by}: {what}."),
            Language::FR => format!("Réponse du partenaire encodée par {by} : {what}."),
            _ => format!("The partner's answer was entered by {by}: {what}."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{tasks::values, testing};

    #[test]
    fn every_usual_field_has_a_name_in_every_language() {
        let mut city = testing::read();
        for language in Language::BUILT_IN {
            city.languages = vec![language];
            let fields = values::usual(&city);
            let labels: std::collections::HashSet<_> = fields.iter().map(|field| field.label.as_str()).collect();
            assert_eq!(labels.len(), fields.len(), "{labels:?}");
            assert!(!labels.contains(""), "{fields:?}");
        }
    }
}
