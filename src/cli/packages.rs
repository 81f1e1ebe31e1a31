//! The code of a stack's functions: crates built, zips of others checked, files put beside them.

use super::failure::{Failure, Outcome};
use super::report;
use super::session::is_local;
use crate::address::Address;
use crate::config::{self, Block, Stack};
use crate::desired::Built;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::gauge::Gauge;
use crate::local::Layout;
use crate::package;
use crate::schema::{is, properties};
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Builds every attribute that is marked `x-package`, and hashes the zips that are given ready-made. With `no_build` what was
/// built before has to do.
pub fn packages(stack: &Stack, root: &Path, no_build: bool) -> Outcome<HashMap<Address, Built>> {
    let functions: Vec<_> = functions(stack, root).collect();
    // Before any of them is built, which may take minutes. Here what is to be downloaded has to be there as well.
    let mut missing = Diagnostics::default();
    missing.extend(
        functions
            .iter()
            .flat_map(Function::missing)
            .map(|one| Diagnostic { severity: Severity::Error, ..one }),
    );
    if !missing.is_empty() {
        return Err(Failure::Config(missing.finish(&stack.source)));
    }
    let mut packages = HashMap::new();
    for function in functions {
        if let Some(built) = function.build(no_build)? {
            packages.insert(function.address.clone(), built);
        }
    }
    Ok(packages)
}

/// Files, zips and crates that the stack names and that are not there, or are not what they should be. What can be downloaded is
/// a warning: `validate` runs before anybody has done so.
pub fn missing(stack: &Stack, root: &Path) -> Vec<Diagnostic> {
    functions(stack, root)
        .flat_map(|function| function.missing().into_iter().chain(function.code()))
        .collect()
}

fn functions<'a>(stack: &'a Stack, root: &'a Path) -> impl Iterator<Item = Function<'a>> {
    stack.blocks.iter().filter_map(move |(address, block)| {
        let mut attributes = properties(block.kind.inputs()).into_iter().flatten();
        let (source, _) = attributes.find(|(_, schema)| is(schema, "x-package"))?;
        let inputs = stack.resolve(block, &|_| config::Resolved::Unknown);
        Some(Function { address, block, source, inputs, stack, root })
    })
}

struct Function<'a> {
    address: &'a Address,
    block: &'a Block,
    /// Name of the attribute with the crate.
    source: &'a str,
    inputs: Json,
    stack: &'a Stack,
    root: &'a Path,
}

