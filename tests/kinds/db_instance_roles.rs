//! Roles of a database. Neither moto nor MiniStack knows the calls, so RDS is played: an instance whose associations come
//! and go as RDS documents it.

use crate::answers::query;
use crate::harness::with_defaults;
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::diff::{complete, diff};
use stackctl::resource::{self, Id, Status};
use std::sync::{Arc, Mutex};

const IMPORT: &str = "arn:aws:iam::1:role/import";
const EXPORT: &str = "arn:aws:iam::1:role/export";

/// Role, feature, status.
type Roles = Arc<Mutex<Vec<(String, String, String)>>>;

/// An RDS with the instance `loans`.
fn rds(roles: &Roles) -> (Cloud, crate::answers::Calls) {
    let roles = roles.clone();
    query(move |action, body| {
        let field = |name: &str| {
            let mut fields = body.split('&').filter_map(|field| field.split_once('='));
            fields.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned()).unwrap_or_default()
        };
        let mut roles = roles.lock().unwrap();
        let (arn, feature) = (field("RoleArn"), field("FeatureName"));
        match action {
            "DescribeDBInstances" => (200, described(&roles)),
            "AddRoleToDBInstance" if roles.iter().any(|(_, there, _)| *there == feature) => {
                refused("DBInstanceRoleAlreadyExists", "there is one")
            }
            "AddRoleToDBInstance" => {
                roles.push((arn, feature, "PENDING".to_owned()));
                (200, "<AddRoleToDBInstanceResponse/>".to_owned())
            }
            "RemoveRoleFromDBInstance" => {
                let found = roles.iter_mut().find(|(there, what, _)| *there == arn && *what == feature);
                let Some((_, _, status)) = found else { return refused("DBInstanceRoleNotFound", "none") };
                *status = "PENDING, going".to_owned();
                (200, "<RemoveRoleFromDBInstanceResponse/>".to_owned())
            }
            other => panic!("{other}"),
        }
    })
}

/// What was on its way has arrived.
fn pass(roles: &Roles) {
    let mut roles = roles.lock().unwrap();
    roles.retain(|(_, _, status)| status != "PENDING, going");
    roles.iter_mut().filter(|role| role.2 == "PENDING").for_each(|role| role.2 = "ACTIVE".to_owned());
}

fn described(roles: &[(String, String, String)]) -> String {
    let one = |(arn, feature, status): &(String, String, String)| {
        let status = status.split(',').next().unwrap();
        format!(
            "<DBInstanceRole><RoleArn>{arn}</RoleArn><FeatureName>{feature}</FeatureName><Status>{status}</Status></DBInstanceRole>"
        )
    };
    let roles: String = roles.iter().map(one).collect();
    format!(
        "<DescribeDBInstancesResponse><DescribeDBInstancesResult><DBInstances><DBInstance>\
         <DBInstanceIdentifier>loans</DBInstanceIdentifier><DBInstanceStatus>available</DBInstanceStatus>\
         <DBInstanceClass>db.t4g.micro</DBInstanceClass><Engine>postgres</Engine><StorageType>gp3</StorageType>\
         <StorageEncrypted>true</StorageEncrypted><BackupRetentionPeriod>7</BackupRetentionPeriod>\
         <AutoMinorVersionUpgrade>true</AutoMinorVersionUpgrade><CopyTagsToSnapshot>true</CopyTagsToSnapshot>\
         <Endpoint><Address>loans.invalid</Address><Port>5432</Port></Endpoint>\
         <AssociatedRoles>{roles}</AssociatedRoles></DBInstance></DBInstances></DescribeDBInstancesResult>\
         </DescribeDBInstancesResponse>"
    )
}

fn refused(code: &str, message: &str) -> (u16, String) {
    let error = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    (400, format!("<ErrorResponse>{error}<RequestId>r-1</RequestId></ErrorResponse>"))
}

fn wanted(roles: &[(&str, &str)]) -> Json {
    let roles: Vec<Json> =
        roles.iter().map(|(role, feature)| json!({"role": role, "feature": feature})).collect();
    let inputs = json!({"identifier": "loans", "instance_class": "db.t4g.micro", "roles": roles});
    with_defaults(resource::kind("db_instance").unwrap().inputs(), inputs)
}

/// As the engine does it: while something differs, update and wait. Returns the calls that changed something.
async fn converge(roles: &Roles, wanted: &Json) -> Vec<String> {
    let (cloud, calls) = rds(roles);
    let kind = resource::kind("db_instance").unwrap();
    let id = Id::from("loans");
    for _ in 0..5 {
        let observed = kind.read(&cloud, std::slice::from_ref(&id)).await.unwrap().remove(&id).unwrap();
        if matches!(observed.status, Status::Pending(_)) {
            pass(roles);
            continue;
        }
        assert_eq!(observed.status, Status::Ready);
        let before = complete(kind.inputs(), &observed.inputs, wanted);
        if diff(kind.inputs(), &before, wanted).is_empty() {
            return calls.actions().into_iter().filter(|action| action != "DescribeDBInstances").collect();
        }
        // Whatever is repeated changes nothing.
        for _ in 0..2 {
            kind.update(&cloud, &id, before.clone(), wanted.clone()).await.unwrap();
        }
    }
    panic!("still different: {:?}", roles.lock().unwrap());
}

