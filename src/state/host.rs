use super::clock::{Clock, SystemClock};
use super::kernel::{Kernel, ThisKernel};
use std::sync::Arc;

/// The machine that a lease is held on, or a played one.
#[derive(Debug, Clone)]
pub struct Host {
    pub clock: Arc<dyn Clock>,
    pub kernel: Arc<dyn Kernel>,
}

impl Default for Host {
    fn default() -> Self {
        Self { clock: Arc::new(SystemClock), kernel: Arc::new(ThisKernel) }
    }
}
