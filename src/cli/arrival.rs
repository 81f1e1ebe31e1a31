use super::failure::{Failure, Outcome};
use super::session::Session;
use crate::state::{Arriving, Document, StateError};

/// Reading a state that may just be on its way here.
impl Session {
    /// The state, unlocked; none if there is none.
    pub async fn peek(&self) -> Outcome<Option<Document>> {
        let store = self.store().await?;
        let reading = super::report::during(&format!("reading {}", store.name()));
        let document = store.peek().await?;
        drop(reading);
        if let Some(document) = &document {
            self.arrived(document).await?;
        }
        Ok(document)
    }

    /// That a state which is being moved here has arrived: its old place says so. Until then that one is the state.
    ///
    /// # Errors
    /// It has not, or the old place cannot be asked.
    pub async fn arrived(&self, document: &Document) -> Outcome<()> {
        let Some(Arriving { from, stack }) = &document.arriving else { return Ok(()) };
        let here = self.place_name();
        let former = if *stack == self.stack.name { String::new() } else { format!(" --from-stack {stack}") };
        let old = self.store_of(stack, from, None).await?;
        match old.peek().await {
            Err(StateError::Moved { to, .. }) => self.moved_here(&old.name(), &to).await,
            Ok(Some(_)) => Err(Failure::user(
                format!(
                    "moving the state from {} to {here} was cut off, and the first of them is still the state",
                    old.name()
                ),
                format!("`stackctl state migrate --from {from}{former}` finishes it."),
            )),
            Ok(None) => Err(Failure::user(
                format!(
                    "the state was being moved to {here} from {from}, and there is none at {} now",
                    old.name()
                ),
                format!(
                    "Call `stackctl state migrate --from {from}{former}` where that place is; if it is gone, the same here takes the \
                     copy."
                ),
            )),
            Err(error) => Err(error.into()),
        }
    }
    /// The old place may have been moved to yet another one since: what lies here is the copy of a move that was cut off.
    async fn moved_here(&self, old: &str, to: &str) -> Outcome<()> {
        let here = self.place_name();
        // The marker says also under which name, where that is another one.
        let place = to.split(" (").next().unwrap_or(to);
        if self.store_in(place).await?.name() == here {
            return Ok(());
        }
        Err(Failure::user(
            format!(
                "{here} is a copy of a move that was cut off, and the state was moved from {old} to {to} since"
            ),
            format!(
                "Set `state = \"{place}\"` in [stack]. `stackctl state migrate` replaces the copy where it shall be here."
            ),
        ))
    }
}
