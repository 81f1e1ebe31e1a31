use crate::cloud::Call;
use sha2::{Digest, Sha256};

/// Chance that is the same for the same seed, call and count, whatever else happens at the same time.
#[derive(Debug)]
pub(super) struct Dice {
    bytes: [u8; 32],
    at: usize,
}

impl Dice {
    pub(super) fn new(seed: u64, call: &Call, count: u64) -> Self {
        let hash = Sha256::new()
            .chain_update(seed.to_be_bytes())
            .chain_update(&call.service)
            .chain_update([0])
            .chain_update(&call.operation)
            .chain_update(count.to_be_bytes());
        Self { bytes: hash.finalize().into(), at: 0 }
    }

    /// 0 to `below` - 1. Good for 16 rolls of up to some thousands.
    pub(super) fn roll(&mut self, below: u32) -> u32 {
        let pair = [self.bytes[self.at % 32], self.bytes[(self.at + 1) % 32]];
        self.at += 2;
        u32::from(u16::from_be_bytes(pair)) * below / 65_536
    }
}
