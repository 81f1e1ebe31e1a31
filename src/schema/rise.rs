//! Attributes of which AWS only has more with time (`x-rises`): versions and sizes. What is there and is more than what is
//! wanted is what is wanted, since there is no way back.

use serde_json::Value as Json;

/// Whether `there` is `wanted` or more: 55 of 50, version 16.4 of `16`, 15.5 of `15.4`.
pub fn is_reached(there: &Json, wanted: &Json) -> bool {
    match (there, wanted) {
        (Json::String(there), Json::String(wanted)) => {
            there == wanted || parts(there).zip(parts(wanted)).is_some_and(|(there, wanted)| there >= wanted)
        }
        _ => there.as_f64().zip(wanted.as_f64()).is_some_and(|(there, wanted)| there >= wanted),
    }
}

/// `16.4-R2` as numbers, of which the longer one is the greater where both begin the same.
fn parts(version: &str) -> Option<Vec<u64>> {
    version.split(['.', '-']).map(|part| part.trim_start_matches(['R', 'r']).parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn versions_are_numbers_and_a_beginning_is_enough() {
        let reached = |there: &str, wanted: &str| is_reached(&json!(there), &json!(wanted));
        assert!(reached("16.4", "16") && reached("16.4", "16.4") && reached("15.10", "15.9"));
        assert!(reached("17.1", "16") && reached("16.4-R3", "16.4-R2") && reached("16.4-R1", "16.4"));
        assert!(!reached("16", "16.4") && !reached("15.9", "15.10") && !reached("1.6", "16"));
        assert!(!reached("16.4", "16.4-R2") && !reached("custom", "16") && reached("custom", "custom"));
        assert!(is_reached(&json!(55), &json!(50)) && !is_reached(&json!(50), &json!(55)));
        assert!(!is_reached(&Json::Null, &json!(20)) && !is_reached(&json!(20), &json!({"$unknown": "x"})));
    }

    proptest! {
        /// Of two versions one is reached by the other, and both only where they are the same.
        #[test]
        fn one_of_two_is_the_newer(a in proptest::collection::vec(0u64..30, 1..4), b in proptest::collection::vec(0u64..30, 1..4)) {
            let text = |parts: &[u64]| json!(parts.iter().map(u64::to_string).collect::<Vec<_>>().join("."));
            let (one, other) = (is_reached(&text(&a), &text(&b)), is_reached(&text(&b), &text(&a)));
            prop_assert!(one || other);
            prop_assert_eq!(one && other, a == b);
        }
    }
}
