//! The ephemeral resource: a visit, which lasts as long as Terraform runs.

use async_trait::async_trait;
use tfplugin::provider::{Call, Ephemeral, Opened, Outcome};
use tfplugin::schema::{Attribute, Schema};
use tfplugin::value::{Type, Value};

use crate::{Configured, broken, configured};

/// A visit. While it lasts, its guest's name is on a file in the shelter.
pub(crate) struct Visit(pub(crate) Configured);

#[async_trait]
impl Ephemeral for Visit {
    fn schema(&self) -> Schema {
        Schema::new("A visit.")
            .with("guest", Attribute::required(Type::String).about("Who comes."))
            .with("badge", Attribute::computed(Type::String).sensitive().about("What opens the door."))
    }

    async fn open(&self, _call: &mut Call, config: Value) -> Outcome<Opened> {
        let guest = config.attribute("guest").and_then(Value::as_str).unwrap_or_default();
        let name = format!("visit-{}-{guest}", std::process::id());
        std::fs::write(configured(&self.0)?.file(&name), guest).map_err(|error| broken(&error))?;
        let badge = Value::string(format!("badge of {guest}"));
        let result = Value::object([("guest", Value::string(guest)), ("badge", badge)]);
        Ok(Opened { result, private: name.into_bytes(), renew_at: None })
    }

    async fn close(&self, _call: &mut Call, private: Vec<u8>) -> Outcome<()> {
        let name = String::from_utf8_lossy(&private).into_owned();
        std::fs::remove_file(configured(&self.0)?.file(&name)).map_err(|error| broken(&error))
    }
}
