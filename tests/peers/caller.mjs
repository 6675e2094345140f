// caller.mjs - an agent that lists what a server has and calls each tool once, with arguments made from its schema.
// Usage: caller.mjs ERA URL | caller.mjs ERA COMMAND [ARG...]; ERA: auto, or legacy.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'

const [era, where, ...args] = process.argv.slice(2)
const transport = where.startsWith('http') ? new StreamableHTTPClientTransport(new URL(where))
  : new StdioClientTransport({ command: where, args, env: process.env, stderr: 'inherit' })
const client = new Client({ name: 'caller', version: '1' }, {
  capabilities: { elicitation: { form: { applyDefaults: true } } }, versionNegotiation: { mode: era },
})
client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: { confirmed: true } }))

const of = {
  string: (schema) => schema.default ?? schema.enum?.[0] ?? 'text', boolean: () => true, array: () => [], object: (schema) => made(schema),
  integer: (schema) => schema.default ?? schema.minimum ?? 5, number: (schema) => schema.default ?? schema.minimum ?? 3, null: () => null,
}
const made = (schema) => Object.fromEntries(Object.entries(schema?.properties ?? {}).map(([key, one]) => [key, (of[[one.type].flat()[0]] ?? of.string)(one)]))

await client.connect(transport)
for (const tool of (await client.listTools()).tools)
  await client.callTool({ name: tool.name, arguments: made(tool.inputSchema) }).then(
    (answer) => console.log(tool.name, JSON.stringify(answer)), (error) => console.log(tool.name, error.message))
await client.close()
