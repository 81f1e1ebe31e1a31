//! What real AWS answered, read by the kinds: an object that was declared so reads back as it was declared.
//!
//! The answers are no part of this repository. `STACKCTL_AWS_READS` names a file with one JSON a line: `{"type":
//! "AWS::SQS::Queue", "identifier": …, "declared": {…}, "live": {…}}`, in the words of CloudFormation. Both sides travel to the
//! kind as the service would answer them, and every attribute that was declared has to mean the same.

use crate::answers::{Answer, Asked, aws};
use serde_json::{Value as Json, json};
use stackctl::diff::canonical;
use stackctl::resource::{self, Id};
use stackctl::schema::properties;
use std::collections::BTreeMap;

/// A kind, its type in CloudFormation, its id, its answers, and which attributes the properties are.
struct Counterpart {
    kind: &'static str,
    of: &'static str,
    id: &'static str,
    answer: fn(&Asked, &Json) -> Answer,
    attributes: &'static [(&'static str, &'static [&'static str])],
}

const COUNTERPARTS: &[Counterpart] = &[
    Counterpart {
        kind: "queue",
        of: "AWS::SQS::Queue",
        id: "https://sqs.eu-west-1.amazonaws.com/000000000000/jobs",
        answer: queue,
        attributes: &[
            ("FifoQueue", &["fifo"]),
            ("VisibilityTimeout", &["visibility_timeout"]),
            ("MessageRetentionPeriod", &["retention"]),
            ("RedrivePolicy", &["dead_letter", "max_receives"]),
            ("Tags", &["tags"]),
        ],
    },
    Counterpart {
        kind: "log_group",
        of: "AWS::Logs::LogGroup",
        id: "x",
        answer: log_group,
        attributes: &[
            ("RetentionInDays", &["retention_days"]),
            ("KmsKeyId", &["kms_key"]),
            ("Tags", &["tags"]),
        ],
    },
    Counterpart {
        kind: "iam_role",
        of: "AWS::IAM::Role",
        id: "x",
        answer: role,
        attributes: &[
            ("AssumeRolePolicyDocument", &["assumed_by", "trust"]),
            ("Description", &["description"]),
            ("ManagedPolicyArns", &["managed_policies"]),
            ("MaxSessionDuration", &["max_session_duration"]),
            ("Path", &["path"]),
            ("PermissionsBoundary", &["permissions_boundary"]),
            ("Policies", &["policies"]),
            ("Tags", &["tags"]),
        ],
    },
    Counterpart {
        kind: "alarm",
        of: "AWS::CloudWatch::Alarm",
        id: "x",
        answer: alarm,
        attributes: &[
            ("ActionsEnabled", &["actions_enabled"]),
            ("AlarmActions", &["alarm_actions"]),
            ("AlarmDescription", &["description"]),
            ("ComparisonOperator", &["comparison"]),
            ("DatapointsToAlarm", &["datapoints_to_alarm"]),
            ("Dimensions", &["dimensions"]),
            ("EvaluationPeriods", &["evaluation_periods"]),
            ("ExtendedStatistic", &["statistic"]),
            ("MetricName", &["metric"]),
            ("Namespace", &["namespace"]),
            ("OKActions", &["ok_actions"]),
            ("Period", &["period"]),
            ("Statistic", &["statistic"]),
            ("Tags", &["tags"]),
            ("Threshold", &["threshold"]),
            ("TreatMissingData", &["treat_missing_data"]),
            ("Unit", &["unit"]),
        ],
    },
    Counterpart {
        kind: "schedule",
        of: "AWS::Scheduler::Schedule",
        id: "default/x",
        answer: |_, properties| Answer::json(properties.clone()),
        attributes: &[
            ("Description", &["description"]),
            ("FlexibleTimeWindow", &["flexible_window"]),
            ("KmsKeyArn", &["kms_key"]),
            ("ScheduleExpression", &["expression"]),
            ("ScheduleExpressionTimezone", &["timezone"]),
            ("State", &["enabled"]),
            ("Target", &["target", "role", "input", "max_retries", "max_event_age", "dead_letter"]),
        ],
    },
    Counterpart {
        kind: "athena_workgroup",
        of: "AWS::Athena::WorkGroup",
        id: "x",
        answer: workgroup,
        attributes: &[
            ("Description", &["description"]),
            ("State", &["enabled"]),
            ("Tags", &["tags"]),
            (
                "WorkGroupConfiguration",
                &[
                    "output_location",
                    "encryption",
                    "kms_key",
                    "enforce",
                    "publish_metrics",
                    "bytes_scanned_cutoff",
                ],
            ),
        ],
    },
    Counterpart {
        kind: "glue_database",
        of: "AWS::Glue::Database",
        id: "x",
        answer: |asked, properties| match asked.operation() {
            "GetDatabase" => {
                Answer::json(json!({"Database": with(&properties["DatabaseInput"], &json!({"Name": "x"}))}))
            }
            _ => Answer::json(json!({"Tags": {}})),
        },
        attributes: &[("DatabaseInput", &["description", "location"])],
    },
    Counterpart {
        kind: "glue_table",
        of: "AWS::Glue::Table",
        id: "d/x",
        answer: |asked, properties| {
            assert_eq!(asked.operation(), "GetTable");
            let mut table = with(&properties["TableInput"], &json!({"Name": "x", "DatabaseName": "d"}));
            // Numbers and truths among them are CloudFormation's: Glue has text only.
            table.as_object_mut().unwrap().remove("Parameters");
            Answer::json(json!({"Table": table}))
        },
        attributes: &[("TableInput", &["description", "format", "location", "columns", "partition_keys"])],
    },
    Counterpart {
        kind: "bucket",
        of: "AWS::S3::Bucket",
        id: "raw",
        answer: bucket,
        attributes: &[
            ("BucketEncryption", &["encryption", "kms_key"]),
            ("LifecycleConfiguration", &["abort_incomplete_multipart_days", "lifecycle_rules"]),
            ("OwnershipControls", &["ownership"]),
            ("PublicAccessBlockConfiguration", &["block_public_access"]),
            ("Tags", &["tags"]),
            ("VersioningConfiguration", &["versioning"]),
        ],
    },
];

