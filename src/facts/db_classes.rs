//! Machines of RDS for PostgreSQL: families and their sizes. Source: what RDS offers to order for the engine `postgres`
//! in all regions, as cfn-lint 1.58.0 of 2026-10-20 lists it (`dbinstanceclass_enum.json`). Not every region has all.

use super::Finding;
use crate::schema::suggest;

const AS_OF: &str = "2026-10-20";

const SMALL: &[&str] = &["micro", "small", "medium", "large", "xlarge", "2xlarge"];
const UP_TO_16: &[&str] = &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"];
const UP_TO_24: &[&str] =
    &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"];
const UP_TO_32: &[&str] =
    &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "32xlarge"];
const UP_TO_48: &[&str] =
    &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "48xlarge"];

const FAMILIES: [(&str, &[&str]); 36] = [
    ("m4", &["large", "xlarge", "2xlarge", "4xlarge", "10xlarge", "16xlarge"]),
    ("m5", UP_TO_24),
    ("m5d", UP_TO_24),
    ("m6g", UP_TO_16),
    ("m6gd", UP_TO_16),
    ("m6i", UP_TO_32),
    ("m6id", UP_TO_32),
    ("m6idn", UP_TO_32),
    ("m6in", UP_TO_32),
    ("m7g", UP_TO_16),
    ("m7i", UP_TO_48),
    ("m8a", UP_TO_48),
    ("m8g", UP_TO_48),
    ("m8gd", UP_TO_48),
    ("m9g", UP_TO_48),
    ("r4", &["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge"]),
    ("r5", UP_TO_24),
    ("r5b", UP_TO_24),
    ("r5d", UP_TO_24),
    ("r6g", UP_TO_16),
    ("r6gd", UP_TO_16),
    ("r6i", UP_TO_32),
    ("r6id", UP_TO_32),
    ("r6idn", UP_TO_32),
    ("r6in", UP_TO_32),
    ("r7g", UP_TO_16),
    ("r7i", UP_TO_48),
    ("r8a", UP_TO_48),
    ("r8g", UP_TO_48),
    ("r8gd", UP_TO_48),
    ("t2", SMALL),
    ("t3", SMALL),
    ("t4g", SMALL),
    ("x2g", UP_TO_16),
    ("x2idn", &["16xlarge", "24xlarge", "32xlarge"]),
    ("x2iedn", &["xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge", "24xlarge", "32xlarge"]),
];

/// Listed still, for versions of PostgreSQL that are no more (RDS user guide, "DB instance class types").
const PAST: [&str; 6] = ["t1", "m1", "m2", "m3", "r3", "cr1"];

pub(super) fn look(class: &str, _: &str) -> Option<Finding> {
    let (family, size) = class.strip_prefix("db.")?.split_once('.')?;
    if PAST.contains(&family) {
        return Some(Finding::mistake(
            format!("RDS has no machines of the family `{family}` any more"),
            "a family of the past",
            "Take one of today's, such as `db.t4g.medium` or `db.m7g.large`.".to_owned(),
        ));
    }
    let Some((_, sizes)) = FAMILIES.iter().find(|(name, _)| *name == family) else {
        let families: Vec<&str> = FAMILIES.iter().map(|(name, _)| *name).collect();
        let meant =
            suggest::closest(family, families.iter().copied()).map(|meant| format!("db.{meant}.{size}"));
        let known = meant.as_deref().filter(|meant| look(meant, "").is_none());
        let mut found = Finding::unknown("instance class", class, &families, AS_OF);
        found.help = match known {
            Some(known) => format!("Did you mean `{known}`?"),
            None => format!("Families: {}.", suggest::list(&families)),
        };
        return Some(found);
    };
    (!sizes.contains(&size)).then(|| {
        let mut found = Finding::unknown("instance class", class, sizes, AS_OF);
        found.help = match suggest::closest(size, sizes.iter().copied()) {
            Some(meant) => format!("Did you mean `db.{family}.{meant}`?"),
            None => format!("Sizes of `db.{family}`: {}.", suggest::list(sizes)),
        };
        found
    })
}
