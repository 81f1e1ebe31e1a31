/// A word of Terraform's and what to write here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// As it stands in Terraform, without the provider's prefix `aws_` where there is one.
    pub theirs: &'static str,
    /// One or two sentences; code stands in backticks.
    pub here: &'static str,
}

/// The answer to `theirs`.
pub(super) fn find(words: &[Word], theirs: &str) -> Option<&'static str> {
    words.iter().find(|word| word.theirs == theirs).map(|word| word.here)
}

pub(super) const fn word(theirs: &'static str, here: &'static str) -> Word {
    Word { theirs, here }
}
