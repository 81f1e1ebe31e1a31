//! TLS to a server whose certificate a test's own authority has signed.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::{Server, give_to_server};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut parameters = CertificateParams::new(Vec::<String>::new()).unwrap();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

/// A server that speaks TLS, as 127.0.0.1 and nobody else.
fn server(authority: &Authority) -> Server {
    let key = KeyPair::generate().unwrap();
    let parameters = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = parameters.signed_by(&key, authority).unwrap();
    Server::start(|data| {
        for (name, text, mode) in
            [("server.crt", certificate.pem(), 0o644), ("server.key", key.serialize_pem(), 0o600)]
        {
            let path = data.join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            give_to_server(&path);
        }
        vec!["-c".to_owned(), "ssl=on".to_owned()]
    })
}

fn roots(folder: &TempDir, name: &str, authority: &Authority) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, authority.pem()).unwrap();
    path
}

fn status(host: &str, server: &Server, mode: &str, roots: Option<&Path>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loader"));
    let url = format!("postgres://postgres@{host}:{}/postgres?sslmode={mode}", server.port());
    command.args(["status", "--database-url", &url]);
    if let Some(roots) = roots {
        command.env("DATABASE_SSLROOTCERT", roots);
    }
    command.output().unwrap()
}

fn error(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_full_wants_the_right_name_from_the_right_authority() {
    let folder = tempfile::tempdir().unwrap();
    let (mine, other) = (authority("mine"), authority("other"));
    let server = server(&mine);
    let (mine, other) = (roots(&folder, "mine.pem", &mine), roots(&folder, "other.pem", &other));

    let output = status("127.0.0.1", &server, "verify-full", Some(&mine));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let stranger = error(&status("127.0.0.1", &server, "verify-full", Some(&other)));
    assert!(stranger.contains("invalid peer certificate: UnknownIssuer"), "{stranger}");
    let name = error(&status("localhost", &server, "verify-full", Some(&mine)));
    assert!(
        name.contains("invalid peer certificate: certificate not valid for name \"localhost\""),
        "{name}"
    );
    for refused in [&stranger, &name] {
        assert!(refused.contains("DATABASE_SSLROOTCERT"), "the remedy: {refused}");
    }
    let nothing = error(&status("127.0.0.1", &server, "verify-full", None));
    assert!(nothing.contains("DATABASE_SSLROOTCERT is missing"), "{nothing}");

    // Roots that are given are used, whatever the mode.
    assert!(status("127.0.0.1", &server, "require", None).status.success());
    assert!(!status("127.0.0.1", &server, "require", Some(&other)).status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_refused_where_it_is_required() {
    let server = Server::start(|_| Vec::new());
    assert!(status("127.0.0.1", &server, "prefer", None).status.success());
    let refused = error(&status("127.0.0.1", &server, "require", None));
    assert!(refused.contains("server does not support TLS"), "{refused}");
}
