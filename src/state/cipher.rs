use super::{Document, Entry};
use age::x25519;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

/// Encrypts what is written and decrypts what is read of a state, with age (<https://age-encryption.org/v1>).
///
/// A state is a whole age file, which the `age` tool decrypts as well. Of a journal every line is sealed by itself, but
/// for its first, which names lineage and serial and nothing else.
#[derive(Clone, Default)]
pub struct Cipher {
    recipients: Arc<[x25519::Recipient]>,
    identity: Identity,
}

/// Who reads.
#[derive(Clone, Default)]
pub enum Identity {
    #[default]
    None,
    Keys(Arc<[x25519::Identity]>),
    /// One was given and cannot be used; the text says why.
    Unusable(String),
}

/// Why something cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// It may be whole: whoever has the key can tell.
    Sealed(String),
    Damaged(String),
    /// It is whole, and of a format that only a newer stackctl knows.
    Newer(String),
}

impl Unreadable {
    /// The same of the journal beside the state.
    pub(super) fn of_journal(self) -> Self {
        match self {
            Self::Damaged(text) => Self::Damaged(format!("its journal's {text}")),
            Self::Newer(text) => Self::Newer(format!("its journal: {text}")),
            sealed @ Self::Sealed(_) => sealed,
        }
    }

    /// The same of a line of a journal.
    pub(super) fn of_line(self, number: usize) -> Self {
        match self {
            Self::Damaged(text) => Self::Damaged(format!("line {number} is damaged: {text}")),
            other => other,
        }
    }

    pub(super) fn newer(format: impl fmt::Display, known: u32) -> Self {
        Self::Newer(format!(
            "it has format {format}, this stackctl knows up to {known}: use a newer stackctl"
        ))
    }

    pub fn into_text(self) -> String {
        match self {
            Self::Sealed(text) | Self::Damaged(text) | Self::Newer(text) => text,
        }
    }
}

/// A line of a sealed journal: an age file in base64.
#[derive(Serialize, Deserialize)]
struct SealedLine {
    sealed: String,
}

const MAGIC: &[u8] = b"age-encryption.org/v1\n";

impl Identity {
    /// Secret keys as `age-keygen` writes them: one a line, `#` begins a comment.
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let keys: Result<Vec<x25519::Identity>, _> = lines.map(str::parse).collect();
        match keys {
            Ok(keys) if keys.is_empty() => Self::Unusable("there is no key in it".to_owned()),
            Ok(keys) => Self::Keys(keys.into()),
            // What is wrong with a secret is not said with the secret.
            Err(_) => {
                Self::Unusable("it is no key as `age-keygen` writes them (AGE-SECRET-KEY-1…)".to_owned())
            }
        }
    }
}

impl Cipher {
    /// Writes for these public keys (none: plain text), reads with this identity.
    ///
    /// # Errors
    /// The first that is no public key.
    pub fn new(recipients: &[String], identity: Identity) -> Result<Self, String> {
        let parsed: Result<Vec<_>, String> = recipients
            .iter()
            .map(|key| key.parse().map_err(|error: &str| format!("`{key}` is no public key of age: {error}")))
            .collect();
        Ok(Self { recipients: parsed?.into(), identity })
    }

    /// Whether what is written is encrypted.
    pub fn seals(&self) -> bool {
        !self.recipients.is_empty()
    }

