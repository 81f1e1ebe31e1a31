//! What the user decides by environment variables.

use crate::drift::Change;
use crate::error::Error;
use crate::lake::store::Lake;
use crate::names;

/// How an object comes into its own table.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Mode {
    /// The loader reads it and writes `COPY`: any file, any Postgres.
    #[default]
    Stream,
    /// RDS reads it, by its extension `aws_s3`; what cannot be read so is streamed.
    AwsS3,
}

/// Limits of a load.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Share of the rows that may be bad, `LOADER_MAX_REJECT_RATIO`.
    pub max_reject_ratio: f64,
    /// Longest record, `LOADER_MAX_RECORD_BYTES`.
    pub max_record_bytes: usize,
    /// Whether a change of letter case is a change, `LOADER_COMPARE_CASE`. Not to be changed for a database that has loans:
    /// all of them would be new versions.
    pub compare_case: bool,
    /// Differences of columns that fail a file, `LOADER_REFUSE_DRIFT`.
    pub refuse_drift: Vec<Change>,
    /// How objects come into the database, `LOADER_MODE`.
    pub mode: Mode,
    /// Old and new names of columns besides those that ship with the loader, `LOADER_RENAMES`.
    pub renames: Vec<(String, String)>,
    /// Where the typed loans go after each load, `LOADER_LAKE`; none: nowhere.
    pub lake: Option<Lake>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_reject_ratio: 0.05,
            max_record_bytes: 1 << 20,
            compare_case: false,
            refuse_drift: Vec::new(),
            mode: Mode::default(),
            renames: Vec::new(),
            lake: None,
        }
    }
}

impl Settings {
    /// Reads the environment.
    pub fn from_environment() -> Result<Self, Error> {
        Self::from_variables(access::database::variable)
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
        if let Some(text) = variable("LOADER_COMPARE_CASE") {
            settings.compare_case = text.parse().map_err(|_| Error::Setting {
                name: "LOADER_COMPARE_CASE",
                problem: format!("is {text:?}: expected true or false"),
            })?;
        }
        if let Some(text) = variable("LOADER_REFUSE_DRIFT") {
            settings.refuse_drift = Change::parse_list(&text).ok_or_else(|| Error::Setting {
                name: "LOADER_REFUSE_DRIFT",
                problem: format!("is {text:?}: expected some of added, missing, renamed, reordered, retyped"),
            })?;
        }
        settings.mode = match variable("LOADER_MODE").as_deref() {
            None | Some("stream") => Mode::Stream,
            Some("aws_s3") => Mode::AwsS3,
            Some(text) => {
                return Err(Error::Setting {
                    name: "LOADER_MODE",
                    problem: format!("is {text:?}: expected stream or aws_s3"),
                });
            }
        };
        if let Some(text) = variable("LOADER_RENAMES") {
            let pairs = text.split(',').map(|pair| pair.split_once('='));
            let pairs =
                pairs.map(|pair| pair.map(|(old, new)| (names::column(old, 1), names::column(new, 1))));
            settings.renames = pairs.collect::<Option<_>>().ok_or_else(|| Error::Setting {
                name: "LOADER_RENAMES",
                problem: format!("is {text:?}: expected old=new,old=new"),
            })?;
        }
        let lake = variable("LOADER_LAKE").map(|text| Lake::parse(&text)).transpose();
        settings.lake = lake.map_err(|problem| Error::Setting { name: "LOADER_LAKE", problem })?;
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_is_one_of_two() {
        let read =
            |value: &str| Settings::from_variables(|name| (name == "LOADER_MODE").then(|| value.to_owned()));
        assert_eq!(Settings::default().mode, Mode::Stream);
        assert_eq!(read("aws_s3").unwrap().mode, Mode::AwsS3);
        let error = read("copy").unwrap_err().to_string();
        assert_eq!(error, "LOADER_MODE is \"copy\": expected stream or aws_s3");
    }

    #[test]
    fn the_lake_is_where_the_variable_says() {
        let read =
            |value: &str| Settings::from_variables(|name| (name == "LOADER_LAKE").then(|| value.to_owned()));
        assert_eq!(Settings::default().lake, None);
        assert_eq!(read("s3://data/lake").unwrap().lake.unwrap().to_string(), "s3://data/lake");
        assert!(read("s3://data").unwrap_err().to_string().starts_with("LOADER_LAKE is \"s3://data\""));
    }

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
