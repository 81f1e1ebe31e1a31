//! `--target` and STACKCTL_TARGET: the name of a place, and never anything else.

use crate::address::is_identifier;
use crate::config::LOCAL;
use std::ffi::OsString;
use std::str::FromStr;

/// The variable that names the place where no flag does.
pub const TARGET: &str = "STACKCTL_TARGET";

/// A name of `[targets]`, as far as that can be told without stack.toml.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named(String);

impl Named {
    pub fn local() -> Self {
        Self(LOCAL.to_owned())
    }
}

impl FromStr for Named {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if is_identifier(text) {
            return Ok(Self(text.to_owned()));
        }
        Err(match text {
            "" => "it is empty: name a place, such as `local`, or leave it out to go to AWS".to_owned(),
            _ if text.contains(',') => several(text),
            _ if text.contains('.') => {
                format!(
                    "it names the place, a name of [targets]. To work on a resource alone write `--only {text}`"
                )
            }
            _ => "it names the place: a name of [targets], such as `local`".to_owned(),
        })
    }
}

/// What was allowed once: places and addresses in one list.
fn several(text: &str) -> String {
    let (addresses, places): (Vec<&str>, Vec<&str>) = text.split(',').partition(|part| part.contains('.'));
    let place = places.first().map(|place| format!("--target {place}"));
    let only = (!addresses.is_empty()).then(|| format!("--only {}", addresses.join(",")));
    let flags: Vec<String> = place.into_iter().chain(only).collect();
    format!("it names one place, a name of [targets]. Write `{}`", flags.join(" "))
}

/// Of all that was given by flag, and of the variable, the one place that counts; else message and help.
///
/// A flag wins over the variable. An empty variable is a mistake and not AWS: a script whose own variable is empty would
/// go there.
pub fn chosen(flags: &[Named], variable: Option<OsString>) -> Result<Option<String>, (String, String)> {
    let Some((Named(first), more)) = flags.split_first() else {
        let Some(variable) = variable else { return Ok(None) };
        let text = variable.to_string_lossy();
        return match text.parse() {
            Ok(Named(name)) => Ok(Some(name)),
            Err(why) => Err((
                format!("{TARGET} is \"{text}\": {why}"),
                format!("Set {TARGET} to a name of [targets], or unset it."),
            )),
        };
    };
    match more.iter().find(|Named(other)| other != first) {
        Some(Named(other)) => Err((
            format!("two places are given: --target {first} and --target {other}"),
            "A command goes to one place. Give the one that you mean.".to_owned(),
        )),
        None => Ok(Some(first.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(flags: &[&str], variable: Option<&str>) -> Result<Option<String>, String> {
        let flags = flags.iter().map(|flag| flag.parse()).collect::<Result<Vec<Named>, _>>()?;
        super::chosen(&flags, variable.map(OsString::from)).map_err(|(message, _)| message)
    }

    #[test]
    fn a_flag_wins_and_the_variable_holds_without_one() {
        let name = |name: &str| Ok(Some(name.to_owned()));
        assert_eq!(chosen(&[], None), Ok(None));
        assert_eq!(chosen(&[], Some("local")), name("local"));
        assert_eq!(chosen(&["prod"], Some("local")), name("prod"));
        assert_eq!(chosen(&["prod", "prod"], None), name("prod"));
        assert!(chosen(&["prod", "local"], None).unwrap_err().contains("two places"));
    }

    #[test]
    fn what_is_no_place_is_told_with_the_flag_that_is_meant() {
        for (text, meant) in [
            ("bucket.x", "`--only bucket.x`"),
            ("local,bucket.x", "`--target local --only bucket.x`"),
            ("", "or leave it out to go to AWS"),
            ("a b", "such as `local`"),
        ] {
            for told in [chosen(&[text], None).unwrap_err(), chosen(&[], Some(text)).unwrap_err()] {
                assert!(told.contains(meant), "{text}: {told}");
            }
        }
    }
}
