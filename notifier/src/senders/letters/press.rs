//! Makes one letter: reads what its notice tells and to whom, now, in the words it was planned with, and makes its
//! sheets.

use super::{LettersConfig, NAME, face::Faces, layout, pdf, words::Words};
use crate::{
    colour, context,
    paper::Block,
    render::{RenderError, Templates},
    wording,
    worker::{PinnedWords, address, facts, is_unwanted},
};
use schemas::{
    Timestamp, Uuid,
    city::City,
    notice::NoticeState,
    reference::Reference,
    report::Language,
    way::{Address, Post},
};
use std::sync::Arc;
use store::{AddressKeys, NoticeTokens, NoticeView, Store};

/// Everything that stands on a letter.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// The notice: the file's own id.
    pub id: Uuid,
    /// The language of all of it.
    pub language: Language,
    /// The city's name.
    pub city: String,
    /// The lines under it.
    pub sender: Vec<String>,
    /// The lines of the address, the name first.
    pub to: Vec<String>,
    /// Town and day, in words.
    pub date: String,
    /// What it is about, in one line.
    pub subject: String,
    /// The words of the event.
    pub body: Vec<Block>,
    /// What ends the letter; the first words stand beside the code.
    pub foot: Vec<Block>,
    /// What the resident calls the case.
    pub reference: Reference,
    /// Where the code leads.
    pub link: String,
    /// The city's colour.
    pub accent: (u8, u8, u8),
    /// When the notice was planned: the same each time it is made.
    pub at: Timestamp,
    /// Where the address begins, from the left, in millimetres.
    pub address_left_mm: f32,
    /// Where the address begins, from the top, in millimetres.
    pub address_top_mm: f32,
}

/// What became of a letter at the press.
#[derive(Debug, Clone, PartialEq)]
pub enum Made {
    /// Its file.
    Printed {
        /// A PDF that conforms to PDF/UA-1.
        pdf: Vec<u8>,
        /// How many sheets.
        pages: u32,
        /// What the resident calls the case.
        reference: Reference,
        /// Whose name stands above the address.
        name: Option<String>,
        /// Where it goes.
        post: Post,
    },
    /// It is not printed: how far the notice is instead, and why.
    Not(NoticeState, &'static str),
}

/// Why a letter cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PressError {
    /// The rows cannot be reached.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A template is wrong.
    #[error(transparent)]
    Words(#[from] RenderError),
    /// The file does not conform.
    #[error(transparent)]
    Pdf(#[from] pdf::PdfError),
}

/// Makes letters.
pub struct Press {
    store: Store,
    city: Arc<City>,
    words: PinnedWords,
    public_url: String,
    keys: AddressKeys,
    tokens: NoticeTokens,
    faces: Faces,
    config: LettersConfig,
}

/// Why a letter is not printed.
const GONE: &str = "there is no postal address any more";
const UNWANTED: &str = "the person does not want it any more";
const OVER: &str = "it is not needed any more";

impl Press {
    /// A press by `config`. Links begin with `public_url` (no slash at its end). The error is a sentence that names
    /// the wrong setting.
    pub async fn open(
        config: &LettersConfig,
        store: &Store,
        city: &Arc<City>,
        templates: &Arc<Templates>,
        public_url: &str,
    ) -> Result<Self, String> {
        if let Some(wrong) = config.check().into_iter().next() {
            return Err(wrong);
        }
        let faces = Faces::read(config.font.as_deref(), config.bold_font.as_deref())?;
        let said = |error: store::Error| error.to_string();
        Ok(Self {
            keys: store.address_keys().await.map_err(said)?,
            tokens: store.notice_tokens().await.map_err(said)?,
            store: store.clone(),
            city: city.clone(),
            words: PinnedWords::new(store, city, templates),
            public_url: public_url.trim_end_matches('/').to_owned(),
            faces,
            config: config.clone(),
        })
    }

    /// The letter that tells `notice`, to where its person is told now.
    pub async fn press(&self, notice: Uuid) -> Result<Made, PressError> {
        let Some(view) = self.store.notice(notice).await? else { return Ok(Made::Not(NoticeState::Failed, GONE)) };
        let is_over =
            matches!(view.notice.state, NoticeState::Superseded | NoticeState::Suppressed | NoticeState::Stopped);
        if is_over || view.notice.sender != NAME {
            return Ok(Made::Not(view.notice.state, OVER));
        }
        let Some(Address::Letter { name, post }) = address(&self.city, &view) else {
            return Ok(Made::Not(NoticeState::Failed, GONE));
        };
        let to = Address::Letter { name: name.clone(), post: post.clone() };
        if is_unwanted(&self.store, &self.city, &self.keys, &view, &to).await? {
            return Ok(Made::Not(NoticeState::Suppressed, UNWANTED));
        }
        let sheet = self.sheet(&view, name.as_deref(), &post).await?;
        let laid = layout::lay(&sheet, Words(&self.city.further, sheet.language), &self.faces);
        let pdf = pdf::write(&sheet, &laid, &self.faces)?;
        let pages = u32::try_from(laid.pages).unwrap_or(u32::MAX);
        Ok(Made::Printed { pdf, pages, reference: view.reference(), name, post })
    }

    async fn sheet(&self, view: &NoticeView, name: Option<&str>, post: &Post) -> Result<Sheet, PressError> {
        let (language, words) = (view.notice.language, self.words.of(&view.notice).await?);
        let wishes = format!("{}/{}/u/{}", self.public_url, language.as_str(), self.tokens.wish(view.notice.id));
        let (why, choices) = (format!("{wishes}/why"), format!("{wishes}/choices"));
        let facts = facts(&self.city, view, &wishes, &why, &choices);
        let rendered = words.render(&self.city, &self.public_url, &facts, language)?;
        let facts = context::Facts { name, ..facts };
        let [body, foot] = words.paper(&self.city, &self.public_url, &facts, language, true)?;
        let city = self.city.name(language).to_owned();
        let day = wording::date(&self.city.further, self.city.calendar.date(view.notice.planned_at), language);
        Ok(Sheet {
            id: view.notice.id,
            language,
            sender: self.config.sender.clone(),
            to: lines(name.unwrap_or(&Words(&self.city.further, language).residents()), post),
            date: format!("{city}, {day}"),
            subject: rendered.subject,
            body,
            foot,
            reference: view.reference(),
            link: rendered.link,
            accent: rgb(colour::accent(&self.city.files)),
            at: view.notice.planned_at,
            address_left_mm: self.config.address_left_mm,
            address_top_mm: self.config.address_top_mm,
            city,
        })
    }
}

/// The lines of an address as a post office reads them: the country last, in capitals.
fn lines(name: &str, post: &Post) -> Vec<String> {
    let mut lines = vec![name.to_owned(), post.street.clone(), format!("{} {}", post.postcode, post.town)];
    lines.extend(post.country.as_ref().map(|country| country.to_uppercase()));
    lines
}

/// `#rrggbb` as its three parts; black when it is none.
fn rgb(colour: &str) -> (u8, u8, u8) {
    let part = |at: usize| colour.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).unwrap_or(0);
    (part(1), part(3), part(5))
}

#[cfg(test)]
#[path = "press_tests.rs"]
mod tests;
