use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};

tokio::task_local! {
    static DOUBT: AtomicBool;
}

/// Makes calls, and says whether an attempt of one of them may have arrived although nobody knows: the SDK repeats such an
/// attempt, and tells of the last one only.
pub async fn doubting<T>(calls: impl Future<Output = T>) -> (T, bool) {
    let calls = async {
        let out = calls.await;
        (out, DOUBT.with(|doubt| doubt.load(Ordering::Relaxed)))
    };
    DOUBT.scope(AtomicBool::new(false), calls).await
}

/// An attempt was not answered, or its answer says nothing of whether AWS acted. Where nobody asks, nothing comes of it.
pub fn doubt() {
    let _ = DOUBT.try_with(|doubt| doubt.store(true, Ordering::Relaxed));
}

/// Whether an answer with this status says nothing of whether AWS acted.
pub fn is_doubtful(status: Option<u16>) -> bool {
    matches!(status, None | Some(200..=299 | 408 | 500 | 502 | 504))
}
