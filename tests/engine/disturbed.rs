//! Somebody removes or replaces what a run has open in the folder of its state, in the midst of an apply: it starts nothing more,
//! what it knows is saved, and the way back ends with exactly what is wanted. In virtual time.

use crate::world::{PATIENCE, Test};
use stackctl::apply::{Stop, Summary};
use stackctl::state::{Cipher, Held, StateError};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::watch;

/// What is done to the folder of the state.
type Disturb<'a> = &'a dyn Fn(&Path);

const COUNT: usize = 100;
const PARALLELISM: usize = 16;

fn body() -> String {
    (0..COUNT).map(|number| format!("[net.n{number}]\nlabel = \"n{number}\"\n")).collect()
}

fn fresh() -> Test {
    let mut test = Test::new();
    test.below = "state";
    test
}

/// An apply of a hundred objects; when some of them are there, `disturb` is done to the folder. What came of it, and of writing
/// the state; and how many objects there were.
async fn disturbed(
    test: &Test,
    disturb: impl FnOnce(&Path),
) -> (Summary, Result<(), StateError>, Held, usize) {
    test.world.lock().unwrap().latency = Duration::from_millis(200);
    let (plan, document, observed, _) = test.plan(&body()).await;
    let (_, held) = test.store().open("apply", PATIENCE).await.unwrap();
    let journal = held.journal(&document, "apply").await.unwrap();
    let stop = watch::channel(Stop::No).1;
    let body = body();
    let (mut summary, at) =
        tokio::join!(test.carry_out(&body, &plan, document, &observed, &journal, stop), async {
            while test.count() < 30 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            disturb(&test.folder.path().join("state"));
            test.count()
        });
    drop(journal);
    let saved = held.save(&mut summary.document).await;
    (summary, saved, held, at)
}

/// No more than what was in flight came after the disturbance.
fn stopped(test: &Test, summary: &Summary, at: usize, what: &str) {
    let (count, failed) = (test.count(), summary.failed.len());
    assert!(count <= at + PARALLELISM, "{what}: {at} objects were there, {count} in the end");
    assert!(failed > 0 && count < COUNT, "{what}: it was not stopped: {count} of {COUNT}");
    let why = summary.failed.iter().map(|failure| failure.error.to_string());
    for why in why {
        assert!(why.contains("Nothing more is started"), "{what}: {why}");
    }
}

/// From what is in the folder now, an apply goes on to exactly what is wanted.
async fn goes_on(test: &Test, what: &str) {
    let (document, held) = test.store().open("apply", PATIENCE).await.unwrap();
    let document = document.unwrap();
    held.no_rescue(Some(&document)).unwrap();
    drop(held);
    let summary = test.apply(&body()).await;
    assert!(summary.failed.is_empty(), "{what}: {:?}", summary.failed);
    assert_eq!(test.count(), COUNT, "{what}: an orphan or a duplicate");
    assert!(test.plan(&body()).await.0.is_empty(), "{what}");
}

