use crate::limits;
use crate::state::Identity;

/// The secret key for an encrypted state: `STACKCTL_AGE_IDENTITY` holds it, or `STACKCTL_AGE_IDENTITY_FILE` names a file
/// as `age-keygen` writes it.
pub fn identity() -> Identity {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let of = |place: &str, identity: Identity| match identity {
        Identity::Unusable(why) => Identity::Unusable(format!("{place}: {why}")),
        usable => usable,
    };
    match (set("STACKCTL_AGE_IDENTITY"), set("STACKCTL_AGE_IDENTITY_FILE")) {
        (Some(text), _) => of("STACKCTL_AGE_IDENTITY", Identity::parse(&text)),
        (None, Some(path)) => match limits::read(path.as_ref(), limits::RECORD).and_then(limits::text) {
            Ok(text) => of(&path, Identity::parse(&text)),
            Err(error) => Identity::Unusable(format!("{path}: {error}")),
        },
        (None, None) => Identity::None,
    }
}
