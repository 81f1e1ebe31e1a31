//! What of HCL shows in a file that should be TOML.

/// Whether the line opens a block of HCL: `resource "aws_s3_bucket" "loans" {`.
pub fn is_hcl(line: &str) -> bool {
    let Some(head) = line.trim().strip_suffix('{') else { return false };
    let mut words = head.split_whitespace();
    let Some(first) = words.next() else { return false };
    let quoted = |word: &str| word.len() > 2 && word.starts_with('"') && word.ends_with('"');
    first.chars().all(|c| c.is_ascii_alphabetic() || c == '_') && words.all(quoted)
}

/// What to write instead of a bare word that stands as a value: `name = null`.
pub fn value(line: &str) -> Option<&'static str> {
    let (_, value) = line.split_once('=')?;
    let value = value.split('#').next()?.trim();
    let head = value.split(['.', '[', '(']).next()?;
    Some(match head {
        "null" => "There is no `null`: leave the key away.",
        "var" | "local" | "data" | "module" | "each" | "path" => {
            "A reference stands in quotes: `\"${param.NAME}\"`, `\"${KIND.NAME.ATTRIBUTE}\"`."
        }
        "jsonencode" | "join" | "format" | "file" | "toset" | "merge" | "concat" | "cidrsubnet" => {
            "There are no functions but `\"${file(PATH)}\"`; policies are tables of TOML."
        }
        _ if head.starts_with("aws_") => {
            "A reference stands in quotes and has no prefix: `\"${vpc.main.id}\"`."
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_hcl_are_known_and_toml_is_not() {
        for line in ["resource \"aws_s3_bucket\" \"a\" {", "locals {", "  provider \"aws\" {", "terraform {"]
        {
            assert!(is_hcl(line), "{line}");
        }
        for line in ["tags = { a = 1 }", "x = {", "[queue.a]", "{", "a = \"{\"", "\"a\" {"] {
            assert!(!is_hcl(line), "{line}");
        }
    }

    #[test]
    fn bare_words_get_their_answer() {
        assert!(value("name = null").unwrap().contains("leave the key away"));
        assert!(value("vpc_id = aws_vpc.main.id # x").unwrap().contains("quotes"));
        assert_eq!(value("name = nulls"), None);
        assert_eq!(value("[stack]"), None);
    }
}
