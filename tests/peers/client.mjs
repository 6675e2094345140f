// client.mjs - drive one MCP server with the official client, and write every answer as one JSON line.
// Usage: client.mjs OUT CALLS.json COMMAND [ARG...] | URL
// Run directly it gives the truth; run as the agent in the jail, with reeve-call as COMMAND, it must
// give the same.
import { readFileSync, writeFileSync } from 'node:fs'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { ResultSchema } from '@modelcontextprotocol/sdk/types.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

const [out, callsFile, command, ...args] = process.argv.slice(2)
const calls = JSON.parse(readFileSync(callsFile, 'utf8'))
const client = new Client({ name: 'peer-test', version: '1' })
const lines = []

const byUrl = command.startsWith('http://')
const transport = byUrl
  ? new StreamableHTTPClientTransport(new URL(command))
  : new StdioClientTransport({ command, args, env: process.env, stderr: 'ignore' })
await client.connect(transport)
const { tools } = await client.listTools()
for (const tool of tools)
  lines.push({ tool })
for (const [name, args] of calls) {
  let answer
  try {
    // A name with a slash before it is a method, and has the parameters beside it.
    answer = name.startsWith('/')
      ? await client.request({ method: name.slice(1), params: args }, ResultSchema)
      : await client.callTool({ name, arguments: args })
  } catch (error) {
    answer = { thrown: error.code, message: error.message }
  }
  lines.push({ name, args, answer })
}
if (byUrl)
  await transport.terminateSession()
await client.close()
writeFileSync(out, lines.map((line) => JSON.stringify(line)).join('\n') + '\n')
