//! What a matter is about when nobody can tell from its words.

use super::{Category, City};
use crate::report::Kind;

impl City {
    /// The category of words that say too little to know more: the one that the city names, else the first for
    /// questions, else the first of the fallback desk, else the first of all.
    pub fn general_category(&self) -> Option<&Category> {
        let named = self.general.as_ref().and_then(|id| self.category(id));
        let first = |is: &dyn Fn(&&Category) -> bool| self.categories.iter().find(is);
        named
            .or_else(|| first(&|category| category.kind == Kind::Question))
            .or_else(|| first(&|category| category.department == self.fallback))
            .or_else(|| self.categories.first())
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        city::{City, sample},
        slug::CategoryId,
    };

    fn general(mut city: City) -> String {
        city.general = None;
        city.general_category().unwrap().id.to_string()
    }

    #[test]
    fn there_is_always_one() {
        assert_eq!(sample::city().general_category().unwrap().id.as_str(), "dienst/vraag");
        let question = general(sample::city());
        assert_eq!(sample::city().category(&question).unwrap().kind, crate::report::Kind::Question);
        let mut gone = sample::city();
        gone.general = Some(CategoryId::new("dienst/weg").unwrap());
        assert!(gone.general_category().is_some());
    }
}
