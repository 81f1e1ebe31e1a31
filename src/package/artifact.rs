use super::{Architecture, Error, Executable, Glibc, Result, archive};
use crate::limits::{self, UPLOAD};
use std::path::{Path, PathBuf};

/// A zip that Lambda can run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Where it lies.
    pub zip: PathBuf,
    /// Base64 of the SHA-256 of the zip: what Lambda calls `CodeSha256`.
    pub code_sha256: String,
    /// The processor that `bootstrap` was built for; none if it is a script, or the runtime starts something else.
    pub architecture: Option<Architecture>,
    /// What works here and would not on AWS; whole sentences.
    pub warnings: Vec<String>,
}

/// Hashes and checks the zip of a user without toolchain (`artifact = "path.zip"`).
///
/// A glibc that is too new is only a warning: the zip may bring its own.
pub fn inspect(zip: &Path, runtime: &str, wanted: Option<Architecture>) -> Result<Artifact> {
    let bytes = load(zip)?;
    let executable = archive::check(zip, &bytes, runtime)?;
    let what = format!("`bootstrap` in {}", zip.display());
    let warnings = executable
        .as_ref()
        .map(|executable| suits(&what, executable, runtime, wanted, false))
        .transpose()?
        .unwrap_or_default();
    Ok(Artifact {
        zip: zip.to_path_buf(),
        code_sha256: archive::sha256(&bytes),
        architecture: executable.map(|executable| executable.architecture),
        warnings,
    })
}

/// A zip, if it is one file and Lambda takes one of its size.
pub fn load(zip: &Path) -> Result<Vec<u8>> {
    let size = std::fs::metadata(zip).map_err(Error::io("read", zip))?.len();
    if size > UPLOAD {
        return Err(Error::TooLarge { path: zip.to_path_buf(), bytes: size });
    }
    limits::read_file(zip, UPLOAD).map_err(Error::io("read", zip))
}

/// What a zip lacks of what the runtime starts; nothing where that is not known.
pub fn holds(zip: &Path, runtime: Option<&str>, handler: Option<&str>) -> Option<Error> {
    let bytes = match load(zip) {
        Ok(bytes) => bytes,
        Err(error) => return Some(error),
    };
    let runtime = runtime.unwrap_or("provided.al2023");
    if let Err(error) = archive::check(zip, &bytes, runtime) {
        return Some(error);
    }
    let endings: &[&str] = match runtime {
        _ if runtime.starts_with("python") => &["py", "pyc", "so"],
        _ if runtime.starts_with("nodejs") => &["js", "mjs", "cjs"],
        _ if runtime.starts_with("ruby") => &["rb"],
        _ => return None,
    };
    // `app.handler` is in app.py, or in the package app; `src/app.handler` in src/app.py; Ruby has `app.Class.method`.
    let handler = handler?;
    let module = match runtime.starts_with("ruby") {
        true => handler.split('.').next()?.to_owned(),
        false if runtime.starts_with("python") => handler.rsplit_once('.')?.0.replace('.', "/"),
        false => handler.rsplit_once('.')?.0.to_owned(),
    };
    let names = archive::names(&bytes);
    let fits = |name: &String| {
        let rest = name.strip_prefix(&module);
        rest.is_some_and(|rest| rest.starts_with('/') || endings.iter().any(|end| rest == format!(".{end}")))
    };
    (!names.iter().any(fits)).then(|| Error::NoHandler {
        path: zip.to_path_buf(),
        handler: handler.to_owned(),
        file: format!("{module}.{}", endings[0]),
    })
}

/// Whether an executable runs where it should. What does not hinder it here is a warning, unless `strict`.
pub(super) fn suits(
    what: &str,
    executable: &Executable,
    runtime: &str,
    wanted: Option<Architecture>,
    strict: bool,
) -> Result<Vec<String>> {
    let is = executable.architecture;
    let what = what.to_owned();
    if let Some(wanted) = wanted.filter(|wanted| *wanted != is) {
        return Err(Error::Architecture { what, is, wanted });
    }
    let interpreter = executable.interpreter.as_deref().filter(|path| path.contains("ld-musl"));
    let error = if let Some(interpreter) = interpreter {
        Error::Loader { what, interpreter: interpreter.to_owned() }
    } else {
        match (executable.glibc, Glibc::of(runtime)) {
            (Some(needs), Some(has)) if needs > has => {
                Error::TooNew { what, needs, has, runtime: runtime.to_owned(), architecture: is }
            }
            _ => return Ok(vec![]),
        }
    };
    if strict { Err(error) } else { Ok(vec![error.to_string()]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn executable(glibc: Glibc) -> Executable {
        Executable { architecture: Architecture::X86_64, glibc: Some(glibc), interpreter: None }
    }

    #[test]
    fn a_newer_glibc_is_an_error_on_aws_and_a_warning_here() {
        let too_new = executable(Glibc(2, 36));
        let error = suits("loader", &too_new, "provided.al2023", None, true).unwrap_err().to_string();
        assert!(error.contains("needs glibc 2.36, and provided.al2023 has 2.34"), "{error}");
        assert!(error.contains("cargo zigbuild --release --target x86_64-unknown-linux-gnu.2.34"), "{error}");
        assert_eq!(suits("loader", &too_new, "provided.al2023", None, false).unwrap(), [error]);
        let old_enough = executable(Glibc(2, 34));
        assert_eq!(suits("loader", &old_enough, "provided.al2023", None, true).unwrap(), [""; 0]);
        assert!(suits("loader", &old_enough, "provided.al2", None, true).is_err());
    }

    #[test]
    fn another_processor_is_an_error_everywhere() {
        let error = suits("loader", &executable(Glibc(2, 34)), "", Some(Architecture::Arm64), false);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("for x86_64, and the function wants arm64"), "{error}");
        assert!(error.contains("aarch64-unknown-linux-musl"), "{error}");
    }
}
