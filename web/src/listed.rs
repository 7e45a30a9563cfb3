//! Every address that answers, by name: tests hold all of them to something, so that a new one cannot be forgotten.

use crate::{api, pages, staff};
use serde::Serialize;

/// Whose an address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Whose {
    /// A page for everybody.
    Page,
    /// A page for people of the city.
    Staff,
    /// For programs.
    Api,
}

/// One address.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Listed {
    /// Whose.
    pub whose: Whose,
    /// As routes are written: `/{lang}/t/{token}`.
    pub path: &'static str,
}

/// Every address: pages, pages of the staff, the API.
pub fn listed() -> Vec<Listed> {
    let pages = pages::PAGES.iter().map(|page| Listed { whose: Whose::Page, path: page.path });
    let staff = staff::PAGES.iter().map(|page| Listed { whose: Whose::Staff, path: page.path });
    let api = api::ENDPOINTS.iter().map(|endpoint| Listed { whose: Whose::Api, path: endpoint.path });
    pages.chain(staff).chain(api).collect()
}
