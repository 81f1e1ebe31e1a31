//! A plan in a file, encrypted where the state is.

use super::beside::Beside;
use super::failure::{Failure, Outcome};
use super::identity::identity;
use crate::address::Address;
use crate::folder;
use crate::limits;
use crate::plan::Plan;
use crate::state::Cipher;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The plan, and whether it destroys.
#[derive(Serialize, Deserialize)]
pub struct Saved {
    pub stackctl: String,
    pub destroy: bool,
    pub plan: Plan,
    /// None: it was saved before there was any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<Beside>,
}

impl Saved {
    pub fn new(plan: Plan, destroy: bool, beside: Beside) -> Self {
        Self { stackctl: env!("CARGO_PKG_VERSION").to_owned(), destroy, plan, beside: Some(beside) }
    }

    pub fn save(&self, path: &Path, cipher: &Cipher) -> Outcome<()> {
        let text = serde_json::to_vec_pretty(self).map_err(|error| Failure::user(error.to_string(), ""))?;
        cipher
            .seal(&text)
            .and_then(|sealed| {
                let (folder, name) = folder::named(path)?;
                folder.write(name, &sealed, 0o600)?;
                folder.sync()
            })
            .map_err(Failure::io(format!("failed to save the plan as {}", path.display())))
    }

    pub fn load(path: &Path) -> Outcome<Self> {
        let text = limits::read(path, limits::PLAN).map_err(|error| {
            match path.to_string_lossy().parse::<Address>() {
                Ok(address) if !path.exists() => Failure::user(
                    format!("{address} is an address, and `apply` takes the file of a saved plan"),
                    format!(
                        "Write `--only {address}` to work on a part; without a file, `apply` plans by itself."
                    ),
                ),
                _ => Failure::io(format!("failed to read the plan {}", path.display()))(error),
            }
        })?;
        let reader = Cipher::new(&[], identity()).unwrap_or_default();
        let text = reader.open(&text).map_err(|what| {
            Failure::user(format!("{} cannot be read: {}", path.display(), what.into_text()), "")
        })?;
        serde_json::from_slice(&text).map_err(|error| {
            Failure::user(
                format!("{} is no saved plan: {error}", path.display()),
                "Make one with `stackctl plan --out FILE`.",
            )
        })
    }
}
