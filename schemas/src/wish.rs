//! What somebody asks for by one word sent back: no more messages, or messages again. Pure.

/// What a message asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// No more.
    Stop,
    /// Again.
    Start,
}

impl Wish {
    /// What `text` asks for, when it is nothing but the word for it in one of our languages.
    pub fn read(text: &str) -> Option<Self> {
        let word: String = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        match word.as_str() {
            "stop" | "stopp" | "stopall" | "stoppen" | "uit" | "afmelden" | "uitschrijven" | "arret" | "arrêt"
            | "arreter" | "arrêter" | "désabonner" | "desabonner" | "unsubscribe" | "end" | "quit" => {
                Some(Self::Stop)
            }
            "start" | "aan" | "aanmelden" | "unstop" | "reprendre" | "subscribe" => Some(Self::Start),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_word_alone_is_a_wish() {
        for (text, expected) in [
            ("STOP", Some(Wish::Stop)),
            (" stop. ", Some(Wish::Stop)),
            ("Stopp!", Some(Wish::Stop)),
            ("ARRÊT", Some(Wish::Stop)),
            ("Arret", Some(Wish::Stop)),
            ("Uitschrijven", Some(Wish::Stop)),
            ("start", Some(Wish::Start)),
            ("Stop met die werken aan de brug", None),
            ("bus stop", None),
            ("", None),
        ] {
            assert_eq!(Wish::read(text), expected, "{text}");
        }
    }
}
