//! `loader setup`.

use std::str::FromStr;

use crate::aws::Aws;
use crate::database::Database;
use crate::error::Error;
use crate::log;
use crate::setup::{self, Group, Login, Wanted};

/// Bring the database's schema up to date, and make logins.
///
/// The same as the function does for the event {"setup": …}. Safe to repeat; a password that was rotated takes effect so.
#[derive(Debug, clap::Args)]
pub struct Setup {
    /// A login, and loan_analyst or loan_trainer as its role: the ARN of a secret with "username" and "password", or a name whose
    /// password is in the variable LOADER_PASSWORD_NAME (in capitals, anything but letters and digits as _).
    #[arg(long = "login", value_name = "SECRET_ARN|NAME:ROLE")]
    logins: Vec<Request>,

    /// Address of the database, instead of DATABASE_URL.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
struct Request {
    who: String,
    group: Group,
}

impl FromStr for Request {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.rsplit_once(':').filter(|(who, _)| !who.is_empty());
        let (who, role) = parts.ok_or_else(|| "expected SECRET_ARN:ROLE or NAME:ROLE".to_owned())?;
        let group = Group::parse(role)
            .ok_or_else(|| format!("the role is {role:?}: expected loan_analyst or loan_trainer"))?;
        Ok(Self { who: who.to_owned(), group })
    }
}

impl Setup {
    /// Prints what the function answers.
    pub async fn run(self) -> Result<(), Error> {
        let aws = Aws::default();
        let database = Database::from_environment(self.database_url.as_deref())?;
        let mut logins = Vec::new();
        for Request { who, group } in self.logins {
            logins.push(if who.starts_with("arn:") {
                Wanted { secret: who, role: group }.fetch(&aws).await?
            } else {
                from_environment(who, group)?
            });
        }
        log::print(&setup::run(&database, &aws, &logins).await?.to_string());
        Ok(())
    }
}

fn from_environment(name: String, group: Group) -> Result<Login, Error> {
    let variable = variable(&name);
    match std::env::var(&variable) {
        Ok(password) => Ok(Login { name, password, group }),
        Err(_) => Err(Error::Setting {
            name: "--login",
            problem: format!("{name} has no password: set {variable}"),
        }),
    }
}

fn variable(name: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' };
    format!("LOADER_PASSWORD_{}", name.chars().map(plain).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_a_secret_or_a_name_with_a_role() {
        let arn = "arn:aws:secretsmanager:eu-central-1:1:secret:analyst-AbCdEf";
        let read = |text: &str| text.parse::<Request>();
        let secret = Request { who: arn.to_owned(), group: Group::LoanAnalyst };
        assert_eq!(read(&format!("{arn}:loan_analyst")), Ok(secret));
        assert_eq!(read("ann:loan_trainer").unwrap().group, Group::LoanTrainer);
        assert!(read(arn).is_err());
        assert!(read("ann:loan_loader").unwrap_err().contains("expected loan_analyst"));
        assert!(read(":loan_analyst").is_err());
        assert_eq!(variable("ann-marie"), "LOADER_PASSWORD_ANN_MARIE");
    }
}
