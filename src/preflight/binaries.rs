use super::{Check, Finding, Verdict};
use crate::config::{Resolved, Stack};
use crate::package::{self, Architecture};
use serde_json::Value as Json;
use std::path::Path;

/// The zips that the stack's functions bring ready-made: the processor of their programs, and the glibc that these need
/// against that of the runtime. What is built of crates is built to fit.
pub fn binaries(stack: &Stack, root: &Path) -> Vec<Finding> {
    let mut findings = vec![];
    for (address, block) in stack.blocks.iter().filter(|(address, _)| address.kind == "lambda_function") {
        let inputs = stack.resolve(block, &|_| Resolved::Unknown);
        let text = |name: &str| inputs.get(name).and_then(Json::as_str);
        let Some(zip) = text("artifact").filter(|_| text("source").is_none()) else { continue };
        let runtime = text("runtime").unwrap_or("provided.al2023");
        let architecture = text("architecture").and_then(Architecture::parse);
        let found = |verdict, message: String| {
            let remedy = format!("Build it for {runtime}, or name another `runtime` or `architecture`.");
            Finding::new(verdict, Check::Binaries, message, remedy).of(stack, address)
        };
        match package::inspect(&root.join(zip), runtime, architecture) {
            Err(error) => findings.push(found(Verdict::Wrong, error.to_string())),
            Ok(artifact) => {
                findings
                    .extend(artifact.warnings.into_iter().map(|warning| found(Verdict::Doubtful, warning)));
            }
        }
    }
    findings
}
