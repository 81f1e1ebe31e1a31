use super::fact::fact;
use crate::schema::as_unknown;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// AWS's own month.
const HOURS: f64 = 730.0;

/// What one resource costs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// US dollars a month that are due whether it is used or not.
    pub monthly: f64,
    pub parts: Vec<Part>,
    pub by_use: Vec<ByUse>,
    /// What costs something and is not in these figures: why.
    pub not_counted: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    pub what: String,
    pub quantity: f64,
    /// US dollars.
    pub price: f64,
    pub per: String,
    pub monthly: f64,
    /// Where the price can be read.
    pub source: String,
}

/// Charged for what is used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ByUse {
    pub what: String,
    /// US dollars.
    pub price: f64,
    pub per: String,
    pub source: String,
}

impl Cost {
    /// Of a resource with these inputs in that region.
    pub fn of(kind: &str, inputs: &Json, region: &str) -> Self {
        let mut cost = Self::default();
        let text = |name: &str| inputs[name].as_str().unwrap_or_default();
        match kind {
            "db_instance" => cost.database(inputs, region),
            "vpc_endpoint" => cost.endpoint(inputs, region),
            "secret" => {
                cost.fixed("secret", "any", region, 1.0);
                cost.used("secret_call", "any", region);
            }
            "alarm" => cost.fixed("alarm", "any", region, 1.0),
            "log_group" => {
                cost.used("log_ingestion", "any", region);
                cost.used("log_storage", "any", region);
            }
            "bucket" => {
                cost.used("bucket_storage", "any", region);
                cost.used("bucket_write", "any", region);
            }
            "lambda_function" => {
                cost.used("function_call", "any", region);
                let architecture = if text("architecture") == "arm64" { "arm64" } else { "x86_64" };
                cost.used("function_time", architecture, region);
            }
            "queue" => {
                let sort = if inputs["fifo"] == true { "fifo" } else { "standard" };
                cost.used("queue_request", sort, region);
            }
            "athena_workgroup" => cost.not_counted.push("what queries read".to_owned()),
            "glue_database" | "glue_table" => {
                cost.not_counted.push("the catalog, beyond its first million of objects".to_owned())
            }
            "schedule" => cost.not_counted.push("calls, beyond the first 14 million a month".to_owned()),
            _ => {}
        }
        cost
    }

    fn database(&mut self, inputs: &Json, region: &str) {
        let zones = if inputs["multi_az"] == true { 2.0 } else { 1.0 };
        let class = inputs["instance_class"].as_str().unwrap_or_default();
        let engine = inputs["engine"].as_str().unwrap_or("postgres");
        if engine == "postgres" {
            self.fixed("db_instance", class, region, zones * HOURS);
        } else {
            self.not_counted.push(format!("database instance: no price is known for {engine}"));
        }
        let storage = inputs["storage_type"].as_str().unwrap_or("gp3");
        // RDS makes no smaller ones.
        let size = inputs["allocated_storage"].as_f64().unwrap_or(20.0);
        self.fixed("db_storage", storage, region, zones * size);
        if inputs["iops"].is_number() || inputs["storage_throughput"].is_number() {
            self.not_counted.push("operations and throughput of the storage, beyond what gp3 has".to_owned());
        }
        if inputs["monitoring_interval"].as_u64().is_some_and(|every| every > 0) {
            self.not_counted.push("figures of the operating system, as entries of a log".to_owned());
        }
        self.not_counted.push("backups, beyond the size of the database".to_owned());
    }

    fn endpoint(&mut self, inputs: &Json, region: &str) {
        let zones = match &inputs["subnet_ids"] {
            Json::Array(subnets) => u32::try_from(subnets.len()).unwrap_or(u32::MAX),
            unknown if as_unknown(unknown).is_some() => {
                self.not_counted.push("zones that are not known yet: one is counted".to_owned());
                1
            }
            _ => 0,
        };
        // Those of S3 and DynamoDB cost nothing.
        if zones > 0 {
            self.fixed("interface_endpoint", "any", region, f64::from(zones) * HOURS);
            self.used("endpoint_data", "any", region);
        }
    }

    /// Due every month, so many times.
    fn fixed(&mut self, name: &str, sort: &str, region: &str, quantity: f64) {
        let Some(fact) = fact(name) else { return };
        let Some(price) = fact.price(region, sort) else { return self.unknown(&fact.what, sort, region) };
        let monthly = price * quantity;
        self.monthly += monthly;
        self.parts.push(Part {
            what: fact.what.clone(),
            quantity,
            price,
            per: fact.per.clone(),
            monthly,
            source: fact.source.clone(),
        });
    }

    fn used(&mut self, name: &str, sort: &str, region: &str) {
        let Some(fact) = fact(name) else { return };
        match fact.price(region, sort) {
            Some(price) => self.by_use.push(ByUse {
                what: fact.what.clone(),
                price,
                per: fact.per.clone(),
                source: fact.source.clone(),
            }),
            None => self.unknown(&fact.what, sort, region),
        }
    }

    fn unknown(&mut self, what: &str, sort: &str, region: &str) {
        let sort = if sort == "any" { String::new() } else { format!(" {sort}") };
        self.not_counted.push(format!("{what}{sort}: no price is known for {region}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::registry;
    use proptest::prelude::*;
    use serde_json::json;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 0.005
    }

    #[test]
    fn what_is_due_is_summed_and_what_is_used_is_not() {
        let database =
            json!({"instance_class": "db.t4g.medium", "allocated_storage": 50, "storage_type": "gp3"});
        let cost = Cost::of("db_instance", &database, "eu-west-1");
        assert!(near(cost.monthly, 730.0 * 0.069 + 50.0 * 0.127), "{cost:?}");
        let endpoint = json!({"subnet_ids": ["a", "b"]});
        assert!(near(Cost::of("vpc_endpoint", &endpoint, "eu-west-1").monthly, 16.06));
        assert!(near(Cost::of("vpc_endpoint", &json!({"subnet_ids": []}), "eu-west-1").monthly, 0.0));
        let bucket = Cost::of("bucket", &json!({}), "eu-west-1");
        assert!(near(bucket.monthly, 0.0) && bucket.by_use.len() == 2, "{bucket:?}");
    }

    #[test]
    fn what_has_no_price_is_said() {
        let elsewhere = Cost::of("secret", &json!({}), "mars-north-1");
        assert!(near(elsewhere.monthly, 0.0) && elsewhere.parts.is_empty());
        assert_eq!(elsewhere.not_counted.len(), 2, "{elsewhere:?}");
        let class = json!({"instance_class": "db.x9.mega", "storage_type": "gp3"});
        assert!(Cost::of("db_instance", &class, "eu-west-1").not_counted[0].contains("db.x9.mega"));
    }

    proptest! {
        /// Whatever is unknown or missing, the sum is that of its parts.
        #[test]
        fn the_sum_is_that_of_its_parts(at in 0usize..30, size in proptest::option::of(0u32..10_000), zones in 0usize..5, twice: bool) {
            let kinds = registry();
            let subnets: Vec<String> = (0..zones).map(|zone| format!("s-{zone}")).collect();
            let inputs = json!({"allocated_storage": size, "subnet_ids": subnets, "multi_az": twice,
                "instance_class": "db.t4g.small", "storage_type": "gp3"});
            let cost = Cost::of(kinds[at % kinds.len()].name(), &inputs, "eu-west-1");
            prop_assert!(near(cost.monthly, cost.parts.iter().map(|part| part.monthly).sum()));
            prop_assert!(cost.parts.iter().all(|part| near(part.monthly, part.price * part.quantity)));
        }
    }
}
