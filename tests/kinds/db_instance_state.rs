//! What RDS says of a database, and how one goes that is not well. RDS is played: emulators know only `available`.

use crate::answers::query;
use serde_json::json;
use stackctl::diff::complete;
use stackctl::resource::{self, Id, Observed, Status};

/// A database in this state; with what RDS says only of one that was ready.
async fn seen(
    word: &'static str,
    was_ready: bool,
    more: &'static str,
) -> (Observed, stackctl::cloud::Cloud, crate::answers::Calls) {
    let (cloud, calls) = query(move |action, _| {
        let made =
            if was_ready { "<InstanceCreateTime>2026-01-01T00:00:00Z</InstanceCreateTime>" } else { "" };
        let there = format!(
            "<DBInstances><DBInstance><DBInstanceIdentifier>loans</DBInstanceIdentifier>\
             <DBInstanceStatus>{word}</DBInstanceStatus><DbiResourceId>db-ABC</DbiResourceId>\
             <Engine>postgres</Engine>{made}{more}</DBInstance></DBInstances>"
        );
        match action {
            "DescribeDBInstances" => (
                200,
                format!(
                    "<DescribeDBInstancesResponse><DescribeDBInstancesResult>{there}</DescribeDBInstancesResult></DescribeDBInstancesResponse>"
                ),
            ),
            other => (200, format!("<{other}Response><{other}Result/></{other}Response>")),
        }
    });
    let (kind, id) = (resource::kind("db_instance").unwrap(), Id::from("loans"));
    let observed = kind.read(&cloud, std::slice::from_ref(&id)).await.unwrap().remove(&id).unwrap();
    (observed, cloud, calls)
}

#[tokio::test]
async fn a_state_is_what_can_be_done_about_it() {
    for word in [
        "stopped",
        "storage-full",
        "incompatible-parameters",
        "incompatible-option-group",
        "inaccessible-encryption-credentials",
        "inaccessible-encryption-credentials-recoverable",
        // What it holds is worth more than a fresh start.
        "failed",
        "incompatible-network",
    ] {
        let (observed, ..) = seen(word, true, "").await;
        assert!(
            observed.status.ailment().is_some_and(|ailment| ailment.what == word),
            "{:?}",
            observed.status
        );
    }
    for word in [
        "failed",
        "incompatible-create",
        "incompatible-network",
        "incompatible-restore",
        "insufficient-capacity",
        "restore-error",
    ] {
        assert_eq!(seen(word, false, "").await.0.status, Status::Lost(word.to_owned()));
    }
    for word in ["deleting", "modifying", "stopping", "foo-ing"] {
        assert_eq!(seen(word, true, "").await.0.status, Status::Pending(word.to_owned()));
    }
    let growing = "<PendingModifiedValues><AllocatedStorage>100</AllocatedStorage></PendingModifiedValues>";
    assert_eq!(
        seen("storage-full", true, growing).await.0.status,
        Status::Pending("storage-full".to_owned())
    );
}

#[tokio::test]
async fn the_final_snapshot_is_left_out_where_rds_makes_none() {
    let kind = resource::kind("db_instance").unwrap();
    // State, whether it was ready, skip_final_snapshot; what the deletion says of the snapshot.
    for (word, was_ready, skip, says) in [
        ("available", true, false, Some("false")),
        ("stopped", true, false, Some("false")),
        ("available", true, true, Some("true")),
        ("incompatible-network", false, false, Some("true")),
        ("failed", false, false, Some("true")),
        ("incompatible-create", false, false, Some("true")),
        // There are data in it, and nobody has given them up.
        ("incompatible-network", true, false, None),
        ("incompatible-network", true, true, Some("true")),
    ] {
        let (observed, cloud, calls) = seen(word, was_ready, "").await;
        let inputs = complete(kind.inputs(), &observed.inputs, &json!({"skip_final_snapshot": skip}));
        let live = Observed { inputs, ..observed };
        let id = Id::from("loans");
        let outcome = kind.delete(&cloud, &id, live.clone()).await;
        let sent = calls.of("DeleteDBInstance");
        match says {
            Some(says) => {
                outcome.unwrap();
                assert!(sent[0].contains(&format!("SkipFinalSnapshot={says}")), "{word}: {sent:?}");
                assert_eq!(
                    sent[0].contains("FinalDBSnapshotIdentifier="),
                    says == "false",
                    "{word}: {sent:?}"
                );
                let left = kind.leaves(&id, &live).iter().any(|left| left.what == "final snapshot");
                assert_eq!(left, says == "false", "{word}");
            }
            None => {
                let told = outcome.unwrap_err().to_string();
                assert!(told.contains("skip_final_snapshot = true") && sent.is_empty(), "{told}");
            }
        }
    }
}
