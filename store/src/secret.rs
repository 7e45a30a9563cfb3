//! Secrets that the house makes for itself, once in the life of a city.

use crate::{Error, Result, Store, db::args, sql::sql};
use sha2::{Digest as _, Sha256};

sql! {
    both ADD = "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    both GET = "SELECT value FROM setting WHERE name = $1";
}

impl Store {
    /// The secret `name`: 32 bytes, made when it is first asked for, the same ever after and in
    /// every process.
    pub async fn secret(&self, name: &str) -> Result<[u8; 32]> {
        let name = format!("secret_{name}");
        self.inner.db.exec(ADD, args![name.as_str(), self.ids().token()]).await?;
        let row: Option<(String,)> = self.inner.db.one(GET, args![name.as_str()]).await?;
        let (token,) = row.ok_or_else(|| Error::broken("setting", "value", &name))?;
        Ok(Sha256::new().chain_update(name).chain_update([0]).chain_update(token).finalize().into())
    }
}
