// SPDX-License-Identifier: PostgreSQL
// A report in a real browser, without a window:
//
//	node tests/browser/report.js MODULES CHROMIUM PAGE SCENARIO
//
// MODULES is where playwright-core and axe-core were installed. It prints a
// line "ok ..." or "not ok ..." for each thing that must hold, and exits 1 when
// one does not.
"use strict";
const path = require("path");
const fs = require("fs");
const [modules, executablePath, page, scenario] = process.argv.slice(2);
const { chromium } = require(path.join(modules, "playwright-core"));
const axe = fs.readFileSync(path.join(modules, "axe-core", "axe.min.js"), "utf8");

let failed = 0;
function ok(holds, what) {
	console.log((holds ? "ok " : "not ok ") + what);
	if (!holds) failed++;
}
function is(got, wanted, what) {
	ok(got === wanted, got === wanted ? what : what + ": got " + JSON.stringify(got) + ", not " + JSON.stringify(wanted));
}

// A page whose every request and complaint is noted.
async function visit(browser, options) {
	const context = await browser.newContext(Object.assign({ viewport: { width: 1400, height: 900 } }, options));
	const tab = await context.newPage();
	tab.noted = { requests: [], complaints: [] };
	tab.on("request", (r) => tab.noted.requests.push(r.url()));
	tab.on("console", (m) => { if (m.type() === "error" || m.type() === "warning") tab.noted.complaints.push(m.text()); });
	tab.on("pageerror", (e) => tab.noted.complaints.push(String(e)));
	tab.on("dialog", (d) => { tab.noted.complaints.push("dialog: " + d.message()); d.dismiss(); });
	await tab.goto("file://" + page);
	return tab;
}
function quiet(tab, what, loads = 1) {
	is(tab.noted.requests.length, loads, what + ": asks nobody for anything");
	is(tab.noted.complaints.join("\n"), "", what + ": the console is empty");
}
const shown = (tab, what) => tab.locator(what + ":visible").count();

async function audit(tab, what) {
	// Through the protocol, so that the page's policy need not allow it.
	await tab.evaluate(axe + "\n;0");
	const found = await tab.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
	const bad = found.violations.filter((v) => v.impact === "serious" || v.impact === "critical");
	is(bad.map((v) => v.id + ": " + v.nodes.slice(0, 2).map((n) => n.html.slice(0, 120)).join(" ; ")).join("\n"), "", what + ": axe finds nothing serious");
}

