"""The work of `cargo xtask compare`, done by the buses of `buses.py`.

    python3 measure.py OPERATION=TIMES ...

Does each operation so many times, three times over, and prints a line for each:

    OPERATION NANOSECONDS CALLS SUM

the least nanoseconds of processor time of the three, how often handlers were called in one of them,
and a sum of what they saw. The Rust program prints the same lines for the same work; calls and sums
must be equal.
"""

import asyncio
import platform
import sys
from time import thread_time_ns as now

from buses import AsyncEventBus, EventBus, EventBusPro, QueueBus

ORDER = "order.placed"
SERIES = 3
CAPACITY = 100
CONSUMERS = 2


class Ledger:
    """What handlers write to."""

    def __init__(self):
        self.calls = 0
        self.sum = 0


def handler_of(ledger):
    """A handler of its own for each call, as in a program."""

    def add(order_id, total_cents):
        ledger.calls += 1
        ledger.sum += total_cents

    return add


def async_handler_of(ledger, waits=False):
    async def add(order_id, total_cents):
        if waits:
            await asyncio.sleep(0)
        ledger.calls += 1
        ledger.sum += total_cents

    return add


def ordered_handler_of(ledger, place):
    """Writes down in which order handlers are called: the sum depends on it."""

    def note(order_id, total_cents):
        ledger.calls += 1
        ledger.sum = (ledger.sum * 31 + place) % 1_000_003

    return note


def emit(handlers):
    def run(ledger, times):
        bus = EventBus()
        for _ in range(handlers):
            bus.on(ORDER, handler_of(ledger))
        start = now()
        for order in range(times):
            bus.emit(ORDER, order_id=order, total_cents=order + 1)
        return now() - start

    return run


def on_off(ledger, times):
    """Adds a handler, emits, removes it, emits."""
    bus = EventBus()
    handler = handler_of(ledger)
    start = now()
    for order in range(times):
        bus.on(ORDER, handler)
        bus.emit(ORDER, order_id=order, total_cents=order + 1)
        bus.off(ORDER, handler)
        bus.emit(ORDER, order_id=order, total_cents=order + 1)
    return now() - start


def once(ledger, times):
    """Adds a handler for one event, and emits two."""
    bus = EventBusPro()
    handler = handler_of(ledger)
    start = now()
    for order in range(times):
        bus.once(ORDER, handler)
        bus.emit(ORDER, order_id=order, total_cents=order + 1)
        bus.emit(ORDER, order_id=order, total_cents=order + 1)
    return now() - start


def priority(ledger, times):
    """Ten handlers, added in another order than they are called in."""
    bus = EventBusPro()
    for place in (3, 1, 4, 0, 5, 9, 2, 6, 8, 7):
        bus.on(ORDER, ordered_handler_of(ledger, place), priority=place * 10 - 50)
    start = now()
    for order in range(times):
        bus.emit(ORDER, order_id=order, total_cents=order + 1)
    return now() - start


def gather(handlers, waits=False):
    async def work(ledger, times):
        bus = AsyncEventBus()
        for _ in range(handlers):
            bus.on(ORDER, async_handler_of(ledger, waits))
        start = now()
        for order in range(times):
            await bus.emit(ORDER, order_id=order, total_cents=order + 1)
        return now() - start

    return lambda ledger, times: asyncio.run(work(ledger, times))


def queue(ledger, times):
    async def work():
        bus = QueueBus(CAPACITY, CONSUMERS)
        bus.on(ORDER, async_handler_of(ledger))
        start = now()
        for order in range(times):
            await bus.emit(ORDER, order_id=order, total_cents=order + 1)
        await bus.join()
        took = now() - start
        await bus.close()
        return took

    return asyncio.run(work())


OPERATIONS = {
    "emit.1": emit(1),
    "emit.10": emit(10),
    "emit.100": emit(100),
    "on-off": on_off,
    "once": once,
    "priority.10": priority,
    "gather.1": gather(1),
    "gather.10": gather(10),
    "gather.100": gather(100),
    "gather-waiting.10": gather(10, waits=True),
    "queue.2": queue,
}


def measure(operation, times):
    best = None
    for _ in range(SERIES):
        ledger = Ledger()
        took = OPERATIONS[operation](ledger, times)
        best = took if best is None else min(best, took)
    return f"{operation} {best / times:.1f} {ledger.calls} {ledger.sum}"


def main(arguments):
    print(f"version Python {platform.python_version()}")
    for argument in arguments:
        operation, times = argument.split("=")
        print(measure(operation, int(times)))


if __name__ == "__main__":
    main(sys.argv[1:])
