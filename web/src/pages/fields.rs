//! Form fields as the templates see them: every text ready, every id made, so that label, hint and
//! error always belong together.

use serde::Serialize;

/// One line or a box of text.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Field {
    /// Its id on the page: what the error summary links to.
    pub id: String,
    /// Its name in the form.
    pub name: String,
    /// What is asked.
    pub label: String,
    /// A hint below the label.
    pub hint: Option<String>,
    /// What was filled in.
    pub value: String,
    /// What is wrong.
    pub error: Option<String>,
    /// `text`, `email`, `tel`.
    pub kind: &'static str,
    /// What the browser may fill in (WCAG 1.3.5).
    pub autocomplete: &'static str,
    /// The keyboard that fits.
    pub inputmode: &'static str,
    /// The most characters; 0 = no limit here.
    pub max: usize,
    /// Lines of a box; 0 = one line.
    pub rows: usize,
    /// The key that leads to it, together with the keys that the browser asks for; none when empty.
    pub key: &'static str,
    /// It need not be filled in.
    pub optional: bool,
    /// Ids of hint and error, for `aria-describedby`.
    pub described: String,
}

/// One of several, or several.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Choice {
    /// The id of the group; its first option has `<id>-1`.
    pub id: String,
    /// What is asked.
    pub legend: String,
    /// A hint below.
    pub hint: Option<String>,
    /// What is wrong.
    pub error: Option<String>,
    /// Several may be chosen.
    pub many: bool,
    /// It need not be answered.
    pub optional: bool,
    /// Short options, side by side.
    pub short: bool,
    /// The options.
    pub options: Vec<Opt>,
    /// Ids of hint and error, for `aria-describedby`.
    pub described: String,
}

/// One option of a [`Choice`].
#[derive(Debug, Clone, Default, Serialize)]
pub struct Opt {
    /// Its id on the page.
    pub id: String,
    /// The name of the field.
    pub name: String,
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// A second line.
    pub hint: Option<String>,
    /// Whether it is chosen.
    pub checked: bool,
}

/// A question in the order of the page: the template picks the one that is there.
#[derive(Debug, Clone, Serialize)]
pub struct Ask {
    /// A text.
    pub field: Option<Field>,
    /// A choice.
    pub choice: Option<Choice>,
}

/// One line of the summary at the top.
#[derive(Debug, Clone, Serialize)]
pub struct Wrong {
    /// Where it is: `#words`.
    pub href: String,
    /// What is wrong.
    pub message: String,
}

/// The ids of those of hint and error that are there.
fn described(id: &str, hint: bool, error: bool) -> String {
    let parts = [hint.then(|| format!("{id}-hint")), error.then(|| format!("{id}-error"))];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

impl Field {
    /// The same field, with its references made.
    pub fn done(mut self) -> Self {
        self.described = described(&self.id, self.hint.is_some(), self.error.is_some());
        if self.kind.is_empty() {
            self.kind = "text";
        }
        self
    }
}

impl Choice {
    /// The same choice, with its references made and its options numbered.
    pub fn done(mut self) -> Self {
        self.described = described(&self.id, self.hint.is_some(), self.error.is_some());
        for (number, option) in self.options.iter_mut().enumerate() {
            option.id = format!("{}-{}", self.id, number + 1);
        }
        self
    }

    /// Where the error summary links to.
    pub fn anchor(&self) -> String {
        format!("#{}-1", self.id)
    }
}
