//! Makes the identities of events.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use uuid::{ContextV7, Timestamp, Uuid};

use crate::meta::Meta;
use crate::meta::clock::Clock;
use crate::meta::parent::ParentEvent;
use crate::panics;

/// Makes the [`Meta`] of a dispatcher's emissions.
pub(crate) struct MetaSource {
    clock: Arc<dyn Clock>,
    /// Keeps ids of one millisecond in order.
    context: Mutex<ContextV7>,
}

impl MetaSource {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            context: Mutex::new(ContextV7::new()),
        }
    }

    /// Takes the clock, so that the caller drops it.
    pub(crate) fn take_clock(&mut self) -> Arc<dyn Clock> {
        std::mem::replace(&mut self.clock, Arc::new(SystemTime::now))
    }

    /// Makes the identity of an event at `depth`, caused by `parent`: that of `own`, which the caused
    /// events know, or a new one.
    pub(crate) fn new_meta(
        &self,
        depth: u32,
        parent: Option<&ParentEvent>,
        own: Option<&ParentEvent>,
    ) -> Meta {
        // The parent's id is made first, so that ids grow from cause to effect.
        let parent = parent.map(|parent| parent.identity(self));
        let (id, time) = own.map_or_else(|| self.make(), |own| own.made(self));
        Meta {
            id,
            time,
            correlation: parent.map_or(id, |parent| parent.correlation),
            causation: parent.map(|parent| parent.id),
            depth,
            attempt: 1,
            traceparent: parent.and_then(|parent| parent.traceparent),
            #[cfg(feature = "serde")]
            route: None,
        }
    }

    /// Makes a new id, and returns it with its time. The clock is the user's code: if it panics, the
    /// system's clock is used.
    pub(crate) fn make(&self) -> (Uuid, SystemTime) {
        let time = panics::catch(|| self.clock.now()).unwrap_or_else(|_| SystemTime::now());
        let since = time
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        let timestamp = {
            let context = self.context.lock().unwrap_or_else(PoisonError::into_inner);
            Timestamp::from_unix(&*context, since.as_secs(), since.subsec_nanos())
        };
        (Uuid::new_v7(timestamp), time)
    }
}
