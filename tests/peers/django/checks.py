"""What Django does: a check for each row of `docs/coming_from.md`, under the words of the row.

Its argument is the folder that has the page's sample as `signals.py`. For each check it prints `ok` or
`failed`, the words, and why, with tabs between them.
"""

import asyncio
import gc
import logging
import sys
import traceback

import django
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.dispatch import Signal

CHECKS = {}


def claim(words):
    def add(check):
        assert words not in CHECKS, words
        CHECKS[words] = check
        return check

    return add


class Log(list):
    """What receivers did, in order."""

    def receiver(self, word, fails=None):
        def receive(sender, **named):
            self.append(word)
            if fails:
                raise fails
            return word

        return receive

    def async_receiver(self, word, fails=None, until=None):
        async def receive(sender, **named):
            self.append(word)
            try:
                await (until.wait() if until else asyncio.sleep(0))
            except asyncio.CancelledError:
                self.append(f"{word} cancelled")
                raise
            self.append(f"{word} goes on")
            if fails:
                raise fails
            return word

        return receive


def connected(*receivers):
    """A signal with these receivers, which the caller keeps alive."""
    signal = Signal()
    for receiver in receivers:
        signal.connect(receiver, weak=False)
    return signal


def raised(call, *arguments, **named):
    """What the call raises; it must."""
    try:
        call(*arguments, **named)
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


@claim("the sample")
def sample():
    from django.contrib.auth.models import User
    from profiles.models import Profile

    settings.IMPORTS_SIGNALS = True
    apps.get_app_config("profiles").ready()
    ada = User.objects.create(username="Ada")
    assert Profile.objects.get().user == ada
    ada.save()  # not created
    assert Profile.objects.count() == 1


@claim("a receiver whose module is never imported: is not called")
def never_imported():
    from django.contrib.auth.models import User
    from profiles.models import Profile

    assert "profiles.signals" not in sys.modules, "this comes before the sample"
    User.objects.create(username="Bob")
    assert not Profile.objects.exists()


@claim("the sender: an argument, compared by identity, though it must be hashable")
def sender():
    class Sender:
        def __eq__(self, other):
            return True

        def __hash__(self):
            return 0

    log, ours, equal = Log(), Sender(), Sender()
    signal = Signal()
    signal.connect(log.receiver("called"), sender=ours, weak=False)
    signal.send(equal)
    assert log == []
    signal.send(ours)
    assert log == ["called"]
    assert isinstance(raised(signal.send, []), TypeError)


@claim("the payload: keyword arguments; a misspelt one is delivered, too")
def payload():
    seen = []

    def receive(sender, **named):
        seen.append(named)

    signal = connected(receive)
    signal.send(None, total=7)
    signal.send(None, totl=7)
    assert seen == [{"signal": signal, "total": 7}, {"signal": signal, "totl": 7}], seen


@claim(
    "a receiver made inside a function: is held weakly: with `DEBUG` it stays connected, without it is gone"
)
def made_inside():
    def calls(debug):
        log, signal = Log(), Signal()
        settings.DEBUG = debug
        try:
            # The second one is a function whose only other owner has returned.
            signal.connect(lambda sender, **named: log.append("lambda"))
            signal.connect(log.receiver("function"))
            gc.collect()
            signal.send(None)
        finally:
            settings.DEBUG = False
        return log

    assert calls(debug=True) == ["lambda", "function"]
    assert calls(debug=False) == []


@claim("`send`: ends at the first exception of a sync receiver")
def send():
    log, error = Log(), ValueError("first")
    signal = connected(
        log.receiver("first", error), log.receiver("second"), log.async_receiver("async")
    )
    assert raised(signal.send, None) is error
    assert log == ["first"], log


@claim(
    "an async receiver that fails in `send`: cancels the other async ones; two that fail are an"
    " `ExceptionGroup`"
)
def async_failures():
    log, error, never = Log(), ValueError("first"), asyncio.Event()
    signal = connected(log.async_receiver("fails", error), log.async_receiver("waits", None, never))
    assert raised(signal.send, None) is error
    assert log == ["fails", "waits", "fails goes on", "waits cancelled"], log

    both = [ValueError("first"), KeyError("second")]
    signal = connected(*(Log().async_receiver("fails", error) for error in both))
    group = raised(signal.send, None)
    assert isinstance(group, ExceptionGroup) and list(group.exceptions) == both, group


@claim("`send_robust`: catches `Exception`; errors stand among the responses")
def send_robust():
    log, errors = Log(), [ValueError("sync"), ValueError("async")]
    receivers = [
        log.receiver("first", errors[0]),
        log.receiver("second"),
        log.async_receiver("third", errors[1]),
    ]
    responses = connected(*receivers).send_robust(None)
    assert responses == list(zip(receivers, [errors[0], "second", errors[1]])), responses
    exit = SystemExit(1)  # no `Exception`
    assert raised(connected(log.receiver("exits", exit)).send_robust, None) is exit


@claim(
    "an async receiver, and a `send` or `send_robust` inside of a running event loop: the sync receivers"
    " run, then it raises `RuntimeError`"
)
def inside_of_a_loop():
    for name in ["send", "send_robust"]:
        log = Log()
        signal = connected(log.async_receiver("async"), log.receiver("sync"))

        async def main():
            getattr(signal, name)(None)

        assert isinstance(raised(asyncio.run, main()), RuntimeError)
        assert log == ["sync"], log


@claim("`[(receiver, response)]`: any object")
def responses():
    objects = [7, object(), None]
    receivers = [lambda sender, it=it, **named: it for it in objects]
    assert connected(*receivers).send(None) == list(zip(receivers, objects))


@claim("disconnected while the signal is sent: still called")
def disconnected():
    log = Log()
    second = log.receiver("second")

    def first(sender, **named):
        signal.disconnect(second)

    signal = connected(first, second)
    signal.send(None)
    assert log == ["second"]
    signal.send(None)
    assert log == ["second"]


@claim("order: of connection among sync receivers; after them the async ones, together")
def order():
    def receivers(log):
        return connected(
            log.async_receiver("1"), log.receiver("2"), log.async_receiver("3"), log.receiver("4")
        )

    expected = ["2", "4", "1", "3", "1 goes on", "3 goes on"]
    sent, awaited = Log(), Log()
    receivers(sent).send(None)
    asyncio.run(receivers(awaited).asend(None))
    assert sent == awaited == expected, (sent, awaited)


@claim("`transaction.on_commit`: runs when the transaction commits, and outside of one at once")
def on_commit():
    log = []
    with transaction.atomic():
        transaction.on_commit(lambda: log.append("committed"))
        assert log == []
    assert log == ["committed"]
    transaction.on_commit(lambda: log.append("at once"))
    assert log == ["committed", "at once"]
    try:
        with transaction.atomic():
            transaction.on_commit(lambda: log.append("rolled back"))
            raise ValueError
    except ValueError:
        assert log == ["committed", "at once"]


def main(folder):
    settings.configure(
        IMPORTS_SIGNALS=False,
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "profiles"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    )
    import profiles

    profiles.__path__.append(folder)
    django.setup()
    logging.disable()  # `send_robust` logs what it catches
    call_command("migrate", run_syncdb=True, verbosity=0)
    print("version", django.get_version(), sep="\t")
    # The sample connects its receiver for good.
    for words, check in sorted(CHECKS.items(), key=lambda item: item[0] == "the sample"):
        try:
            check()
            print("ok", words, sep="\t")
        except Exception:
            print("failed", words, repr(traceback.format_exc()), sep="\t")


if __name__ == "__main__":
    main(sys.argv[1])
