// SPDX-License-Identifier: PostgreSQL
// What a report can do beyond being read. All text is in the page before this
// runs; nothing here writes HTML, so that no name from a database becomes any.
(function () {
"use strict";

const $ = (id) => document.getElementById(id);
const all = (what, root) => Array.from((root || document).querySelectorAll(what));
const main = $("main");

function make(tag, text, attributes) {
	const element = document.createElement(tag);
	if (text) element.textContent = text;
	for (const name in attributes || {}) element.setAttribute(name, attributes[name]);
	return element;
}
function button(text, label, act) {
	const b = make("button", text, { type: "button" });
	if (label) b.setAttribute("aria-label", label);
	b.addEventListener("click", act);
	return b;
}
function say(text) { $("hits").textContent = text; }

all(".js").forEach((e) => { e.hidden = false; });

// --- light and dark: the system's wish, until somebody chooses ---------------
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
function isDark() {
	return root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
}
function showTheme() {
	const dark = isDark();
	$("theme").textContent = dark ? "Light" : "Dark";
	$("theme").setAttribute("aria-label", dark ? "Switch to light colours" : "Switch to dark colours");
	$("theme").setAttribute("aria-pressed", String(dark));
}
try { // a file may have no storage
	const kept = localStorage.getItem("pg-report-theme");
	if (kept === "dark" || kept === "light") root.dataset.theme = kept;
} catch (e) { /* then it is not kept */ }
$("theme").addEventListener("click", () => {
	root.dataset.theme = isDark() ? "light" : "dark";
	try { localStorage.setItem("pg-report-theme", root.dataset.theme); } catch (e) { /* as above */ }
	showTheme();
});
system.addEventListener("change", showTheme);
showTheme();

// --- opening and closing -------------------------------------------------------
$("open").addEventListener("click", () => all("details", main).forEach((d) => { d.open = true; }));
$("close").addEventListener("click", () => all("details", main).forEach((d) => { d.open = false; }));
$("print").addEventListener("click", () => print());
let closed = [];
addEventListener("beforeprint", () => {
	closed = all("details:not([open])", main);
	closed.forEach((d) => { d.open = true; });
});
addEventListener("afterprint", () => closed.forEach((d) => { d.open = false; }));

// What a link points to is opened, and what a search hid is shown again.
function reveal() {
	let id = location.hash.slice(1);
	try { id = decodeURIComponent(id); } catch (e) { /* as it is */ }
	const target = id && $(id);
	if (!target || !main.contains(target)) return;
	if (target.closest("[hidden]")) { $("q").value = ""; search(); }
	for (let e = target; e && e !== main; e = e.parentElement) {
		if (e.tagName === "DETAILS") e.open = true;
	}
	target.scrollIntoView();
}
addEventListener("hashchange", reveal);

// --- where the reader is ----------------------------------------------------------
const links = new Map();
all(".side a").forEach((a) => links.set(decodeURIComponent(a.hash.slice(1)), a));
let current = null;
function here(id) {
	const a = links.get(id);
	if (!a || a === current) return;
	if (current) current.removeAttribute("aria-current");
	a.setAttribute("aria-current", "location");
	current = a;
	const side = a.closest(".side"), r = a.getBoundingClientRect(), s = side.getBoundingClientRect();
	if (r.height && (r.top < s.top || r.bottom > s.bottom)) {
		side.scrollTop += r.top - s.top - s.height / 2;
	}
}
const seen = new Set();
const watch = new IntersectionObserver((entries) => {
	entries.forEach((e) => e.isIntersecting ? seen.add(e.target) : seen.delete(e.target));
	let top = null;
	seen.forEach((e) => {
		if (!top || (top.compareDocumentPosition(e) & 4) === 0) top = e;
	});
	if (top) here(top.id);
}, { rootMargin: "-70px 0px -70% 0px" });
all(".sec").forEach((s) => watch.observe(s));

// --- tables: sort by a column, filter by words -------------------------------------
const units = { B: 1, kB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40, PB: 2 ** 50, EB: 2 ** 60, "%": 1, s: 1, ms: .001, us: 1e-6, min: 60, h: 3600, d: 86400 };
// "1.5 MB", "2 d 3 h", "1,234".
function numberOf(text) {
	const parts = text.replace(/,/g, "").replace("\u2212", "-").split(" ");
	let sum = 0;
	for (let i = 0; i < parts.length; i += 2) {
		const n = Number(parts[i]), unit = i + 1 < parts.length ? units[parts[i + 1]] : 1;
		if (parts[i] === "" || Number.isNaN(n) || unit === undefined) return null;
		sum += n * unit;
	}
	return sum;
}
const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
function keyOf(cell) {
	if (!cell) return null;
	if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
	const text = cell.textContent.trim();
	if (cell.classList.contains("n")) {
		const n = numberOf(text);
		if (n !== null) return n;
	}
	return text === "" ? null : text;
}
// Cells without a value stay last, whichever way it goes.
function compare(a, b, way) {
	if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
	if (typeof a === "number" && typeof b === "number") return way * (a - b);
	return way * order.compare(String(a), String(b));
}
function sortBy(table, th) {
	const column = th.cellIndex, body = table.tBodies[0];
	const first = th.classList.contains("n") ? "descending" : "ascending";
	const now = th.getAttribute("aria-sort");
	const next = now === null ? first : now === "ascending" ? "descending" : "ascending";
	const way = next === "ascending" ? 1 : -1;
	const rows = Array.from(body.rows).map((row, i) => ({ row, i, key: keyOf(row.cells[column]) }));
	rows.sort((a, b) => compare(a.key, b.key, way) || a.i - b.i);
	const sorted = document.createDocumentFragment();
	rows.forEach((r) => sorted.append(r.row));
	body.append(sorted);
	all("th[aria-sort]", table).forEach((o) => o.removeAttribute("aria-sort"));
	th.setAttribute("aria-sort", next);
}
// Heads become buttons when a table comes near, thousands of cards or not.
function equip(table) {
	const wrap = table.closest(".wrap");
	if (!wrap.hasAttribute("tabindex") && (wrap.scrollWidth > wrap.clientWidth || wrap.scrollHeight > wrap.clientHeight)) {
		wrap.tabIndex = 0;
		wrap.setAttribute("role", "region");
		wrap.setAttribute("aria-label", table.caption.textContent);
	}
	if (table.tBodies[0].rows.length < 2) return;
	all("thead th", table).forEach((th) => {
		const b = button(th.textContent, "", () => sortBy(table, th));
		th.replaceChildren(b);
	});
	if (table.tBodies[0].rows.length >= 8) addSift(table);
}
function words(text) { return text.toLowerCase().split(/\s+/).filter(Boolean); }
function holds(text, wanted) { return wanted.every((w) => text.includes(w)); }
let sifts = 0;
function addSift(table) {
	const id = "sift" + (++sifts), bar = make("div", "", { class: "sift" });
	const input = make("input", "", { id, type: "search", autocomplete: "off", spellcheck: "false", placeholder: "Filter these rows" });
	const count = make("span", "", { role: "status" });
	const label = make("label", "Filter " + table.caption.textContent, { for: id, class: "vh" });
	let wait = 0;
	function sift() {
		const wanted = words(input.value);
		let shown = 0;
		for (const row of table.tBodies[0].rows) {
			const out = wanted.length > 0 && !holds(row.textContent.toLowerCase(), wanted);
			row.classList.toggle("sifted", out);
			row.hidden = out || row.dataset.miss === "1";
			if (!out) shown++;
		}
		count.textContent = wanted.length ? shown + " of " + table.tBodies[0].rows.length + " rows" : "";
	}
	input.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(sift, 80); });
	input.addEventListener("keydown", (e) => { if (e.key === "Escape") { input.value = ""; sift(); } });
	bar.append(label, input, count);
	table.closest(".wrap").before(bar);
}
const near = new IntersectionObserver((entries) => {
	entries.forEach((e) => {
		if (!e.isIntersecting) return;
		near.unobserve(e.target);
		equip(e.target.querySelector("table"));
	});
}, { rootMargin: "400px" });
all(".wrap").forEach((w) => near.observe(w));