const scenarios = {
	async shop(browser) {
		let tab = await visit(browser, { colorScheme: "light" });
		quiet(tab, "loading");
		const ground = () => tab.evaluate(() => getComputedStyle(document.body).backgroundColor);

		// Navigation, also to what is closed.
		await tab.click('nav a:has-text("stock.levels")');
		ok(await tab.locator("details.card[open] h4", { hasText: "stock.levels" }).isVisible(), "a link in the list opens its card");
		ok(await tab.evaluate(() => location.hash === "#d1-tables-stock.levels"), "and the address says which");
		await tab.locator("details.card[open]", { hasText: "stock.levels" }).locator('td a:has-text("stock.warehouses")').first().click();
		ok(await tab.locator("details.card[open] h4", { hasText: "stock.warehouses" }).isVisible(), "a foreign key leads to its table");
		await tab.evaluate(() => document.getElementById("d1-index-usage").scrollIntoView());
		await tab.waitForFunction(() => document.querySelector("nav [aria-current]")?.textContent === "Index usage");
		ok(true, "the list says where the reader is");

		// Sorting: by number, by text, and back.
		const table = tab.locator("#d1-index-usage table");
		const cell = (row, column) => table.locator("tbody tr").nth(row).locator("td").nth(column).textContent();
		await table.locator("th button", { hasText: "Size" }).click();
		is(await table.locator('th[aria-sort="descending"]').textContent(), "Size", "a head sorts, the largest number first");
		is(await cell(0, 0), "i29", "by the number, not by how it reads");
		await table.locator("th button", { hasText: "Size" }).click();
		is(await cell(0, 0), "i0", "and the other way");
		await table.locator("th button", { hasText: "Index" }).click();
		is(await cell(10, 0), "i10", "names sort as people count");
		is(await table.locator("th[aria-sort]").count(), 1, "one column says that it is sorted");

		// Filtering one table.
		await tab.locator("#d1-index-usage .sift input").fill("public.t3");
		await tab.waitForFunction(() => document.querySelector("#d1-index-usage .sift span").textContent !== "");
		is(await shown(tab, "#d1-index-usage tbody tr"), 4, "a filter keeps the rows that hold it");
		is(await tab.locator("#d1-index-usage .sift span").textContent(), "4 of 30 rows", "and says how many");
		await tab.locator("#d1-index-usage .sift input").press("Escape");
		is(await shown(tab, "#d1-index-usage tbody tr"), 30, "Escape shows all again");

		// Searching everything, by keyboard.
		await tab.evaluate(() => document.activeElement.blur());
		await tab.keyboard.press("/");
		ok(await tab.evaluate(() => document.activeElement.id === "q"), "/ goes to the search");
		await tab.keyboard.type("supplier_id");
		await tab.waitForFunction(() => document.getElementById("hits").textContent !== "");
		is(await tab.locator("#hits").textContent(), "2 places", "a search counts where it found something");
		ok(await tab.locator("details.card[open] h4", { hasText: "public.products" }).isVisible(), "and opens what holds it");
		is(await shown(tab, "#d1-index-usage"), 0, "and hides the rest");
		ok(await tab.evaluate(() => CSS.highlights.get("found").size > 0), "and marks it");
		await tab.fill("#q", "nowhere to be found");
		await tab.waitForFunction(() => document.getElementById("hits").textContent === "Nothing found");
		ok(true, "and says when there is nothing");
		await tab.press("#q", "Escape");
		ok(await shown(tab, "#d1-index-usage") === 1 && await shown(tab, ".card") === 14, "Escape shows everything again");
		await tab.fill("#q", "reindex");
		await tab.waitForFunction(() => /place/.test(document.getElementById("hits").textContent));
		ok(await shown(tab, "#summary .finding") >= 1, "findings are searched, too");
		await tab.press("#q", "Enter");
		ok(/^1 of /.test(await tab.locator("#hits").textContent()), "Enter goes to the first");
		await tab.press("#q", "Escape");

		// Closing and opening.
		await tab.click("#close");
		is(await tab.locator("main details[open]").count(), 0, "all can be closed");
		await tab.click("#open");
		is(await tab.locator("main details:not([open])").count(), 0, "and opened");
		await audit(tab, "light, all open");

		// Dark.
		const light = await ground();
		await tab.click("#theme");
		const dark = await ground();
		ok(light !== dark, "dark is another colour");
		await audit(tab, "dark");
		await tab.reload();
		is(await ground(), dark, "the choice is kept");
		await tab.click("#theme");
		is(await ground(), light, "and taken back");

		// Pictures.
		ok(await tab.locator("#d1-tables figure.er svg .box").count() >= 14, "the diagram has its tables");
		await tab.locator("#d1-tables > figure.er").scrollIntoViewIfNeeded();
		await tab.locator('#d1-tables > figure.er button[aria-label="Nearer"]').click();
		const near = await tab.locator("#d1-tables > figure.er svg").getAttribute("viewBox");
		await tab.locator('#d1-tables > figure.er button[aria-label="The whole diagram"]').click();
		ok(near !== await tab.locator("#d1-tables > figure.er svg").getAttribute("viewBox"), "it can be seen from near");
		ok(await tab.locator("#d1-ts-chunks figure.chart svg").isVisible(), "a chart is drawn");
		quiet(tab, "after all that", 2);
		await tab.context().close();

		tab = await visit(browser, { colorScheme: "dark" });
		is(await ground(), dark, "a dark system gets dark");
		await tab.context().close();

		// The keyboard alone: the first key skips to the report.
		tab = await visit(browser, {});
		await tab.keyboard.press("Tab");
		is(await tab.evaluate(() => document.activeElement.textContent), "Skip to the report", "the first stop skips the list");
		await tab.keyboard.press("Enter");
		is(await tab.evaluate(() => document.activeElement.id), "main", "to the report");
		await tab.locator("#d1-tables-public\\.orders > summary").focus();
		await tab.keyboard.press("Enter");
		ok(await tab.locator("#d1-tables-public\\.orders[open]").count() === 1, "Enter opens a card");
		await tab.locator("#d1-index-usage").scrollIntoViewIfNeeded();
		await tab.locator("#d1-index-usage th button").nth(2).focus();
		await tab.keyboard.press("Enter");
		is(await tab.locator("#d1-index-usage th[aria-sort]").count(), 1, "Enter sorts");

		// Paper.
		await tab.emulateMedia({ media: "print" });
		is(await shown(tab, "nav.side") + await shown(tab, ".tools"), 0, "paper has no buttons");
		const pdf = await tab.pdf();
		ok(pdf.subarray(0, 5).toString() === "%PDF-" && pdf.length > 30000, "it prints");
		await tab.context().close();
	},

	// Without a script everything can be read.
	async plain(browser) {
		const tab = await visit(browser, { javaScriptEnabled: false });
		quiet(tab, "no script");
		is(await shown(tab, ".tools"), 0, "no buttons that do nothing");
		ok(await tab.locator("#d1-index-usage tbody tr").last().isVisible(), "tables are there");
		await tab.locator("#d1-tables-stock\\.levels > summary").click();
		ok(await tab.locator("#d1-tables-stock\\.levels td", { hasText: "warehouse_id" }).first().isVisible(), "cards open");
		await tab.locator("#d1-tables-stock\\.levels details.sub:not([open]) > summary").first().click();
		ok(await tab.locator("#d1-tables-stock\\.levels figure.er svg").isVisible(), "with their diagrams");
		await tab.context().close();
	},

	async hostile(browser) {
		const tab = await visit(browser, {});
		await tab.click("#open");
		await tab.fill("#q", "<script>");
		await tab.waitForFunction(() => /place/.test(document.getElementById("hits").textContent));
		await tab.press("#q", "Escape");
		quiet(tab, "hostile names");
		is(await tab.locator("script").count(), 1, "one script: ours");
		is(await tab.locator("img, iframe, object, embed, link, base, form").count(), 0, "no element that a name made");
		is(await tab.locator("[onerror], [onclick], [onload], [style]").count(), 0, "no attribute that a name made");
		const text = await tab.locator("body").textContent();
		ok(text.includes("<script>alert(1)</script>"), "a table named <script> is only a table");
		ok(!/[\u202a-\u202e\u2066-\u2069\u200b\u0007]/.test(text), "nothing turns the direction of text");
		ok((await tab.locator("a[href]").evaluateAll((a) => a.map((x) => x.getAttribute("href")))).every((h) => h.startsWith("#") || h.startsWith("https://www.postgresql.org/") || h.startsWith("http://evil.example")), "links lead within the page");
		const lost = await tab.locator('a[href^="#"]').evaluateAll((all) => all.map((a) => a.getAttribute("href").slice(1)).filter((id) => !document.getElementById(decodeURIComponent(id))));
		is(lost.join(" "), "", "no link leads nowhere");
		await audit(tab, "hostile names");
		await tab.context().close();
	},

	async many(browser) {
		const start = Date.now();
		const tab = await visit(browser, {});
		ok(Date.now() - start < 30000, "a large page opens");
		quiet(tab, "large");
		await tab.fill("#q", "table_9876");
		await tab.waitForFunction(() => /place/.test(document.getElementById("hits").textContent), null, { timeout: 60000 });
		ok(await shown(tab, "#d1-tables tbody tr") >= 1, "a table without a card is found in the list");
		const lost = await tab.locator('a[href^="#"]').evaluateAll((all) => all.map((a) => a.getAttribute("href").slice(1)).filter((id) => !document.getElementById(decodeURIComponent(id))));
		is(lost.length, 0, "no link leads nowhere");
		await tab.context().close();
	},

	async diff(browser) {
		const tab = await visit(browser, {});
		quiet(tab, "a difference");
		ok(await tab.locator("section[id$='-tables'] h4", { hasText: "Added" }).isVisible(), "what came");
		ok(await tab.locator("section[id$='-tables'] h4", { hasText: "Removed" }).isVisible(), "what went");
		ok(await tab.locator("section[id$='-tables'] del").first().isVisible(), "what changed");
		await audit(tab, "a difference");
		await tab.context().close();
	},
};

(async () => {
	const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
	try {
		await scenarios[scenario](browser);
	} catch (e) {
		ok(false, "the browser: " + e);
	}
	await browser.close();
	process.exit(failed ? 1 : 0);
})();
