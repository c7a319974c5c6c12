// Makes src/wire.ts from the OpenAPI and AsyncAPI documents that the server itself makes from its Rust types. With --check it writes
// nothing and fails where the two differ. MISSION_CONTROL_BIN names the server's binary.

import { readFile, writeFile } from "node:fs/promises";
import { withServer } from "../test/support/server.mjs";

/** What a watcher reads, and all that these name. */
const ROOTS = ["Fleet", "Agent", "Events", "AgentEvents", "Problem", "Ticket", "SessionToken", "Connections"];
const OPENING = `// What the server reads and writes over HTTP, and the frames of its live stream. Made by scripts/wire.mjs from the
// server's OpenAPI and AsyncAPI documents: \`npm run wire\` renews it, and the tests fail where it is old.
`;

const file = new URL("../src/wire.ts", import.meta.url);
const made = await withServer({}, async (server) => {
  const read = async (name) => (await fetch(`${server.url}/api/v1/${name}.json`)).json();
  const [http, live] = [await read("openapi"), await read("asyncapi")];
  const told = live.operations.tell.messages.map(({ $ref }) => messageOf(live, nameOf($ref)));
  return render({ ...live.components.schemas, ...http.components.schemas }, [...ROOTS, ...told]);
});

if (process.argv.includes("--check")) {
  if ((await readFile(file, "utf8")) !== made) {
    console.error("src/wire.ts is not what the server's document says: run `npm run wire` and look at the difference");
    process.exitCode = 1;
  }
} else {
  await writeFile(file, made);
}

/** The name of the schema of a message. */
function messageOf(live, name) {
  return nameOf(live.components.messages[name].payload.$ref);
}

function render(schemas, roots) {
  const names = new Set();
  const walk = (value) => {
    if (value === null || typeof value !== "object") return;
    if (typeof value.$ref === "string") visit(nameOf(value.$ref));
    Object.values(value).forEach(walk);
  };
  const visit = (name) => {
    if (names.has(name)) return;
    if (schemas[name] === undefined) throw new Error(`the document has no schema ${name}`);
    names.add(name);
    walk(schemas[name]);
  };
  roots.forEach(visit);
  const text = [...names].sort().map((name) => declare(name, schemas[name])).join("\n");
  return `${OPENING}\n${text}`.replace(/ +\n/g, "\n");
}

function declare(name, schema) {
  const words = comment(schema.description, "");
  if (schema.type === "object" && schema.properties !== undefined) return `${words}export interface ${name} ${body(schema, "")}\n`;
  return `${words}export type ${name} = ${type(schema, "")};\n`;
}

function type(schema, indent) {
  if (schema.$ref !== undefined) {
    const name = nameOf(schema.$ref);
    const sure = (schema.required ?? []).map((key) => JSON.stringify(key)).join(" | ");
    return sure === "" ? name : `${name} & Required<Pick<${name}, ${sure}>>`;
  }
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return union(schema.enum.map((value) => JSON.stringify(value)), indent);
  const choice = schema.oneOf ?? schema.anyOf;
  if (choice !== undefined) return union(choice.map((one) => type(one, `${indent}  `)), indent);
  if (Array.isArray(schema.type)) return schema.type.map((one) => type({ ...schema, type: one }, indent)).join(" | ");
  switch (schema.type) {
    case "string":
    case "boolean":
    case "null":
      return schema.type;
    case "integer":
    case "number":
      return "number";
    case "array":
      return schema.items.$ref !== undefined ? `${type(schema.items, indent)}[]` : `Array<${type(schema.items, indent)}>`;
    case "object":
      if (schema.properties !== undefined) return body(schema, indent);
      return `Record<string, ${type(schema.additionalProperties, indent)}>`;
    default:
      throw new Error(`a schema that this script does not know: ${JSON.stringify(schema)}`);
  }
}

function body({ properties, required = [] }, indent) {
  const inner = `${indent}  `;
  const fields = Object.entries(properties).map(([name, schema]) => {
    const mark = required.includes(name) ? "" : "?";
    return `${comment(schema.description, inner)}${inner}${name}${mark}: ${type(schema, inner)};\n`;
  });
  return `{\n${fields.join("")}${indent}}`;
}

function union(parts, indent) {
  const line = parts.join(" | ");
  if (line.length <= 80 && !line.includes("\n")) return line;
  return parts.map((part) => `\n${indent}  | ${part}`).join("");
}

function comment(words, indent) {
  return words === undefined ? "" : `${indent}/** ${words.replaceAll("*/", "* /")} */\n`;
}

function nameOf(reference) {
  return reference.slice(reference.lastIndexOf("/") + 1);
}
