use super::request::Request;
use super::view::View;
use crate::cloud::{Cloud, Remedy};
use crate::error::Result;
use crate::resource::Id;
use crate::resource::db_instance::Inputs;

/// GiB from which `gp3` has operations and throughput that one asks for; of Postgres
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html#gp3-storage>).
const PROVISIONED: u32 = 400;
/// What it has there at least.
const IOPS: u32 = 12_000;
const THROUGHPUT: u32 = 500;

/// How RDS says that it does not take another change yet.
const RESTING: &[&str] = &["InvalidParameterCombination", "InvalidDBInstanceState", "StorageQuotaExceeded"];

/// Whether other storage was asked for.
///
/// A change of its own: for six hours after one, also after one that RDS made by itself, and as long as it optimises the
/// storage, RDS takes no other, and nothing else has to wait for that.
pub(super) async fn change(cloud: &Cloud, id: &Id, view: &View, after: &Inputs) -> Result<bool> {
    let grown = grown(view, after);
    let has = Has {
        size: grown.is_none(),
        kind: view.has(&after.storage_type, |there| there.storage_type.clone()),
        iops: view.has_any(&after.iops, |there| there.iops),
        throughput: view.has_any(&after.storage_throughput, |there| there.storage_throughput),
    };
    if has.size && has.kind && has.iops && has.throughput {
        return Ok(false);
    }
    let mut request = Request::new(cloud, id, after);
    let size = grown.or(view.there.allocated_storage).unwrap_or_default();
    if !has.kind {
        request.put(|call| call.storage_type(&after.storage_type));
    }
    if after.storage_type == "gp3" && size >= PROVISIONED {
        // Of the size and the operations RDS takes neither alone.
        let kept = |had: Option<u32>, least: u32| had.filter(|had| *had >= least && has.kind);
        let iops = after.iops.or_else(|| kept(view.there.iops, IOPS)).unwrap_or(IOPS);
        let throughput = after.storage_throughput.or_else(|| kept(view.there.storage_throughput, THROUGHPUT));
        request.put(|call| call.allocated_storage(size.cast_signed()).iops(iops.cast_signed()));
        request.unless(false, &throughput, |call, throughput| call.storage_throughput(throughput.cast_signed()));
    } else {
        // There they are refused.
        request.unless(has.size, &Some(size), |call, size| call.allocated_storage(size.cast_signed()));
    }
    request.send().await.remedy(
        RESTING,
        "everything else of this change is made. RDS takes one change of the storage in six hours and none while it optimises \
         it: apply again later",
    )
}

struct Has {
    size: bool,
    kind: bool,
    iops: bool,
    throughput: bool,
}

/// The size to ask for, if it grows: RDS adds a tenth at least, and rounds up or refuses what is less.
fn grown(view: &View, after: &Inputs) -> Option<u32> {
    let wanted = after.allocated_storage?;
    let size = |inputs: &Inputs| inputs.allocated_storage.unwrap_or_default();
    let running = view.running.as_ref().map_or(u32::MAX, size).min(size(&view.there));
    (running < wanted).then(|| wanted.max(least(running)))
}

/// A tenth more, rounded up.
fn least(size: u32) -> u32 {
    size.saturating_add(size.div_ceil(10))
}
