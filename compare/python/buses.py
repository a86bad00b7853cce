"""Event buses as they are written in Python: names are strings, handlers are whatever can be called.

Four of them, each in the way that is usual for it, and with the mistakes that are usual left out:
handlers are isolated from each other, one that was added for one event fires once, a queue that has a
bound keeps it. They are what `cargo xtask compare` compares with, so they are written to be fast, too:
an emit copies no list, since the lists are replaced, not changed.
"""

import asyncio


class EventBus:
    """Calls handlers in the order in which they were added. A failure of one reaches no other."""

    def __init__(self):
        self._handlers = {}
        self.failures = []

    def on(self, name, handler):
        self._handlers[name] = (*self._handlers.get(name, ()), handler)

    def off(self, name, handler):
        left = list(self._handlers.get(name, ()))
        left.remove(handler)
        self._handlers[name] = tuple(left)

    def emit(self, name, **payload):
        for handler in self._handlers.get(name, ()):
            try:
                handler(**payload)
            except Exception as error:
                self.failures.append((name, handler, error))


class EventBusPro:
    """Calls handlers by priority, lower first, and those that were added `once` for one event only."""

    def __init__(self):
        self._entries = {}
        self.failures = []

    def on(self, name, handler, priority=0):
        self._add(name, [priority, handler, False])

    def once(self, name, handler, priority=0):
        self._add(name, [priority, handler, True])

    def off(self, name, handler):
        entries = self._entries.get(name, ())
        self._entries[name] = tuple(entry for entry in entries if entry[1] != handler)

    def emit(self, name, **payload):
        for entry in self._entries.get(name, ()):
            if entry[2] and not self._claim(name, entry):
                continue
            try:
                entry[1](**payload)
            except Exception as error:
                self.failures.append((name, entry[1], error))

    def _add(self, name, entry):
        entries = (*self._entries.get(name, ()), entry)
        # The sort is stable: among equal priorities who came first is first.
        self._entries[name] = tuple(sorted(entries, key=lambda entry: entry[0]))

    def _claim(self, name, entry):
        """Removes a `once` entry before its call, since that call may emit again."""
        before = self._entries[name]
        self._entries[name] = tuple(other for other in before if other is not entry)
        return len(self._entries[name]) < len(before)


class AsyncEventBus:
    """Runs handlers side by side, and waits for all of them."""

    def __init__(self):
        self._handlers = {}
        self.failures = []

    def on(self, name, handler):
        self._handlers[name] = (*self._handlers.get(name, ()), handler)

    async def emit(self, name, **payload):
        handlers = self._handlers.get(name, ())
        calls = [handler(**payload) for handler in handlers]
        for handler, result in zip(handlers, await asyncio.gather(*calls, return_exceptions=True)):
            if isinstance(result, Exception):
                self.failures.append((name, handler, result))


class QueueBus:
    """Puts events into one bounded queue, from which consumers take them."""

    def __init__(self, capacity, consumers):
        self._handlers = {}
        self._queue = asyncio.Queue(capacity)
        self._consumers = [asyncio.create_task(self._consume()) for _ in range(consumers)]
        self.failures = []

    def on(self, name, handler):
        self._handlers[name] = (*self._handlers.get(name, ()), handler)

    async def emit(self, name, **payload):
        """Waits for room."""
        await self._queue.put((name, payload))

    async def join(self):
        """Waits until everything that was emitted has been handled."""
        await self._queue.join()

    async def close(self):
        for consumer in self._consumers:
            consumer.cancel()
        await asyncio.gather(*self._consumers, return_exceptions=True)

    async def _consume(self):
        while True:
            name, payload = await self._queue.get()
            for handler in self._handlers.get(name, ()):
                try:
                    await handler(**payload)
                except Exception as error:
                    self.failures.append((name, handler, error))
            self._queue.task_done()
