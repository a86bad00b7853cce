"""What the buses promise."""

import asyncio
import unittest

from buses import AsyncEventBus, EventBus, EventBusPro, QueueBus


def fail(**_):
    raise ValueError("it always fails")


async def fail_later(**_):
    raise ValueError("it always fails")


class Seen(list):
    """Handlers that write down what they saw."""

    def handler(self, label):
        return lambda **payload: self.append((label, payload))

    def async_handler(self, label):
        async def handler(**payload):
            self.append((label, payload))

        return handler


class EventBusTest(unittest.TestCase):
    def test_handlers_are_called_in_order_and_one_that_fails_reaches_no_other(self):
        bus, seen = EventBus(), Seen()
        for handler in (seen.handler("a"), fail, seen.handler("b")):
            bus.on("rang", handler)
        bus.emit("rang", hour=3)
        bus.emit("nobody cares")
        self.assertEqual(seen, [("a", {"hour": 3}), ("b", {"hour": 3})])
        self.assertEqual([handler for _, handler, _ in bus.failures], [fail])

    def test_a_handler_that_was_removed_is_not_called(self):
        bus, seen = EventBus(), Seen()
        gone, stays = seen.handler("gone"), seen.handler("stays")
        bus.on("rang", gone)
        bus.on("rang", stays)
        bus.off("rang", gone)
        bus.emit("rang")
        self.assertEqual(seen, [("stays", {})])


class EventBusProTest(unittest.TestCase):
    def test_lower_priorities_come_first_and_equal_ones_in_order(self):
        bus, seen = EventBusPro(), Seen()
        for label, priority in (("c", 5), ("a", -1), ("b", 0), ("b2", 0)):
            bus.on("rang", seen.handler(label), priority=priority)
        bus.emit("rang")
        self.assertEqual([label for label, _ in seen], ["a", "b", "b2", "c"])

    def test_once_is_once_for_each_handler_even_if_it_emits_again(self):
        bus, seen = EventBusPro(), Seen()

        def again(**_):
            seen.append("again")
            bus.emit("rang")

        bus.once("rang", again)
        bus.once("rang", fail)
        bus.once("rang", seen.handler("beside"))
        bus.emit("rang")
        bus.emit("rang")
        self.assertEqual(seen, ["again", ("beside", {})])
        self.assertEqual(len(bus.failures), 1)

    def test_a_handler_that_was_removed_is_not_called(self):
        bus, seen = EventBusPro(), Seen()
        gone = seen.handler("gone")
        bus.on("rang", gone)
        bus.off("rang", gone)
        bus.emit("rang")
        self.assertEqual(seen, [])


class AsyncEventBusTest(unittest.TestCase):
    def test_all_are_waited_for_and_one_that_fails_reaches_no_other(self):
        async def work():
            bus, seen = AsyncEventBus(), Seen()
            for handler in (seen.async_handler("a"), fail_later, seen.async_handler("b")):
                bus.on("rang", handler)
            await bus.emit("rang", hour=3)
            return seen, [handler for _, handler, _ in bus.failures]

        seen, failures = asyncio.run(work())
        self.assertEqual(sorted(label for label, _ in seen), ["a", "b"])
        self.assertEqual(failures, [fail_later])


class QueueBusTest(unittest.TestCase):
    def test_nothing_is_lost_and_the_emitter_waits_for_room(self):
        async def work():
            bus, seen = QueueBus(capacity=2, consumers=2), Seen()
            bus.on("rang", fail_later)
            bus.on("rang", seen.async_handler("a"))
            most = 0
            for hour in range(20):
                await bus.emit("rang", hour=hour)
                most = max(most, bus._queue.qsize())
            await bus.join()
            await bus.close()
            return most, sorted(payload["hour"] for _, payload in seen), len(bus.failures)

        most, hours, failures = asyncio.run(work())
        self.assertEqual((most, hours, failures), (2, list(range(20)), 20))


if __name__ == "__main__":
    unittest.main()
