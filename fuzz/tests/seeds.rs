//! What the fuzzer checks holds for its seeds, and for a few thousand inputs made of them. One test: the
//! limit of memory is the process's.

use event_fuzz::check::check;
use event_fuzz::mutate::mutate;
use event_fuzz::seeds;

#[test]
fn seeds_and_what_they_are_changed_into_are_answered_as_promised() {
    for (name, seed) in seeds::all() {
        println!("{name}");
        check(&seed);
        for end in (0..seed.len()).step_by(1 + seed.len() / 100) {
            println!("{name}, the first {end} bytes");
            check(&seed[..end]);
        }
        for number in 0..40 {
            let mut input = seed.clone();
            for step in 0..3 {
                let Some(changed) = mutate(&input, number * 3 + step) else {
                    break;
                };
                input = changed;
                println!("{name}, changed: {}", String::from_utf8_lossy(&input));
                check(&input);
            }
        }
    }
}
