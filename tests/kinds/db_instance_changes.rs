//! What is asked of RDS when a database changes, and what it is never asked.

use crate::rds::{Instance, changes, differences, instance, kind, makes, rds, read, update, wanted};
use serde_json::{Value as Json, json};
use stackctl::resource::{Id, Status};

/// RDS raised the minor version by itself: nothing differs, and no request asks it down again.
#[tokio::test]
async fn a_version_is_never_asked_down() {
    for (running, pinned) in [("15.5", "15.4"), ("15.10", "15.9"), ("16.2", "15"), ("15.4-R2", "15.4-R1")] {
        let (cloud, calls) = rds(&instance(&[("EngineVersion", running)]), makes);
        let pin = wanted(
            json!({"engine_version": pinned, "auto_minor_version_upgrade": false, "tags": {"a": "b"}}),
        );
        let still = differences(&cloud, &pin).await;
        assert!(!still.contains(&"engine_version".to_owned()), "{running} {pinned}: {still:?}");
        update(&cloud, &pin).await.unwrap();
        assert_eq!(changes(&calls), ["AutoMinorVersionUpgrade=false"], "{running} {pinned}");
        assert!(calls.of("AddTagsToResource")[0].contains("Tags.Tag.1.Key=a"));
        assert_eq!(differences(&cloud, &pin).await, ["tags.a"], "the double keeps no tags");
    }
}

/// A refusal of anything else does not stop the tags.
#[tokio::test]
async fn tags_go_first() {
    let (cloud, calls) =
        rds(&instance(&[]), |_, _| Err(("InvalidParameterCombination", "Cannot upgrade postgres")));
    update(&cloud, &wanted(json!({"tags": {"a": "b"}, "port": 5433}))).await.unwrap_err();
    assert_eq!(calls.of("AddTagsToResource").len(), 1);
}

#[tokio::test]
async fn a_pinned_minor_version_and_automatic_upgrades_are_refused() {
    let refused =
        |more: Json| kind().check(&wanted(more)).into_iter().map(|(path, _)| path).collect::<Vec<_>>();
    assert_eq!(refused(json!({"engine_version": "15.4"})), ["engine_version"]);
    assert_eq!(refused(json!({"engine_version": "15.4", "auto_minor_version_upgrade": false})), [""; 0]);
    assert_eq!(refused(json!({"engine_version": "15"})), [""; 0]);
}

/// From 400 GiB on RDS wants size and operations together, and below that no operations.
#[tokio::test]
async fn storage_is_asked_for_as_rds_takes_it() {
    let asked = async |there: &[(&str, &str)], more: Json| {
        let (cloud, calls) = rds(&instance(there), makes);
        update(&cloud, &wanted(more)).await.unwrap();
        changes(&calls)
    };
    let large = [("AllocatedStorage", "400"), ("Iops", "12000"), ("StorageThroughput", "500")];
    let grown = asked(&large, json!({"allocated_storage": 500})).await;
    assert_eq!(grown, ["AllocatedStorage=500&Iops=12000&StorageThroughput=500"]);
    let more = asked(&large, json!({"allocated_storage": 400, "iops": 16_000})).await;
    assert_eq!(more, ["AllocatedStorage=400&Iops=16000&StorageThroughput=500"]);
    assert_eq!(asked(&[], json!({"allocated_storage": 60})).await, ["AllocatedStorage=60"]);
    assert_eq!(asked(&[], json!({"allocated_storage": 500})).await, ["AllocatedStorage=500&Iops=12000"]);
    let old = [("StorageType", "gp2"), ("AllocatedStorage", "400"), ("Iops", "1200")];
    let moved = asked(&old, json!({"allocated_storage": 400})).await;
    assert_eq!(moved, ["AllocatedStorage=400&Iops=12000&StorageType=gp3"]);
    let old = [("StorageType", "gp2"), ("AllocatedStorage", "100")];
    assert_eq!(asked(&old, json!({"allocated_storage": 100})).await, ["StorageType=gp3"]);
}

