/* Bars over time: drawn as SVG, and said in words for who does not see them. */
const SVG = "http://www.w3.org/2000/svg", BARS = 48;
const colors = { allow: "var(--yes)", refuse: "var(--no)", held: "var(--wait)" };

function bars(title, series, labels) {
	const figure = make("figure"), svg = document.createElementNS(SVG, "svg"), sums = {};
	const high = Math.max(1, ...series.map((s) => Object.values(s).reduce((a, b) => a + b, 0)));
	svg.setAttribute("viewBox", `0 0 ${series.length * 10} 100`);
	svg.setAttribute("preserveAspectRatio", "none");
	svg.setAttribute("role", "img");
	series.forEach((values, i) => {
		let y = 100;
		for (const [word, value] of Object.entries(values)) {
			const rect = document.createElementNS(SVG, "rect"), height = value / high * 95;
			sums[word] = (sums[word] || 0) + value;
			y -= height;
			for (const [name, v] of Object.entries({ x: i * 10 + 1, y, width: 8, height, fill: colors[word] || "var(--else)" }))
				rect.setAttribute(name, v);
			rect.append(Object.assign(document.createElementNS(SVG, "title"), { textContent: `${labels[i]}: ${value} ${word}` }));
			svg.append(rect);
		}
	});
	const said = `${title}: ${Object.entries(sums).map(([w, n]) => `${n} ${w}`).join(", ") || "none"}; ${labels[0] || ""} to ${labels[labels.length - 1] || ""}; the highest bar is ${high}`;
	svg.setAttribute("aria-label", said);
	figure.append(svg, make("figcaption", said));
	return figure;
}

function overTime(title, list, word) {
	const times = list.map((r) => Date.parse(r.time)).filter((t) => !Number.isNaN(t));
	if (times.length === 0)
		return make("p", `${title}: none`);
	const from = times.reduce((a, b) => Math.min(a, b)), to = times.reduce((a, b) => Math.max(a, b)) + 1;
	const series = Array.from({ length: BARS }, () => ({})), labels = series.map((_, i) => new Date(from + (to - from) * i / BARS).toISOString().slice(0, 19));
	for (const r of list) {
		const bar = series[Math.floor((Date.parse(r.time) - from) / (to - from) * BARS)];
		if (bar)
			bar[word(r)] = (bar[word(r)] || 0) + 1;
	}
	return bars(title, series, labels);
}

/* How long people took: from the held record to the first decision that somebody signed. */
function delays() {
	const edges = [[60, "a minute"], [300, "5 minutes"], [900, "15 minutes"], [3600, "an hour"], [86400, "a day"], [Infinity, "longer"]];
	const series = edges.map(() => ({}));
	for (const r of rows.filter((row) => row.word === "held")) {
		const signed = (decisions.get(r.n) || []).find((d) => d.reviewer);
		if (signed) {
			const at = edges.findIndex(([most]) => (Date.parse(signed.time) - Date.parse(r.time)) / 1000 <= most);
			if (at >= 0)	/* a time that is none has no place here; the check says what is wrong with it */
				series[at].held = (series[at].held || 0) + 1;
		}
	}
	if (series.every((s) => !s.held))
		return make("p", "Time to decide: nobody had to");
	return bars("Time to decide", series, edges.map(([most, word]) => most === Infinity ? word : `within ${word}`));
}

function sums() {
	const count = (f) => rows.reduce((n, r) => n + (f(r) ? 1 : 0), 0), list = $("sums");
	const all = { Records: rows.length, Runs: runs.size, Allowed: count((r) => r.word === "allow"), Refused: count((r) => r.word === "refuse"), "By a guard": count((r) => r.guard && r.word === "refuse"),
		      Held: count((r) => r.word === "held"), Connections: count((r) => r.action === "net.connect" && r.word === "allow"), Alerts: count((r) => r.alert), "System calls refused": count((r) => r.kind === "syscall") };
	for (const [name, value] of Object.entries(all)) {
		const div = make("div");
		div.append(make("dt", name), make("dd", value.toLocaleString("en")));
		list.append(div);
	}
	const calls = rows.filter((r) => r.word !== "other");
	$("charts").append(overTime("Calls", calls, (r) => r.word), overTime("Connections", calls.filter((r) => r.action === "net.connect"), (r) => r.word), delays());
}
