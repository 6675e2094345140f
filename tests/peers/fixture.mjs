// fixture.mjs - a tool server that has what the conformance scenarios ask for, written from their descriptions.
// Usage: fixture.mjs stdio | legacy | http
//   stdio   both eras, as the SDK serves them        legacy  a server that knows the handshake alone
//   http    both eras, on a free port of 127.0.0.1: it prints its URL
import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import {
  McpServer, ResourceTemplate, completable, createMcpHandler, fromJsonSchema, inputRequired, isLegacyRequest,
} from '@modelcontextprotocol/server'
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio'
import {
  NodeStreamableHTTPServerTransport, localhostHostValidation, localhostOriginValidation, toNodeHandler, toWebRequest,
} from '@modelcontextprotocol/node'
import * as z from 'zod'

const red = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=='
const silence = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAAAAA=='
const secret = randomBytes(32)
const none = z.object({})
const pause = (ms) => new Promise((done) => setTimeout(done, ms))
const text = (words) => ({ content: [{ type: 'text', text: words }] })
const image = { type: 'image', data: red, mimeType: 'image/png' }
const embedded = (uri, mimeType, words) => ({ type: 'resource', resource: { uri, mimeType, text: words } })
const user = (content) => ({ role: 'user', content })
const question = (words) => ({ role: 'user', content: { type: 'text', text: words } })
const form = (message, properties) =>
  inputRequired.elicit({ message, requestedSchema: { type: 'object', properties, required: Object.keys(properties) } })

// What the server must know again when the client comes back: signed, since it passes through the client.
const sign = (word) => `${word}.${createHmac('sha256', secret).update(word).digest('hex')}`
const verify = (state) => {
  const word = state.split('.')[0]
  if (state !== sign(word))
    throw new Error('not what this server gave')
  return word
}

// The answers that came, if all that was asked for is there.
const answers = (ctx, keys) => {
  const came = ctx.mcpReq.inputResponses
  return came && keys.every((key) => came[key]) ? came : undefined
}

const elicitationResult = (result) => text(`Elicitation completed: action=${result.action}, content=${JSON.stringify(result.content ?? {})}`)

const choices = {
  untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
  titledSingle: { type: 'string', oneOf: [{ const: 'value1', title: 'First Option' }, { const: 'value2', title: 'Second Option' }, { const: 'value3', title: 'Third Option' }] },
  legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['Option One', 'Option Two', 'Option Three'] },
  untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
  titledMulti: { type: 'array', items: { anyOf: [{ const: 'value1', title: 'First Choice' }, { const: 'value2', title: 'Second Choice' }, { const: 'value3', title: 'Third Choice' }] } },
}

const defaults = {
  name: { type: 'string', default: 'John Doe' },
  age: { type: 'integer', default: 30 },
  score: { type: 'number', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', default: true },
}

const rich = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: { address: { $anchor: 'addressDef', type: 'object', properties: { street: { type: 'string' }, city: { type: 'string' } } } },
  properties: {
    name: { type: 'string' }, address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] }, phone: { type: 'string' }, email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
}

// One question, and the answer told: what most tools that ask do.
const asking = (key, request, tell) => async (args, ctx) => {
  const came = answers(ctx, [key])
  return came ? tell(came[key], args) : inputRequired({ inputRequests: { [key]: request(args) } })
}

const many = {
  user_name: form('What is your name?', { name: { type: 'string' } }),
  greeting: inputRequired.createMessage({ messages: [question('Generate a greeting')], maxTokens: 50 }),
  client_roots: inputRequired.listRoots(),
}

const steps = [
  ['step1', 'Step 1: What is your name?', 'name'],
  ['step2', 'Step 2: What is your favorite color?', 'color'],
]

async function inSteps(_args, ctx) {
  const at = Number(ctx.mcpReq.requestState() ?? 0)
  const here = at > 0 && !ctx.mcpReq.inputResponses?.[steps[at - 1][0]] ? at - 1 : at
  if (here === steps.length)
    return text(`All ${here} steps are done`)
  const [key, message, field] = steps[here]
  return inputRequired({ inputRequests: { [key]: form(message, { [field]: { type: 'string' } }) }, requestState: sign(String(here + 1)) })
}

async function withState(_args, ctx) {
  if (!answers(ctx, ['confirm']))
    return inputRequired({ inputRequests: { confirm: form('Please confirm', { ok: { type: 'boolean' } }) }, requestState: sign('confirm') })
  return text(ctx.mcpReq.requestState() === 'confirm' ? 'state-ok' : 'a state is missing')
}

async function withMany(_args, ctx) {
  if (!answers(ctx, Object.keys(many)))
    return inputRequired({ inputRequests: many, requestState: sign('many') })
  return text('all three answers came')
}

// Only what the client says it can do.
const whatItCan = (server) => async (_args, ctx) => {
  const can = ctx.mcpReq.envelope?.['io.modelcontextprotocol/clientCapabilities'] ?? server.server.getClientCapabilities() ?? {}
  if (ctx.mcpReq.inputResponses)
    return text(`answers to: ${Object.keys(ctx.mcpReq.inputResponses).sort().join(' ')}`)
  const requests = Object.entries(many).filter(([, one]) => can[one.method.split('/')[0]])
  return requests.length ? inputRequired({ inputRequests: Object.fromEntries(requests) }) : text('nothing to ask')
}

