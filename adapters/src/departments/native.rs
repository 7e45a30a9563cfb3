//! A department that works in our own console: no second system has to be told, the case is in its
//! list the moment it is taken ([`crate::console`]).

use super::{Adapter, Found, Tools};
use async_trait::async_trait;
use schemas::{city::Department, dispatch::Dispatch, fault::Invalid, letter::Letter, verdict::Verdict};
use serde::Deserialize;
use std::sync::Arc;

/// Settings in `departments.yaml`: there are none.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {}

impl Config {
    /// What is wrong with these settings; nothing can be.
    pub fn check(&self) -> Vec<Invalid> {
        Vec::new()
    }

    /// The adapter.
    pub fn build(self, _: &Department, _: &Tools) -> Result<Arc<dyn Adapter>, Vec<Invalid>> {
        Ok(Arc::new(Native))
    }
}

struct Native;

#[async_trait]
impl Adapter for Native {
    async fn deliver(&self, _: &Dispatch, _: &Letter) -> Verdict {
        Verdict::done()
    }

    async fn look_up(&self, _: &Dispatch) -> Found {
        Found::Here { receipt: None }
    }
}
