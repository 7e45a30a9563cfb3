//! Departments that fetch their work. With RabbitMQ they consume their own queue; otherwise the
//! same letters come over HTTP: fetch with a long poll, keep, acknowledge.

use crate::{deliver, secrets::Secrets};
use bus::Bus;
use schemas::{
    Uuid,
    city::{City, Delivery},
    letter::Letter,
    slug::DepartmentId,
};
use std::{sync::Arc, time::Duration};
use store::Store;

/// The most letters of one fetch.
pub const MAX_LETTERS: usize = 100;
/// The longest a fetch waits for the first letter.
pub const MAX_WAIT: Duration = Duration::from_secs(30);
/// How long fetched letters are the fetcher's; not acknowledged by then, they are handed out again.
pub const LEASE: Duration = Duration::from_secs(120);

/// What the work queue stands on.
#[derive(Clone)]
pub struct WorkTools {
    /// The rows.
    pub store: Store,
    /// The carrier.
    pub bus: Bus,
    /// The city.
    pub city: Arc<City>,
    /// Who is who.
    pub secrets: Secrets,
}

/// Why a caller is sent away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No token, or not one of this department's: 401. The same answer for a department that does
    /// not exist.
    #[error("send this department's own token: Authorization: Bearer …")]
    Token,
    /// This department gets its work pushed: 404.
    #[error("this department gets its work by its own system, there is no queue to fetch from")]
    NoQueue,
    /// RabbitMQ carries the letters, so this department's work lies in its queue there: 404.
    #[error("this city hands out work over RabbitMQ: consume your queue `dept.<id>` there, and answer here or there")]
    Brokered,
}

/// Who calls: the department `name`, if the header `Authorization` holds one of its tokens.
pub fn authenticate(
    secrets: &Secrets,
    city: &City,
    name: &str,
    authorization: Option<&str>,
) -> Result<DepartmentId, Denied> {
    let token = authorization.and_then(|value| {
        let (scheme, token) = value.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    let known = secrets.knows(name, token.unwrap_or_default());
    match city.department(name) {
        Some(department) if known => Ok(department.id.clone()),
        _ => Err(Denied::Token),
    }
}

/// As [`authenticate`], for a department that has a queue.
pub fn authenticate_for_work(
    tools: &WorkTools,
    name: &str,
    authorization: Option<&str>,
) -> Result<DepartmentId, Denied> {
    let id = authenticate(&tools.secrets, &tools.city, name, authorization)?;
    match tools.city.department(&id).map(|d| &d.delivery) {
        // Waiting here would find nothing, for ever.
        Some(Delivery::Queue) if tools.bus.is_brokered() => Err(Denied::Brokered),
        Some(Delivery::Queue) => Ok(id),
        _ => Err(Denied::NoQueue),
    }
}

/// Up to `max` letters for `department`, waiting up to `wait` for the first. Each body is a
/// [`schemas::dispatch::Dispatch`]. They come again unless they are acknowledged within [`LEASE`].
pub async fn fetch(
    tools: &WorkTools,
    department: &DepartmentId,
    max: usize,
    wait: Duration,
) -> Result<Vec<Letter>, store::Error> {
    tools.bus.fetch_work(department, max.clamp(1, MAX_LETTERS), LEASE, wait.min(MAX_WAIT)).await
}

/// The department keeps the letters with these ids; gives how many were still waiting. Their cases
/// say that they were handed over. Doing it twice does it once.
pub async fn ack(tools: &WorkTools, department: &DepartmentId, letters: &[Uuid]) -> Result<u64, store::Error> {
    deliver::handed_over(&tools.store, department, letters).await?;
    tools.bus.ack_work(department, letters).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{secrets, testing};

    #[test]
    fn only_the_department_itself_gets_in() {
        let city = testing::city();
        let config = secrets::Config { tokens: vec!["a-token-of-twenty-chars".into()], ..secrets::Config::default() };
        let secrets = Secrets::read([(DepartmentId::new("contactcentrum").unwrap(), config)].into()).unwrap();
        let ask = |name, header| authenticate(&secrets, &city, name, header);
        assert!(ask("contactcentrum", Some("Bearer a-token-of-twenty-chars")).is_ok());
        assert!(ask("contactcentrum", Some("bearer  a-token-of-twenty-chars ")).is_ok());
        for (name, header) in [
            ("contactcentrum", None),
            ("contactcentrum", Some("")),
            ("contactcentrum", Some("Basic a-token-of-twenty-chars")),
            ("contactcentrum", Some("Bearer wrong")),
            (testing::FETCHES, Some("Bearer a-token-of-twenty-chars")),
            ("nobody", Some("Bearer a-token-of-twenty-chars")),
        ] {
            assert_eq!(ask(name, header), Err(Denied::Token), "{name} {header:?}");
        }
    }
}
