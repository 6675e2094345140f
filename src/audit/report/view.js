/* Everything that comes from a record goes into the page as text, never as markup. */
const $ = (id) => document.getElementById(id);
const make = (tag, text, attributes = {}) => {
	const e = document.createElement(tag);
	if (text !== undefined)
		e.textContent = visible(text);
	for (const [name, value] of Object.entries(attributes))
		e.setAttribute(name, value);
	return e;
};
const button = (text, act) => {
	const b = make("button", text, { type: "button" });
	b.addEventListener("click", act);
	return b;
};
const shown = { rows, page: 0 };

const aboutOf = (r) => [r.server, r.tool].filter(Boolean).join("/");
const whyOf = (r) => (r.alert ? [r.alert, r.why] : [r.guard && `guard ${r.guard}`, r.rule || r.reason, r.why]).filter(Boolean).join(": ");
const thenOf = (r) => {
	if (r.word === "allow")
		return (outcomes.get(r.n) || { status: "open" }).status;
	if (r.word === "held")
		return (decisions.get(r.n) || []).map((d) => [d.decision, d.reviewer].filter(Boolean).join(" ")).join(", ") || "waiting";
	return r.status;
};

function allOf(r) {
	const list = make("dl", undefined, { class: "all" });
	for (const [name, value] of Object.entries(record(r.at))) {
		list.append(make("dt", name));
		list.append(make("dd", Array.isArray(value) ? value.join("\n") : value));
	}
	return list;
}

function unfold(row, r) {
	const open = row.nextSibling && row.nextSibling.classList.contains("more");
	if (open) {
		row.nextSibling.remove();
	} else {
		const more = make("tr", undefined, { class: "more" }), cell = make("td", undefined, { colspan: "7" });
		cell.append(allOf(r));
		more.append(cell);
		row.after(more);
	}
	row.querySelector("button").setAttribute("aria-expanded", String(!open));
}

function lineOf(r) {
	const row = make("tr"), first = make("td", undefined, { class: "n" }), word = r.word === "other" ? r.kind : r.word;
	const b = button(String(r.n), () => unfold(row, r));
	b.setAttribute("aria-expanded", "false");
	b.setAttribute("aria-label", `record ${r.n}, all of it`);
	first.append(b);
	row.append(first, make("td", r.time.replace("T", " ").replace(/\.\d+Z$/, ""), { class: "time" }), make("td", word, { class: r.alert ? "held" : r.word }),
		   make("td", agentOf(r)), make("td", aboutOf(r)), make("td", whyOf(r)), make("td", thenOf(r)));
	return row;
}

function draw() {
	const size = Number($("rows").value), pages = Math.max(1, Math.ceil(shown.rows.length / size));
	shown.page = Math.min(Math.max(shown.page, 0), pages - 1);
	const from = shown.page * size;
	$("lines").tBodies[0].replaceChildren(...shown.rows.slice(from, from + size).map(lineOf));
	$("found").textContent = `${shown.rows.length} of ${rows.length} records`;
	$("page").textContent = `page ${shown.page + 1} of ${pages}`;
	$("prev").disabled = shown.page === 0;
	$("next").disabled = shown.page === pages - 1;
}

/* Searched is the stored text: what a record says anywhere is found. */
function filter() {
	const text = $("text").value.toLowerCase(), kind = $("kind").value, agent = $("agent").value, run = $("run").value, server = $("server").value;
	shown.rows = rows.filter((r) => (!kind || r.word === kind || r.kind === kind) && (!agent || agentOf(r) === agent) && (!server || r.server === server) &&
		(!run || String(r.kind === "run" ? r.n : r.run) === run) && (!text || lines[r.at].toLowerCase().includes(text)));
	shown.page = 0;
	draw();
}

function choices(id, values) {
	$(id).replaceChildren(make("option", "all", { value: "" }), ...[...values].map((v) => make("option", v, { value: v })));
}

function choose(id, value) {
	$("filters").reset();
	$(id).value = value;
	filter();
	$("lines").scrollIntoView();
}

function tableOf(title, heads, list) {
	const table = make("table"), head = make("tr"), body = make("tbody"), thead = make("thead");
	for (const h of heads)
		head.append(make("th", h, { scope: "col" }));
	for (const cells of list) {
		const row = make("tr");
		for (const cell of cells) {
			const td = make("td");
			td.append(cell instanceof Node ? cell : document.createTextNode(visible(cell)));
			row.append(td);
		}
		body.append(row);
	}
	thead.append(head);
	table.append(make("caption", title), thead, body);
	return table;
}

const TABLE_MOST = 500;

function people() {
	const agents = new Map();
	for (const run of runs.values()) {
		const a = agents.get(run.agent) || { runs: 0, allow: 0, refuse: 0, held: 0, owners: new Set() };
		a.runs++;
		a.owners.add(run.owner);
		for (const word of ["allow", "refuse", "held"])
			a[word] += run[word];
		agents.set(run.agent, a);
	}
	$("agents").append(tableOf("Agents", ["Agent", "Accountable", "Runs", "Allowed", "Refused", "Held"], [...agents].slice(0, TABLE_MOST).map(([name, a]) =>
		[button(name || "(none)", () => choose("agent", name)), [...a.owners].join(", "), a.runs, a.allow, a.refuse, a.held])));
	$("runs").append(tableOf(runs.size > TABLE_MOST ? `Runs, the first ${TABLE_MOST} of ${runs.size}` : "Runs", ["Run", "Began", "Agent", "Accountable", "Task", "Allowed", "Refused", "Held", "Ended"],
		[...runs.values()].slice(0, TABLE_MOST).map((r) => [button(String(r.n), () => choose("run", String(r.n))), r.time.replace("T", " ").replace(/\.\d+Z$/, ""),
			r.agent, r.owner, r.task, r.allow, r.refuse, r.held, r.status])));
	choices("agent", agents.keys());
}
