//! "Did you mean?"

/// The candidate that somebody who wrote `word` most likely meant.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    // The key of an address is a word of its own: `queue.k["zz"]` is nowhere near `queue.k["a"]`.
    if let Some((head, key)) = word.split_once('[') {
        let keyed = candidates.iter().filter_map(|one| Some((*one, one.split_once('[')?)));
        let keyed: Vec<(&str, &str, &str)> = keyed.map(|(one, (head, key))| (one, head, bare(key))).collect();
        if let Some(head) = nearest(head, keyed.iter().map(|(_, head, _)| *head)) {
            let of = keyed.iter().filter(|(_, own, _)| *own == head);
            let found = nearest(bare(key), of.clone().map(|(_, _, key)| *key))?;
            return of.into_iter().find(|(_, _, key)| *key == found).map(|(one, _, _)| *one);
        }
    }
    nearest(word, candidates)
}

/// A key without its brackets and quotes.
fn bare(key: &str) -> &str {
    key.trim_matches(|c| matches!(c, '"' | '\'' | ']'))
}

fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    // Of a single letter nothing would be left to recognise.
    let reach = (length / 3).clamp(1, 4).min(length.saturating_sub(1));
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
        let likeness = strsim::jaro_winkler(&word, &lower);
        (distance <= reach || contained).then_some((distance, likeness, candidate))
    });
    let best = scored.min_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
    best.map(|(_, _, candidate)| candidate)
}

/// `Did you mean …?`, or the list to choose from, which `what` names.
pub fn help<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>, what: &str) -> String {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    match closest(word, candidates.iter().copied()) {
        Some(found) => format!("Did you mean `{found}`?"),
        None if candidates.is_empty() => "There are none; remove it.".to_owned(),
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
        let addresses = [r#"queue.k["ö"]"#, r#"queue.k["left"]"#, "queue.k", r#"subnet.p["left"]"#];
        assert_eq!(closest(r#"queue.k["zz"]"#, addresses), None);
        assert_eq!(closest(r#"queue.k["lef"]"#, addresses), Some(addresses[1]));
        assert_eq!(closest(r#"quee.k["left"]"#, addresses), Some(addresses[1]));
    }
}
