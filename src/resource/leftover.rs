/// What stays when an object is deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// `final snapshot`.
    pub what: &'static str,
    pub name: String,
    /// The command of the AWS CLI that deletes it, without `--region`.
    pub delete: String,
}
