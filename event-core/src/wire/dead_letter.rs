//! A failed event as an envelope.

use crate::event::json::write::WriteFailure;
use crate::report::failure::Failure;
use crate::report::snapshot::EventData;
use crate::wire::codec::Codec;
use crate::wire::error::EncodeError;

impl Failure {
    /// Returns the event as an envelope that can be stored and sent again: a dead letter.
    ///
    /// The event was serialized when the failure was made, with its own identity: if it is
    /// [delivered](crate::Dispatcher::emit) again, it is the same event. Nothing in it is masked, not
    /// even redacted fields, as in every envelope of a [`Codec`]: the reader needs the values.
    ///
    /// # Examples
    ///
    /// ```standalone_crate
    /// use std::sync::{Arc, Mutex};
    ///
    /// use event_core::queue::LocalQueue;
    /// use event_core::wire::Codec;
    /// use event_core::{Dispatcher, Event, handler};
    /// use serde::{Deserialize, Serialize};
    ///
    /// static MAIL: LocalQueue<()> = LocalQueue::new("mail");
    ///
    /// #[derive(Event, Serialize, Deserialize)]
    /// #[event(name = "shop.order_placed", wire)]
    /// struct OrderPlaced { order_id: u64 }
    ///
    /// #[handler(queue = MAIL)]
    /// fn send_receipt(event: &OrderPlaced) -> Result<(), String> {
    ///     Err(format!("no paper for order {}", event.order_id))
    /// }
    ///
    /// let codec = Codec::new("/shop")?;
    /// let dead_letters = Arc::new(Mutex::new(Vec::new()));
    /// let (letters, writes) = (dead_letters.clone(), codec.clone());
    /// let dispatcher = Dispatcher::builder()
    ///     .on_failure(move |failure| {
    ///         if let Ok(envelope) = failure.envelope(&writes) {
    ///             letters.lock().unwrap().push(envelope);
    ///         }
    ///     })
    ///     .build()?;
    /// dispatcher.emit(OrderPlaced { order_id: 7 });
    /// dispatcher.queue(&MAIL)?.pump(&mut ());
    ///
    /// let letter = dead_letters.lock().unwrap().pop().unwrap();
    /// let again = codec.decode(letter.as_bytes())?;
    /// assert_eq!(again.event().downcast_ref::<OrderPlaced>().unwrap().order_id, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The event is not `wire`, its `Serialize` failed or panicked, the envelope is larger than the
    /// codec's limit, or the failure knows only the type of its event.
    pub fn envelope(&self, codec: &Codec) -> Result<String, EncodeError> {
        let (info, event, version) = (self.event(), self.event_name(), self.event().version());
        let Some(snapshot) = &self.snapshot else {
            return Err(EncodeError::NotKept { event });
        };
        match &snapshot.data {
            EventData::NotWire => Err(EncodeError::NotWire { event }),
            EventData::Written(data) => codec.encode_written(info, data, snapshot.meta()),
            EventData::Failed(WriteFailure::Serialize(error)) => Err(EncodeError::Serialize {
                event,
                version,
                source: serde::ser::Error::custom(error),
            }),
            EventData::Failed(WriteFailure::Refused { why, path }) => {
                Err(EncodeError::refused(event, version, *why, path.clone()))
            }
            EventData::Panicked => Err(EncodeError::Panicked { event, version }),
        }
    }
}
