"use strict";
/* The data: records are lines exactly as they are stored; only "<" was written as U+0001, which no record can hold. */
const stored = (id) => document.getElementById(id).textContent.replaceAll("\u0001", "<");
const about = JSON.parse(stored("about"));
const lines = [];
for (const part of document.querySelectorAll("script.records"))
	for (const line of part.textContent.replaceAll("\u0001", "<").split("\n"))
		if (line !== "")
			lines.push(line);

const record = (at) => JSON.parse(lines[at]);
const byIndex = (n) => n - about.first;	/* a record's number to its place here; may be outside */

/* What is shown of hostile text: controls, bidi and invisible characters by their code. */
const hidden = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;
const visible = (text) => String(text).replace(hidden, (c) => "\\u{" + c.codePointAt(0).toString(16) + "}");

/* One pass over all, of which only what the table and the sums need is kept. */
const kinds = { intent: "allow", refusal: "refuse", held: "held" };
const runs = new Map(), outcomes = new Map(), decisions = new Map(), rows = [];
let unreadable = -1;

function take(r, at) {
	if (r.kind === "run")
		runs.set(r.n, { n: r.n, agent: r.agent || "", owner: r.owner || "", time: r.time, task: r.task || "", allow: 0, refuse: 0, held: 0, status: "" });
	else if (r.kind === "outcome")
		outcomes.set(r.intent, { status: r.status || "", at, duration: r.duration });
	else if (r.kind === "decision")
		decisions.set(r.held, (decisions.get(r.held) || []).concat([{ at, decision: r.decision, reviewer: r.reviewer || "", time: r.time }]));
	const run = runs.get(r.run), word = kinds[r.kind] || "other";
	if (run && word in run)
		run[word]++;
	if (run && r.kind === "close")
		run.status = r.status || "";
	rows.push({ at, n: r.n, run: r.run || 0, word, kind: String(r.kind), time: String(r.time || ""), server: r.server || "", tool: r.tool || r.host || r.action || r.call || "",
		    action: r.action || "", reason: r.reason || "", rule: r.rule || "", guard: r.guard || "", held: r.held, alert: r.alert || "", status: r.status || "", why: r.why || "" });
}

for (const r of about.runs)
	take(r, -1);
rows.length = 0;
for (let at = 0; at < lines.length && unreadable < 0; at++) {
	try {
		take(record(at), at);
	} catch {
		unreadable = at;
	}
}
const runOf = (row) => runs.get(row.kind === "run" ? row.n : row.run);
const agentOf = (row) => (runOf(row) || { agent: "" }).agent;
