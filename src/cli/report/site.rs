use super::style::Paint;
use super::{data, note, room, stream};
use crate::cli::site::Site;

/// Where the command works, as the first line of what it prints.
pub fn site(site: &Site) {
    stream::place(site);
    lines(site, room(&std::io::stdout())).iter().for_each(|line| data(line));
}

/// The same for people alone.
pub fn site_note(site: &Site) {
    lines(site, room(&std::io::stderr())).iter().for_each(|line| note(line));
}

/// One line if there is room, else broken between its parts: what matters most comes first.
fn lines(site: &Site, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![];
    for part in site.parts() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + part.chars().count() <= room => {
                line.push(' ');
                line.push_str(&part);
            }
            Some(_) => lines.push(format!("   {part}")),
            None => lines.push(format!("On {part}")),
        }
    }
    let paint = if site.protected { Paint::Alarm } else { Paint::Strong };
    lines.iter().map(|line| paint.label(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(site: &Site, room: usize) -> String {
        anstream::adapter::strip_str(&lines(site, room).join("\n")).to_string()
    }

    fn prod() -> Site {
        Site {
            target: Some("prod".to_owned()),
            local: false,
            endpoint: None,
            account: "123456789012".to_owned(),
            identity: Some("arn:aws:sts::123456789012:assumed-role/Deploy/ada".to_owned()),
            region: "eu-west-1".to_owned(),
            state: "s3://team-state/loans.prod.json".to_owned(),
            protected: true,
            real: true,
        }
    }

    #[test]
    fn it_is_one_line_where_nothing_is_narrow() {
        insta::assert_snapshot!(shown(&prod(), usize::MAX), @"On prod (protected): AWS, account 123456789012 as assumed-role/Deploy/ada, eu-west-1, state s3://team-state/loans.prod.json");
        let plain = Site { target: None, protected: false, identity: None, ..prod() };
        insta::assert_snapshot!(shown(&plain, usize::MAX), @"On AWS, account 123456789012, eu-west-1, state s3://team-state/loans.prod.json");
    }

    #[test]
    fn it_breaks_between_its_parts() {
        insta::assert_snapshot!(shown(&prod(), 100), @r"
        On prod (protected): AWS, account 123456789012 as assumed-role/Deploy/ada, eu-west-1,
           state s3://team-state/loans.prod.json
        ");
        insta::assert_snapshot!(shown(&prod(), 60), @r"
        On prod (protected): AWS, account 123456789012
           as assumed-role/Deploy/ada, eu-west-1,
           state s3://team-state/loans.prod.json
        ");
        insta::assert_snapshot!(shown(&prod(), 40), @r"
        On prod (protected): AWS,
           account 123456789012
           as assumed-role/Deploy/ada,
           eu-west-1,
           state s3://team-state/loans.prod.json
        ");
    }

    #[test]
    fn the_local_cloud_is_said_to_be_local() {
        let local = Site {
            target: Some("local".to_owned()),
            local: true,
            identity: None,
            state: "state/loans.local.json".to_owned(),
            protected: false,
            ..prod()
        };
        insta::assert_snapshot!(shown(&local, 80), @r"
        On local: the local cloud on this machine, eu-west-1,
           state state/loans.local.json
        ");
    }

    /// The colour is not the only sign: there may be none.
    #[test]
    fn a_protected_place_is_in_a_colour_of_its_own_and_says_so() {
        let plain = Site { protected: false, ..prod() };
        assert!(lines(&prod(), usize::MAX)[0].contains("41m"));
        assert!(!lines(&plain, usize::MAX)[0].contains("41m"));
        assert!(!shown(&plain, usize::MAX).contains("protected"));
    }
}