/// RDS grows by a tenth at least, and rounds up or refuses what is less: it is asked for that, and has what is wanted then.
#[tokio::test]
async fn storage_grows_by_a_tenth_and_never_shrinks() {
    let (cloud, calls) = rds(&instance(&[("AllocatedStorage", "50")]), makes);
    let little = wanted(json!({"allocated_storage": 52}));
    assert_eq!(differences(&cloud, &little).await, ["allocated_storage"]);
    update(&cloud, &little).await.unwrap();
    assert_eq!(changes(&calls), ["AllocatedStorage=55"]);
    assert_eq!(differences(&cloud, &little).await, [""; 0]);
    update(&cloud, &little).await.unwrap();
    assert_eq!(changes(&calls).len(), 1, "55 is not asked down to 52");
    let grown = wanted(json!({"allocated_storage": 20, "max_allocated_storage": 100}));
    let (cloud, _) = rds(&instance(&[("AllocatedStorage", "80"), ("MaxAllocatedStorage", "100")]), makes);
    assert_eq!(differences(&cloud, &grown).await, [""; 0], "RDS grew it by itself");
}

/// RDS may refuse the storage for hours: that comes last and by itself, so that all else is made.
#[tokio::test]
async fn storage_is_asked_for_last_and_alone() {
    const RESTS: &str = "You can't currently modify the storage of this DB instance because the previous storage change is being optimized.";
    let take = |instance: &mut Instance, asked: &crate::rds::Fields| {
        if asked.contains_key("AllocatedStorage") {
            return Err(("InvalidParameterCombination", RESTS));
        }
        makes(instance, asked)
    };
    let (cloud, calls) = rds(&instance(&[]), take);
    let all = wanted(
        json!({"allocated_storage": 60, "instance_class": "db.m8g.large", "backup_retention_days": 14}),
    );
    update(&cloud, &all).await.unwrap();
    update(&cloud, &all).await.unwrap();
    let error = update(&cloud, &all).await.unwrap_err();
    assert_eq!(
        changes(&calls),
        ["BackupRetentionPeriod=14", "DBInstanceClass=db.m8g.large", "AllocatedStorage=60"]
    );
    assert!(error.to_string().contains("everything else of this change is made"), "{error}");
    let passing =
        kind().profile().retries.iter().any(|retry| error.is(&[retry.code]) && RESTS.contains(retry.message));
    assert!(!passing, "hours are no time to wait for with a run");
}

/// What waits for the maintenance window is made where nothing shall wait, and counts as made elsewhere.
#[tokio::test]
async fn what_is_pending_is_not_made_where_nothing_shall_wait() {
    let shared = instance(&[]);
    shared.lock().unwrap().pending.insert("DBInstanceClass".to_owned(), "db.m8g.large".to_owned());
    let (cloud, calls) = rds(&shared, |instance, asked| {
        instance.pending.clear();
        makes(instance, asked)
    });
    let later = wanted(json!({"instance_class": "db.m8g.large", "apply_immediately": false}));
    assert_eq!(differences(&cloud, &later).await, [""; 0]);
    assert_eq!(read(&cloud).await.outputs["scheduled"], json!(["instance_class"]));
    let now = wanted(json!({"instance_class": "db.m8g.large"}));
    assert_eq!(differences(&cloud, &now).await, ["apply_immediately"]);
    update(&cloud, &now).await.unwrap();
    assert_eq!(changes(&calls), ["DBInstanceClass=db.m8g.large"]);
    assert!(calls.of("ModifyDBInstance")[0].contains("ApplyImmediately=true"));
    assert_eq!(differences(&cloud, &now).await, [""; 0]);
    assert_eq!(read(&cloud).await.outputs["scheduled"], json!([]));
}

/// Logs wait for the window like the rest.
#[tokio::test]
async fn logs_that_are_on_their_way_are_no_difference() {
    let shared = instance(&[]);
    let logs = "<LogTypesToEnable><member>postgresql</member></LogTypesToEnable><LogTypesToDisable><member>upgrade</member></LogTypesToDisable>";
    shared.lock().unwrap().pending.insert("PendingCloudwatchLogsExports".to_owned(), logs.to_owned());
    shared.lock().unwrap().more =
        "<EnabledCloudwatchLogsExports><member>upgrade</member></EnabledCloudwatchLogsExports>".to_owned();
    let (cloud, _) = rds(&shared, makes);
    assert_eq!(read(&cloud).await.inputs["log_exports"], json!(["postgresql"]));
}

