//! The whole pipeline, as a user runs it: the real binary, this repository's `stack.toml`, the local cloud (MiniStack
//! with a real Lambda process) and a real PostgreSQL.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test that says how far it is")]

#[path = "../shared/bootstrap.rs"]
mod bootstrap;
mod changes;
mod disk;
mod emulator;
#[path = "../shared/environment.rs"]
mod environment;
mod examples;
mod ignored;
mod lake;
#[path = "../shared/listing.rs"]
mod listing;
mod loads;
mod locks;
mod losses;
mod model;
mod moves;
mod people;
mod project;
mod recovery;
mod removed;
mod sealed;
mod standin;

use project::Project;

/// One story, since bringing the cloud up and building the function is most of it.
#[test]
fn plan_apply_load_change_destroy() {
    let project = Project::new();
    project.says("local up", &["local", "up"]);
    project.says("validate", &["validate", "--target", "local"]);
    assert_eq!(project.code(&["plan", "--target", "local", "--detailed-exitcode"]), 3, "everything is new");
    project.says("apply", &["apply", "--target", "local", "--auto-approve"]);
    project.nothing_to_do("after the apply");

    loads::connections_are_verified(&project);
    loads::a_missing_certificate_says_where_it_can_be_had(&project);
    loads::a_generated_file_is_loaded_once(&project);
    loads::real_files_have_exactly_their_rows(&project);
    loads::a_file_that_is_no_loan_file_fails_and_says_so(&project);

    changes::four_changes_are_four_updates_in_place(&project);
    changes::another_vpc_is_replaced_in_the_right_order(&project);
    changes::a_saved_plan_is_carried_out_or_refused(&project);

    project.says("destroy", &["destroy", "--target", "local", "--auto-approve", "--allow-data-loss", "all"]);
    emulator::is_empty(&project);
    assert_eq!(project.files("state"), Vec::<String>::new(), "no state is left of a destroyed stack");
    project.says("local down", &["local", "down", "--purge"]);
    project.has_no_process();
}

/// What data scientists do with it: look, read the lake, run the notebook; and what the trainer does unasked.
#[test]
fn explore_train_and_evaluate() {
    let project = Project::new();
    project.says("local up", &["local", "up"]);
    project.says("apply", &["apply", "--target", "local", "--auto-approve"]);
    people::logins_are_there(&project);

    loads::release(&project, 12_000, 1);
    model::trained(&project, 1);
    model::is_registered_with_its_report(&project);
    lake::has_all_loans(&project);
    lake::is_what_postgres_has(&project);
    lake::is_in_the_catalog(&project);
    people::the_analyst_only_reads(&project);
    lake::the_notebook_runs(&project);

    // Three files at once are one message too many, twice: the last one is learned from, once.
    (2..5).for_each(|seed| loads::release(&project, 2_000, seed));
    lake::has_all_loans(&project);
    model::knows_all_files(&project);
    people::a_rotated_password_is_taken_over(&project);
    project.nothing_to_do("after all of it");
}
