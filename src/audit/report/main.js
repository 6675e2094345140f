function begin() {
	$("what").textContent = visible(`${about.checkpoint.split("\n")[0]}, records ${about.first} to ${about.first + lines.length - 1}` +
		`${about.from ? `, from ${about.from}` : ""}${about.to ? ` to ${about.to}` : ""}; written ${about.made} by reeve-audit ${about.version}`);
	$("key").textContent = visible(about.key);
	$("checkpoint").textContent = about.checkpoint;
	sums();
	people();
	choices("kind", [...new Set(rows.map((r) => r.word === "other" ? r.kind : r.word))]);
	choices("run", [...runs.keys()].slice(0, 5000).map(String));
	choices("server", [...new Set(rows.map((r) => r.server).filter(Boolean))].slice(0, 5000));
	filter();
}

async function check() {
	$("check").disabled = true;
	$("findings").replaceChildren();
	const findings = await checkAll((done) => { $("verdict").textContent = `Hashing: ${done} of ${lines.length} records`; });
	const good = findings.every((f) => f.good);
	$("findings").append(...findings.map((f) => make("li", f.text, { class: f.good ? "good" : "bad" })));
	$("verdict").textContent = good ? "Whole and unaltered, by the key of this report." : "NOT WHOLE: this report is not what was signed.";
	$("verdict").className = good ? "good" : "bad";
	$("check").disabled = false;
}

$("filters").addEventListener("input", filter);
$("filters").addEventListener("submit", (e) => e.preventDefault());
$("filters").addEventListener("reset", () => setTimeout(filter));
$("rows").addEventListener("change", draw);
$("prev").addEventListener("click", () => { shown.page--; draw(); });
$("next").addEventListener("click", () => { shown.page++; draw(); });
$("check").addEventListener("click", () => check().catch((error) => {
	$("verdict").textContent = `NOT CHECKED: ${error.message}`;
	$("verdict").className = "bad";
	$("check").disabled = false;
}));
try {
	begin();
} catch (error) {	/* what cannot be shown can be checked all the same */
	$("verdict").textContent = `NOT SHOWN: ${error.message}`;
	$("verdict").className = "bad";
}
if (location.hash === "#verify")
	$("check").click();