#[tokio::test]
async fn parts_on_their_way_are_waited_for_and_those_that_go_do_not_count() {
    let status = async |more: &str| {
        let shared = instance(&[]);
        shared.lock().unwrap().more = more.to_owned();
        let (cloud, _) = rds(&shared, makes);
        read(&cloud).await
    };
    let group = |id: &str, status: &str| {
        format!(
            "<VpcSecurityGroupMembership><VpcSecurityGroupId>{id}</VpcSecurityGroupId><Status>{status}</Status></VpcSecurityGroupMembership>"
        )
    };
    let groups = |one: String, other: String| format!("<VpcSecurityGroups>{one}{other}</VpcSecurityGroups>");
    let found = status(&groups(group("sg-old", "removing"), group("sg-new", "active"))).await;
    assert_eq!(found.inputs["security_group_ids"], json!(["sg-new"]));
    assert_eq!(found.status, Status::Pending("removing the security group sg-old".to_owned()));
    let found = status(&groups(group("sg-a", "active"), group("sg-b", "adding"))).await;
    assert_eq!(found.inputs["security_group_ids"], json!(["sg-a", "sg-b"]));
    assert_eq!(found.status, Status::Pending("adding the security group sg-b".to_owned()));
    let parameters = |status: &str| {
        format!(
            "<DBParameterGroups><DBParameterGroup><DBParameterGroupName>own</DBParameterGroupName><ParameterApplyStatus>{status}</ParameterApplyStatus></DBParameterGroup></DBParameterGroups>"
        )
    };
    assert_eq!(
        status(&parameters("applying")).await.status,
        Status::Pending("applying the parameter group".to_owned())
    );
    let due = status(&parameters("pending-reboot")).await;
    assert_eq!((due.status, &due.outputs["restart_due"]), (Status::Ready, &json!(true)));
    assert_eq!(status(&parameters("in-sync")).await.outputs["restart_due"], false);
    let secret = "<MasterUserSecret><SecretArn>arn:aws:secretsmanager:x</SecretArn><SecretStatus>creating</SecretStatus></MasterUserSecret>";
    assert_eq!(
        status(secret).await.status,
        Status::Pending("creating the secret of the password".to_owned())
    );
}

/// What RDS decides where a block says nothing is no difference, whatever it is.
#[tokio::test]
async fn what_rds_decides_alone_is_no_difference() {
    let fields = [
        ("MonitoringInterval", "60"),
        ("MonitoringRoleArn", "arn:aws:iam::1:role/monitor"),
        ("PerformanceInsightsRetentionPeriod", "7"),
        ("NetworkType", "IPV4"),
        ("AvailabilityZone", "eu-west-1a"),
        ("EngineLifecycleSupport", "open-source-rds-extended-support"),
    ];
    let (cloud, calls) = rds(&instance(&fields), makes);
    assert_eq!(differences(&cloud, &wanted(json!({}))).await, [""; 0]);
    let other = wanted(json!({"monitoring_interval": 0, "network_type": "DUAL", "extended_support": false}));
    assert_eq!(
        differences(&cloud, &other).await,
        ["network_type", "monitoring_interval", "extended_support"]
    );
    update(&cloud, &other).await.unwrap();
    assert_eq!(
        changes(&calls),
        [
            "EngineLifecycleSupport=open-source-rds-extended-support-disabled&MonitoringInterval=0&NetworkType=DUAL"
        ]
    );
    let insights = wanted(json!({"performance_insights": true, "performance_insights_retention_days": 31}));
    update(&cloud, &insights).await.unwrap();
    assert_eq!(changes(&calls)[1], "EnablePerformanceInsights=true&PerformanceInsightsRetentionPeriod=31");
}

#[tokio::test]
async fn many_databases_are_read_in_several_calls() {
    let (cloud, calls) = rds(&instance(&[]), makes);
    let ids: Vec<Id> = (0..230).map(|n| Id(format!("db-{n}"))).collect();
    assert!(kind().read(&cloud, &ids).await.unwrap().is_empty());
    let values: Vec<usize> =
        calls.of("DescribeDBInstances").iter().map(|call| call.matches("Values.Value.").count()).collect();
    assert_eq!(values, [100, 100, 30]);
}
