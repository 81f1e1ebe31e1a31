use crate::schema::as_unknown;
use serde_json::{Map, Value as Json, json};

/// One resource of Terraform, of which one of ours may be several.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// `aws_s3_bucket`.
    pub sort: &'static str,
    /// Where one of ours has several of this sort.
    pub key: Option<String>,
    /// May hold unknown values and `(sensitive)`.
    pub values: Map<String, Json>,
    /// Attributes that name the first piece, by one of its own: `bucket`, `id`.
    pub of_first: &'static [(&'static str, &'static str)],
}

/// What a piece is made of.
pub struct Given<'a> {
    /// As in `stack.toml`, secrets masked.
    pub inputs: &'a Json,
    pub account: &'a str,
    pub region: &'a str,
}

impl Given<'_> {
    /// Null where it is not set.
    pub fn at(&self, name: &str) -> Json {
        self.inputs.get(name).cloned().unwrap_or(Json::Null)
    }

    pub fn has(&self, name: &str) -> bool {
        !self.at(name).is_null()
    }

    /// The elements of a list; one that is not known is one element.
    pub fn list(&self, name: &str) -> Vec<Json> {
        match self.at(name) {
            Json::Null => vec![],
            Json::Array(items) => items,
            other => vec![other],
        }
    }
}

impl Piece {
    /// With the attributes that only have another name: ours, theirs.
    pub fn new(sort: &'static str, given: &Given<'_>, names: &[(&str, &str)]) -> Self {
        let values = names.iter().map(|(ours, theirs)| ((*theirs).to_owned(), given.at(ours)));
        Self {
            sort,
            key: None,
            values: values.filter(|(_, value)| !value.is_null()).collect(),
            of_first: &[],
        }
    }

    /// Another attribute; null is none.
    pub fn with(mut self, name: &str, value: Json) -> Self {
        if !value.is_null() {
            self.values.insert(name.to_owned(), value);
        }
        self
    }

    pub fn of_first(mut self, names: &'static [(&'static str, &'static str)]) -> Self {
        self.of_first = names;
        self
    }

    pub fn keyed(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }
}

/// A block, which Terraform has as a list of one; what is null in it is left out.
pub fn block<const N: usize>(entries: [(&str, Json); N]) -> Json {
    let entries = entries.into_iter().filter(|(_, value)| !value.is_null());
    json!([entries.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>()])
}

/// One of two words for a truth; what is not known stays so.
pub fn choose(value: &Json, yes: &str, no: &str) -> Json {
    match value {
        Json::Bool(true) => json!(yes),
        Json::Bool(false) => json!(no),
        other => other.clone(),
    }
}

/// A document as Terraform has it: as text. References that are not known stand in it as `${vpc.main.id}`, so that the rest
/// can be judged.
pub fn text(document: &Json) -> Json {
    if document.is_null() || as_unknown(document).is_some() {
        return document.clone();
    }
    json!(filled(document).to_string())
}

fn filled(value: &Json) -> Json {
    if let Some(reference) = as_unknown(value) {
        return json!(format!("${{{reference}}}"));
    }
    match value {
        Json::Array(items) => items.iter().map(filled).collect(),
        Json::Object(map) => {
            map.iter().map(|(key, value)| (key.clone(), filled(value))).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

/// A list of one; null where there is nothing.
pub fn one(value: Json) -> Json {
    if value.is_null() { value } else { json!([value]) }
}
