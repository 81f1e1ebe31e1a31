//! Versions of RDS for PostgreSQL. Sources: the versions that RDS offers, as cfn-lint 1.58.0 of 2026-10-20 lists them
//! (`engine_version.json`, `engine_version_deprecated.json`); ends of standard support: AWS, "Release calendars for Amazon
//! RDS for PostgreSQL", which endoflife.date has read for 11 to 16 (`release-data`, `amazon-rds-postgresql.json`), and for 12 also
//! AWS's own announcement ("Upgrade strategies for … PostgreSQL 12": 28 February 2025). Those of 17 and 18 follow the rule of all
//! others, the end of February after the fifth year; they decide nothing before 2030.

use super::Finding;
use crate::schema::suggest;

const AS_OF: &str = "2026-10-20";

struct Major {
    name: &'static str,
    /// After that day AWS charges Extended Support by the vCPU and hour.
    supported_until: &'static str,
    /// The minor versions on offer for new databases.
    first: u32,
    last: u32,
}

const fn major(name: &'static str, supported_until: &'static str, first: u32, last: u32) -> Major {
    Major { name, supported_until, first, last }
}

const MAJORS: [Major; 8] = [
    major("11", "2024-02-29", 22, 22),
    major("12", "2025-02-28", 22, 22),
    major("13", "2026-02-28", 23, 23),
    major("14", "2027-02-28", 18, 24),
    major("15", "2028-02-29", 13, 19),
    major("16", "2029-02-28", 9, 15),
    major("17", "2030-02-28", 5, 11),
    major("18", "2031-02-28", 1, 6),
];

/// RDS has no databases of these any more.
const PAST: [&str; 2] = ["9", "10"];

pub(super) fn look(version: &str, _: &str) -> Option<Finding> {
    let (major, rest) =
        version.split_once(['.', '-']).map_or((version, None), |(major, rest)| (major, Some(rest)));
    let newest = MAJORS.last().map_or("", |major| major.name);
    if PAST.contains(&major) {
        return Some(Finding::mistake(
            format!("RDS has no PostgreSQL {major} any more"),
            "a version of the past",
            format!("Take one that is supported, such as `{newest}`."),
        ));
    }
    let names: Vec<&str> = MAJORS.iter().map(|major| major.name).collect();
    let Some(known) = MAJORS.iter().find(|known| known.name == major) else {
        let mut found = Finding::unknown("PostgreSQL version", version, &names, AS_OF);
        found.help = format!("Major versions: {}.", suggest::list(&names));
        return Some(found);
    };
    if known.supported_until < AS_OF {
        return Some(Finding::warning(
            format!("AWS supports PostgreSQL {major} since {} against payment only", known.supported_until),
            "costs Extended Support, by the vCPU and hour",
            format!("Take one that is supported, such as `{newest}`."),
        ));
    }
    let minor: u32 = rest?.split(['.', '-']).next()?.parse().ok()?;
    let offered = format!("On offer: `{major}`, or `{major}.{}` to `{major}.{}`.", known.first, known.last);
    if minor > known.last {
        let found = Finding::unknown("PostgreSQL version", version, &[], AS_OF);
        return Some(Finding { help: offered, ..found });
    }
    (minor < known.first).then(|| {
        Finding::warning(
            format!("RDS makes no new databases of PostgreSQL {version}, and raises those that are there"),
            "an old minor version",
            offered,
        )
    })
}