// --- searching everything ------------------------------------------------------------
// An item is what is shown or hidden as a whole: a row of a large table, a
// card, a check, a fact, a finding of the summary. A section without one is hidden,
// unless its own title or explanation has the words.
let index = null;
// A card is not about what its diagram shows beside it.
function textOf(element) {
	let text = element.textContent;
	if (element.classList.contains("card")) {
		all("svg", element).forEach((svg) => { text = text.replace(svg.textContent, ""); });
	}
	return text.toLowerCase();
}
function buildIndex() {
	index = all(".scope > .sec, #summary").map((section) => {
		const found = all(".wrap.big tbody tr, .card, .check, .facts > div, .finding, .skips > li, .cats tbody tr", section)
			.filter((e) => !e.parentElement.closest(".card, .check, .wrap.small"));
		const own = all(":scope > h3, :scope > h2, :scope > .about, :scope > .note, :scope > figure.chart", section)
			.map((e) => e.textContent).join(" ").toLowerCase();
		return {
			section, own,
			items: found.map((element) => ({ element, text: textOf(element), opened: false })),
		};
	});
}
function showItem(item, match) {
	const e = item.element;
	if (e.tagName === "TR") e.dataset.miss = match ? "" : "1";
	e.hidden = !match || e.classList.contains("sifted");
}
function restore() {
	index.forEach((s) => {
		s.section.hidden = false;
		s.items.forEach((item) => {
			showItem(item, true);
			if (item.opened) { item.element.open = false; item.opened = false; }
		});
	});
	main.classList.remove("searching");
}
function mark(wanted) {
	if (!window.CSS || !CSS.highlights) return;
	CSS.highlights.delete("found");
	if (wanted.length === 0) return;
	const ranges = [];
	const walk = document.createTreeWalker(main, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT, (n) =>
		n.nodeType === 1 ? (n.hidden ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_SKIP) : NodeFilter.FILTER_ACCEPT);
	while (walk.nextNode() && ranges.length < 600) {
		const node = walk.currentNode, text = node.data.toLowerCase();
		if (text.length !== node.data.length) continue; // a letter that grew
		for (const w of wanted) {
			for (let at = text.indexOf(w); at >= 0 && ranges.length < 600; at = text.indexOf(w, at + w.length)) {
				const range = new Range();
				range.setStart(node, at);
				range.setEnd(node, at + w.length);
				ranges.push(range);
			}
		}
	}
	CSS.highlights.set("found", new Highlight(...ranges));
}
let hits = [];
function search() {
	const wanted = words($("q").value);
	hits = [];
	if (!index) buildIndex();
	if (wanted.length === 0) {
		restore();
		mark(wanted);
		say("");
		return;
	}
	main.classList.add("searching");
	index.forEach((s) => {
		const own = holds(s.own, wanted);
		let n = 0;
		s.items.forEach((item) => {
			const match = holds(item.text, wanted);
			showItem(item, match || (own && s.items.length <= 50));
			if (match) { n++; hits.push(item); }
		});
		if (own && n === 0) hits.push({ element: s.section });
		s.section.hidden = n === 0 && !own;
	});
	// Few: they are opened, so that one sees why they are here.
	if (hits.length <= 12) {
		hits.forEach((item) => {
			if (item.element.tagName === "DETAILS" && !item.element.open) {
				item.element.open = true;
				item.opened = true;
			}
		});
	}
	mark(wanted);
	say(hits.length === 0 ? "Nothing found" : hits.length === 1 ? "1 place" : hits.length.toLocaleString("en") + " places");
}
let waiting = 0, at = -1;
$("q").addEventListener("input", () => {
	clearTimeout(waiting);
	at = -1;
	waiting = setTimeout(search, 120);
});
$("q").addEventListener("keydown", (e) => {
	if (e.key === "Escape") {
		$("q").value = "";
		search();
	} else if (e.key === "Enter" && hits.length > 0) {
		at = (at + (e.shiftKey ? hits.length - 1 : 1)) % hits.length;
		hits[at].element.scrollIntoView({ block: "center" });
		say((at + 1) + " of " + hits.length + " places");
	}
});
addEventListener("keydown", (e) => {
	const field = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
	if (e.key === "/" && !field && !e.ctrlKey && !e.metaKey && !e.altKey) {
		e.preventDefault();
		$("q").focus();
		$("q").select();
	}
});

