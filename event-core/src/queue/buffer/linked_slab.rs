//! Values in order of insertion, each of which is found and removed by a key.

use slab::Slab;

/// A list in which the place of each value is known by its key. Each operation takes constant time.
#[derive(Debug)]
pub(crate) struct LinkedSlab<T> {
    nodes: Slab<Node<T>>,
    ends: Option<Ends>,
}

#[derive(Clone, Copy, Debug)]
struct Ends {
    first: usize,
    last: usize,
}

#[derive(Debug)]
struct Node<T> {
    value: T,
    before: Option<usize>,
    after: Option<usize>,
}

impl<T> LinkedSlab<T> {
    pub(crate) fn new() -> Self {
        Self {
            nodes: Slab::new(),
            ends: None,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Returns the key of the first value.
    pub(crate) fn first(&self) -> Option<usize> {
        self.ends.map(|ends| ends.first)
    }

    pub(crate) fn get(&self, key: usize) -> Option<&T> {
        self.nodes.get(key).map(|node| &node.value)
    }

    pub(crate) fn get_mut(&mut self, key: usize) -> Option<&mut T> {
        self.nodes.get_mut(key).map(|node| &mut node.value)
    }

    /// Adds a value behind all others. Returns its key, which is used again once the value is removed.
    pub(crate) fn push(&mut self, value: T) -> usize {
        let before = self.ends.map(|ends| ends.last);
        let key = self.nodes.insert(Node {
            value,
            before,
            after: None,
        });
        if let Some(before) = before {
            self.nodes[before].after = Some(key);
        }
        let first = self.first().unwrap_or(key);
        self.ends = Some(Ends { first, last: key });
        key
    }

    pub(crate) fn remove(&mut self, key: usize) -> Option<T> {
        let Node {
            value,
            before,
            after,
        } = self.nodes.try_remove(key)?;
        if let Some(before) = before {
            self.nodes[before].after = after;
        }
        if let Some(after) = after {
            self.nodes[after].before = before;
        }
        let Ends { first, last } = self.ends?;
        let first = if first == key { after } else { Some(first) };
        let last = if last == key { before } else { Some(last) };
        self.ends = first.zip(last).map(|(first, last)| Ends { first, last });
        Some(value)
    }

    /// Returns all values, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.nodes.iter().map(|(_, node)| &node.value)
    }

    /// Takes all values, in no order.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = T> {
        self.ends = None;
        self.nodes.drain().map(|node| node.value)
    }
}