#[tokio::test(start_paused = true)]
async fn a_folder_that_is_taken_away_stops_it_and_what_it_knows_is_saved_beside() {
    let away = |state: &Path| state.with_file_name("elsewhere");
    let ways: [(&str, Disturb<'_>); 5] = [
        ("removed", &|state| fs::remove_dir_all(state).unwrap()),
        ("renamed", &|state| fs::rename(state, away(state)).unwrap()),
        ("emptied", &|state| {
            fs::remove_dir_all(state).unwrap();
            fs::create_dir(state).unwrap();
            fs::write(state.join("test.json"), "{}").unwrap();
        }),
        ("an older state in its place", &|state| {
            let old = fs::read(state.join("test.json.backup")).unwrap_or_else(|_| b"{}".to_vec());
            fs::remove_file(state.join("test.json")).unwrap();
            fs::write(state.join("test.json"), old).unwrap();
        }),
        ("written into", &|state| fs::write(state.join("test.json"), "{}").unwrap()),
    ];
    for (what, disturb) in ways {
        let test = fresh();
        let (summary, saved, held, at) = disturbed(&test, disturb).await;
        stopped(&test, &summary, at, what);
        let to = match saved {
            Err(StateError::Rescued { to, .. }) => PathBuf::from(to),
            other => panic!("{what}: {other:?}"),
        };
        assert_eq!(to.parent(), Some(test.folder.path()), "{what}");
        let mode = std::os::unix::fs::PermissionsExt::mode(&to.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "{what}");
        drop(held);

        // Nothing goes on without it: that would make everything a second time.
        let _ = fs::remove_dir_all(test.folder.path().join("state"));
        let (none, held) = test.store().open("apply", PATIENCE).await.unwrap();
        assert!(none.is_none());
        let refused = held.no_rescue(None).unwrap_err();
        assert!(
            matches!(&refused, StateError::Waiting { rescued, .. } if Path::new(rescued) == to),
            "{refused}"
        );

        // As `stackctl state push FILE` takes it in.
        let mut rescued = Cipher::default().read(&fs::read(&to).unwrap()).unwrap();
        assert_eq!(
            rescued.resources.len() + rescued.open.len(),
            test.count(),
            "{what}: it knows what it did"
        );
        held.write(&mut rescued).await.unwrap();
        assert!(held.taken_in(&to, &rescued) && !to.exists());
        drop(held);
        goes_on(&test, what).await;
    }
}

/// Where nobody else can have begun anything, it is written where it belongs.
#[tokio::test(start_paused = true)]
async fn a_file_that_is_removed_stops_it_and_the_state_is_written_all_the_same() {
    for name in ["test.json", "test.lock", "test.journal"] {
        for replaced in [false, true] {
            if (name, replaced) == ("test.json", true) {
                continue;
            }
            let test = fresh();
            let (summary, saved, held, at) = disturbed(&test, |state| {
                fs::remove_file(state.join(name)).unwrap();
                if replaced {
                    fs::write(state.join(name), "").unwrap();
                }
            })
            .await;
            stopped(&test, &summary, at, name);
            saved.unwrap_or_else(|error| panic!("{name}: {error}"));
            drop(held);
            goes_on(&test, name).await;
        }
    }
}

/// The second one finds no lock, and a journal that somebody appends to.
#[tokio::test(start_paused = true)]
async fn of_two_without_a_lock_between_them_the_second_is_kept_out_and_the_first_stops() {
    let test = fresh();
    let second = test.store();
    let (summary, saved, held, at) = disturbed(&test, |state| {
        fs::remove_file(state.join("test.lock")).unwrap();
        let opened = futures::FutureExt::now_or_never(second.open("apply", Duration::ZERO));
        // It waits for a moment, as it does for a lock.
        assert!(opened.is_none(), "{opened:?}");
    })
    .await;
    stopped(&test, &summary, at, "lock");
    saved.unwrap();
    drop(held);
    goes_on(&test, "lock").await;

    // Also where the journal is gone with the lock: the second one begins, and the first one finds that out.
    let test = fresh();
    let mut other = None;
    let (summary, saved, ..) = disturbed(&test, |state| {
        fs::remove_file(state.join("test.lock")).unwrap();
        fs::remove_file(state.join("test.journal")).unwrap();
        other = futures::FutureExt::now_or_never(test.store().open("apply", Duration::ZERO));
        let (document, held) = other.as_ref().unwrap().as_ref().unwrap();
        assert!(document.is_some());
        held.no_rescue(document.as_ref()).unwrap();
    })
    .await;
    assert!(!summary.failed.is_empty());
    let told = saved.unwrap_err();
    assert!(matches!(told, StateError::Rescued { .. }), "{told}");
    assert!(told.to_string().contains("state push"), "{told}");
}
