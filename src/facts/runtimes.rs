//! Runtimes of Lambda. Sources: the names of botocore 1.44.8 (`Runtime` of the Lambda model) and the dates of cfn-lint 1.58.0
//! of 2026-10-20 (`LmbdRuntimeLifecycle.json`), which are those of AWS's page "Lambda runtimes".

use super::Finding;
use crate::schema::suggest;

const AS_OF: &str = "2026-10-20";

/// No date is set.
const NEVER: &str = "9999";

/// Name, day since which AWS mends it no more, day since which no function can be made with it.
const RUNTIMES: [(&str, &str, &str); 51] = [
    ("provided", "2024-01-08", "2024-02-08"),
    ("provided.al2", "2026-07-31", "2027-02-01"),
    ("provided.al2023", "2029-06-30", "2029-07-31"),
    ("nodejs", "2016-08-30", "2016-09-30"),
    ("nodejs4.3", "2020-03-05", "2020-02-03"),
    ("nodejs4.3-edge", "2020-03-05", "2019-03-31"),
    ("nodejs6.10", "2019-08-12", "2019-07-12"),
    ("nodejs8.10", "2020-03-06", "2020-02-04"),
    ("nodejs10.x", "2021-07-30", "2021-07-30"),
    ("nodejs12.x", "2023-03-31", "2023-03-31"),
    ("nodejs14.x", "2023-12-04", "2024-01-09"),
    ("nodejs16.x", "2024-06-12", "2027-02-01"),
    ("nodejs18.x", "2025-09-01", "2027-02-01"),
    ("nodejs20.x", "2026-04-30", "2027-02-01"),
    ("nodejs22.x", "2027-04-30", "2027-06-01"),
    ("nodejs24.x", "2028-04-30", "2028-06-01"),
    ("nodejs26.x", NEVER, NEVER),
    ("python2.7", "2021-07-15", "2021-07-15"),
    ("python3.6", "2022-07-18", "2022-07-18"),
    ("python3.7", "2023-12-04", "2024-01-09"),
    ("python3.8", "2024-10-14", "2027-02-01"),
    ("python3.9", "2025-12-15", "2027-02-01"),
    ("python3.10", "2026-10-31", "2027-02-01"),
    ("python3.11", "2027-06-30", "2027-07-31"),
    ("python3.12", "2028-10-31", "2028-11-30"),
    ("python3.13", "2029-06-30", "2029-07-31"),
    ("python3.14", "2029-06-30", "2029-07-31"),
    ("python3.15", NEVER, NEVER),
    ("java8", "2024-01-08", "2024-02-08"),
    ("java8.al2", "2027-06-30", "2027-07-31"),
    ("java8.al2023", NEVER, NEVER),
    ("java11", "2027-06-30", "2027-07-31"),
    ("java11.al2023", NEVER, NEVER),
    ("java17", "2027-06-30", "2027-07-31"),
    ("java17.al2023", NEVER, NEVER),
    ("java21", "2029-06-30", "2029-07-31"),
    ("java25", "2029-06-30", "2029-07-31"),
    ("dotnetcore1.0", "2019-06-27", "2019-06-30"),
    ("dotnetcore2.0", "2019-05-30", "2019-04-30"),
    ("dotnetcore2.1", "2022-01-05", "2022-01-05"),
    ("dotnetcore3.1", "2023-04-03", "2023-04-03"),
    ("dotnet6", "2024-12-20", "2027-02-01"),
    ("dotnet8", "2026-11-10", "2027-02-01"),
    ("dotnet10", "2028-11-14", "2028-12-14"),
    ("ruby2.5", "2021-07-30", "2021-07-30"),
    ("ruby2.7", "2023-12-07", "2024-01-09"),
    ("ruby3.2", "2026-03-31", "2027-02-01"),
    ("ruby3.3", "2027-03-31", "2027-04-30"),
    ("ruby3.4", "2028-03-31", "2028-04-30"),
    ("ruby4.0", "2029-03-31", "2029-04-30"),
    ("go1.x", "2024-01-08", "2024-02-08"),
];

pub(super) fn look(runtime: &str, _: &str) -> Option<Finding> {
    let names: Vec<&str> = RUNTIMES.iter().map(|(name, _, _)| *name).collect();
    // One without a date may not be there yet: it is no advice.
    let today = RUNTIMES.iter().filter(|(_, deprecated, _)| (AS_OF..NEVER).contains(deprecated));
    let today: Vec<&str> = today.map(|(name, _, _)| *name).collect();
    let Some((_, deprecated, blocked)) = RUNTIMES.iter().find(|(name, _, _)| *name == runtime) else {
        let mut found = Finding::unknown("runtime", runtime, &names, AS_OF);
        found.help = match runtime {
            "rust" | "go" | "c" | "cpp" | "swift" => "Compiled programs run on `provided.al2023`.".to_owned(),
            _ => suggest::help(runtime, today, "There are"),
        };
        return Some(found);
    };
    let language = language(runtime);
    let newer = today.iter().rev().find(|name| self::language(name) == language).copied();
    let help = format!("Take `{}`.", newer.unwrap_or("provided.al2023"));
    if *blocked <= AS_OF {
        return Some(Finding::mistake(
            format!("Lambda makes no functions with `{runtime}` since {blocked}"),
            "a runtime of the past",
            help,
        ));
    }
    (*deprecated <= AS_OF).then(|| {
        let message = format!(
            "AWS mends `{runtime}` no more since {deprecated}, and takes no new function from {blocked} on"
        );
        Finding::warning(message, "a runtime of the past", help)
    })
}

fn language(runtime: &str) -> &str {
    let name = runtime.split(|c: char| c.is_ascii_digit() || c == '.').next().unwrap_or(runtime);
    name.trim_end_matches("core")
}

/// How a handler is written for a runtime, where `handler` is not written so (AWS: "Define Lambda function handler", by
/// language).
pub fn handler(runtime: &str, handler: &str) -> Option<&'static str> {
    let (file, function) = handler.rsplit_once('.').unwrap_or((handler, ""));
    let dotted = !file.is_empty() && !function.is_empty() && !handler.contains(' ');
    match language(runtime) {
        "python" => (!dotted).then_some("`FILE.FUNCTION`, such as `app.handler` for `def handler` in app.py"),
        "nodejs" => {
            (!dotted).then_some("`FILE.FUNCTION`, such as `index.handler` for `exports.handler` in index.js")
        }
        "ruby" => (!dotted).then_some("`FILE.METHOD`, such as `app.handler`"),
        "java" => (!(dotted || handler.contains("::")))
            .then_some("`PACKAGE.CLASS::METHOD`, such as `example.Handler::handleRequest`"),
        // `Assembly` alone is an executable of its own.
        "dotnet" => {
            let parts = handler.split("::").count();
            (parts == 2 || parts > 3).then_some("`ASSEMBLY::NAMESPACE.CLASS::METHOD`")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handlers_have_the_form_of_their_language() {
        for (runtime, good, bad) in [
            ("python3.13", "app.handler", "bootstrap"),
            ("nodejs24.x", "dist/index.handler", "index"),
            ("ruby3.4", "app.Handler.process", "app."),
            ("java21", "example.Handler::handleRequest", "Handler"),
            ("dotnet10", "My::My.Function::Handle", "My::Function"),
        ] {
            assert_eq!(handler(runtime, good), None, "{runtime}");
            assert!(handler(runtime, bad).is_some(), "{runtime}");
        }
        assert_eq!(handler("provided.al2023", "bootstrap"), None);
    }
}
