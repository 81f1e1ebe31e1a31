use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// One event of `apply --json` and `destroy --json`. Every line has beside these `at`, when it was written (RFC 3339, UTC).
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Line {
    /// The first line.
    Started {
        /// Of the events: 1. A higher number means that old readers would misunderstand them.
        format: u32,
        /// Version of stackctl.
        stackctl: String,
        /// `apply` or `destroy`.
        command: String,
    },
    /// Where it works, as `on` in `plan --json`.
    Place {
        on: Json,
    },
    /// Something that a person should read; it stops nothing.
    Warning {
        message: String,
    },
    /// At most once a second, while something takes its time.
    Progress {
        /// `reading what is there`, `applying`, …
        what: String,
        done: usize,
        /// 0: nothing is counted.
        total: usize,
        failed: usize,
        not_started: usize,
        in_flight: usize,
        /// From the longest path through what is left; null where nobody knows.
        remaining_seconds: Option<u64>,
    },
    /// The plan, as `plan --json` prints it.
    Plan {
        plan: Json,
    },
    /// Nothing was made or deleted: an object has another address.
    Moved {
        from: String,
        to: String,
    },
    /// Every operation that is started ends in one `operation_done`, `operation_failed` or `operation_left`.
    OperationStarted {
        /// Its number in this run.
        operation: usize,
        address: String,
        /// `create`, `update` or `delete`.
        verb: String,
    },
    /// It takes longer than a few seconds, and this is what is waited for.
    OperationWaiting {
        address: String,
        what: String,
    },
    OperationDone {
        operation: usize,
        address: String,
        verb: String,
        seconds: f64,
    },
    OperationFailed {
        operation: usize,
        address: String,
        verb: String,
        message: String,
        /// AWS's error code.
        code: Option<String>,
        /// What was called, as in IAM policies.
        call: Option<String>,
        /// AWS's number of the request.
        request: Option<String>,
        /// What to do.
        help: Option<String>,
        /// Where the block of the resource is; null where it has none any more.
        file: Option<String>,
        line: Option<u32>,
        column: Option<u32>,
    },
    /// The apply was stopped before it ended; the next command finds out what became of it.
    OperationLeft {
        operation: usize,
        address: String,
        verb: String,
    },
    /// Was to be done and was not begun.
    NotStarted {
        address: String,
        /// What failed, where that is the reason.
        because: Option<String>,
    },
    /// What is still there of something that was deleted, and paid for.
    LeftOver {
        address: String,
        what: String,
        name: String,
        region: String,
        /// The command that deletes it; null on the local cloud.
        delete: Option<String>,
    },
    /// Of the whole stack, as they are now.
    Outputs {
        outputs: BTreeMap<String, Output>,
    },
    /// Why the command ended early; several for mistakes in stack.toml.
    Error {
        message: String,
        code: Option<String>,
        help: Option<String>,
        file: Option<String>,
        line: Option<u32>,
        column: Option<u32>,
    },
    /// The last line, unless the process was killed.
    Summary {
        /// `done`, `partly_done`, `failed`, `interrupted`, `locked`.
        outcome: String,
        /// What the process ends with.
        exit: u8,
        moved: usize,
        created: usize,
        updated: usize,
        deleted: usize,
        failed: usize,
        /// Operations that were left in flight.
        left: usize,
        /// Resources.
        not_started: usize,
        /// Since the command began.
        seconds: f64,
    },
}

/// One of `[outputs]`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    pub sensitive: bool,
    /// Null where it is sensitive: no state has it.
    pub value: Json,
}
