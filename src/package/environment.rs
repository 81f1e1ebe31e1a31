//! What a build gets of our environment.
//!
//! A build runs the code of other people: build scripts, and procedural macros of every dependency. So it gets what names
//! tools and places, and nothing that may be a secret: neither credentials nor params nor identities.

use std::ffi::OsString;

const NAMES: &[&str] = &[
    // The system.
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TERM",
    "TMPDIR",
    "LANG",
    "LANGUAGE",
    "TZ",
    "SOURCE_DATE_EPOCH",
    // Rust. RUSTUP_TOOLCHAIN is not among it: under `cargo run` it is that of the outer cargo and not the user's word,
    // and the same sources would be built in turns by two toolchains.
    "CARGO_HOME",
    "RUSTUP_HOME",
    "CARGO_INCREMENTAL",
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTFLAGS",
    "RUSTC",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "CARGO_REGISTRY_DEFAULT",
    "SCCACHE_DIR",
    "CCACHE_DIR",
    "XDG_CACHE_HOME",
    // C and C++.
    "CC",
    "CXX",
    "AR",
    "LD",
    "NM",
    "RANLIB",
    "STRIP",
    "CFLAGS",
    "CXXFLAGS",
    "CPPFLAGS",
    "LDFLAGS",
    "CPATH",
    "C_INCLUDE_PATH",
    "CPLUS_INCLUDE_PATH",
    "LIBRARY_PATH",
    "LIBCLANG_PATH",
    "CROSS_COMPILE",
    "PROTOC",
    "SDKROOT",
    "DEVELOPER_DIR",
    "MACOSX_DEPLOYMENT_TARGET",
    // The way to the network, for crates that are not here yet.
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CURL_CA_BUNDLE",
];

/// Like [`NAMES`], by how they start.
const PREFIXES: &[&str] = &[
    "LC_",
    "CARGO_BUILD_",
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_PROFILE_",
    "CARGO_REGISTRIES_",
    "CARGO_TARGET_",
    "CARGO_UNSTABLE_",
    "CC_",
    "CXX_",
    "AR_",
    "CFLAGS_",
    "CXXFLAGS_",
    "TARGET_",
    "HOST_",
    "BINDGEN_",
    "CMAKE_",
    "NIX_",
    "OPENSSL_",
    "PKG_CONFIG",
    "ZIG_",
];

/// What holds a secret says so by its name.
const SECRETS: &[&str] =
    &["TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "API_KEY", "PRIVATE", "IDENTITY"];

/// Of the environment of this process, in order.
pub(super) fn environment() -> Vec<(OsString, OsString)> {
    let mut kept: Vec<_> = std::env::vars_os().filter(|(name, _)| is_kept(&name.to_string_lossy())).collect();
    // An outer cargo puts its own libraries in front.
    if std::env::var_os("CARGO_MANIFEST_DIR").is_none() {
        kept.extend(std::env::vars_os().filter(|(name, _)| name == "LD_LIBRARY_PATH"));
    }
    kept.sort();
    kept
}

fn is_kept(name: &str) -> bool {
    let known = NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    // The last one an outer cargo sets for its own tests.
    known
        && !SECRETS.iter().any(|secret| name.to_ascii_uppercase().contains(secret))
        && name != "CARGO_TARGET_TMPDIR"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_and_places_and_no_secret() {
        for kept in [
            "PATH",
            "CARGO_HOME",
            "CARGO_TARGET_DIR",
            "CFLAGS_x86_64_unknown_linux_musl",
            "https_proxy",
            "LC_ALL",
        ] {
            assert!(is_kept(kept), "{kept}");
        }
        let refused = [
            "AWS_ACCESS_KEY_ID",
            "AWS_PROFILE",
            "STACKCTL_PARAM_PIN",
            "STACKCTL_AGE_IDENTITY",
            "GITHUB_TOKEN",
            "PGPASSWORD",
            "CARGO_REGISTRY_TOKEN",
            "CARGO_REGISTRIES_OURS_TOKEN",
            "SSH_AUTH_SOCK",
            "DATABASE_URL",
            "RUSTUP_TOOLCHAIN",
            "CARGO",
            "CARGO_PKG_NAME",
            "CARGO_MANIFEST_DIR",
            "CARGO_TARGET_TMPDIR",
            "ANYTHING",
        ];
        for name in refused {
            assert!(!is_kept(name), "{name}");
        }
    }
}
