//! What stands for a loan, and for what a row says of it.

use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;

use super::kind::trim;
use super::number;

/// 128 bits, a `uuid` in Postgres.
pub type Key = [u8; 16];

/// The hash of canonical bytes. SipHash with a fixed key: it is the same in every process and on every machine, and
/// fast; nobody gains by two loans that collide, so it need not withstand that somebody looks for them.
pub fn hash(bytes: &[u8]) -> Key {
    let mut hasher = SipHasher13::new();
    hasher.write(bytes);
    hasher.finish128().as_bytes()
}

/// The key of a loan whose number is known: the number, behind eight zeros, which no hash has.
pub fn of_id(id: i64) -> Key {
    let mut key = [0; 16];
    key[8..].copy_from_slice(&id.to_be_bytes());
    key
}

/// The loan's number in the address of its page, `…?loan_id=1077501`.
pub fn id_in_url(url: &[u8]) -> Option<i64> {
    let start = memchr::memmem::find(url, b"loan_id=")? + b"loan_id=".len();
    let digits = url[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    number::whole(trim(&url[start..start + digits])).filter(|&id| id > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_found_in_the_url() {
        let url = b"https://lendingclub.com/browse/loanDetail.action?loan_id=631207&x=1";
        assert_eq!(id_in_url(url), Some(631_207));
        assert_eq!(id_in_url(b"https://lendingclub.com/browse?loan_id="), None);
        assert_eq!(id_in_url(b"631207"), None);
    }

    #[test]
    fn keys_never_change() {
        assert_eq!(hex::encode(of_id(0x1234)), "00000000000000000000000000001234");
        assert_eq!(hex::encode(hash(b"loan")), "514ea59ef7c87acc7904bb6851e407e3");
    }
}
