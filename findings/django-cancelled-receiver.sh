#!/usr/bin/env bash
# Django 6.1.3: an async receiver that was cancelled stands among the responses as if it had returned None.
#
# Expected: the CancelledError of a receiver, whose own inner task was cancelled, leaves `send` as the error of a
#   receiver does, and of `send_robust` too, since it is no `Exception`. Django 5.2.19 does that.
# Seen: 6.1.3 runs async receivers in an asyncio.TaskGroup, which takes a cancelled task for one that is done.
#   All four forms of send return `(receiver, None)` and log nothing, so a receiver that never finished
#   its work cannot be told from one that did.
# Here: a handler cannot end so: what it awaited and was aborted is an error of its type, which fails the delivery.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Django 6 asks for Python 3.12.
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' || {
    echo "$python is older than 3.12: set PYTHON to a newer one" >&2
    exit 2
}

cat > "$folder/cancelled.py" <<'PYTHON'
import asyncio

import django
from django.dispatch import Signal


async def work():
    await asyncio.sleep(60)


async def charge_card(**named):
    task = asyncio.ensure_future(work())
    await asyncio.sleep(0)
    task.cancel()
    await task
    return "charged"


async def count(**named):
    return "counted"


async def awaited(send):
    return await send(None)


print("Django", django.get_version())
signal = Signal()
signal.connect(charge_card)
signal.connect(count)
for name in ["send", "send_robust", "asend", "asend_robust"]:
    send = getattr(signal, name)
    try:
        responses = asyncio.run(awaited(send)) if name.startswith("a") else send(None)
        print(name, [(receiver.__name__, response) for receiver, response in responses])
    except BaseException as error:
        print(name, "raised", type(error).__name__)
PYTHON

run() {
    "$python" -m venv --clear "$folder/python"
    "$folder/python/bin/pip" install --quiet --disable-pip-version-check "$@"
    "$folder/python/bin/python" "$folder/cancelled.py"
}

seen=$(
    run Django==6.1.3 asgiref==3.13.0 sqlparse==0.6.1
    run Django==5.2.19 asgiref==3.13.0 sqlparse==0.6.1
)
echo "$seen"
diff - <(echo "$seen") <<'EXPECTED'
Django 6.1.3
send [('charge_card', None), ('count', 'counted')]
send_robust [('charge_card', None), ('count', 'counted')]
asend [('charge_card', None), ('count', 'counted')]
asend_robust [('charge_card', None), ('count', 'counted')]
Django 5.2.19
send raised CancelledError
send_robust raised CancelledError
asend raised CancelledError
asend_robust raised CancelledError
EXPECTED
