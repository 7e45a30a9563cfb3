//! A department that is telephoned: an operator of the city calls whoever is on call, one after the
//! other, until somebody confirms ([`crate::calls`]). The list stands as `on_call` at the department.
//! Nobody is telephoned for information only.

use super::{Adapter, Taken, Tools};
use async_trait::async_trait;
use schemas::{
    case::Role,
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

/// The receipt of who is only informed.
const FOR_INFORMATION: &str = "for information only: nobody is telephoned";

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
    async fn deliver(&self, dispatch: &Dispatch, _: &Letter) -> Verdict {
        if dispatch.role == Role::Informed {
            return Verdict::receipt(FOR_INFORMATION);
        }
        Verdict::receipt(format!("waits for a call by {}", self.city.calling_desk(&self.department.id)))
    }

    fn hands_over(&self) -> bool {
        false
    }

    fn handed_over(&self, receipt: Option<&str>) -> bool {
        receipt == Some(FOR_INFORMATION)
    }

    fn is_news(&self, dispatch: &Dispatch) -> bool {
        dispatch.role != Role::Informed
    }

    async fn taken(&self, tx: &mut Tx, taken: &Taken<'_>) -> Result<(), store::Error> {
        if taken.dispatch.role == Role::Informed {
            return Ok(());
        }
        let desk = self.city.calling_desk(&self.department.id).clone();
        let on_call = self.department.on_call.as_ref();
        tx.open_tasks(&[Task::call(taken.dispatch, desk, on_call, &self.city.calendar, taken.at)]).await
    }
}
