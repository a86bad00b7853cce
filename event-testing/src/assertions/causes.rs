//! Assertions about what caused an event.

use std::iter;
use std::sync::Arc;

use event_core::{AnyEvent, Event};

use crate::event_list::EventList;
use crate::pattern::{AnyPattern, EventPattern};
use crate::recorder::Recorder;
use crate::recorder::log::Emission;
use crate::recorder::recorded::RecordedEvent;

impl Recorder {
    /// Returns the first event that matches `effect` and was caused by one that matches `cause`: the method behind
    /// [`assert_caused!`](crate::assert_caused).
    ///
    /// # Panics
    ///
    /// There is none.
    #[track_caller]
    pub fn expect_caused<C: Event, E: Event>(
        &self,
        cause: &EventPattern<'_, C>,
        effect: &EventPattern<'_, E>,
    ) -> RecordedEvent<E> {
        let emissions = self.emissions();
        let causing = |emission: &Emission| -> Option<&Emission> {
            emissions.get(emission.cause?.checked_sub(self.start())?)
        };
        let is_cause = |emission: &Emission| cause.matches_any(&*emission.event);
        let mut effects = emissions.iter().filter(|it| effect.matches_any(&*it.event));
        let is_caused = |it: &&Emission| causing(it).is_some_and(is_cause);
        let found = effects.clone().find(is_caused);
        let found = found.and_then(|it| RecordedEvent::of(Arc::clone(&it.event), &it.meta));
        if let Some(found) = found {
            return found;
        }
        let (cause_text, effect_text) = (cause.text(), effect.text());
        if effects.next().is_none() {
            let near = self.near(effect);
            panic!(
                "no emitted event matches `{effect_text}`, which `{cause_text}` should cause\n{near}"
            );
        }
        let note = |index: usize, event: &dyn AnyEvent| {
            if !effect.matches_any(event) {
                return cause.difference(event);
            }
            let by = causing(emissions.get(index)?);
            let further = iter::successors(by, |it| causing(it)).skip(1);
            Some(match by {
                None => "matches, and was not caused by an event that was recorded".to_owned(),
                Some(_) if further.clone().any(is_cause) => {
                    format!("descends from `{cause_text}` through the event that caused it")
                }
                Some(_) => format!("matches, and its cause does not match `{cause_text}`"),
            })
        };
        let list = EventList::new(self).noting(&note);
        panic!("`{cause_text}` caused no `{effect_text}`\n{list}");
    }
}
