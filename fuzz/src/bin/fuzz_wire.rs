//! The fuzzer: libFuzzer with our checks. `cargo xtask fuzz` builds it so that it sees what is covered.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_target!(|input: &[u8]| event_fuzz::check::check(input));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    // Half of them stay JSON.
    let changed = (seed & 1 == 0)
        .then(|| event_fuzz::mutate::mutate(&data[..size], seed.into()))
        .flatten();
    match changed.filter(|changed| changed.len() <= max_size) {
        Some(changed) => {
            data[..changed.len()].copy_from_slice(&changed);
            changed.len()
        }
        None => fuzzer_mutate(data, size, max_size),
    }
});
