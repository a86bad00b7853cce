// Reads documents with the official parser, and validates samples with what it made of their payloads.
//
// Input: {"document": ..., "samples": {"<key of the message>": [...]}} on standard input.
// Output: {"diagnostics": ["..."], "refused": ["..."], "checked": <number>}.

const { Parser } = require('@asyncapi/parser');
const Ajv = require('ajv');
const addFormats = require('ajv-formats');

const FORMATS = ['uint8', 'uint16', 'uint32', 'uint64'];

// The parser puts what is referred to in the place of each reference, so that a type that has itself inside is an
// object that has itself inside. Here it gets a reference back.
function withReferences(schema) {
  const definitions = {};
  const open = new Map();
  const copy = (value) => {
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map(copy);
    const outer = open.get(value);
    if (outer !== undefined) {
      outer.isRecursive = true;
      return { $ref: outer.pointer };
    }
    const name = `d${open.size}_${Object.keys(definitions).length}`;
    const state = { pointer: `#/definitions/${name}`, isRecursive: false };
    open.set(value, state);
    const fields = Object.entries(value).map(([key, field]) => [key, copy(field)]);
    open.delete(value);
    const copied = Object.fromEntries(fields);
    if (!state.isRecursive) return copied;
    definitions[name] = copied;
    return { $ref: state.pointer };
  };
  const root = copy(schema);
  return { definitions, allOf: [root] };
}

async function check({ document: source, samples }) {
  const { document, diagnostics } = await new Parser().parse(source);
  const result = {
    diagnostics: diagnostics.map(({ code, path, message }) => `${code} at ${path.join('/')}: ${message}`),
    refused: [],
    checked: 0,
  };
  if (!document) return result;
  for (const message of document.allMessages()) {
    const payload = message.payload();
    if (!payload) continue;
    const ajv = new Ajv({ strict: false });
    addFormats(ajv);
    FORMATS.forEach((format) => ajv.addFormat(format, true));
    const validate = ajv.compile(withReferences(payload.json()));
    for (const sample of samples[message.id()] || []) {
      result.checked += 1;
      if (!validate(sample)) {
        result.refused.push(`${message.id()}: ${JSON.stringify(sample)}: ${ajv.errorsText(validate.errors)}`);
      }
    }
  }
  return result;
}

check(JSON.parse(require('fs').readFileSync(0, 'utf8'))).then((result) => console.log(JSON.stringify(result)));
