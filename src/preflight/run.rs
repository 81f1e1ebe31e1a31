use super::names::names;
use super::offers::offers;
use super::policies::policies;
use super::quotas::quotas;
use super::{Check, Finding, Verdict, binaries, notifications};
use crate::cloud::Cloud;
use crate::desired::Desired;
use crate::state::Document;
use std::future::Future;
use std::path::Path;
use std::time::Duration;

/// How much is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// What a few calls tell, within seconds: at the head of an apply.
    Cheap,
    Whole,
}

impl Depth {
    /// Nobody waits longer for a check.
    fn patience(self) -> Duration {
        match self {
            Self::Cheap => Duration::from_secs(5),
            Self::Whole => Duration::from_secs(60),
        }
    }
}

/// Everything that can be found, all checks at once, the worst first. Changes nothing.
pub async fn preflight(
    cloud: &Cloud,
    desired: &Desired,
    state: Option<&Document>,
    root: &Path,
    depth: Depth,
) -> Vec<Finding> {
    let permissions = async {
        match depth {
            Depth::Cheap => vec![],
            Depth::Whole => policies(cloud, desired, state).await,
        }
    };
    let (permissions, names, offers, quotas) = futures::join!(
        within(depth, Check::Permissions, permissions),
        within(depth, Check::Names, names(cloud, desired, state)),
        within(depth, Check::Offers, offers(cloud, desired)),
        within(depth, Check::Quotas, quotas(cloud, desired, state)),
    );
    let offline = binaries(desired.config(), root).into_iter().chain(notifications(desired));
    let mut findings: Vec<Finding> =
        [permissions, names, offers, quotas].into_iter().flatten().chain(offline).collect();
    findings.sort();
    findings.dedup();
    findings
}

async fn within(depth: Depth, check: Check, asked: impl Future<Output = Vec<Finding>>) -> Vec<Finding> {
    let patience = depth.patience();
    tokio::time::timeout(patience, asked).await.unwrap_or_else(|_| {
        let message = format!("there was no answer within {} s", patience.as_secs());
        vec![Finding::new(Verdict::NotChecked, check, message, "")]
    })
}
