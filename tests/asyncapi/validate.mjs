// Holds a document, given on standard input, against the schema of AsyncAPI 3.0 that its makers publish.
import { text } from "node:stream/consumers";
import specs from "@asyncapi/specs";
import Ajv from "ajv";
import formats from "ajv-formats";

const document = JSON.parse(await text(process.stdin));
// The schema says more than ajv knows of, which it leaves alone, and brings the schema of schemas along.
const ajv = new Ajv({ strict: false, allErrors: true, logger: false, meta: false, validateSchema: false });
formats(ajv);
const valid = ajv.compile(specs.schemas[document.asyncapi]);
if (!valid(document)) {
  for (const { instancePath, message } of valid.errors) console.error(`${instancePath} ${message}`);
  process.exit(1);
}
// Each reference leads somewhere.
const places = JSON.stringify(document).matchAll(/"\$ref":"#([^"]*)"/g);
for (const [, place] of places) {
  const found = place.split("/").slice(1).reduce((value, key) => value?.[key.replaceAll("~1", "/").replaceAll("~0", "~")], document);
  if (found === undefined) throw new Error(`nothing is at ${place}`);
}
const { channels, components } = document;
console.log(`AsyncAPI ${document.asyncapi}: ${Object.keys(channels).length} channels, ${Object.keys(components.messages).length} messages`);
