//! What of a report may become public.

/// Whether something that residents send may become public.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Review {
    /// Never.
    #[default]
    Never,
    /// When somebody of the city looked at it and approved it.
    AfterReview,
}

/// What of a report may become public, where its case is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Publish {
    /// The words, as they were approved.
    pub words: Review,
    /// Photos that were approved.
    pub photos: Review,
}

impl Publish {
    /// Whether words may become public.
    pub fn has_words(self) -> bool {
        self.words == Review::AfterReview
    }

    /// Whether photos may become public.
    pub fn has_photos(self) -> bool {
        self.photos == Review::AfterReview
    }
}
