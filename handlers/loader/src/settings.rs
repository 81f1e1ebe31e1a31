//! What the user decides by environment variables.

use crate::error::Error;

/// Limits of a load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Share of the rows that may be bad, `LOADER_MAX_REJECT_RATIO`.
    pub max_reject_ratio: f64,
    /// Longest record, `LOADER_MAX_RECORD_BYTES`.
    pub max_record_bytes: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { max_reject_ratio: 0.05, max_record_bytes: 1 << 20 }
    }
}

impl Settings {
    /// Reads the environment.
    pub fn from_environment() -> Result<Self, Error> {
        Self::from_variables(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let mut settings = Self::default();
        if let Some(text) = variable("LOADER_MAX_REJECT_RATIO") {
            settings.max_reject_ratio =
                text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio)).ok_or_else(|| {
                    Error::Setting {
                        name: "LOADER_MAX_REJECT_RATIO",
                        problem: format!("is {text:?}: expected a number from 0 to 1"),
                    }
                })?;
        }
        if let Some(text) = variable("LOADER_MAX_RECORD_BYTES") {
            settings.max_record_bytes =
                text.parse().ok().filter(|&bytes| bytes >= 4096).ok_or_else(|| Error::Setting {
                    name: "LOADER_MAX_RECORD_BYTES",
                    problem: format!("is {text:?}: expected a number of bytes, at least 4096"),
                })?;
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_outside_of_0_to_1_is_refused() {
        let read = |value: &str| {
            Settings::from_variables(|name| (name == "LOADER_MAX_REJECT_RATIO").then(|| value.to_owned()))
        };
        assert_eq!(read("0.1").unwrap().max_reject_ratio, 0.1);
        assert!(read("5").is_err());
        assert!(read("NaN").is_err());
        assert!(read("much").is_err());
    }
}
