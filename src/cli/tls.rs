use super::failure::{Failure, Outcome};
use super::session::Session;
use crate::address::Address;
use crate::config::Resolved;
use crate::local::Layout;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::path::PathBuf;

/// How the server is known.
pub struct Tls {
    /// None: not at all.
    roots: Option<PathBuf>,
}

impl Tls {
    pub fn of(session: &Session, address: &Address) -> Outcome<Self> {
        if session.is_local() {
            return Ok(Self { roots: Some(Layout::new(&session.root).ca()) });
        }
        let block = session.stack.blocks.get(address);
        let inputs = block.map(|block| session.stack.resolve(block, &|_| Resolved::Unknown));
        let named = inputs.and_then(|inputs| Some(inputs.get("root_certificates")?.as_str()?.to_owned()));
        let Some(named) = named else { return Ok(Self { roots: None }) };
        // For psql, and for whoever takes the URL elsewhere.
        let path = std::path::absolute(session.root.join(&named));
        let path = path.map_err(Failure::io(format!("failed to find {named}")))?;
        if !path.is_file() {
            let help = format!("Download them: `curl -fsSL --create-dirs -o {} {BUNDLE}`.", path.display());
            return Err(Failure::user(
                format!("the root certificates of {address} are not at {named}"),
                help,
            ));
        }
        Ok(Self { roots: Some(path) })
    }

    fn mode(&self) -> &'static str {
        if self.roots.is_some() { "verify-full" } else { "require" }
    }

    /// Of a URL.
    pub fn parameters(&self) -> String {
        let encode =
            |path: &PathBuf| utf8_percent_encode(&path.display().to_string(), NON_ALPHANUMERIC).to_string();
        let roots = self.roots.as_ref().map(|path| format!("&sslrootcert={}", encode(path)));
        format!("sslmode={}{}", self.mode(), roots.unwrap_or_default())
    }

    /// For libpq.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let roots = self.roots.as_ref().map(|path| ("PGSSLROOTCERT", path.display().to_string()));
        [("PGSSLMODE", self.mode().to_owned())].into_iter().chain(roots).collect()
    }
}

/// Every root of RDS, in all regions.
const BUNDLE: &str = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem";
