use super::events;
use super::request::Request;
use super::view::View;
use crate::cloud::Cloud;
use crate::error::Result;
use crate::resource::Id;
use crate::resource::db_instance::Inputs;

/// Whether another class was asked for. RDS may accept it and give it up.
pub(super) async fn change(cloud: &Cloud, id: &Id, view: &View, after: &Inputs) -> Result<bool> {
    if view.has(&after.instance_class, |there| there.instance_class.clone()) {
        return Ok(false);
    }
    events::since_asked(cloud, id, &after.instance_class).await?;
    let mut request = Request::new(cloud, id, after);
    request.put(|call| call.db_instance_class(&after.instance_class));
    request.send().await
}
