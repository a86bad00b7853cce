//! A property test over random types.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::env;

use event_catalog::compat::{self, Contract, Direction, Rule};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use crate::random_types::{Side, Type, changed};

/// How many pairs of types are compared. `COMPAT_CASES` sets another number: `cargo xtask test` compares 100,000, with
/// optimizations.
const CASES: u32 = 2_000;

/// How many values are written of each type.
const VALUES: usize = 6;

/// What was said of all pairs.
#[derive(Default)]
struct Verdicts {
    compatible: u32,
    breaks: BTreeMap<Rule, u32>,
    unproven: u32,
}

/// "Compatible" means that the reader takes all values of the writer. Each witness is written by one side, and
/// refused by the other.
#[test]
fn what_is_compatible_is_read_and_each_witness_is_refused() {
    let cases = env::var("COMPAT_CASES").map_or(CASES, |cases| cases.parse().expect("a number"));
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    let verdicts = RefCell::new(Verdicts::default());
    let case = (changed(), any::<u64>());
    let result = runner.run(&case, |((old, new), seed)| {
        check(&old, &new, seed, &mut verdicts.borrow_mut());
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    let verdicts = verdicts.into_inner();
    println!(
        "{} directions compatible, {} breaks without a witness; {:?}",
        verdicts.compatible, verdicts.unproven, verdicts.breaks
    );
    // The test would prove nothing if everything were called undecided.
    let proven: u32 = verdicts.breaks.values().sum();
    assert!(verdicts.unproven * 10 < proven + verdicts.compatible);
    assert!(verdicts.compatible > cases / 4);
}

fn check(old: &Type, new: &Type, seed: u64, verdicts: &mut Verdicts) {
    let schemas = [old, new].map(|side| (side.schema(Side::Writer), side.schema(Side::Reader)));
    let [(old_writer, old_reader), (new_writer, new_reader)] = &schemas;
    let breaks = compat::compare(
        Contract {
            writer: old_writer,
            reader: old_reader,
        },
        Contract {
            writer: new_writer,
            reader: new_reader,
        },
    );
    for (direction, writer, reader) in [
        (Direction::Backward, old, new_reader),
        (Direction::Forward, new, old_reader),
    ] {
        let reads = validator(reader);
        let found: Vec<_> = breaks
            .iter()
            .filter(|found| found.direction() == direction)
            .collect();
        if found.is_empty() {
            verdicts.compatible += 1;
            let mut random = numbers(seed);
            for _ in 0..VALUES {
                let value = writer.value(&mut random);
                assert!(
                    reads.is_valid(&value),
                    "{direction:?}: {reader} refuses {value}"
                );
            }
        }
        for found in found {
            let Some(witness) = found.witness() else {
                verdicts.unproven += 1;
                continue;
            };
            *verdicts.breaks.entry(found.rule()).or_default() += 1;
            let writes = validator(&writer.schema(Side::ClosedWriter));
            assert!(
                writes.is_valid(witness),
                "nobody writes the witness: {found}"
            );
            assert!(!reads.is_valid(witness), "the witness is read: {found}");
        }
    }
}

fn validator(schema: &Value) -> jsonschema::Validator {
    jsonschema::validator_for(schema).expect("a schema")
}

/// Random numbers below a bound, the same for each seed.
fn numbers(mut state: u64) -> impl FnMut(usize) -> usize {
    move |bound| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("small") % bound
    }
}