async function progress(_args, ctx) {
  const token = ctx.mcpReq._meta?.progressToken
  for (const at of [0, 50, 100]) {
    if (token !== undefined)
      await ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken: token, progress: at, total: 100, message: `${at} of 100` } })
    await pause(50)
  }
  return text('done')
}

async function logging(_args, ctx) {
  for (const words of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
    await ctx.mcpReq.log('info', words)
    await pause(50)
  }
  return text('logged three times')
}

const tools = {
  test_simple_text: ['a simple text', none, async () => text('This is a simple text response for testing.')],
  test_image_content: ['an image', none, async () => ({ content: [image] })],
  test_audio_content: ['a sound', none, async () => ({ content: [{ type: 'audio', data: silence, mimeType: 'audio/wav' }] })],
  test_embedded_resource: ['a resource in a result', none, async () => ({ content: [embedded('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')] })],
  test_multiple_content_types: ['three kinds of content', none, async () => ({
    content: [{ type: 'text', text: 'Multiple content types test:' }, image, embedded('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}')],
  })],
  test_error_handling: ['always fails', none, async () => { throw new Error('This tool intentionally returns an error for testing') }],
  test_tool_with_progress: ['says how far it is', none, progress],
  test_tool_with_logging: ['logs while it works', none, logging],
  test_logging_tool: ['logs while it works', none, logging],
  test_sampling: ['asks the client\'s model', z.object({ prompt: z.string() }), asking('reply',
    ({ prompt }) => inputRequired.createMessage({ messages: [question(prompt)], maxTokens: 100 }),
    (result) => text(`LLM response: ${result.content?.text}`))],
  test_elicitation: ['asks the user', z.object({ message: z.string() }), asking('reply',
    ({ message }) => form(message, { username: { type: 'string', description: 'User\'s response' }, email: { type: 'string', description: 'User\'s email address' } }),
    (result) => text(`User response: action: ${result.action}, content: ${JSON.stringify(result.content ?? {})}`))],
  test_elicitation_sep1034_defaults: ['a form with defaults', none, asking('reply', () => form('Please look at the defaults', defaults), elicitationResult)],
  test_elicitation_sep1330_enums: ['a form with choices', none, asking('reply', () => form('Please choose', choices), elicitationResult)],
  test_streaming_elicitation: ['asks the user', none, asking('reply', () => form('Go on?', { ok: { type: 'boolean' } }), elicitationResult)],
  test_input_required_result_elicitation: ['greets by name', none, asking('user_name', () => many.user_name,
    (result) => text(`Hello, ${result.content?.name}!`))],
  test_input_required_result_sampling: ['asks for a capital', none, asking('capital_question',
    () => inputRequired.createMessage({ messages: [question('What is the capital of France?')], maxTokens: 100 }),
    (result) => text(`The model says: ${result.content?.text}`))],
  test_input_required_result_list_roots: ['asks for the roots', none, asking('client_roots', () => inputRequired.listRoots(),
    (result) => text(`roots: ${(result.roots ?? []).map((root) => root.uri).join(' ')}`))],
  test_input_required_result_request_state: ['keeps a state', none, withState],
  test_input_required_result_tampered_state: ['keeps a state that is signed', none, withState],
  test_input_required_result_multiple_inputs: ['asks three things at once', none, withMany],
  test_input_required_result_multi_round: ['asks twice, one after the other', none, inSteps],
  test_missing_capability: ['needs sampling', none, asking('greeting', () => many.greeting, () => text('the client can sample'))],
  test_header: ['an argument that is in a header too', fromJsonSchema({ type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } }, required: ['region'] }),
    async ({ region }) => text(`region ${region}`)],
  json_schema_2020_12_tool: ['Tool with JSON Schema 2020-12 features', fromJsonSchema(rich), async () => text('it fits')],
}

function addTools(server, more) {
  for (const [name, [description, inputSchema, run]] of Object.entries(tools))
    server.registerTool(name, { description, inputSchema }, run)
  server.registerTool('test_input_required_result_capabilities', { description: 'asks what the client can do', inputSchema: none }, whatItCan(server))
  server.registerTool('test_trigger_tool_change', { description: 'one tool more', inputSchema: none }, async () => more.tool(server))
  server.registerTool('test_trigger_prompt_change', { description: 'one prompt more', inputSchema: none }, async () => more.prompt(server))
}

