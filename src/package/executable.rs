//! What an ELF file says about where it runs.

use object::elf;
use object::read::elf::{FileHeader, ProgramHeader};
use object::{Endianness, StringTable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A processor that Lambda has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Architecture {
    /// Intel and AMD.
    #[serde(rename = "x86_64")]
    X86_64,
    /// Graviton: about a fifth cheaper.
    #[serde(rename = "arm64")]
    Arm64,
}

impl Architecture {
    /// As Lambda spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }

    /// As Rust's target triples spell it.
    pub const fn machine(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "aarch64",
        }
    }

    /// Lambda's spelling, read back.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::X86_64, Self::Arm64].into_iter().find(|known| known.as_str() == text)
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A version of the GNU C library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Glibc(pub u16, pub u16);

impl Glibc {
    /// What a Lambda runtime has; none where it is not known to matter.
    /// AWS: "Amazon Linux 2023 (AL2023)" and "OS-only runtimes" in the Lambda developer guide.
    pub fn of(runtime: &str) -> Option<Self> {
        match runtime {
            "provided.al2023" => Some(Self(2, 34)),
            "provided.al2" => Some(Self(2, 26)),
            _ => None,
        }
    }

    /// `GLIBC_2.34` or `GLIBC_2.2.5`.
    fn parse(symbol_version: &str) -> Option<Self> {
        let mut numbers = symbol_version.strip_prefix("GLIBC_")?.split('.');
        Some(Self(numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    }
}

impl fmt::Display for Glibc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// What a Linux executable asks of its machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Executable {
    pub architecture: Architecture,
    /// The newest glibc symbol version that it cannot start without; none if linked statically.
    pub glibc: Option<Glibc>,
    /// The dynamic loader; none if linked statically.
    pub interpreter: Option<String>,
}

impl Executable {
    /// Reads an ELF file; the error is a phrase such as "it is not an ELF file".
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        if !bytes.starts_with(&elf::ELFMAG) {
            return Err("it is not an ELF file".to_owned());
        }
        parse(bytes)
    }
}

fn parse(bytes: &[u8]) -> Result<Executable, String> {
    let damaged = |error: object::Error| format!("its ELF structure is damaged: {error}");
    let header = elf::FileHeader64::<Endianness>::parse(bytes).map_err(damaged)?;
    let endian = header.endian().map_err(damaged)?;
    let architecture = match header.e_machine(endian) {
        elf::EM_X86_64 => Architecture::X86_64,
        elf::EM_AARCH64 => Architecture::Arm64,
        other => return Err(format!("it is for the ELF machine {other:?}")),
    };
    // A position-independent executable has the type of a shared library.
    if ![elf::ET_EXEC, elf::ET_DYN].contains(&header.e_type(endian)) {
        return Err("it is an ELF file, but no executable".to_owned());
    }
    let mut interpreter = None;
    for segment in header.program_headers(endian, bytes).map_err(damaged)? {
        if let Some(path) = segment.interpreter(endian, bytes).map_err(damaged)? {
            interpreter = Some(String::from_utf8_lossy(path).into_owned());
        }
    }
    let sections = header.sections(endian, bytes).map_err(damaged)?;
    let mut glibc = None;
    if let Some((needs, strings)) = sections.gnu_verneed(endian, bytes).map_err(damaged)? {
        let strings: StringTable<'_> = sections.strings(endian, bytes, strings).map_err(damaged)?;
        for need in needs {
            let (_, versions) = need.map_err(damaged)?;
            for version in versions {
                let version = version.map_err(damaged)?;
                // The loader does without a version of which only weak symbols are wanted.
                if version.vna_flags.get(endian) & elf::VER_FLG_WEAK == Default::default() {
                    let name = version.name(endian, strings).map_err(damaged)?;
                    glibc = glibc.max(std::str::from_utf8(name).ok().and_then(Glibc::parse));
                }
            }
        }
    }
    Ok(Executable { architecture, glibc, interpreter })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_very_test_is_an_executable() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let executable = Executable::parse(&bytes).unwrap();
        assert_eq!(executable.architecture.machine(), std::env::consts::ARCH);
        if cfg!(target_env = "gnu") {
            assert!(executable.glibc >= Some(Glibc(2, 17)), "{executable:?}");
            assert!(executable.interpreter.unwrap().contains("ld-linux"));
        }
    }

    #[test]
    fn what_is_none_says_why() {
        assert_eq!(Executable::parse(b"#!/bin/sh\n").unwrap_err(), "it is not an ELF file");
        assert!(Executable::parse(b"\x7fELF\x02\x01\x01").unwrap_err().contains("damaged"));
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert!(Glibc::parse("GLIBC_2.9") < Glibc::parse("GLIBC_2.34"));
        assert_eq!(Glibc::parse("GLIBC_2.2.5"), Some(Glibc(2, 2)));
        assert_eq!(Glibc::parse("GLIBC_PRIVATE"), None);
        assert_eq!(Glibc::parse("GCC_3.0"), None);
    }
}
