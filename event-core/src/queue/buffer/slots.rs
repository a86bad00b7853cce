//! The handlers of the deliveries of a buffer that are not in its line: those that run, and those that wait
//! for capacity.

/// A number for the handler of a delivery.
pub(crate) type Label = u32;

/// A place in [`Slots`].
pub(crate) type Slot = u32;

/// The labels of deliveries, each until it is named.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    labels: Vec<Option<Label>>,
    free: Vec<Slot>,
}

impl Slots {
    #[inline]
    pub(crate) fn open(&mut self, label: Label) -> Slot {
        if let Some(slot) = self.free.pop() {
            self.labels[slot as usize] = Some(label);
            return slot;
        }
        // There are no more slots than consumers, pumps and emitters that wait.
        let slot = Slot::try_from(self.labels.len()).unwrap_or(Slot::MAX);
        self.labels.push(Some(label));
        slot
    }

    /// Puts another label into a slot in use. Returns the label before, unless it was taken.
    #[inline]
    pub(crate) fn reopen(&mut self, slot: Slot, label: Label) -> Option<Label> {
        self.labels[slot as usize].replace(label)
    }

    /// Takes the label, unless it was taken before. The slot stays in use.
    pub(crate) fn take(&mut self, slot: Slot) -> Option<Label> {
        self.labels[slot as usize].take()
    }

    /// Takes the label, unless it was taken before, and frees the slot.
    #[inline]
    pub(crate) fn close(&mut self, slot: Slot) -> Option<Label> {
        self.free.push(slot);
        self.take(slot)
    }

    /// Returns the labels that were not taken.
    pub(crate) fn labels(&self) -> impl Iterator<Item = Label> {
        self.labels.iter().filter_map(|label| *label)
    }

    /// How many slots in use have no label any more.
    pub(crate) fn unlabelled(&self) -> usize {
        self.labels.len() - self.free.len() - self.labels().count()
    }

    /// Takes all labels. The slots stay in use.
    pub(crate) fn take_all(&mut self) -> impl Iterator<Item = Label> {
        self.labels.iter_mut().filter_map(Option::take)
    }
}
