//! Numbers of advisory locks, the same in every process.

use sha2::{Digest, Sha256};

/// The lock of whoever loads the file of that name. Held as long as the load lives: a load whose lock is free is dead,
/// whatever the manifest says.
pub fn of_file(bucket: &str, key: &str) -> i64 {
    let hash = Sha256::new().chain_update(bucket).chain_update([0]).chain_update(key).finalize();
    i64::from_be_bytes(std::array::from_fn(|position| hash[position]))
}
