use super::style::Paint;
use super::wrap::wrap;
use super::{data, document, note, room};
use crate::cli::site::Site;
use crate::preflight::{Check, Finding, Verdict};
use serde_json::json;

/// Every finding, the worst first, and what was looked at without one.
pub fn preflight(findings: &[Finding]) {
    let room = room(&std::io::stdout()).min(110);
    listing(findings, room).iter().for_each(|line| data(line));
}

/// The same at the head of an apply: only what was found.
pub fn ahead(findings: &[Finding]) {
    let found: Vec<&Finding> =
        findings.iter().filter(|finding| finding.verdict != Verdict::NotChecked).collect();
    let room = room(&std::io::stderr()).min(110);
    found.iter().flat_map(|finding| lines(finding, room)).for_each(|line| note(&line));
}

pub fn preflight_json(findings: &[Finding], site: &Site) {
    let clean =
        Check::ALL.into_iter().filter(|check| !findings.iter().any(|finding| finding.check == *check));
    let text = json!({"format": 1, "site": site, "findings": findings, "without_findings": clean.collect::<Vec<_>>()});
    document(&format!("{text:#}"));
}

fn listing(findings: &[Finding], room: usize) -> Vec<String> {
    let mut shown: Vec<String> = findings.iter().flat_map(|finding| lines(finding, room)).collect();
    let clean =
        Check::ALL.into_iter().filter(|check| !findings.iter().any(|finding| finding.check == *check));
    let clean: Vec<&str> = clean.map(Check::words).collect();
    if !clean.is_empty() {
        shown.extend(paragraph(
            Paint::Good,
            "✓",
            &format!("nothing to say about {}", clean.join(", ")),
            room,
        ));
    }
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let line = format!(
        "{} would stop an apply, {} may, {} could not be looked at.",
        count(Verdict::Wrong),
        count(Verdict::Doubtful),
        count(Verdict::NotChecked)
    );
    shown.extend(wrap(&line, room).iter().map(|line| Paint::Strong.label(line)));
    shown
}

fn lines(finding: &Finding, room: usize) -> Vec<String> {
    let (paint, mark) = match finding.verdict {
        Verdict::Wrong => (Paint::Bad, "✗"),
        Verdict::Doubtful => (Paint::Change, "!"),
        Verdict::NotChecked => (Paint::Dim, "-"),
    };
    let about = finding.address.as_ref().map(|address| format!("{address}: ")).unwrap_or_default();
    let skipped = if finding.verdict == Verdict::NotChecked { "not checked: " } else { "" };
    let check = finding.check.words();
    let mut shown = paragraph(paint, mark, &format!("{check}: {about}{skipped}{}", finding.message), room);
    if !finding.remedy.is_empty() {
        shown.extend(
            wrap(&finding.remedy, room.saturating_sub(2)).into_iter().map(|line| format!("  {line}")),
        );
    }
    shown.extend(
        finding.place.as_ref().map(|place| format!("  {}", Paint::Dim.label(&format!("at {place}")))),
    );
    shown
}

fn paragraph(paint: Paint, mark: &str, text: &str, room: usize) -> Vec<String> {
    let lines = wrap(text, room.saturating_sub(2)).into_iter().enumerate();
    lines
        .map(|(at, line)| if at == 0 { format!("{} {line}", paint.label(mark)) } else { format!("  {line}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(room: usize) -> String {
        let place = Some("stack.toml:12:1".to_owned());
        let finding =
            |verdict, check, message: &str| Finding::new(verdict, check, message, "Choose another name.");
        let findings = [
            Finding { place, ..finding(Verdict::Wrong, Check::Names, "the name loans is taken by another") },
            finding(
                Verdict::NotChecked,
                Check::Permissions,
                "iam:SimulatePrincipalPolicy: no (AccessDenied)",
            ),
        ];
        anstream::adapter::strip_str(&listing(&findings, room).join("\n")).to_string()
    }

    #[test]
    fn the_worst_comes_first_and_what_was_not_looked_at_is_said() {
        insta::assert_snapshot!(shown(110), @r"
        ✗ names: the name loans is taken by another
          Choose another name.
          at stack.toml:12:1
        - permissions: not checked: iam:SimulatePrincipalPolicy: no (AccessDenied)
          Choose another name.
        ✓ nothing to say about versions and classes, quotas, binaries, notifications
        1 would stop an apply, 0 may, 1 could not be looked at.
        ");
        assert!(shown(40).lines().all(|line| line.chars().count() <= 40), "{}", shown(40));
    }
}
