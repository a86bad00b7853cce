#!/usr/bin/env bash
# @asyncapi/modelina 5.10.1 with its preset for pydantic: a union without discriminator cannot be read by the
# models that it generates, except for its first member.
#
# Expected: of two models whose fields differ, in a `typing.Union`, pydantic takes the one that fits.
# Seen: each model has a validator that runs before the others and moves the fields that the model does not know out of
#   the dictionary, into `additional_properties`. The dictionary is the one that the next member of the union is
#   tried with, so its fields are missing.
# Here: enums with a tag are written with a `discriminator`, with which one model alone is tried; the guide says that
#   an enum without a tag is not read.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

npm install --silent --no-save --ignore-scripts --no-audit --no-fund @asyncapi/modelina@5.10.1 >/dev/null
python3 -m venv python
python/bin/python -m pip install --quiet --disable-pip-version-check pydantic==2.14.4

cat > generate.js <<'JS'
const { PythonFileGenerator, PYTHON_PYDANTIC_PRESET } = require('@asyncapi/modelina');
const object = (title, field) => ({
  title,
  type: 'object',
  properties: { [field]: { type: 'integer' } },
  required: [field],
});
const schema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Reading',
  type: 'object',
  properties: { taken: { anyOf: [object('Exact', 'value'), object('Rounded', 'about')] } },
  required: ['taken'],
};
const generator = new PythonFileGenerator({ presets: [PYTHON_PYDANTIC_PRESET] });
generator.generateToFiles(schema, 'models', { packageName: 'models' });
JS
node generate.js

cat > read.py <<'PYTHON'
import importlib.metadata

import pydantic
from models.reading import Reading

print("pydantic", importlib.metadata.version("pydantic"))
for taken in [{"value": 1}, {"about": 1}]:
    try:
        print(taken, "is read as", type(Reading.model_validate({"taken": dict(taken)}).taken).__name__)
    except pydantic.ValidationError as error:
        print(taken, "is refused:", sorted({(it["loc"][-1], it["type"]) for it in error.errors()}))
PYTHON

seen=$(python/bin/python read.py)
echo "$seen"
diff - <(echo "$seen") <<'EXPECTED'
pydantic 2.14.4
{'value': 1} is read as Exact
{'about': 1} is refused: [('about', 'missing'), ('value', 'missing')]
EXPECTED
