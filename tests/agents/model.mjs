/*
 * tests/agents/model.mjs - a model on the jail's loopback that says what a script says. It starts, then
 * starts the agent that is to talk to it, and ends with that agent's status:
 *
 *	node model.mjs STEPS LOG PORT COMMAND...
 *
 * STEPS is a JSON list of [TOOL, ARGUMENTS]. Each turn of a conversation asks for the first step that has
 * no answer yet, by whatever name the agent offers that tool; after the last one the model says "all
 * done". LOG gets one line of JSON for each thing seen: tools offered, tools asked for, answers given.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [stepsFile, logFile, port, ...command] = process.argv.slice(2);
const steps = JSON.parse(readFileSync(stepsFile, 'utf8'));
const log = (kind, value) => appendFileSync(logFile, JSON.stringify({ [kind]: value }) + '\n');
const textOf = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

/*
 * What three ways of asking a model have in common: which tools are offered ({name, within}: some agents
 * put the tools of a server into a group), the answers of tools so far, and how to say a thing or ask
 * for a tool. Each returns the events of the stream.
 */
const dialects = {
	responses: {
		tools: (q) => (q.tools ?? []).flatMap((t) =>
			t.type === 'namespace' ? t.tools.map((n) => ({ name: n.name, within: t.name })) : [{ name: t.name }]),
		answers: (q) => (Array.isArray(q.input) ? q.input : []).filter((i) => /_call_output$/.test(i.type)).map((i) => i.output),
		say: (text) => responses([{ type: 'message', id: 'm', role: 'assistant', status: 'completed',
			content: [{ type: 'output_text', text, annotations: [] }] }]),
		ask: (tool, args, n) => responses([{ type: 'function_call', id: `f${n}`, call_id: `call_${n}`, name: tool.name,
			...(tool.within ? { namespace: tool.within } : {}), arguments: JSON.stringify(args), status: 'completed' }]),
	},
	chat: {
		tools: (q) => (q.tools ?? []).map((t) => ({ name: t.function.name })),
		answers: (q) => q.messages.filter((m) => m.role === 'tool').map((m) => m.content),
		say: (text) => chat({ role: 'assistant', content: text }, 'stop'),
		ask: (tool, args, n) => chat({ role: 'assistant', tool_calls: [{ index: 0, id: `call_${n}`, type: 'function',
			function: { name: tool.name, arguments: JSON.stringify(args) } }] }, 'tool_calls'),
	},
	gemini: {
		tools: (q) => (q.tools ?? []).flatMap((t) => t.functionDeclarations ?? []).map((t) => ({ name: t.name })),
		answers: (q) => q.contents.flatMap((c) => c.parts ?? []).filter((p) => p.functionResponse).map((p) => p.functionResponse.response),
		say: (text) => gemini({ text }),
		ask: (tool, args, n) => gemini({ functionCall: { id: `call_${n}`, name: tool.name, args } }),
	},
};

function responses(output) {
	const response = { id: 'r', object: 'response', status: 'completed', output,
		usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2, input_tokens_details: { cached_tokens: 0 }, output_tokens_details: { reasoning_tokens: 0 } } };
	return [{ type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
		...output.map((item) => ({ type: 'response.output_item.done', output_index: 0, item })),
		{ type: 'response.completed', response }];
}

function chat(delta, finish_reason) {
	const head = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'stub' };
	return [{ ...head, choices: [{ index: 0, delta, finish_reason: null }] },
		{ ...head, choices: [{ index: 0, delta: {}, finish_reason }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } }];
}

function gemini(part) {
	return [{ candidates: [{ index: 0, content: { role: 'model', parts: [part] }, finishReason: 'STOP' }],
		usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 } }];
}

const dialectOf = (url) => url.includes('/responses') ? 'responses' : url.includes('/chat/completions') ? 'chat'
	: url.includes('GenerateContent') ? 'gemini' : url.includes('generateContent') ? 'gemini' : null;
const isNamed = (tool, name) => tool.name === name || tool.name.endsWith(`_${name}`);

/* A request that offers no tool of ours is about something else, such as a title for the conversation. */
function turn(d, question) {
	const offered = d.tools(question), answers = d.answers(question);
	const at = answers.length, step = steps[at];

	log('offered', offered.map((t) => t.name));
	if (!offered.some((t) => steps.some(([name]) => isNamed(t, name))))
		return d.say('nothing');
	log('answers', answers.map(textOf));
	if (!step)
		return d.say('all done');
	const tool = offered.find((t) => isNamed(t, step[0])) ?? { name: step[0] };
	log('asked', step);
	return d.ask(tool, step[1], at);
}

function answer(request, body, response) {
	const which = dialectOf(request.url), stream = !/:generateContent/.test(request.url);
	let events;

	if (!which || request.method !== 'POST') {
		response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":{"message":"no such thing here"}}');
		return;
	}
	events = turn(dialects[which], JSON.parse(body));
	if (!stream) {
		response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(events[0]));
		return;
	}
	response.writeHead(200, { 'content-type': 'text/event-stream' });
	for (const event of events)
		response.write(`${event.type ? `event: ${event.type}\n` : ''}data: ${JSON.stringify(event)}\n\n`);
	response.end(which === 'chat' ? 'data: [DONE]\n\n' : '');
}

const server = createServer((request, response) => {
	const parts = [];

	request.on('data', (part) => parts.push(part));
	request.on('end', () => {
		log('request', `${request.method} ${request.url}`);
		try {
			answer(request, Buffer.concat(parts).toString(), response);
		} catch (error) {
			log('error', String(error.stack));
			response.writeHead(400).end('{"error":{"message":"not understood"}}');
		}
	});
});

server.listen(Number(port), '127.0.0.1', () => {
	const agent = spawn(command[0], command.slice(1), { stdio: ['ignore', 'inherit', 'inherit'] });

	agent.on('error', (error) => { console.error(error.message); process.exit(127); });
	agent.on('exit', (code, signal) => process.exit(signal ? 128 : code));
});
