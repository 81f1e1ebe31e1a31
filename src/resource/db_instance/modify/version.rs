use super::request::Request;
use super::view::View;
use super::{class, events};
use crate::cloud::{Cloud, Remedy};
use crate::error::Result;
use crate::resource::Id;
use crate::resource::db_instance::Inputs;
use crate::schema::rise;
use serde_json::json;

/// How RDS says that a version does not run on a class.
const UNFIT: &[&str] = &["InvalidParameterCombination", "InvalidParameterValue"];

/// Whether a newer version was asked for. Never an older one, since RDS knows no way back: where it has raised the minor
/// version by itself, what is pinned is reached.
///
/// The class goes in another request, since RDS asks that the version that runs knows it. Where the old class is unknown to
/// the new version it goes first.
pub(super) async fn change(cloud: &Cloud, id: &Id, view: &View, after: &Inputs) -> Result<bool> {
    let Some(wanted) = due(view, after) else { return Ok(false) };
    events::since_asked(cloud, id, wanted).await?;
    let mut request = Request::new(cloud, id, after);
    let leap = is_leap(view, after);
    request.put(|call| call.engine_version(wanted).set_allow_major_version_upgrade(leap.then_some(true)));
    if leap {
        // That of the old version fits no other.
        let has = view.has_any(&after.parameter_group, |there| there.parameter_group.clone());
        request.unless(has, &after.parameter_group, |call, name| call.db_parameter_group_name(name));
    }
    match request.send().await {
        Err(error) if error.is(UNFIT) => {
            if class::change(cloud, id, view, after).await.unwrap_or(false) {
                return Ok(true);
            }
            Err(error).remedy(
                UNFIT,
                "for another major version write a `parameter_group` of that version too, or none, and one version at a time \
                 that `aws rds describe-db-engine-versions` lists under ValidUpgradeTarget",
            )
        }
        other => other,
    }
}

/// The version to ask for.
fn due<'a>(view: &View, after: &'a Inputs) -> Option<&'a String> {
    let wanted = after.engine_version.as_ref()?;
    let lacks = |there: &Inputs| !rise::is_reached(&json!(there.engine_version), &json!(wanted));
    (lacks(&view.there) || view.running.as_ref().is_some_and(lacks)).then_some(wanted)
}

/// Whether another major version is to come with this change.
pub(super) fn is_leap(view: &View, after: &Inputs) -> bool {
    let major = |version: &String| version.split('.').next().map(str::to_owned);
    let there = view.running.as_ref().unwrap_or(&view.there).engine_version.as_ref().and_then(major);
    due(view, after).is_some_and(|wanted| there.is_none_or(|there| Some(there) != major(wanted)))
}
