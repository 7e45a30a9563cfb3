//! A department that is telephoned: an operator of the city calls whoever is on call, one after the
//! other, until somebody confirms ([`crate::calls`]). The list stands as `on_call` at the department.

use super::{Adapter, Taken, Tools};
use async_trait::async_trait;
use schemas::{
    city::{City, Department},
    dispatch::Dispatch,
    fault::Invalid,
    letter::Letter,
    task::Task,
    verdict::Verdict,
};
use serde::Deserialize;
use std::sync::Arc;
use store::Tx;

/// Settings in `departments.yaml`: there are none, `on_call` stands beside `delivery`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {}

impl Config {
    /// What is wrong with these settings; nothing can be.
    pub fn check(&self) -> Vec<Invalid> {
        Vec::new()
    }

    /// What is wrong with `department` for this delivery.
    pub(super) fn check_for(&self, department: &Department) -> Vec<Invalid> {
        let message = "nobody is on call: add `on_call: {contacts: [{who: …, phone: …}]}` to the department";
        department.on_call.is_none().then(|| Invalid::new("", "required", message)).into_iter().collect()
    }

    /// The adapter.
    pub fn build(self, department: &Department, tools: &Tools) -> Result<Arc<dyn Adapter>, Vec<Invalid>> {
        Ok(Arc::new(PhoneHandover { city: tools.city.clone(), department: department.clone() }))
    }
}

struct PhoneHandover {
    city: Arc<City>,
    department: Department,
}

#[async_trait]
impl Adapter for PhoneHandover {
    async fn deliver(&self, _: &Dispatch, _: &Letter) -> Verdict {
        Verdict::receipt(format!("waits for a call by {}", self.city.calling_desk(&self.department.id)))
    }

    fn hands_over(&self) -> bool {
        false
    }

    async fn taken(&self, tx: &mut Tx, taken: &Taken<'_>) -> Result<(), store::Error> {
        let desk = self.city.calling_desk(&self.department.id).clone();
        let on_call = self.department.on_call.as_ref();
        tx.open_tasks(&[Task::call(taken.dispatch, desk, on_call, &self.city.calendar, taken.at)]).await
    }
}