function addResources(server) {
  const one = (uri, rest) => ({ contents: [{ uri, ...rest }] })
  server.registerResource('static-text', 'test://static-text', { description: 'a text', mimeType: 'text/plain' },
    async (uri) => one(uri.href, { mimeType: 'text/plain', text: 'This is the content of the static text resource.' }))
  server.registerResource('static-binary', 'test://static-binary', { description: 'an image', mimeType: 'image/png' },
    async (uri) => one(uri.href, { mimeType: 'image/png', blob: red }))
  server.registerResource('watched', 'test://watched-resource', { description: 'can be watched', mimeType: 'text/plain' },
    async (uri) => one(uri.href, { mimeType: 'text/plain', text: 'as it is' }))
  server.registerResource('template', new ResourceTemplate('test://template/{id}/data', { list: undefined }), { description: 'by id', mimeType: 'application/json' },
    async (uri, { id }) => one(uri.href, { mimeType: 'application/json', text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }) }))
}

function addPrompts(server) {
  const messages = (...contents) => ({ messages: contents.map(user) })
  const words = (said) => ({ type: 'text', text: said })
  server.registerPrompt('test_simple_prompt', { description: 'no arguments' }, async () => messages(words('This is a simple prompt for testing.')))
  server.registerPrompt('test_prompt_with_arguments', {
    description: 'two arguments',
    argsSchema: z.object({
      arg1: completable(z.string().describe('First test argument'), (value) => ['paris', 'park', 'party'].filter((word) => word.startsWith(value))),
      arg2: z.string().describe('Second test argument'),
    }),
  }, async ({ arg1, arg2 }) => messages(words(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)))
  server.registerPrompt('test_prompt_with_embedded_resource', { description: 'with a resource', argsSchema: z.object({ resourceUri: z.string().describe('URI of the resource to embed') }) },
    async ({ resourceUri }) => messages(embedded(resourceUri, 'text/plain', 'Embedded resource content for testing.'), words('Please process the embedded resource above.')))
  server.registerPrompt('test_prompt_with_image', { description: 'with an image' }, async () => messages(image, words('Please analyze the image above.')))
  server.registerPrompt('test_input_required_result_prompt', { description: 'asks first' }, async (ctx) => {
    const came = answers(ctx, ['user_context'])
    return came ? messages(words(`In the context of ${came.user_context.content?.context}`))
      : inputRequired({ inputRequests: { user_context: form('What context should the prompt use?', { context: { type: 'string' } }) } })
  })
}

// A change is seen by whoever listens: on stdio the SDK tells them, over HTTP the handler has to.
function make(more) {
  const server = new McpServer({ name: 'reeve-fixture', version: '1' }, {
    capabilities: { logging: {}, tools: { listChanged: true }, prompts: { listChanged: true }, resources: { subscribe: true, listChanged: true } },
    requestState: { verify },
  })
  addTools(server, more)
  addResources(server)
  addPrompts(server)
  return server
}

// Subscribing to a resource is a request of the older era only.
function legacy(more) {
  const server = make(more)
  for (const method of ['resources/subscribe', 'resources/unsubscribe'])
    server.server.setRequestHandler(method, async () => ({}))
  return server
}

let changes = 0
const onThis = {
  tool: (server) => {
    server.registerTool(`added_tool_${++changes}`, { description: 'added', inputSchema: none }, async () => text('added'))
    return text('one tool more')
  },
  prompt: (server) => {
    server.registerPrompt(`added_prompt_${++changes}`, { description: 'added' }, async () => ({ messages: [] }))
    return text('one prompt more')
  },
}

const handshakes = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25']

async function serveHttp() {
  const handler = createMcpHandler(() => make({
    tool: () => (handler.notify.toolsChanged(), text('one tool more')),
    prompt: () => (handler.notify.promptsChanged(), text('one prompt more')),
  }), { legacy: 'reject' })
  const modern = toNodeHandler(handler)
  const sessions = new Map()
  const validHost = localhostHostValidation(), validOrigin = localhostOriginValidation()

  async function older(req, res, body) {
    const id = req.headers['mcp-session-id']
    if (id !== undefined && !sessions.has(id))
      return res.writeHead(404).end()
    let transport = sessions.get(id)
    if (!transport) {
      transport = new NodeStreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (given) => sessions.set(given, transport),
        onsessionclosed: (gone) => sessions.delete(gone),
      })
      await legacy(onThis).connect(transport)
    }
    return transport.handleRequest(req, res, body)
  }

  const http = createServer(async (req, res) => {
    if (!validHost(req, res) || !validOrigin(req, res))
      return
    const chunks = []
    for await (const chunk of req)
      chunks.push(chunk)
    let body
    try {
      body = chunks.length ? JSON.parse(Buffer.concat(chunks)) : undefined
    } catch {
      return res.writeHead(400).end()
    }
    // Who names a newer revision in its header means the newer era, also where its body forgets to say so.
    const named = req.headers['mcp-protocol-version']
    const isOlder = named === undefined ? await isLegacyRequest(await toWebRequest(req, body), body) : handshakes.includes(named)
    await (isOlder ? older(req, res, body) : modern(req, res, body))
  })
  http.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${http.address().port}/mcp`))
}

const how = process.argv[2]
if (how === 'stdio')
  serveStdio(({ era }) => (era === 'legacy' ? legacy(onThis) : make(onThis)))
else if (how === 'legacy')
  await legacy(onThis).connect(new StdioServerTransport())
else
  await serveHttp()
