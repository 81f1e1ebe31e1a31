//! Availability zones: a zone is its region and a letter (`eu-west-1a`), or the place of a local zone and one
//! (`us-west-2-lax-1a`); its id is a short form of the region and a number (`euw1-az1`), as AWS's page "AZ IDs" has it.

use super::Finding;
use super::regions::REGIONS;

pub(super) fn look(zone: &str, region: &str) -> Option<Finding> {
    // A region that is not known is told where it stands.
    let (_, letters) = REGIONS.iter().find(|(name, _)| *name == region)?;
    let first = letters.chars().next().unwrap_or('a');
    match zone.strip_prefix(region) {
        Some(rest) if rest.starts_with('-') => None,
        Some(rest) if rest.len() == 1 && letters.contains(rest) => None,
        Some(rest) if rest.len() == 1 && rest.chars().all(|c| c.is_ascii_lowercase()) => {
            Some(Finding::warning(
                format!("{region} has no zone `{zone}` that is known"),
                "not among its zones",
                format!("Its zones are {}; an account may see others.", list(region, letters)),
            ))
        }
        _ => {
            let mut end = zone.chars();
            let own = end.next_back().filter(|c| letters.contains(*c)).unwrap_or(first);
            let elsewhere = REGIONS.iter().find(|(name, _)| *name == end.as_str());
            let message = match elsewhere {
                Some((other, _)) => format!("`{zone}` is a zone of {other}, and the stack is in {region}"),
                None => format!("`{zone}` is no zone of {region}"),
            };
            let help = format!(
                "Write `{region}{own}`, or `\"${{stack.region}}{own}\"`, which moves with the stack."
            );
            Some(Finding::mistake(message, "another region", help))
        }
    }
}

pub(super) fn look_id(id: &str, region: &str) -> Option<Finding> {
    REGIONS.iter().find(|(name, _)| *name == region)?;
    let short = short(region)?;
    let number = id.strip_prefix(short.as_str()).and_then(|rest| rest.strip_prefix("-az"));
    if number.is_some_and(|number| number.len() == 1 && number.chars().all(|c| c.is_ascii_digit())) {
        return None;
    }
    // Local zones: `usw2-lax1-az1`.
    if id.starts_with(&format!("{short}-")) {
        return None;
    }
    let elsewhere = REGIONS.iter().find(|(name, _)| {
        self::short(name)
            .is_some_and(|other| id.strip_prefix(other.as_str()).is_some_and(|rest| rest.starts_with('-')))
    });
    let message = match elsewhere {
        Some((other, _)) => format!("`{id}` is the id of a zone of {other}, and the stack is in {region}"),
        None => format!("`{id}` is no id of a zone of {region}"),
    };
    Some(Finding::mistake(message, "another region", format!("Ids there are as in `{short}-az1`.")))
}

fn list(region: &str, letters: &str) -> String {
    letters.chars().map(|letter| format!("`{region}{letter}`")).collect::<Vec<_>>().join(", ")
}

/// `euw1` of `eu-west-1`, `apse2` of `ap-southeast-2`; none outside of the usual partitions.
fn short(region: &str) -> Option<String> {
    let parts: Vec<&str> = region.split('-').collect();
    let (area, direction, number) = match parts.as_slice() {
        ["us", "gov", direction, number] => ("usg".to_owned(), *direction, *number),
        [area, direction, number] if area.len() == 2 => ((*area).to_owned(), *direction, *number),
        _ => return None,
    };
    let letters = match direction {
        "north" => "n",
        "south" => "s",
        "east" => "e",
        "west" => "w",
        "central" => "c",
        "northeast" => "ne",
        "northwest" => "nw",
        "southeast" => "se",
        _ => return None,
    };
    Some(format!("{area}{letters}{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_short_forms_of_regions() {
        let all = [
            ("us-east-1", "use1"),
            ("ap-southeast-2", "apse2"),
            ("us-gov-west-1", "usgw1"),
            ("cn-northwest-1", "cnnw1"),
        ];
        for (region, id) in all {
            assert_eq!(short(region).as_deref(), Some(id));
        }
    }

    #[test]
    fn local_zones_pass() {
        assert_eq!(look("us-west-2-lax-1a", "us-west-2"), None);
        assert_eq!(look_id("usw2-lax1-az1", "us-west-2"), None);
    }
}
