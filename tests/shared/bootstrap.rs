//! The program of a function, out of the zip that was deployed.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Its bytes.
pub fn bytes(zip: &Path) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(File::open(zip).unwrap()).unwrap();
    let mut bytes = vec![];
    archive.by_name("bootstrap").unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

/// The program as a file that can be run.
pub fn extract(zip: &Path, to: &Path) {
    std::fs::write(to, bytes(zip)).unwrap();
    std::fs::set_permissions(to, std::fs::Permissions::from_mode(0o755)).unwrap();
}
