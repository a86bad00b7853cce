// Reads and writes envelopes with the official SDK: one line in, one line out.

"use strict";

const { createInterface } = require("node:readline");
const { CloudEvent, HTTP } = require("cloudevents");
// The JSON schema of the specification, which the SDK has compiled.
const validate = require("cloudevents/dist/schema/v1");

const ATTRIBUTES = ["id", "source", "type", "specversion", "time", "datacontenttype", "subject", "dataschema"];
const OTHERS = [...ATTRIBUTES, "data", "data_base64", "datacontentencoding", "schemaurl"];

function read(envelope) {
  if (!validate(JSON.parse(envelope))) {
    throw new Error(`${envelope} does not fit the schema: ${JSON.stringify(validate.errors)}`);
  }
  const headers = { "content-type": "application/cloudevents+json" };
  const event = HTTP.toEvent({ headers, body: envelope });
  event.validate();
  const extensions = Object.entries(event).filter(([name]) => !OTHERS.includes(name));
  return {
    id: event.id,
    source: event.source,
    type: event.type,
    time: event.time,
    datacontenttype: event.datacontenttype,
    extensions: Object.fromEntries(extensions),
    data: event.data ?? null,
  };
}

function write({ id, source, type, time, datacontenttype, extensions, data, binary }) {
  const event = new CloudEvent({
    id, source, type, time, datacontenttype, ...extensions,
    data: binary === undefined ? data : Uint8Array.from(Buffer.from(binary, "base64")),
  });
  return HTTP.structured(event).body;
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const task = JSON.parse(line);
  const answer = "read" in task ? read(task.read) : write(task.write);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
