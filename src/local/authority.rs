use crate::limits;
use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};

use super::{
    error::{FileContext, Result},
    layout::Layout,
};
use crate::folder;

/// As which the databases are reached: RDS's answers say `localhost`, the rest of this module the number.
const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// The certificate authority of one local cloud, which vouches for its databases. It is made with the cloud, never
/// expires, and is nobody's but this folder's.
#[derive(Debug)]
pub(super) struct Authority {
    certificate: PathBuf,
    key: PathBuf,
}

/// What a server shows, and the key to it: both PEM.
pub(super) struct Identity {
    pub(super) certificate: String,
    pub(super) key: String,
}

impl Authority {
    /// The one that is there; a new one where there is none.
    pub(super) fn of(layout: &Layout) -> Result<Self> {
        // Databases that start at one time must not make one each.
        static MAKING: Mutex<()> = Mutex::new(());
        let _one_at_a_time = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
        let authority = Self { certificate: layout.ca(), key: layout.ca_key() };
        if !(authority.certificate.exists() && authority.key.exists()) {
            authority.make()?;
        }
        Ok(authority)
    }

    /// Takes it away: one that came with keys of somebody else is not to be trusted.
    pub(super) fn forget(layout: &Layout) -> Result<()> {
        for path in [layout.ca(), layout.ca_key()] {
            folder::beside(&path).and_then(|(folder, name)| folder.remove(name)).at("remove", path)?;
        }
        Ok(())
    }

    fn make(&self) -> Result<()> {
        let key = KeyPair::generate()?;
        let certificate = params()?.self_signed(&key)?;
        // The certificate last: with it the authority is complete.
        write_private(&self.key, &key.serialize_pem())?;
        write_private(&self.certificate, &certificate.pem())
    }

    /// A new identity for a server on this machine.
    pub(super) fn identify(&self, server: &str) -> Result<Identity> {
        let text =
            limits::read_file(&self.key, limits::RECORD).and_then(limits::text).at("read", &self.key)?;
        let issuer = Issuer::new(params()?, KeyPair::from_pem(&text)?);
        let mut leaf = CertificateParams::new(NAMES.map(str::to_owned))?;
        leaf.distinguished_name = name(server);
        leaf.use_authority_key_identifier_extension = true;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = leaf.signed_by(&key, &issuer)?.pem();
        Ok(Identity { certificate, key: key.serialize_pem() })
    }
}

/// The authority's, the same each time: that of the certificate on disk and that of who signs with its key.
fn params() -> Result<CertificateParams> {
    let mut params = CertificateParams::new([])?;
    params.distinguished_name = name("stackctl local cloud");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    Ok(params)
}

fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    name
}

/// Nobody else's from its first byte on.
pub(super) fn write_private(path: &Path, text: &str) -> Result<()> {
    folder::beside(path)
        .and_then(|(folder, name)| folder.write(name, text.as_bytes(), 0o600))
        .at("write", path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn it_is_made_once_and_its_key_is_private() {
        let project = tempfile::tempdir().unwrap();
        let layout = Layout::new(project.path());
        layout.create().unwrap();
        Authority::of(&layout).unwrap();
        let before = fs::read(layout.ca()).unwrap();
        Authority::of(&layout).unwrap();
        assert_eq!(fs::read(layout.ca()).unwrap(), before);
        assert_eq!(fs::metadata(layout.ca_key()).unwrap().permissions().mode() & 0o777, 0o600);
        // Half of one is none.
        fs::remove_file(layout.ca_key()).unwrap();
        let identity = Authority::of(&layout).unwrap().identify("loans").unwrap();
        assert_ne!(fs::read(layout.ca()).unwrap(), before);
        assert!(identity.certificate.starts_with("-----BEGIN CERTIFICATE-----"));
        assert!(identity.key.starts_with("-----BEGIN PRIVATE KEY-----"));
    }
}
