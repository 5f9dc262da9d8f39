//! The place where a program is run, as an executor sees it.

use std::future::Future;

use tokio::sync::watch;

use crate::job::{Language, RuntimeVersion};
use crate::runner::{Call, Interrupt, Interrupted, Item, ItemRun, UntilAnswered, run_items};
use crate::zygote::Slot;

/// Runs items. [`Slot`] is the one that isolates; a test that is about claims and settlements brings its own.
pub trait Execute: Send + 'static {
    /// Runs a program over items in their order, handing out each result as soon as it is known. See [`run_items`].
    fn run(
        &mut self,
        call: &Call<'_>,
        items: &[Item],
        interrupt: &watch::Receiver<Interrupt>,
        done: &mut (dyn FnMut(ItemRun) + Send),
        held: UntilAnswered,
    ) -> impl Future<Output = Result<(), Interrupted>> + Send;

    /// Makes ready for a run like the last one. Until it is called, no processor time goes into the next run.
    fn get_ready(&mut self);

    /// What runs programs of this language here, if anything does.
    fn runtime(&self, language: Language) -> Option<RuntimeVersion>;
}

impl Execute for Slot {
    async fn run(
        &mut self,
        call: &Call<'_>,
        items: &[Item],
        interrupt: &watch::Receiver<Interrupt>,
        done: &mut (dyn FnMut(ItemRun) + Send),
        held: UntilAnswered,
    ) -> Result<(), Interrupted> {
        run_items(self, call, items, interrupt, done, held).await
    }

    fn get_ready(&mut self) {
        self.fork_ahead();
    }

    fn runtime(&self, language: Language) -> Option<RuntimeVersion> {
        self.host().runtime(language).ok().map(|runtime| runtime.version_document())
    }
}
