"""Reads and writes envelopes with the official SDK: one line in, one line out."""

import base64
import json
import sys
from datetime import datetime

from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

ATTRIBUTES = ("id", "source", "type", "specversion", "time", "datacontenttype", "subject", "dataschema")


def read(envelope):
    event = JSONFormat().read(None, envelope)
    attributes = event.get_attributes()
    return {
        "id": event.get_id(),
        "source": event.get_source(),
        "type": event.get_type(),
        "time": event.get_time().isoformat(),
        "datacontenttype": event.get_datacontenttype(),
        "extensions": {name: event.get_extension(name) for name in attributes if name not in ATTRIBUTES},
        "data": event.get_data(),
    }


def write(said):
    attributes = {name: said[name] for name in ("id", "source", "type", "datacontenttype")}
    attributes["time"] = datetime.fromisoformat(said["time"].replace("Z", "+00:00"))
    attributes.update(said["extensions"])
    data = base64.b64decode(said["binary"]) if "binary" in said else said["data"]
    return JSONFormat().write(CloudEvent(attributes, data)).decode("utf-8")


for line in sys.stdin.buffer:
    task = json.loads(line)
    answer = read(task["read"]) if "read" in task else write(task["write"])
    sys.stdout.buffer.write(json.dumps(answer).encode("utf-8") + b"\n")
