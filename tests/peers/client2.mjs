// client2.mjs - drive the fixture with the official client of the newer line, in either era, and write every
// answer and every question of the server as one JSON line.
// Usage: client2.mjs OUT auto|pin|legacy COMMAND [ARG...] | URL
// Whatever era the two sides speak, directly or through reeve, the lines must be the same.
import { writeFileSync } from 'node:fs'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'

const [out, era, command, ...args] = process.argv.slice(2)
const lines = []
const say = (line) => lines.push(JSON.stringify(line))
const client = new Client({ name: 'peer-test', version: '2' }, {
  capabilities: { elicitation: { form: {} }, sampling: {}, roots: {} },
  versionNegotiation: { mode: era === 'pin' ? { pin: '2026-07-28' } : era },
})

const choose = (schema) => schema.default ?? schema.enum?.[0] ?? schema.oneOf?.[0].const ??
  (schema.type === 'boolean' ? true : schema.type === 'array' ? [schema.items.enum?.[0] ?? schema.items.anyOf[0].const] : `a ${schema.type}`)
const asked = (answer) => async ({ method, params }) => {
  const { _meta, ...what } = params ?? {}
  const given = answer(what)
  say({ asked: method, what, given })
  return given
}
client.setRequestHandler('elicitation/create', asked(({ requestedSchema }) => ({
  action: 'accept', content: Object.fromEntries(Object.entries(requestedSchema.properties).map(([key, one]) => [key, choose(one)])),
})))
client.setRequestHandler('sampling/createMessage', asked(({ messages }) => ({
  role: 'assistant', model: 'stub', content: { type: 'text', text: `to ${messages.length} message(s)` },
})))
client.setRequestHandler('roots/list', asked(() => ({ roots: [{ uri: 'file:///work', name: 'work' }] })))

// Of an answer what the era adds to it is left out: that is what may differ.
async function tell(what, doing) {
  try {
    const { _meta, resultType, ttlMs, cacheScope, ...answer } = await doing()
    say({ ...what, answer })
  } catch (error) {
    say({ ...what, thrown: error.code, message: error.message })
  }
}

await client.connect(command.startsWith('http://')
  ? new StreamableHTTPClientTransport(new URL(command))
  : new StdioClientTransport({ command, args, env: process.env, stderr: 'inherit' }))
console.log(`speaks ${client.getNegotiatedProtocolVersion()}`)
const { tools } = await client.listTools()
for (const tool of tools)
  say({ tool })
await tell({ list: 'prompts' }, () => client.listPrompts())
await tell({ list: 'resources' }, () => client.listResources())
await tell({ list: 'templates' }, () => client.listResourceTemplates())
const args_of = { test_sampling: { prompt: 'say it' }, test_elicitation: { message: 'who?' }, test_header: { region: 'EU' }, json_schema_2020_12_tool: { name: 'x', phone: '1', contactMethod: 'phone' } }
for (const { name } of tools)
  await tell({ call: name }, () => client.callTool({ name, arguments: args_of[name] ?? {} }))
await tell({ call: 'nobody' }, () => client.callTool({ name: 'nobody', arguments: {} }))
for (const uri of ['test://static-text', 'test://static-binary', 'test://template/7/data', 'test://nobody'])
  await tell({ read: uri }, () => client.readResource({ uri }))
await tell({ prompt: 'simple' }, () => client.getPrompt({ name: 'test_simple_prompt' }))
await tell({ prompt: 'arguments' }, () => client.getPrompt({ name: 'test_prompt_with_arguments', arguments: { arg1: 'a', arg2: 'ü' } }))
await tell({ prompt: 'resource' }, () => client.getPrompt({ name: 'test_prompt_with_embedded_resource', arguments: { resourceUri: 'test://x' } }))
await tell({ prompt: 'input' }, () => client.getPrompt({ name: 'test_input_required_result_prompt' }))
await tell({ complete: 'arg1' }, () => client.complete({ ref: { type: 'ref/prompt', name: 'test_prompt_with_arguments' }, argument: { name: 'arg1', value: 'par' } }))
const progress = []
await tell({ progress: 'of a call' }, () => client.callTool({ name: 'test_tool_with_progress', arguments: {} }, { onprogress: ({ progress: at, total }) => progress.push([at, total]) }))
say({ progress: progress.slice(0, 2) })
await client.close()
writeFileSync(out, lines.map((line) => line + '\n').join(''))
