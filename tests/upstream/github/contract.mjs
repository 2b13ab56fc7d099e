// Holds requests and answers against GitHub's own descriptions: its OpenAPI document, and its GraphQL schema.
// It reads lines of JSON from standard input, {method, path, query, request, status, response}, and prints one line for each: a JSON list
// of what is wrong with it, which is empty where nothing is. Not here: whether what is said is true.
import fs from "node:fs";
import readline from "node:readline";
import { fileURLToPath } from "node:url";
import Ajv from "ajv";
import addFormats from "ajv-formats";
import { buildSchema, parse, validate, execute, getOperationAST } from "graphql";
import { getVariableValues } from "graphql/execution/values.js";

const module = (name) => fileURLToPath(new URL(`./node_modules/${name}`, import.meta.url));
const api = JSON.parse(fs.readFileSync(module("@octokit/openapi/generated/api.github.com.json")));
// OpenAPI 3.0 says `nullable`, which JSON Schema does not know.
const nullable = (node) => {
  if (Array.isArray(node)) return node.map(nullable);
  if (node === null || typeof node !== "object") return node;
  const { nullable: isNullable, example, examples, discriminator, xml, ...rest } = node;
  const own = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, nullable(value)]));
  return isNullable === true ? { anyOf: [own, { type: "null" }] } : own;
};
const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true });
addFormats(ajv);
// A timestamp of GitHub's may be in seconds too, and its templates of addresses are no URIs.
ajv.addFormat("uri", true);
ajv.addFormat("repo.nwo", true);
ajv.addFormat("ssh-key", true);
ajv.addFormat("timezone", true);
ajv.addFormat("timestamp", true);
ajv.addFormat("binary", true);
ajv.addSchema({ $id: "api", components: nullable(api.components) });
const point = (value) => JSON.parse(JSON.stringify(value).replaceAll('"#/components/', '"api#/components/'));
const compiled = new Map();
const check = (name, schema, value) => {
  if (!compiled.has(name)) compiled.set(name, ajv.compile(point(nullable(schema))));
  const judge = compiled.get(name);
  return judge(value) ? [] : judge.errors.slice(0, 6).map((error) => `${name}${error.instancePath}: ${error.message} ${JSON.stringify(error.params)}`);
};

const resolve = (node) => (node?.$ref ? resolve(node.$ref.slice(2).split("/").reduce((at, key) => at[key], api)) : node);
const operations = Object.entries(api.paths).map(([template, methods]) => {
  const wide = new Set(["ref", "path", "branch"]);
  const pattern = template.split("/").map((part) => {
    const name = part.match(/^\{(.+)\}$/)?.[1];
    return name ? (wide.has(name) ? "(.+)" : "([^/]+)") : part.replace(/[.+]/g, "\\$&");
  });
  return { template, methods, pattern: new RegExp(`^${pattern.join("/")}$`), plain: template.split("/").filter((part) => !part.startsWith("{")).length };
});
const find = (method, path) =>
  operations.filter((own) => own.pattern.test(path) && own.methods[method]).sort((a, b) => b.plain - a.plain)[0];

// What every call may be answered with, described or not.
const everywhere = new Set([401, 403, 404, 429, 500, 502, 503]);

const rest = ({ method, path, query, request, status, response }) => {
  const found = find(method.toLowerCase(), decodeURI(path));
  if (!found) return status === 404 ? [] : [`there is no ${method} ${path}`];
  const operation = found.methods[method.toLowerCase()];
  const name = `${method} ${found.template}`;
  const problems = [];
  const known = new Set((operation.parameters ?? []).map(resolve).filter((own) => own.in === "query").map((own) => own.name));
  for (const key of Object.keys(query ?? {})) if (!known.has(key)) problems.push(`${name}: no query \`${key}\``);
  const body = operation.requestBody && resolve(operation.requestBody);
  const asked = body?.content?.["application/json"]?.schema;
  if (request !== null && request !== undefined) {
    if (!asked) problems.push(`${name}: takes no body`);
    else {
      if (status < 400) problems.push(...check(`${name} request`, asked, request));
      const fields = resolve(asked).properties;
      if (fields) for (const key of Object.keys(request)) if (!fields[key]) problems.push(`${name}: no field \`${key}\` in a request`);
    }
  } else if (body?.required) problems.push(`${name}: wants a body`);
  const answer = operation.responses[status] && resolve(operation.responses[status]);
  if (!answer) {
    if (!everywhere.has(status)) problems.push(`${name}: is never answered with ${status}`);
    return problems;
  }
  const schema = answer.content?.["application/json"]?.schema;
  if (schema) problems.push(...check(`${name} ${status}`, schema, response));
  else if (status === 204 && response !== null) problems.push(`${name}: 204 has no body`);
  return problems;
};

const schema = buildSchema(fs.readFileSync(module("@octokit/graphql-schema/schema.graphql"), "utf8"), { assumeValidSDL: true });
const graphql = async ({ request, status, response }) => {
  if (status !== 200) return [];
  const document = parse(request.query);
  const problems = validate(schema, document).map((error) => `GraphQL: ${error.message}`);
  const operation = getOperationAST(document);
  const variables = getVariableValues(schema, operation.variableDefinitions ?? [], request.variables ?? {});
  problems.push(...(variables.errors ?? []).map((error) => `GraphQL variables: ${error.message}`));
  if (problems.length || !response.data || response.errors) {
    for (const error of response.errors ?? []) if (typeof error.message !== "string") problems.push("GraphQL: an error without a message");
    return problems;
  }
  // What was answered, read back as the query asks: a value of another type is an error.
  const again = await execute({ schema, document, rootValue: response.data, variableValues: request.variables });
  problems.push(...(again.errors ?? []).map((error) => `GraphQL answer: ${error.message}`));
  if (JSON.stringify(again.data) !== JSON.stringify(response.data)) problems.push("GraphQL answer: it is not what was asked for");
  return problems;
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const exchange = JSON.parse(line);
  const problems = exchange.path === "/graphql" ? await graphql(exchange) : rest(exchange);
  console.log(JSON.stringify(problems));
}
