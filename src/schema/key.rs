//! Names of KMS keys (`x-key`): AWS answers an id, an ARN or the ARN of an alias for one that was given in another spelling.

/// What all spellings of one key have in common: the id, or `alias/…`.
pub fn tail(name: &str) -> &str {
    let rest = name.strip_prefix("arn:").and_then(|arn| arn.splitn(5, ':').nth(4)).unwrap_or(name);
    rest.strip_prefix("key/").unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spellings_of_a_key_are_one() {
        for key in ["1234abcd-12ab", "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab"] {
            assert_eq!(tail(key), "1234abcd-12ab");
        }
        for alias in ["alias/loans", "arn:aws-us-gov:kms:us-gov-west-1:111122223333:alias/loans"] {
            assert_eq!(tail(alias), "alias/loans");
        }
        assert_ne!(tail("alias/a"), tail("a"));
        assert_eq!(tail("arn:x"), "arn:x");
    }
}
