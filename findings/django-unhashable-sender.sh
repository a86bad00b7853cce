#!/usr/bin/env bash
# Django 6.1.3: `send` and `send_robust` raise a TypeError for a sender that cannot be hashed, once anybody listens.
#
# Expected: a sender may be any object, as the documentation says, since receivers are found by its identity. A
#   dataclass, which cannot be hashed unless it is frozen, and a model that was not saved yet, work.
# Seen: `connect(…, sender=order)` takes them, and `send` does while nobody is connected. With one receiver, of
#   whatever sender, it raises before any receiver runs, and so does `send_robust`: `send` looks the
#   sender up in a dict, also where the signal does not cache.
# Here: the sender is part of the event's type, and nothing of a value is hashed to find its handlers.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Django 6 asks for Python 3.12.
python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' || {
    echo "$python is older than 3.12: set PYTHON to a newer one" >&2
    exit 2
}

cat > "$folder/unhashable.py" <<'PYTHON'
from dataclasses import dataclass

import django
from django.conf import settings
from django.dispatch import Signal

settings.configure(INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth"])
django.setup()

from django.contrib.auth.models import User


@dataclass
class Order:
    id: int


def audit(**named):
    return "audited"


print("Django", django.get_version())
for sender in [Order(7), User(username="ada")]:
    for name in ["send", "send_robust"]:
        signal = Signal()
        send = getattr(signal, name)
        print(name, type(sender).__name__, "nobody listens:", send(sender))
        signal.connect(audit)
        try:
            print(name, type(sender).__name__, "audit listens:", send(sender))
        except TypeError as error:
            print(name, type(sender).__name__, "audit listens: TypeError:", error)
PYTHON

"$python" -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet --disable-pip-version-check \
    Django==6.1.3 asgiref==3.13.0 sqlparse==0.6.1
seen=$("$folder/python/bin/python" "$folder/unhashable.py")
echo "$seen"
diff - <(echo "$seen") <<'EXPECTED'
Django 6.1.3
send Order nobody listens: []
send Order audit listens: TypeError: unhashable type: 'Order'
send_robust Order nobody listens: []
send_robust Order audit listens: TypeError: unhashable type: 'Order'
send User nobody listens: []
send User audit listens: TypeError: Model instances without primary key value are unhashable
send_robust User nobody listens: []
send_robust User audit listens: TypeError: Model instances without primary key value are unhashable
EXPECTED