impl Function<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.inputs.get(name).and_then(Json::as_str)
    }

    /// The entries of `files` whose path is known: name, path as it is written, URL.
    fn files(&self) -> impl Iterator<Item = (&str, &str, Option<&str>)> {
        let files = self.inputs.get("files").and_then(Json::as_object).into_iter().flatten();
        files.filter_map(|(name, file)| Some((name.as_str(), file["path"].as_str()?, file["url"].as_str())))
    }

    fn missing(&self) -> Vec<Diagnostic> {
        let absent = self.files().filter(|(_, path, _)| !self.root.join(path).is_file());
        let files = absent.map(|(name, path, url)| {
            let place = self.root.join(path);
            let place = place.strip_prefix(".").unwrap_or(&place).display();
            let help = match url {
                _ if self.is_of_the_local_cloud(path) => {
                    "The local cloud makes it: run `stackctl local down`, then `stackctl local up`."
                        .to_owned()
                }
                Some(url) => format!("Download it: `curl -fsSL --create-dirs -o {place} {url}`."),
                None => format!("Put it there ({place}), or name another path."),
            };
            let message = format!("there is no file {path}, which {} takes along as {name}", self.address);
            let mistake = Diagnostic::new("stackctl::missing_file", message, help).at(
                self.block.span_of(&crate::path::Path::key("files").with(name).with("path")),
                "is not there",
            );
            let to_come = url.is_some() || self.is_of_the_local_cloud(path);
            Diagnostic { severity: if to_come { Severity::Warning } else { Severity::Error }, ..mistake }
        });
        files.collect()
    }

    /// What is wrong with the zip or the crate, as far as a look at it tells.
    fn code(&self) -> Option<Diagnostic> {
        let (attribute, error) = match (self.text(self.source), self.text("artifact")) {
            (Some(source), _) => (self.source, package::look(self.root, source).err()?),
            (None, Some(zip)) if !self.root.join(zip).is_file() => {
                let message = format!("there is no file {zip}, which is the code of {}", self.address);
                let help = "Paths start at the folder of stack.toml: correct it, or make the zip.";
                return Some(self.at("artifact", "stackctl::missing_file", message, help.to_owned()));
            }
            (None, Some(zip)) => (
                "artifact",
                package::holds(&self.root.join(zip), self.text("runtime"), self.text("handler"))?,
            ),
            (None, None) => return None,
        };
        let text = error.to_string();
        let (message, help) = text.rsplit_once(": ").unwrap_or((&text, "Correct it"));
        let first = help.chars().next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
        let help = format!("{first}{}.", help.get(first.len()..).unwrap_or_default().trim_end_matches('.'));
        Some(self.at(attribute, "stackctl::bad_code", format!("{}: {message}", self.address), help))
    }

    fn at(&self, attribute: &str, code: &'static str, message: String, help: String) -> Diagnostic {
        let place = self.block.span_of(&crate::path::Path::key(attribute));
        Diagnostic::new(code, message, help).at(place, "named here")
    }

    fn is_of_the_local_cloud(&self, path: &str) -> bool {
        let layout = Layout::new(self.root);
        is_local(self.stack) && layout.project().join(path) == layout.ca()
    }

    fn build(&self, no_build: bool) -> Outcome<Option<Built>> {
        let runtime = self.text("runtime").unwrap_or("provided.al2023");
        let architecture = self.text("architecture").and_then(package::Architecture::parse);
        let artifact = match (self.text(self.source), self.text("artifact")) {
            (Some(source), _) => {
                let request = package::Request {
                    runtime,
                    architecture,
                    local: is_local(self.stack),
                    no_build,
                    ..package::Request::new(self.root, source)
                };
                let gauge = Arc::new(Gauge::default());
                gauge.begin(&format!("{}: looking at its sources", self.address), 0);
                let _during = report::counting(gauge.clone());
                let mut told = |progress: package::Progress<'_>| {
                    match progress {
                        package::Progress::Waiting => {
                            gauge.begin(&format!("{}: another stackctl builds it", self.address), 0);
                        }
                        package::Progress::Started(name) => {
                            gauge.begin(&format!("{}: building {name}", self.address), 0);
                        }
                        package::Progress::Cargo(_) => {}
                    }
                    report::building(self.address, progress);
                };
                // Blocking is no harm: nothing else runs yet.
                tokio::task::block_in_place(|| package::build(&request, &mut told))?
            }
            (None, Some(zip)) => package::inspect(&self.root.join(zip), runtime, architecture)?,
            (None, None) => return Ok(None),
        };
        let files: BTreeMap<String, PathBuf> =
            self.files().map(|(name, path, _)| (name.to_owned(), self.root.join(path))).collect();
        let artifact = package::with_files(artifact, self.root, &files)?;
        for warning in &artifact.warnings {
            report::warning(&format!("{}: {warning}", self.address));
        }
        let artifact_path = artifact.zip.display().to_string();
        Ok(Some(Built { artifact: artifact_path, code_sha256: artifact.code_sha256 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Options, Source, parse};
    use crate::resource::registry;

    const STACK: &str = r#"[stack]
name = "loans"
region = "eu-west-1"

[params]
roots = "rds-ca.pem"

[lambda_function.loader]
artifact = "loader.zip"
role = "arn:aws:iam::1:role/loader"

[lambda_function.loader.files."rds-ca.pem"]
path = "${param.roots}"
url = "https://example.com/roots.pem"

[lambda_function.loader.files.notes]
path = "notes.txt"

[targets.local.params]
roots = ".stackctl/local/ca.pem"
"#;

    fn mistakes(target: Option<&str>) -> Vec<(String, String)> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("notes.txt"), "").unwrap();
        let options = Options { target: target.map(str::to_owned), ..Options::default() };
        let stack = parse(Source::new("stack.toml", STACK), &options, registry()).unwrap();
        match packages(&stack, folder.path(), false) {
            Err(Failure::Config(found)) => found
                .into_iter()
                .map(|found| {
                    let help = found.help.replace(&folder.path().display().to_string(), "PROJECT");
                    (format!("{}: {found}", found.place().unwrap()), help)
                })
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_not_there_is_named_with_place_and_remedy() {
        let place = "stack.toml:13:8: there is no file rds-ca.pem, which lambda_function.loader takes along as rds-ca.pem";
        let help =
            "Download it: `curl -fsSL --create-dirs -o PROJECT/rds-ca.pem https://example.com/roots.pem`.";
        assert_eq!(mistakes(None), [(place.to_owned(), help.to_owned())]);
        let [(place, help)] = mistakes(Some("local")).try_into().unwrap();
        assert!(place.contains("there is no file .stackctl/local/ca.pem"), "{place}");
        assert!(help.contains("`stackctl local up`"), "{help}");
    }
}