fn active(roles: &[(&str, &str)]) -> Roles {
    let one = |(arn, feature): &(&str, &str)| ((*arn).to_owned(), (*feature).to_owned(), "ACTIVE".to_owned());
    Arc::new(Mutex::new(roles.iter().map(one).collect()))
}

#[tokio::test]
async fn a_role_is_added_awaited_and_removed() {
    let roles = active(&[]);
    // The second of each is the repetition: the first says PENDING by then.
    assert_eq!(converge(&roles, &wanted(&[(IMPORT, "s3Import")])).await, ["AddRoleToDBInstance"]);
    assert_eq!(roles.lock().unwrap()[0].2, "ACTIVE");
    assert_eq!(converge(&roles, &wanted(&[(IMPORT, "s3Import")])).await, [""; 0]);
    assert_eq!(converge(&roles, &wanted(&[])).await, ["RemoveRoleFromDBInstance"]);
    assert!(roles.lock().unwrap().is_empty());
}

/// RDS has one role a feature: the old one goes, and only then the new one comes.
#[tokio::test]
async fn another_role_for_the_same_feature_comes_after_the_old_one_went() {
    let roles = active(&[(EXPORT, "s3Import"), (EXPORT, "s3Export")]);
    let both = wanted(&[(IMPORT, "s3Import"), (EXPORT, "s3Export")]);
    assert_eq!(converge(&roles, &both).await, ["RemoveRoleFromDBInstance", "AddRoleToDBInstance"]);
}

/// RDS refuses the second of two changes in a row: one call an attempt, however many are to come and go.
#[tokio::test]
async fn one_role_changes_at_a_time() {
    let kind = resource::kind("db_instance").unwrap();
    let both = wanted(&[(IMPORT, "s3Import"), (EXPORT, "s3Export")]);
    for (there, from, to) in [
        (active(&[]), wanted(&[]), both.clone()),
        (active(&[(IMPORT, "s3Import"), (EXPORT, "s3Export")]), both.clone(), wanted(&[])),
    ] {
        let (cloud, calls) = rds(&there);
        kind.update(&cloud, &Id::from("loans"), from, to).await.unwrap();
        assert_eq!(
            calls.actions().iter().filter(|call| call.ends_with("DBInstance")).count(),
            1,
            "{:?}",
            calls.actions()
        );
    }
    assert_eq!(converge(&active(&[]), &both).await, ["AddRoleToDBInstance", "AddRoleToDBInstance"]);
}

/// A role that was made anew under its old name is another one to RDS.
#[tokio::test]
async fn a_role_that_the_database_cannot_take_on_any_more_is_associated_anew() {
    let roles = active(&[(IMPORT, "s3Import")]);
    roles.lock().unwrap()[0].2 = "INVALID".to_owned();
    let made = converge(&roles, &wanted(&[(IMPORT, "s3Import")])).await;
    assert_eq!(made, ["RemoveRoleFromDBInstance", "AddRoleToDBInstance"]);
}

/// The answer got lost: RDS has the role, and says so when it is asked again.
#[tokio::test]
async fn a_role_that_is_there_already_is_there() {
    let (cloud, _) = query(move |action, _| match action {
        "DescribeDBInstances" => (200, described(&[])),
        _ => refused("DBInstanceRoleAlreadyExists", "The role is associated already"),
    });
    let kind = resource::kind("db_instance").unwrap();
    let (before, after) = (wanted(&[]), wanted(&[(IMPORT, "s3Import")]));
    kind.update(&cloud, &Id::from("loans"), before, after).await.unwrap();
}

/// Neither a missing role nor a new one that IAM has not told everybody about may look like success or like the end.
#[tokio::test]
async fn a_new_role_is_tried_again() {
    let message = "IAM role ARN value is invalid or does not include the required permissions for: S3_IMPORT";
    let (cloud, _) = query(move |action, _| match action {
        "DescribeDBInstances" => (200, described(&[])),
        _ => refused("InvalidParameterValue", message),
    });
    let kind = resource::kind("db_instance").unwrap();
    let id = Id::from("loans");
    let (before, after) = (wanted(&[]), wanted(&[(IMPORT, "s3Import")]));
    let error = kind.update(&cloud, &id, before, after).await.unwrap_err();
    let passes = kind.profile().retries.iter().find(|retry| {
        error.is(&[retry.code]) && !retry.message.is_empty() && error.to_string().contains(retry.message)
    });
    assert_eq!(passes.unwrap().window.as_secs(), 120);
    assert!(error.to_string().contains("rds.amazonaws.com"), "{error}");
}
