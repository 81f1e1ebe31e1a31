//! "Did you mean?"

/// The candidate that somebody who wrote `word` most likely meant.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let reach = (word.chars().count() / 3).clamp(1, 4);
    let scored = candidates.into_iter().filter_map(|candidate| {
        let lower = candidate.to_lowercase();
        let distance = strsim::damerau_levenshtein(&word, &lower);
        // `cidr` for `cidr_block`, `versioning_enabled` for `versioning`.
        let contained = word.len() >= 3
            && lower.len() >= 3
            && (lower.split('_').any(|part| part == word)
                || word.split('_').any(|part| part == lower)
                || lower.starts_with(&word)
                || word.starts_with(&lower));
        (distance <= reach || contained).then_some((distance, candidate))
    });
    scored.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// `Did you mean …?`, or the list to choose from.
pub fn help<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>, what: &str) -> String {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    match closest(word, candidates.iter().copied()) {
        Some(found) => format!("Did you mean `{found}`?"),
        None if candidates.is_empty() => format!("There is no {what}."),
        None => format!("{what}: {}.", list(&candidates)),
    }
}

/// `a, b, c`, cut short where it gets long.
pub fn list(names: &[&str]) -> String {
    const SHOWN: usize = 30;
    let mut text = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(", …");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant_and_nothing_far_off() {
        let names = ["cidr_block", "vpc_id", "availability_zone", "tags"];
        assert_eq!(closest("cidr", names), Some("cidr_block"));
        assert_eq!(closest("vcp_id", names), Some("vpc_id"));
        assert_eq!(closest("Tag", names), Some("tags"));
        assert_eq!(closest("availabilityzone", names), Some("availability_zone"));
        assert_eq!(closest("engine", names), None);
    }
}
