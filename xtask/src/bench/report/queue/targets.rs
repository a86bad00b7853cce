//! The targets of `bench queue`.

use crate::bench::report::Target;

pub(super) const TARGETS: [Target; 19] = [
    (
        "ratio queue-ct.1.tokio-mpsc",
        1.15,
        "times tokio mpsc, 1 consumer, current-thread runtime",
    ),
    (
        "ratio queue.1.tokio-mpsc",
        1.25,
        "times tokio mpsc, 1 consumer, two workers",
    ),
    (
        "ratio queue-ct.2.async-channel",
        1.6,
        "times async-channel, 2 consumers, current-thread runtime",
    ),
    (
        "ratio queue.2.async-channel",
        1.8,
        "times async-channel, 2 consumers, two workers",
    ),
    (
        "ratio queue-threads.1.async-channel",
        1.3,
        "times async-channel, 1 consumer, threads",
    ),
    (
        "ratio queue-threads.2.async-channel",
        1.5,
        "times async-channel, 2 consumers, threads",
    ),
    (
        "ratio queue-ct.1.by-hand",
        0.5,
        "times the queue by hand, handlers that count",
    ),
    (
        "ratio queue-types.1.by-hand",
        0.85,
        "times the queue by hand, two types of events",
    ),
    (
        "ratio queue-key.2.by-hand",
        1.2,
        "times the queue by hand, which keeps no order, 64 keys, 2 consumers",
    ),
    (
        "ratio queue-waits.1.by-hand",
        1.0,
        "times the queue by hand, handlers that wait once",
    ),
    (
        "instructions queue-ct.1.ours",
        500.0,
        "instructions, handlers that count",
    ),
    (
        "instructions queue-types.1.ours",
        950.0,
        "instructions, two types of events",
    ),
    (
        "instructions queue-key.1.ours",
        500.0,
        "instructions, 64 keys, 1 consumer",
    ),
    (
        "instructions queue-key.2.ours",
        1400.0,
        "instructions, 64 keys, 2 consumers",
    ),
    (
        "instructions queue-waits.1.ours",
        3700.0,
        "instructions, handlers that wait once",
    ),
    (
        "allocs queue-ct.1",
        0.05,
        "allocations, handlers that count",
    ),
    (
        "memory.queue",
        1.5,
        "times the bytes of a VecDeque, 100,000 that wait",
    ),
    (
        "ratio settled.10.join",
        1.2,
        "times emit and join of the queue, settled with ten deliveries",
    ),
    (
        "ratio retry.1.without",
        1.05,
        "times without a policy of attempts, a handler that never fails",
    ),
];
