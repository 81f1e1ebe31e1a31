//! Where a command works: said before anything else, asked about, and said again at the end.

use super::report;
use super::session::is_local;
use crate::cloud::{Cloud, Destination};
use crate::config::{LOCAL, Stack};
use serde::{Deserialize, Serialize};

/// The way that a stack goes, before anybody is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// To the local cloud of the project.
    Local,
    Aws(Destination),
}

impl Way {
    /// By its target alone; what AWS's own variables say counts only where that leads to AWS.
    pub fn of(stack: &Stack) -> Self {
        if is_local(stack) {
            return Self::Local;
        }
        let target = stack.target.as_ref();
        Self::Aws(Destination {
            region: stack.region.clone(),
            profile: target.and_then(|target| target.profile.clone()),
            endpoint: target.and_then(|target| target.endpoint_url.clone()),
            // What is called `local` is no AWS, wherever it lies.
            emulator: target.and_then(|target| target.emulator.or((target.name == LOCAL).then_some(true))),
        })
    }
}

/// Where a command works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// A name of `[targets]`; none: as `[stack]` says.
    pub target: Option<String>,
    /// The local cloud of the project: nothing of it is on AWS.
    pub local: bool,
    /// What is asked instead of AWS.
    pub endpoint: Option<String>,
    /// Twelve digits.
    pub account: String,
    /// The ARN of whose credentials these are; none on the local cloud.
    pub identity: Option<String>,
    pub region: String,
    /// Where the state lies.
    pub state: String,
    pub protected: bool,
    /// Things take as long as on AWS.
    #[serde(skip)]
    pub real: bool,
}

/// Where the first line of a command goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// It is part of what the command prints.
    Data,
    /// It is for people.
    Note,
    /// It is in the command's JSON.
    None,
}

impl Site {
    pub fn new(stack: &Stack, cloud: &Cloud, state: &str) -> Self {
        let local = is_local(stack);
        Self {
            target: stack.target.as_ref().map(|target| target.name.clone()),
            local,
            endpoint: cloud.endpoint().filter(|_| !local).map(str::to_owned),
            account: cloud.account.clone(),
            identity: cloud.identity.clone(),
            region: cloud.region.clone(),
            state: state.to_owned(),
            protected: stack.target.as_ref().is_some_and(|target| target.protected),
            real: !cloud.emulated,
        }
    }

    pub fn say(&self, head: Head) {
        match head {
            Head::Data => report::site(self),
            Head::Note => report::site_note(self),
            Head::None => {}
        }
    }

    /// The parts of its line, which is broken between them only.
    pub fn parts(&self) -> Vec<String> {
        let protected = if self.protected { " (protected)" } else { "" };
        let mut parts = vec![];
        parts.extend(self.target.as_ref().map(|target| format!("{target}{protected}:")));
        if self.local {
            parts.push("the local cloud on this machine,".to_owned());
        } else {
            let what = self.endpoint.as_deref().unwrap_or("AWS");
            parts.push(format!("{what},"));
            match &self.identity {
                Some(arn) => {
                    parts.push(format!("account {}", self.account));
                    parts.push(format!("as {},", last(arn)));
                }
                None => parts.push(format!("account {},", self.account)),
            }
        }
        parts.push(format!("{},", self.region));
        parts.push(format!("state {}", self.state));
        parts
    }

    /// Within a sentence: `prod (AWS account 123456789012, eu-west-1)`.
    pub fn short(&self) -> String {
        let place = match (&self.endpoint, self.local) {
            (_, true) => "this machine".to_owned(),
            (Some(endpoint), false) => format!("{endpoint}, account {}, {}", self.account, self.region),
            (None, false) => format!("AWS account {}, {}", self.account, self.region),
        };
        match &self.target {
            Some(target) => format!("{target} ({place})"),
            None => place,
        }
    }

    /// Things take as long as on AWS.
    pub fn is_aws(&self) -> bool {
        self.real
    }

    /// What is typed before it is changed, where `y` is too little.
    pub fn password(&self) -> Option<&str> {
        self.target.as_deref().filter(|_| self.protected)
    }
}

/// The part of an ARN behind the account: `assumed-role/Deploy/ada`, `user/ada`, `root`.
fn last(arn: &str) -> &str {
    arn.splitn(6, ':').nth(5).unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_what_stands_behind_the_account() {
        let role = "arn:aws:sts::123456789012:assumed-role/Deploy/ada:laptop";
        assert_eq!(last(role), "assumed-role/Deploy/ada:laptop");
        assert_eq!(last("arn:aws:iam::123456789012:root"), "root");
        assert_eq!(last("somebody"), "somebody");
    }
}