    /// Whether that is an age file.
    pub fn is_sealed(bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC)
    }

    /// As it is written.
    pub fn seal(&self, plain: &[u8]) -> io::Result<Vec<u8>> {
        if !self.seals() {
            return Ok(plain.to_vec());
        }
        let recipients = self.recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
        let mut sealed = vec![];
        let mut writer = encryptor.wrap_output(&mut sealed)?;
        writer.write_all(plain)?;
        writer.finish()?;
        Ok(sealed)
    }

    /// As it was before it was written; plain text is taken as it is.
    ///
    /// # Errors
    /// No identity, or one that does not fit; or the content is damaged.
    pub fn open<'a>(&self, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, Unreadable> {
        if !Self::is_sealed(bytes) {
            return Ok(Cow::Borrowed(bytes));
        }
        let keys = match &self.identity {
            Identity::Keys(keys) => keys,
            Identity::None => {
                return Err(Unreadable::Sealed(
                    "it is encrypted: set STACKCTL_AGE_IDENTITY (the secret key) or STACKCTL_AGE_IDENTITY_FILE".to_owned(),
                ));
            }
            Identity::Unusable(why) => {
                return Err(Unreadable::Sealed(format!(
                    "it is encrypted, and the given identity cannot be used: {why}"
                )));
            }
        };
        let damaged = |error: String| Unreadable::Damaged(format!("it does not decrypt: {error}"));
        let decryptor = age::Decryptor::new(bytes).map_err(|error| damaged(error.to_string()))?;
        let keys = keys.iter().map(|key| key as &dyn age::Identity);
        let mut reader = match decryptor.decrypt(keys) {
            Ok(reader) => reader,
            Err(age::DecryptError::NoMatchingKeys) => {
                return Err(Unreadable::Sealed(
                    "it is encrypted for other keys than the given identity: ask whoever applied last, or for a key of \
                     `encryption` in stack.toml"
                        .to_owned(),
                ));
            }
            Err(error) => return Err(damaged(error.to_string())),
        };
        let mut plain = vec![];
        reader.read_to_end(&mut plain).map_err(|error| damaged(error.to_string()))?;
        Ok(Cow::Owned(plain))
    }

    /// A state in the form in which it is written.
    pub(super) fn write(&self, document: &Document) -> io::Result<Vec<u8>> {
        self.seal(document.to_text()?.as_bytes())
    }

    /// Decrypts, parses and verifies a state.
    pub fn read(&self, bytes: &[u8]) -> Result<Document, Unreadable> {
        let document = Document::from_bytes(&self.open(bytes)?)?;
        Ok(Document { sealed: Self::is_sealed(bytes), ..document })
    }

    /// What a line of a journal says: a JSON object.
    pub(super) fn object(&self, entry: &Entry) -> io::Result<Vec<u8>> {
        let plain = serde_json::to_vec(entry)?;
        if matches!(entry, Entry::Base { .. }) || !self.seals() {
            return Ok(plain);
        }
        Ok(serde_json::to_vec(&SealedLine { sealed: STANDARD.encode(self.seal(&plain)?) })?)
    }

    /// The entry that a line of a journal says.
    pub(super) fn entry(&self, line: &[u8]) -> Result<Entry, Unreadable> {
        let parse = |line: &[u8]| {
            serde_json::from_slice(line).map_err(|error| Unreadable::Damaged(error.to_string()))
        };
        let Ok(SealedLine { sealed }) = serde_json::from_slice(line) else { return parse(line) };
        let sealed = STANDARD.decode(sealed).map_err(|error| Unreadable::Damaged(error.to_string()))?;
        parse(&self.open(&sealed)?)
    }
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cipher").field("recipients", &self.recipients.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use age::secrecy::ExposeSecret;

    fn key() -> (String, Identity) {
        let identity = x25519::Identity::generate();
        let text = format!("# a comment\n{}\n", identity.to_string().expose_secret());
        (identity.to_public().to_string(), Identity::parse(&text))
    }

    #[test]
    fn any_recipient_reads_and_nobody_else() {
        let ((alice, hers), (bob, his), (_, eve)) = (key(), key(), key());
        let sealed = Cipher::new(&[alice, bob], Identity::None).unwrap().seal(b"state").unwrap();
        let read = |identity| Cipher::new(&[], identity).unwrap().open(&sealed).map(Cow::into_owned);
        assert_eq!(read(hers), Ok(b"state".to_vec()));
        assert_eq!(read(his), Ok(b"state".to_vec()));
        for (identity, why) in [
            (eve, "other keys"),
            (Identity::None, "STACKCTL_AGE_IDENTITY"),
            (Identity::parse("secret"), "age-keygen"),
        ] {
            match read(identity).unwrap_err() {
                Unreadable::Sealed(text) => {
                    assert!(text.contains(why) && !text.contains("secret\n"), "{text}")
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn lines_are_sealed_one_by_one_and_plain_ones_are_read_as_well() {
        let (recipient, identity) = key();
        let cipher = Cipher::new(&[recipient], identity).unwrap();
        let base = Entry::base(&Document::new("demo", "1", "r"), "apply", None);
        let void = Entry::Void { intent: "i".to_owned(), reason: "hunter2".to_owned() };
        assert_eq!(cipher.object(&base).unwrap(), Cipher::default().object(&base).unwrap());
        let sealed = cipher.object(&void).unwrap();
        assert!(!String::from_utf8(sealed.clone()).unwrap().contains("hunter2"));
        assert_eq!(cipher.entry(&sealed), Ok(void.clone()));
        assert_eq!(cipher.entry(&Cipher::default().object(&void).unwrap()), Ok(void));
        assert!(matches!(Cipher::default().entry(&sealed), Err(Unreadable::Sealed(_))));
    }

    #[test]
    fn a_damaged_file_is_told_from_a_wrong_key() {
        let (recipient, identity) = key();
        let cipher = Cipher::new(&[recipient], identity).unwrap();
        let sealed = cipher.write(&Document::new("demo", "1", "r")).unwrap();
        assert!(cipher.read(&sealed).unwrap().sealed);
        for cut in [30, sealed.len() / 2, sealed.len() - 1] {
            assert!(matches!(cipher.read(&sealed[..cut]), Err(Unreadable::Damaged(_))), "cut at {cut}");
        }
    }
}