// --- SQL to take away ------------------------------------------------------------------
function copy(pre, b) {
	const done = () => { b.textContent = "Copied"; setTimeout(() => { b.textContent = "Copy"; }, 1500); };
	const choose = () => {
		const range = document.createRange();
		range.selectNodeContents(pre);
		getSelection().removeAllRanges();
		getSelection().addRange(range);
	};
	if (navigator.clipboard) navigator.clipboard.writeText(pre.textContent).then(done, choose);
	else choose();
}
all(".sql").forEach((box) => {
	const pre = box.querySelector("pre");
	const b = button("Copy", "", () => copy(pre, b));
	b.setAttribute("aria-label", "Copy this SQL: " + pre.textContent.slice(0, 60));
	box.append(b);
});

// --- diagrams: nearer and farther, and moved -------------------------------------------
function zoomable(figure) {
	const svg = figure.querySelector("svg");
	if (!svg) return;
	const view = make("div", "", { class: "view" }), bar = make("div", "", { class: "zoom" });
	const full = svg.viewBox.baseVal, home = { x: full.x, y: full.y, w: full.width, h: full.height };
	let box = Object.assign({}, home);
	function show() {
		svg.setAttribute("viewBox", [box.x, box.y, box.w, box.h].join(" "));
		view.classList.toggle("moved", box.w < home.w - 1);
	}
	function zoom(by, cx, cy) {
		const w = Math.min(home.w, Math.max(home.w / 30, box.w * by)), h = w * home.h / home.w;
		box = { x: box.x + (box.w - w) * cx, y: box.y + (box.h - h) * cy, w, h };
		box.x = Math.max(home.x, Math.min(home.x + home.w - w, box.x));
		box.y = Math.max(home.y, Math.min(home.y + home.h - h, box.y));
		show();
	}
	svg.replaceWith(view);
	view.append(svg);
	bar.append(
		button("+", "Nearer", () => zoom(1 / 1.4, .5, .5)),
		button("\u2212", "Farther", () => zoom(1.4, .5, .5)),
		button("Whole", "The whole diagram", () => { box = Object.assign({}, home); show(); }));
	figure.append(bar);
	view.addEventListener("wheel", (e) => {
		if (!e.ctrlKey && !e.metaKey) return; // the page scrolls as ever
		e.preventDefault();
		const r = svg.getBoundingClientRect();
		zoom(e.deltaY > 0 ? 1.2 : 1 / 1.2, (e.clientX - r.left) / r.width, (e.clientY - r.top) / r.height);
	}, { passive: false });
	let grip = null;
	view.addEventListener("pointerdown", (e) => {
		if (box.w < home.w - 1) grip = { x: e.clientX, y: e.clientY, box: Object.assign({}, box), far: false };
	});
	view.addEventListener("pointermove", (e) => {
		if (!grip) return;
		const r = svg.getBoundingClientRect();
		const dx = e.clientX - grip.x, dy = e.clientY - grip.y;
		if (Math.abs(dx) + Math.abs(dy) > 4) grip.far = true;
		box.x = Math.max(home.x, Math.min(home.x + home.w - box.w, grip.box.x - dx * box.w / r.width));
		box.y = Math.max(home.y, Math.min(home.y + home.h - box.h, grip.box.y - dy * box.h / r.height));
		show();
	});
	const drop = () => { setTimeout(() => { grip = null; }, 0); };
	view.addEventListener("pointerup", drop);
	view.addEventListener("pointerleave", drop);
	view.addEventListener("click", (e) => { if (grip && grip.far) e.preventDefault(); }, true);
}
const pictures = new IntersectionObserver((entries) => {
	entries.forEach((e) => {
		if (!e.isIntersecting) return;
		pictures.unobserve(e.target);
		zoomable(e.target);
	});
}, { rootMargin: "400px" });
all("figure[data-zoom]").forEach((f) => pictures.observe(f));

if (location.hash) reveal();
})();
