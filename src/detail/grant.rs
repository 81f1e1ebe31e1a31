//! What the statements of a policy let through, so far that one can be held against another.

use super::glob::{covers, meets};
use super::statement::list;
use crate::schema::{as_unknown, policy};
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Whom, what or on what a statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    These(Vec<String>),
    AllBut(Vec<String>),
}

/// One statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Grant {
    pub sid: Option<String>,
    pub allows: bool,
    /// `AWS:123456789012`, `Service:lambda.amazonaws.com`; everyone is `*`. None in policies of an identity.
    pub principals: Option<Scope>,
    pub actions: Scope,
    /// Everything where the statement names none.
    pub resources: Scope,
    /// Whether it names any: a trust policy does not.
    pub on: bool,
    /// Operator and key to values.
    pub conditions: BTreeMap<(String, String), Vec<String>>,
    /// Something that decides is not known before apply.
    pub unknown: bool,
}

/// The statements of a document.
pub fn grants(document: &Json) -> Vec<Grant> {
    list(&document["Statement"]).into_iter().filter_map(grant).collect()
}

fn grant(statement: &Json) -> Option<Grant> {
    if !statement.is_object() {
        return None;
    }
    let open = |name: &str| as_unknown(&statement[name]).is_some();
    let unknown = as_unknown(statement).is_some()
        || ["Action", "NotAction", "Principal", "NotPrincipal"].into_iter().any(open);
    let scope = |names: [&str; 2]| -> Option<Scope> {
        let texts = |value: &Json| list(value).into_iter().map(scalar).collect::<Vec<_>>();
        let [these, but] = names.map(|name| &statement[name]);
        match (these, but) {
            (Json::Null, Json::Null) => None,
            (Json::Null, but) => Some(Scope::AllBut(texts(but))),
            (these, _) => Some(Scope::These(texts(these))),
        }
    };
    let everything = || Scope::These(vec!["*".to_owned()]);
    let actions = scope(["Action", "NotAction"]);
    let resources = scope(["Resource", "NotResource"]);
    let on = resources.is_some();
    let resources = resources.unwrap_or_else(everything);
    let principals = match (&statement["Principal"], &statement["NotPrincipal"]) {
        (Json::Null, Json::Null) => None,
        (Json::Null, but) => Some(Scope::AllBut(principals(but))),
        (these, _) => Some(Scope::These(principals(these))),
    };
    let mut conditions = BTreeMap::new();
    for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
        for (key, values) in keys.as_object().into_iter().flatten() {
            // Names of keys are the same in any case.
            let values = list(values).into_iter().map(scalar).collect();
            conditions.insert((operator.clone(), key.to_lowercase()), values);
        }
    }
    let sid = statement["Sid"].as_str().filter(|sid| !sid.is_empty()).map(str::to_owned);
    let allows = statement["Effect"] != "Deny";
    // AWS refuses a statement without actions.
    let actions = if unknown { actions.unwrap_or_else(everything) } else { actions? };
    Some(Grant { sid, allows, principals, actions, resources, on, conditions, unknown })
}

fn scalar(value: &Json) -> String {
    match (value.as_str(), as_unknown(value)) {
        (Some(text), _) => text.to_owned(),
        (_, Some(reference)) => format!("(known after apply: {reference})"),
        _ => value.to_string(),
    }
}

fn principals(value: &Json) -> Vec<String> {
    match value {
        Json::Object(kinds) if as_unknown(value).is_none() => kinds
            .iter()
            .flat_map(|(kind, who)| {
                list(who).into_iter().map(move |one| (kind, policy::account(&scalar(one))))
            })
            .map(|(kind, who)| if who == "*" { who } else { format!("{kind}:{who}") })
            .collect(),
        other => list(other).into_iter().map(scalar).collect(),
    }
}

/// Whether a principal of a policy stands for the other one too. Whoever trusts an account trusts all in it.
fn stands_for(outer: &str, inner: &str) -> bool {
    let account = |who: &str| who.strip_prefix("AWS:").filter(|who| !who.contains(':')).map(str::to_owned);
    let within = |account: &str| inner.split(':').nth(5) == Some(account) && inner.starts_with("AWS:arn:");
    outer == "*" || outer == inner || account(outer).is_some_and(|account| within(&account))
}

/// Actions are the same in any case.
fn does(outer: &str, inner: &str) -> bool {
    covers(&outer.to_lowercase(), &inner.to_lowercase())
}

fn touches(one: &str, other: &str) -> bool {
    meets(&one.to_lowercase(), &other.to_lowercase())
}

impl Scope {
    /// Whether all of one text's meaning is in it.
    fn has(&self, one: &str, fits: fn(&str, &str) -> bool, touches: fn(&str, &str) -> bool) -> bool {
        match self {
            Self::These(these) => these.iter().any(|outer| fits(outer, one)),
            Self::AllBut(but) => !but.iter().any(|but| touches(but, one)),
        }
    }

    fn covers(&self, inner: &Self, fits: fn(&str, &str) -> bool, touches: fn(&str, &str) -> bool) -> bool {
        match (self, inner) {
            (_, Self::These(these)) => these.iter().all(|one| self.has(one, fits, touches)),
            (Self::AllBut(outer), Self::AllBut(inner)) => {
                outer.iter().all(|but| inner.iter().any(|other| fits(other, but)))
            }
            (Self::These(these), Self::AllBut(_)) => these.iter().any(|one| one == "*"),
        }
    }

    /// Its texts one by one; what it is about all but some, as one.
    fn atoms(&self) -> Vec<Self> {
        match self {
            Self::These(these) => these.iter().map(|one| Self::These(vec![one.clone()])).collect(),
            but @ Self::AllBut(_) => vec![but.clone()],
        }
    }
}

/// Whether the conditions of `outer` let through whatever those of `inner` do.
pub fn no_stricter(outer: &Grant, inner: &Grant) -> bool {
    outer.conditions.iter().all(|(key @ (operator, _), values)| {
        let Some(others) = inner.conditions.get(key) else { return false };
        let within = |these: &[String], those: &[String]| these.iter().all(|one| those.contains(one));
        let (negated, each) = (operator.contains("Not"), operator.starts_with("For"));
        match (each, negated) {
            // With these, more values are not more of the same.
            (true, _) => within(values, others) && within(others, values),
            (false, true) => within(values, others),
            (false, false) => within(others, values),
        }
    })
}

impl Grant {
    /// Whether it lets through all that the other does, conditions left aside.
    pub fn reaches(&self, other: &Self) -> bool {
        let people = match (&self.principals, &other.principals) {
            (None, None) => true,
            (Some(outer), Some(inner)) => {
                outer.covers(inner, stands_for, |a, b| stands_for(a, b) || stands_for(b, a))
            }
            _ => false,
        };
        people
            && self.actions.covers(&other.actions, does, touches)
            && self.resources.covers(&other.resources, covers, meets)
    }

    /// The same statement for one principal, one action and one resource at a time.
    pub fn atoms(&self) -> Vec<Self> {
        let people =
            self.principals.as_ref().map_or(vec![None], |all| all.atoms().into_iter().map(Some).collect());
        let mut atoms = vec![];
        for principals in people {
            for actions in self.actions.atoms() {
                for resources in self.resources.atoms() {
                    let principals = principals.clone();
                    atoms.push(Self { principals, actions: actions.clone(), resources, ..self.clone() });
                }
            }
        }
        atoms
    }
}
