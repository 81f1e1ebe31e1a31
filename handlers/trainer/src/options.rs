//! What the user decides about a training, by arguments or by environment variables.

use serde::Serialize;

use crate::month::Month;
use crate::registry::CODE_VERSION;
use crate::run::Settings;
use crate::split::Bounds;
use crate::store::hash;

/// See `trainer help train`.
#[derive(Clone, Debug, clap::Args, Serialize)]
pub struct Options {
    /// First month of validation.
    #[arg(long, value_name = "MONTH", env = "TRAINER_VALIDATE_FROM")]
    validate_from: Option<Month>,

    /// First month of the test.
    #[arg(long, value_name = "MONTH", env = "TRAINER_TEST_FROM")]
    test_from: Option<Month>,

    /// First month after the test.
    #[arg(long, value_name = "MONTH", env = "TRAINER_TEST_UNTIL")]
    test_until: Option<Month>,

    /// Leave out what the lender made of the loan: grade, sub-grade, interest rate, instalment.
    #[arg(long, env = "TRAINER_WITHOUT_PRICING")]
    without_pricing: bool,

    /// Register the model without making it the champion, however good it is.
    #[arg(long, env = "TRAINER_NO_PROMOTE")]
    pub no_promote: bool,

    /// Start of all random numbers.
    #[arg(long, default_value_t = 1, env = "TRAINER_SEED")]
    pub seed: u64,

    /// How often the test is resampled for the intervals.
    #[arg(long, default_value_t = 500, env = "TRAINER_RESAMPLES")]
    pub resamples: usize,
}

impl Options {
    /// For a training.
    pub fn settings(&self) -> Settings {
        Settings {
            bounds: Bounds {
                validate_from: self.validate_from,
                test_from: self.test_from,
                test_until: self.test_until,
            },
            pricing: !self.without_pricing,
            seed: self.seed,
            resamples: self.resamples,
        }
    }

    /// A name for all of it, and for the code that heeds it: the same data trained on under the same name gives the same.
    pub fn fingerprint(&self) -> String {
        let options = serde_json::to_string(self).unwrap_or_default();
        hash(format!("{CODE_VERSION} {options}").as_bytes())
    }
}
