//! Patterns of IAM: `*` stands for any text, `?` for one character.

/// Whether everything that `inner` fits is fitted by `outer` as well. A `false` may be wrong where both have wildcards,
/// a `true` is not.
pub fn covers(outer: &str, inner: &str) -> bool {
    let (outer, inner): (Vec<char>, Vec<char>) = (outer.chars().collect(), inner.chars().collect());
    // `fits[i]`: the first i characters of `inner` are covered by what was read of `outer`.
    let mut fits = vec![false; inner.len() + 1];
    fits[0] = true;
    for &o in &outer {
        let mut next = vec![false; inner.len() + 1];
        for (i, fit) in fits.iter().enumerate() {
            if o == '*' {
                next[i] = *fit || i > 0 && next[i - 1];
            } else if i < inner.len() && *fit && (o == inner[i] || o == '?' && inner[i] != '*') {
                next[i + 1] = true;
            }
        }
        fits = next;
    }
    fits[inner.len()]
}

/// Whether some text fits both.
pub fn meets(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut fits = vec![vec![false; other.len() + 1]; one.len() + 1];
    fits[0][0] = true;
    for i in 0..=one.len() {
        for j in 0..=other.len() {
            if !fits[i][j] {
                continue;
            }
            let (a, b) = (one.get(i), other.get(j));
            // A star stands for nothing, or for one more character of the other.
            if a == Some(&'*') {
                fits[i + 1][j] = true;
            }
            if b == Some(&'*') {
                fits[i][j + 1] = true;
            }
            if let (Some(a), Some(b)) = (a, b) {
                match (*a, *b) {
                    ('*', '*') => {}
                    ('*', _) => fits[i][j + 1] = true,
                    (_, '*') => fits[i + 1][j] = true,
                    (a, b) if a == b || a == '?' || b == '?' => fits[i + 1][j + 1] = true,
                    _ => {}
                }
            }
        }
    }
    fits[one.len()][other.len()]
}

pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stars_cover_what_they_stand_for() {
        for (outer, inner, covered) in [
            ("*", "s3:GetObject", true),
            ("*", "*", true),
            ("s3:*", "s3:Get*", true),
            ("s3:Get*", "s3:*", false),
            ("s3:Get?bject", "s3:GetObject", true),
            ("s3:Get?bject", "s3:Get*bject", false),
            ("arn:aws:s3:::a/*", "arn:aws:s3:::a/b/*", true),
            ("arn:aws:s3:::a/*", "arn:aws:s3:::a", false),
            ("a", "a", true),
            ("", "", true),
            ("", "*", false),
            ("a*b*", "ab", true),
        ] {
            assert_eq!(covers(outer, inner), covered, "{outer} {inner}");
        }
        assert!(meets("s3:Get*", "s3:*Object") && !meets("s3:Get*", "s3:Put*") && meets("a*", "*b"));
    }

    proptest! {
        #[test]
        fn what_is_covered_meets(outer in "[ab*?]{0,6}", inner in "[ab*?]{0,6}", text in "[ab]{0,6}") {
            if covers(&outer, &inner) {
                prop_assert!(meets(&outer, &inner));
                prop_assert!(!covers(&inner, &text) || covers(&outer, &text));
            }
        }
    }
}
