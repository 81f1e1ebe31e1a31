use crate::cloud::Cloud;
use crate::error::{Error, Result};
use crate::resource::{Id, Kind, Observed};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// Reads for many waiters: while one read of a kind is under way, the wishes of the others gather for the next.
pub struct Reader<'a> {
    cloud: &'a Cloud,
    queues: Mutex<HashMap<&'static str, Arc<Queue>>>,
}

/// What a waiter gets; an error of the shared read as text, since errors cannot be shared.
type Answer = Result<Option<Observed>, String>;

#[derive(Default)]
struct Queue {
    waiting: Mutex<Vec<(Id, oneshot::Sender<Answer>)>>,
    turn: tokio::sync::Mutex<()>,
}

impl<'a> Reader<'a> {
    pub fn new(cloud: &'a Cloud) -> Self {
        Self { cloud, queues: Mutex::default() }
    }

    /// The object as it is now; `None` if it does not exist.
    pub async fn read(&self, kind: &'static dyn Kind, id: &Id) -> Result<Option<Observed>> {
        let queue = {
            let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
            queues.entry(kind.name()).or_default().clone()
        };
        let (answer, mut mine) = oneshot::channel();
        queue.waiting.lock().unwrap_or_else(PoisonError::into_inner).push((id.clone(), answer));
        let _turn = queue.turn.lock().await;
        if let Ok(answered) = mine.try_recv() {
            return answered.map_err(Error::Refused);
        }
        // Waiters that woke at the same moment get the chance to join.
        tokio::task::yield_now().await;
        let batch = std::mem::take(&mut *queue.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let mut ids: Vec<Id> = batch.iter().map(|(id, _)| id.clone()).collect();
        ids.sort();
        ids.dedup();
        match kind.read(self.cloud, &ids).await {
            Ok(found) => {
                for (wanted, answer) in batch {
                    // A waiter that was cancelled has dropped its end.
                    let _ = answer.send(Ok(found.get(&wanted).cloned()));
                }
                Ok(found.get(id).cloned())
            }
            Err(error) => {
                for (wanted, answer) in batch.into_iter().filter(|(wanted, _)| wanted != id) {
                    let _ = answer.send(Err(format!("reading {wanted}: {error}")));
                }
                Err(error)
            }
        }
    }
}
