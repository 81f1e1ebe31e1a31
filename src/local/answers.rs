use aws_smithy_runtime_api::{client::orchestrator::HttpResponse, http::StatusCode};
use aws_smithy_types::body::SdkBody;

use super::{databases::Database, record::Role};

const NAMESPACE: &str = "http://rds.amazonaws.com/doc/2014-10-31/";

const OPEN: &str = "<DBInstance>";
const CLOSE: &str = "</DBInstance>";

/// Makes the control plane's answer say what is so on this machine.
pub(super) fn correct(answer: &str, databases: &[Database]) -> String {
    let mut text = String::with_capacity(answer.len() + 256);
    let mut rest = answer;
    while let Some(start) = rest.find(OPEN) {
        let Some(end) = rest[start..].find(CLOSE).map(|end| start + end) else { break };
        let instance = &rest[start..end];
        text.push_str(&rest[..start]);
        let known = element(instance, "DBInstanceIdentifier")
            .and_then(|identifier| databases.iter().find(|database| database.identifier == identifier));
        match known {
            Some(database) => text.push_str(&corrected(instance, database)),
            None => text.push_str(instance),
        }
        text.push_str(CLOSE);
        rest = &rest[end + CLOSE.len()..];
    }
    text.push_str(rest);
    text
}

fn corrected(instance: &str, database: &Database) -> String {
    let mut text = instance.to_owned();
    if let Some(endpoint) = element(instance, "Endpoint")
        && let Some(port) = element(endpoint, "Port")
    {
        let now =
            endpoint.replace(&format!("<Port>{port}</Port>"), &format!("<Port>{}</Port>", database.port));
        text = text.replacen(endpoint, &now, 1);
    }
    // MiniStack invents a name where none was given.
    if database.name == "postgres"
        && let Some(name) = element(instance, "DBName")
        && name != database.name
    {
        text = text.replacen(&format!("<DBName>{name}</DBName>"), "", 1);
    }
    if !database.roles.is_empty() {
        let one = |role: &Role| {
            format!(
                "<DBInstanceRole><RoleArn>{}</RoleArn><FeatureName>{}</FeatureName><Status>ACTIVE</Status></DBInstanceRole>",
                escaped(&role.arn),
                escaped(&role.feature)
            )
        };
        let roles: String = database.roles.iter().map(one).collect();
        text = text.replacen("<AssociatedRoles/>", "", 1);
        text.push_str(&format!("<AssociatedRoles>{roles}</AssociatedRoles>"));
    }
    if let Some(arn) = &database.secret_arn
        && !text.contains("<MasterUserSecret>")
    {
        text.push_str(&format!(
            "<MasterUserSecret><SecretArn>{}</SecretArn><SecretStatus>active</SecretStatus></MasterUserSecret>",
            escaped(arn)
        ));
    }
    text
}

/// What is between the first `<name>` and its end.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let start = text.find(&open)? + open.len();
    let end = text[start..].find(&close)? + start;
    Some(&text[start..end])
}

pub(super) fn is_not_found(response: &HttpResponse) -> bool {
    let text = response.body().bytes().and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default();
    matches!(element(text, "Code"), Some("DBInstanceNotFound" | "DBInstanceNotFoundFault"))
}

/// The answer of a call that gives nothing back.
pub(super) fn done(action: &str) -> HttpResponse {
    let metadata = "<ResponseMetadata><RequestId>local</RequestId></ResponseMetadata>";
    response(200, format!("<{action}Response xmlns=\"{NAMESPACE}\">{metadata}</{action}Response>"))
}

/// An error as RDS gives it.
pub(super) fn refused(code: &str, message: &str) -> HttpResponse {
    let (code, message) = (escaped(code), escaped(message));
    let text = format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>local</RequestId></ErrorResponse>"
    );
    response(400, text)
}

pub(super) fn no_instance(identifier: &str) -> HttpResponse {
    refused("DBInstanceNotFound", &format!("DBInstance {identifier} not found."))
}

fn response(status: u16, body: String) -> HttpResponse {
    let status = StatusCode::try_from(status).unwrap_or_else(|_| unreachable!("{status} is a status"));
    let mut response = HttpResponse::new(status, SdkBody::empty());
    response.headers_mut().insert("content-type", "text/xml");
    response.headers_mut().insert("content-length", body.len().to_string());
    *response.body_mut() = SdkBody::from(body);
    response
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::{PartState, record::DatabaseRecord};

    #[test]
    fn each_instance_gets_its_own_port_and_secret() {
        let known = DatabaseRecord {
            port: 25_000,
            user: "adm".into(),
            name: "postgres".into(),
            secret_arn: Some("arn:aws:secretsmanager:eu-central-1:0:secret:rds!db-a-1".into()),
            roles: vec![Role { arn: "arn:aws:iam::0:role/import".into(), feature: "s3Import".into() }],
        };
        let a = Database::new("a".into(), known, PartState::Starting, None, 0, None);
        let answer = "<R><DBInstance><DBInstanceIdentifier>a</DBInstanceIdentifier><DBName>mydb</DBName>\
                      <Endpoint><Address>localhost</Address><Port>1</Port></Endpoint><AssociatedRoles/></DBInstance>\
                      <DBInstance><DBInstanceIdentifier>b</DBInstanceIdentifier>\
                      <Endpoint><Port>2</Port></Endpoint></DBInstance></R>";
        let corrected = correct(answer, &[a]);
        assert!(corrected.contains("<Port>25000</Port>") && corrected.contains("<Port>2</Port>"));
        assert!(!corrected.contains("mydb") && corrected.ends_with("</DBInstance></R>"));
        assert_eq!(corrected.matches("<MasterUserSecret>").count(), 1);
        assert_eq!(corrected.matches("AssociatedRoles").count(), 2);
        assert!(corrected.contains("<RoleArn>arn:aws:iam::0:role/import</RoleArn>"), "{corrected}");
    }
}
