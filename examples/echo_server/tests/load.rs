//! Many connections at once, of which every byte is compared.

mod serving;

use echo_server::{Counts, Load};
use serving::{LIMIT, Serving, errand};

#[test]
fn a_thousand_connections_at_once_get_a_hundred_megabytes_back_without_loss() {
    let serving = Serving::start();
    let mut load = Load::connect(serving.address, 1000).expect("they connect");
    load.run(errand(100_000, 30_000))
        .unwrap_or_else(|error| panic!("{error}"));
    load.finish(LIMIT).unwrap_or_else(|error| panic!("{error}"));

    let counts = serving.stop();
    let expected = Counts {
        accepted: 1000,
        most_open: 1000,
        finished: 1000,
        echoed: 100_000_000,
        blocked: counts.blocked, // as the system likes
        ..Counts::default()
    };
    assert_eq!(counts, expected);
}

#[test]
fn messages_of_any_size_come_back() {
    let serving = Serving::start();
    let mut load = Load::connect(serving.address, 10).expect("they connect");
    // One that fills the server's buffer exactly, and one that is larger than what the system's hold.
    for message in [1, 1000, echo_server::BUFFER, 20_000_000] {
        let each = 2 * message as u64;
        load.run(errand(each, message))
            .unwrap_or_else(|error| panic!("{message}: {error}"));
    }
    load.finish(LIMIT).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(serving.stop().lost, 0);
}
