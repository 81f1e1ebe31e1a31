use std::net::TcpListener;

use stackctl::local::{self, Progress, SupervisorState};

use crate::world::{
    PASSWORD, World, connect, database_pid, eventually, gateway_pid, kill, layout, signal, supervisor_pid,
};

#[tokio::test(flavor = "multi_thread")]
async fn up_is_idempotent_and_down_leaves_nothing() {
    let world = World::new();
    assert!(world.status().await.is_down());
    assert!(local::connect(&world.layout).await.unwrap_err().to_string().contains("stackctl local up"));

    let mut steps = Vec::new();
    let first = local::up(&world.layout, &mut |step| steps.push(step)).await.unwrap();
    assert!(steps.contains(&Progress::Starting));
    let second = world.up().await;
    assert_eq!(supervisor_pid(&first), supervisor_pid(&second));
    assert_eq!(gateway_pid(&first), gateway_pid(&second));

    assert!(local::down(&world.layout, false).await.unwrap());
    assert_eq!(world.processes(), Vec::<String>::new());
    assert!(world.status().await.is_down());
    assert!(world.status().await.problems.is_empty());
    assert!(!local::down(&world.layout, false).await.unwrap());
    world.purge().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_ups_at_once_end_in_one() {
    let world = World::new();
    let (a, b) = tokio::join!(world.up(), world.up());
    assert_eq!(supervisor_pid(&a), supervisor_pid(&b));
    assert_eq!(world.count("supervise"), 1);
    assert_eq!(world.count("gateway.py"), 1);
    world.purge().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_killed_ministack() {
    let world = World::new();
    let before = world.up().await;
    let s3 = world.s3().await;
    let place = aws_sdk_s3::types::CreateBucketConfiguration::builder()
        .location_constraint(aws_sdk_s3::types::BucketLocationConstraint::EuCentral1)
        .build();
    s3.create_bucket().bucket("loans").create_bucket_configuration(place).send().await.unwrap();
    s3.put_object().bucket("loans").key("a").body(b"one".to_vec().into()).send().await.unwrap();
    let sqs = aws_sdk_sqs::Client::new(&world.config().await);
    let logs = aws_sdk_cloudwatchlogs::Client::new(&world.config().await);
    let gone = sqs.create_queue().queue_name("gone").send().await.unwrap().queue_url.unwrap();
    logs.create_log_group().log_group_name("gone").send().await.unwrap();
    let ec2 = aws_sdk_ec2::Client::new(&world.config().await);
    let vpc = ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap().vpc.unwrap().vpc_id.unwrap();
    // Last: they lie with data that are written a second later.
    sqs.create_queue().queue_name("late").send().await.unwrap();
    sqs.delete_queue().queue_url(gone).send().await.unwrap();
    logs.create_log_group().log_group_name("late").send().await.unwrap();
    logs.delete_log_group().log_group_name("gone").send().await.unwrap();
    let cloudwatch = aws_sdk_cloudwatch::Client::new(&world.config().await);
    let put =
        cloudwatch.put_metric_alarm().alarm_name("late").namespace("LoanLoader").metric_name("failures");
    let put = put.statistic(aws_sdk_cloudwatch::types::Statistic::Sum).period(300).evaluation_periods(1);
    let more = aws_sdk_cloudwatch::types::ComparisonOperator::GreaterThanThreshold;
    put.threshold(0.0).comparison_operator(more).send().await.unwrap();

    // It may have been restarted before, when another one took its port first.
    let restarts = before.gateway.as_ref().unwrap().restarts;
    kill(gateway_pid(&before));
    let after = eventually("restarted", async || {
        Some(world.status().await)
            .filter(|now| now.is_ready() && now.gateway.as_ref().unwrap().restarts > restarts)
    })
    .await;
    assert_ne!(gateway_pid(&before), gateway_pid(&after));
    assert_eq!(before.gateway.unwrap().endpoint, after.gateway.unwrap().endpoint);
    let body = s3.get_object().bucket("loans").key("a").send().await.unwrap().body.collect().await.unwrap();
    assert_eq!(body.into_bytes().as_ref(), b"one");
    assert_eq!(ec2.describe_vpcs().vpc_ids(&vpc).send().await.unwrap().vpcs().len(), 1);
    let alarms = cloudwatch.describe_alarms().alarm_names("late").send().await.unwrap();
    assert_eq!(alarms.metric_alarms().len(), 1);
    let queues = sqs.list_queues().send().await.unwrap().queue_urls.unwrap();
    assert!(queues.len() == 1 && queues[0].ends_with("/late"), "{queues:?}");
    let groups = logs.describe_log_groups().send().await.unwrap().log_groups.unwrap();
    let groups: Vec<_> = groups.iter().filter_map(|group| group.log_group_name()).collect();
    assert_eq!(groups, ["late"]);
    world.purge().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_supervisor_is_found_and_healed() {
    let world = World::new();
    let before = world.up().await;
    world.create("loans").await;
    let database = database_pid(&world.status().await, "loans");
    kill(supervisor_pid(&before));

    let found = eventually("found", async || Some(world.status().await).filter(|now| now.is_down())).await;
    assert!(found.problems.iter().any(|problem| problem.what.contains("ended without")), "{found:?}");
    assert!(found.problems.iter().any(|problem| problem.what.contains("postgres-loans")), "{found:?}");

    let after = world.up().await;
    assert_ne!(supervisor_pid(&before), supervisor_pid(&after));
    assert_ne!(database, database_pid(&after, "loans"));
    assert_eq!(world.count("gateway.py"), 1, "{:#?}", world.processes());
    assert_eq!(world.count(" -D "), 1, "{:#?}", world.processes());
    connect(&world.describe("loans").await, "adm", PASSWORD).await.unwrap();

    // And cleaned up by `down` alone.
    kill(supervisor_pid(&after));
    assert!(local::down(&world.layout, false).await.unwrap());
    assert_eq!(world.processes(), Vec::<String>::new());
    world.purge().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_replaced_and_explained() {
    let world = World::new();
    let before = world.up().await.gateway.unwrap().endpoint;
    local::down(&world.layout, false).await.unwrap();
    let _squatter = TcpListener::bind(before.trim_start_matches("http://")).unwrap();
    let status = world.up().await;
    assert_ne!(status.gateway.unwrap().endpoint, before);
    assert!(status.problems[0].what.contains("is taken by"), "{:?}", status.problems);
    world.purge().await;
}

/// As on a machine whose disk is busy: the supervisor does not run for some seconds. Who only looks is told so, who needs it
/// waits.
#[tokio::test(flavor = "multi_thread")]
async fn a_supervisor_that_takes_its_time_is_waited_for() {
    let world = World::new();
    let pid = supervisor_pid(&world.up().await);
    signal("STOP", pid);
    let looked = world.status();
    let needed = local::connect(&world.layout);
    let goes_on = async {
        let silent = looked.await;
        signal("CONT", pid);
        silent
    };
    let (silent, connected) = tokio::join!(goes_on, needed);
    assert!(matches!(silent.supervisor, SupervisorState::Silent { .. }), "{silent:?}");
    connected.unwrap();
    world.purge().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_folder_ends_its_supervisor() {
    let world = World::new();
    world.up().await;
    std::fs::remove_dir_all(world.layout.folder()).unwrap();
    eventually("ended", async || world.processes().is_empty().then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deep_folder_is_no_obstacle() {
    let world = World::new();
    let deep = world.layout.project().join("a-folder-with-a-long-name/".repeat(6));
    std::fs::create_dir_all(&deep).unwrap();
    let layout = layout(deep);
    local::up(&layout, &mut |_| ()).await.unwrap();
    assert!(layout.control_socket().exists());
    local::down(&layout, true).await.unwrap();
    assert!(!layout.socket_folder().exists());
}

/// A cloned repository may hold a link at every place where we write: none is followed, up or down.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_links_lead_nowhere() {
    let world = World::new();
    let layout = &world.layout;
    world.up().await;
    local::down(layout, false).await.unwrap();
    let victims = tempfile::tempdir().unwrap();
    let (file, folder) = (victims.path().join("file"), victims.path().join("folder"));
    std::fs::write(&file, "mine").unwrap();
    std::fs::create_dir(&folder).unwrap();
    let untouched = || {
        std::fs::read_to_string(&file).unwrap() == "mine" && std::fs::read_dir(&folder).unwrap().count() == 0
    };
    // What MiniStack keeps of its own lies deeper, in folders that are ours by then.
    let (mut files, mut folders) =
        (vec![], vec![layout.folder().parent().unwrap().to_path_buf(), layout.folder().to_path_buf()]);
    for place in ["", "logs", "pids", "gateway", "run"] {
        for entry in std::fs::read_dir(layout.folder().join(place)).unwrap().flatten() {
            let kind = entry.file_type().unwrap();
            if kind.is_dir() { &mut folders } else { &mut files }.push(entry.path());
        }
    }
    let pids = ["supervisor", "ministack"].map(|part| layout.folder().join(format!("pids/{part}.json")));
    files.extend(pids);
    assert!(files.len() >= 10 && folders.len() >= 7, "{files:?} {folders:?}");
    let aside = layout.project().join("aside");
    for (paths, victim) in [(&folders, &folder), (&files, &file)] {
        for path in paths {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let there = std::fs::rename(path, &aside).is_ok();
            std::os::unix::fs::symlink(victim, path).unwrap();
            let went_up = local::up(layout, &mut |_| ()).await;
            let told = went_up.as_ref().map_or_else(ToString::to_string, |_| String::new());
            // A file is refused, replaced, or cannot be made sense of.
            assert!(victim == &file || told.contains("symbolic link"), "{}: {told}", path.display());
            let _ = local::status(layout).await;
            let _ = local::down(layout, false).await;
            assert!(untouched(), "{}", path.display());
            if path.is_symlink() {
                let _ = local::down(layout, true).await;
                assert!(untouched(), "{} at the end", path.display());
            }
            if path.is_symlink() {
                std::fs::remove_file(path).unwrap();
            }
            if there && !path.exists() && path.parent().is_some_and(std::path::Path::exists) {
                std::fs::rename(&aside, path).unwrap();
            } else if aside.is_dir() {
                std::fs::remove_dir_all(&aside).unwrap();
            } else {
                let _ = std::fs::remove_file(&aside);
            }
        }
    }
    world.purge().await;
}
