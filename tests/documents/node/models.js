// Writes the models of a document for Java (Jackson) and Python (pydantic).
//
// Input: the document on standard input; the folder as argument.

const fs = require('fs');
const path = require('path');
const {
  JAVA_JACKSON_PRESET,
  JavaFileGenerator,
  PYTHON_PYDANTIC_PRESET,
  PythonFileGenerator,
} = require('@asyncapi/modelina');

async function write(document, folder) {
  const java = new JavaFileGenerator({ collectionType: 'List', presets: [JAVA_JACKSON_PRESET] });
  await java.generateToFiles(document, path.join(folder, 'java'), { packageName: 'documents' });
  const python = new PythonFileGenerator({ presets: [PYTHON_PYDANTIC_PRESET] });
  await python.generateToFiles(document, path.join(folder, 'python', 'models'), { packageName: 'models' });
}

write(JSON.parse(fs.readFileSync(0, 'utf8')), process.argv[2]);