fn with(base: &Json, more: &Json) -> Json {
    let mut all = base.as_object().cloned().unwrap_or_default();
    all.extend(more.as_object().unwrap().clone());
    Json::Object(all)
}

fn pairs(properties: &Json) -> BTreeMap<&str, &str> {
    let all = properties["Tags"].as_array().into_iter().flatten();
    all.filter_map(|tag| Some((tag["Key"].as_str()?, tag["Value"].as_str()?))).collect()
}

fn text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn queue(asked: &Asked, properties: &Json) -> Answer {
    if asked.operation() == "ListQueueTags" {
        return Answer::json(json!({"Tags": pairs(properties)}));
    }
    let all = properties.as_object().unwrap().iter().filter(|(name, _)| *name != "Tags");
    let attributes: BTreeMap<&String, String> = all.map(|(name, value)| (name, text(value))).collect();
    Answer::json(json!({"Attributes": attributes}))
}

fn log_group(asked: &Asked, properties: &Json) -> Answer {
    if asked.operation() == "ListTagsForResource" {
        return Answer::json(json!({"tags": pairs(properties)}));
    }
    let arn = "arn:aws:logs:eu-west-1:000000000000:log-group:x";
    let mut group = json!({"logGroupName": "x", "logGroupArn": arn});
    for (property, name) in [("RetentionInDays", "retentionInDays"), ("KmsKeyId", "kmsKeyId")] {
        if !properties[property].is_null() {
            group[name] = properties[property].clone();
        }
    }
    Answer::json(json!({"logGroups": [group]}))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// An element, where there is something to say.
fn element(name: &str, value: &Json) -> String {
    if value.is_null() { String::new() } else { format!("<{name}>{}</{name}>", escaped(&text(value))) }
}

fn role(asked: &Asked, properties: &Json) -> Answer {
    let list = |name: &str| properties[name].as_array().cloned().unwrap_or_default();
    let inner = match asked.operation() {
        "GetRole" => {
            let tags = pairs(properties).into_iter();
            let tags: String = tags
                .map(|(key, value)| {
                    format!("<member><Key>{}</Key><Value>{}</Value></member>", escaped(key), escaped(value))
                })
                .collect();
            let boundary = match &properties["PermissionsBoundary"] {
                Json::Null => String::new(),
                arn => format!(
                    "<PermissionsBoundary>{}</PermissionsBoundary>",
                    element("PermissionsBoundaryArn", arn)
                ),
            };
            let path = properties["Path"].as_str().unwrap_or("/");
            format!(
                "<Role><Path>{path}</Path><RoleName>x</RoleName><RoleId>AROA</RoleId><Arn>arn:aws:iam::0:role/x</Arn>\
                 <CreateDate>2026-01-01T00:00:00Z</CreateDate>{}{}{}{boundary}<Tags>{tags}</Tags></Role>",
                element("AssumeRolePolicyDocument", &properties["AssumeRolePolicyDocument"]),
                element("Description", &properties["Description"]),
                element("MaxSessionDuration", &properties["MaxSessionDuration"]),
            )
        }
        "ListRolePolicies" => {
            let names: String =
                list("Policies").iter().map(|policy| element("member", &policy["PolicyName"])).collect();
            format!("<PolicyNames>{names}</PolicyNames><IsTruncated>false</IsTruncated>")
        }
        "GetRolePolicy" => {
            let body = asked.text();
            let wanted = body.split('&').find_map(|pair| pair.strip_prefix("PolicyName=")).unwrap();
            let policy = list("Policies").into_iter().find(|policy| policy["PolicyName"] == wanted).unwrap();
            format!(
                "<RoleName>x</RoleName>{}{}",
                element("PolicyName", &policy["PolicyName"]),
                element("PolicyDocument", &policy["PolicyDocument"])
            )
        }
        _ => {
            let arns = list("ManagedPolicyArns");
            let arns: String =
                arns.iter().map(|arn| format!("<member>{}</member>", element("PolicyArn", arn))).collect();
            format!("<AttachedPolicies>{arns}</AttachedPolicies><IsTruncated>false</IsTruncated>")
        }
    };
    Answer::result(asked, &inner)
}

fn alarm(asked: &Asked, properties: &Json) -> Answer {
    if asked.operation() == "ListTagsForResource" {
        return Answer::json(json!({"Tags": properties["Tags"].as_array().cloned().unwrap_or_default()}));
    }
    let mut alarm =
        with(properties, &json!({"AlarmName": "x", "AlarmArn": "arn:aws:cloudwatch:eu-west-1:0:alarm:x"}));
    alarm.as_object_mut().unwrap().remove("Tags");
    alarm["Threshold"] = json!(text(&properties["Threshold"]).parse::<f64>().unwrap());
    Answer::json(json!({"MetricAlarms": [alarm]}))
}

fn workgroup(asked: &Asked, properties: &Json) -> Answer {
    if asked.operation() == "ListTagsForResource" {
        return Answer::json(json!({"Tags": properties["Tags"].as_array().cloned().unwrap_or_default()}));
    }
    let mut group = json!({"Name": "x"});
    for (property, name) in
        [("Description", "Description"), ("State", "State"), ("WorkGroupConfiguration", "Configuration")]
    {
        if !properties[property].is_null() {
            group[name] = properties[property].clone();
        }
    }
    Answer::json(json!({"WorkGroup": group}))
}

fn bucket(asked: &Asked, properties: &Json) -> Answer {
    let none = |code: &str| Answer::refused(404, code, "none");
    let document = |name: &str, inner: &str| Answer::text(200, &format!("<{name}>{inner}</{name}>"));
    match asked.operation() {
        "HeadBucket" => Answer::empty().with("x-amz-bucket-region", "eu-west-1"),
        "GetBucketVersioning" => document(
            "VersioningConfiguration",
            &element("Status", &properties["VersioningConfiguration"]["Status"]),
        ),
        "GetBucketEncryption" => {
            let rule = &properties["BucketEncryption"]["ServerSideEncryptionConfiguration"][0];
            let how = &rule["ServerSideEncryptionByDefault"];
            if how.is_null() {
                return none("ServerSideEncryptionConfigurationNotFoundError");
            }
            let (algorithm, key) = (
                element("SSEAlgorithm", &how["SSEAlgorithm"]),
                element("KMSMasterKeyID", &how["KMSMasterKeyID"]),
            );
            let how = format!(
                "<ApplyServerSideEncryptionByDefault>{algorithm}{key}</ApplyServerSideEncryptionByDefault>"
            );
            document("ServerSideEncryptionConfiguration", &format!("<Rule>{how}</Rule>"))
        }
        "GetPublicAccessBlock" => match &properties["PublicAccessBlockConfiguration"] {
            Json::Null => none("NoSuchPublicAccessBlockConfiguration"),
            Json::Object(all) => document(
                "PublicAccessBlockConfiguration",
                &all.iter().map(|(name, on)| element(name, on)).collect::<String>(),
            ),
            other => panic!("{other}"),
        },
        "GetBucketOwnershipControls" => match &properties["OwnershipControls"]["Rules"][0]["ObjectOwnership"]
        {
            Json::Null => none("OwnershipControlsNotFoundError"),
            who => {
                document("OwnershipControls", &format!("<Rule>{}</Rule>", element("ObjectOwnership", who)))
            }
        },
        "GetBucketPolicy" => none("NoSuchBucketPolicy"),
        "GetBucketLifecycleConfiguration" => match &properties["LifecycleConfiguration"]["Rules"] {
            Json::Array(rules) => {
                document("LifecycleConfiguration", &rules.iter().map(rule).collect::<String>())
            }
            _ => none("NoSuchLifecycleConfiguration"),
        },
        _ => {
            let tags = pairs(properties).into_iter();
            let tags = tags.map(|(key, value)| {
                format!("<Tag><Key>{}</Key><Value>{}</Value></Tag>", escaped(key), escaped(value))
            });
            document("Tagging", &format!("<TagSet>{}</TagSet>", tags.collect::<String>()))
        }
    }
}

/// A rule of a lifecycle, as S3 says it.
fn rule(rule: &Json) -> String {
    let moves = |name: &str, of: &str, days: &str, date: &str| -> String {
        let all = rule[name].as_array().into_iter().flatten();
        let all = all.map(|to| {
            let (days, date) = (element(days, &to["TransitionInDays"]), element(date, &to["TransitionDate"]));
            format!("<{of}>{days}{date}{}</{of}>", element("StorageClass", &to["StorageClass"]))
        });
        all.collect()
    };
    let within = |name: &str, inner: String| {
        if inner.is_empty() { inner } else { format!("<{name}>{inner}</{name}>") }
    };
    let prefix = rule["Prefix"].as_str().unwrap_or_default();
    let ends = element("Days", &rule["ExpirationInDays"]) + &element("Date", &rule["ExpirationDate"]);
    let noncurrent = &rule["NoncurrentVersionExpiration"];
    format!(
        "<Rule>{}{}<Filter><Prefix>{}</Prefix></Filter>{}{}{}{}{}</Rule>",
        element("ID", &rule["Id"]),
        element("Status", &rule["Status"]),
        escaped(prefix),
        within("Expiration", ends),
        moves("Transitions", "Transition", "Days", "Date"),
        moves("NoncurrentVersionTransitions", "NoncurrentVersionTransition", "NoncurrentDays", "Date"),
        within("NoncurrentVersionExpiration", element("NoncurrentDays", &noncurrent["NoncurrentDays"])),
        within(
            "AbortIncompleteMultipartUpload",
            element("DaysAfterInitiation", &rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"])
        ),
    )
}

/// The inputs as the kind reads them.
async fn read(counterpart: &Counterpart, properties: Json) -> Json {
    let answer = counterpart.answer;
    let (cloud, _) = aws(move |asked| answer(asked, &properties));
    let id = Id::from(counterpart.id);
    let kind = resource::kind(counterpart.kind).unwrap();
    kind.read(&cloud, std::slice::from_ref(&id)).await.unwrap().remove(&id).unwrap().inputs
}

/// CloudFormation gives names to rules that have none.
fn named(mut declared: Json, live: &Json) -> Json {
    let theirs = live["LifecycleConfiguration"]["Rules"].clone();
    if let Some(rules) = declared.pointer_mut("/LifecycleConfiguration/Rules").and_then(Json::as_array_mut) {
        for (rule, theirs) in rules.iter_mut().zip(theirs.as_array().into_iter().flatten()) {
            if rule["Id"].is_null() {
                rule["Id"] = theirs["Id"].clone();
            }
        }
    }
    declared
}

/// Whether this very property was changed after it was declared: it is gone, or says something else in the same form.
fn drifted(declared: &Json, live: &Json) -> bool {
    match (declared, live) {
        (_, Json::Null) => true,
        (Json::Object(declared), Json::Object(live)) => {
            declared.iter().any(|(name, value)| live.get(name).is_none_or(|live| drifted(value, live)))
        }
        (Json::Array(declared), Json::Array(live)) => declared.len() != live.len(),
        // Something bare may stand for a list of one.
        (_, Json::Array(_) | Json::Object(_)) | (Json::Array(_) | Json::Object(_), _) => false,
        _ => text(declared) != text(live),
    }
}

/// How many attributes were compared, and which differ.
async fn compare(counterpart: &Counterpart, declared: &Json, live: &Json) -> (usize, Vec<String>) {
    let kind = resource::kind(counterpart.kind).unwrap();
    let (wanted, seen) =
        (read(counterpart, named(declared.clone(), live)).await, read(counterpart, live.clone()).await);
    let schema = properties(kind.inputs()).unwrap();
    let (mut compared, mut wrong) = (0, vec![]);
    for (property, attributes) in counterpart.attributes {
        // CloudFormation adds tags of its own.
        let own = |all: &Json| {
            let tags = pairs(all).into_iter().filter(|(key, _)| !key.starts_with("aws:"));
            tags.map(|(key, value)| json!([key, value])).collect::<Json>()
        };
        let (before, after) = match *property {
            "Tags" => (own(declared), own(live)),
            _ => (declared[*property].clone(), live[*property].clone()),
        };
        if declared[*property].is_null() || drifted(&before, &after) {
            continue;
        }
        for attribute in *attributes {
            compared += 1;
            let canonical = |inputs: &Json| canonical(&schema[*attribute], &inputs[*attribute]);
            if canonical(&wanted) != canonical(&seen) {
                wrong.push(format!("{attribute}: {} and {}", wanted[*attribute], seen[*attribute]));
            }
        }
    }
    (compared, wrong)
}

#[tokio::test]
async fn what_was_declared_reads_back() {
    use std::io::Write;
    let say = |text: String| writeln!(std::io::stderr(), "{text}").unwrap();
    let Some(path) = std::env::var_os("STACKCTL_AWS_READS") else {
        say("skipped: STACKCTL_AWS_READS names no file with what AWS answered".to_owned());
        return;
    };
    let lines = std::fs::read_to_string(path).unwrap();
    let (mut objects, mut attributes, mut wrong, mut by_kind) =
        (0, 0, vec![], BTreeMap::<&str, usize>::new());
    for line in lines.lines() {
        let line: Json = serde_json::from_str(line).unwrap();
        let Some(counterpart) = COUNTERPARTS.iter().find(|counterpart| line["type"] == counterpart.of) else {
            continue;
        };
        // An alarm by metric math has no counterpart.
        if counterpart.kind == "alarm" && line["declared"]["MetricName"].is_null() {
            continue;
        }
        let (compared, differing) = compare(counterpart, &line["declared"], &line["live"]).await;
        objects += 1;
        attributes += compared;
        *by_kind.entry(counterpart.kind).or_default() += 1;
        wrong.extend(
            differing.into_iter().map(|text| format!("{} {}: {text}", counterpart.kind, line["identifier"])),
        );
    }
    say(format!("{objects} recorded objects of AWS compared, {attributes} attributes of them: {by_kind:?}"));
    assert!(objects > 0 && attributes > objects, "nothing was compared");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The same with samples made up here, one for each kind, so that the way is tried without the file; and with one that differs.
#[tokio::test]
async fn samples_read_back_and_what_differs_is_found() {
    let trust = |principal: Json| json!({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}], "Version": "2012-10-17"});
    let service = "scheduler.amazonaws.com";
    for (kind, declared, live, differs) in [
        (
            "queue",
            json!({"VisibilityTimeout": "45"}),
            json!({"VisibilityTimeout": 45, "MaximumMessageSize": 1}),
            0,
        ),
        (
            "log_group",
            json!({"RetentionInDays": 7, "Tags": []}),
            json!({"RetentionInDays": 7, "Tags": [{"Key": "aws:x", "Value": "y"}]}),
            0,
        ),
        (
            "iam_role",
            json!({"AssumeRolePolicyDocument": trust(json!({"Service": service})), "ManagedPolicyArns": ["b", "a"]}),
            json!({"AssumeRolePolicyDocument": trust(json!({"Service": [service]})), "ManagedPolicyArns": ["a", "b"]}),
            0,
        ),
        (
            "iam_role",
            json!({"AssumeRolePolicyDocument": trust(json!({"Service": service}))}),
            json!({"AssumeRolePolicyDocument": trust(json!({"Service": [service, "x.amazonaws.com"]}))}),
            2,
        ),
        (
            "bucket",
            json!({"LifecycleConfiguration": {"Rules": [{"Status": "Enabled", "ExpirationInDays": 9}]}}),
            json!({"LifecycleConfiguration": {"Rules": [{"Id": "made", "Status": "Enabled", "ExpirationInDays": 9, "Prefix": ""}]}}),
            0,
        ),
        (
            "alarm",
            json!({"MetricName": "m", "Threshold": 5, "Tags": []}),
            json!({"MetricName": "m", "Threshold": 5.0, "Tags": [], "OKActions": []}),
            0,
        ),
    ] {
        let counterpart = COUNTERPARTS.iter().find(|counterpart| counterpart.kind == kind).unwrap();
        let (compared, wrong) = compare(counterpart, &declared, &live).await;
        assert!(compared > 0 && wrong.len() == differs, "{kind}: {wrong:?}");
    }
}
