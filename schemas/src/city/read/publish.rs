//! `publish` in `city.yaml`: what of a report may become public.

use super::{fields::Fields, yaml::Node};
use crate::city::{Publish, publish::Review};

const CHOICES: [(&str, Review); 2] = [("never", Review::Never), ("after_review", Review::AfterReview)];

/// Reads it; what is left out, or wrong, never becomes public.
pub(super) fn read(node: &Node, fields: &mut Fields<'_>) -> Publish {
    let Some(map) = fields.map(node, "`publish`", &["words", "photos"]) else { return Publish::default() };
    let mut choice = |name: &str| {
        map.get(name).and_then(|node| fields.one_of(node, &format!("`{name}`"), &CHOICES)).unwrap_or_default()
    };
    Publish { words: choice("words"), photos: choice("photos") }
}

#[cfg(test)]
mod tests {
    use crate::city::{City, Publish, publish::Review, sample};

    fn read(line: &str) -> (Publish, Vec<String>) {
        let mut files = sample::files();
        let text =
            files["city.yaml"].lines().filter(|line| !line.starts_with("publish:")).collect::<Vec<_>>().join("\n");
        files.insert("city.yaml".to_owned(), format!("{text}\n{line}\n").into());
        let (city, faults) = City::read(files);
        let publish = city.map(|city| city.publish).unwrap_or_default();
        (publish, faults.into_iter().map(|fault| fault.message).collect())
    }

    #[test]
    fn nothing_is_public_unless_the_city_says_so() {
        assert_eq!(sample::city().publish, Publish::default());
        assert_eq!(read("").0, Publish::default());
        let (publish, faults) = read("publish: {words: after_review}");
        assert_eq!(
            (publish, faults.as_slice()),
            (Publish { words: Review::AfterReview, photos: Review::Never }, [].as_slice())
        );
        let (publish, _) = read("publish: {words: never, photos: after_review}");
        assert!(publish.has_photos() && !publish.has_words());
    }

    #[test]
    fn what_is_no_choice_is_named() {
        for (line, says) in [
            ("publish: {words: always}", "always"),
            ("publish: {videos: never}", "videos"),
            ("publish: everything", "publish"),
        ] {
            let (publish, faults) = read(line);
            assert_eq!(publish, Publish::default(), "{line}");
            assert!(faults.iter().any(|fault| fault.contains(says)), "{line}: {faults:?}");
        }
    }
}
