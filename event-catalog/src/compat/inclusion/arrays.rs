//! Arrays.

use serde_json::Value;

use crate::compat::inclusion::{Comparison, Finding, Kind};
use crate::compat::shape::{ArrayShape, Shape};

impl Comparison<'_> {
    pub(super) fn arrays(&mut self, writer: &ArrayShape, reader: &ArrayShape) -> Vec<Finding> {
        let mut findings = Vec::new();
        let is_longer = match (writer.max, reader.max) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(one), Some(other)) => one > other,
        };
        if writer.min < reader.min {
            let whole = Shape::Array(Box::new(writer.clone()));
            findings.push(Finding::new(Kind::Items, self.writer.sample(&whole)));
        } else if is_longer {
            let witness = reader
                .max
                .and_then(|max| self.items(writer, max.checked_add(1)?));
            findings.push(Finding::new(Kind::Items, witness));
        } else if reader.is_unique && !writer.is_unique && writer.max.is_none_or(|max| max > 1) {
            let witness = self.items(writer, writer.min.max(2));
            findings.push(Finding::new(Kind::Items, witness));
        }
        let known = writer.prefix.len().max(reader.prefix.len());
        for at in 0..=known {
            let count = at as u64 + 1;
            if writer.max.is_some_and(|max| count > max) {
                break;
            }
            let step = if at < known {
                at.to_string()
            } else {
                "*".to_owned()
            };
            for finding in self.compare(writer.item(at), reader.item(at)) {
                let items = self.items(writer, writer.min.max(count));
                findings.push(finding.within(&step, |witness| {
                    let mut items = items?;
                    *items.get_mut(at)? = witness;
                    Some(items)
                }));
            }
        }
        findings
    }

    /// Makes an array of so many items.
    fn items(&self, array: &ArrayShape, count: u64) -> Option<Value> {
        let count = usize::try_from(count)
            .ok()
            .filter(|count| *count <= 1_000)?;
        let items: Option<Vec<_>> = (0..count)
            .map(|at| self.writer.sample(array.item(at)))
            .collect();
        Some(Value::Array(items?))
    }
}
