// SPDX-License-Identifier: PostgreSQL
// The picture of the README, made anew from a page:
//
//	node tests/browser/picture.js MODULES CHROMIUM PAGE PICTURE.png
"use strict";
const path = require("path");
const [modules, executablePath, page, picture] = process.argv.slice(2);
const { chromium } = require(path.join(modules, "playwright-core"));

(async () => {
	const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
	async function take(colorScheme, part) {
		const tab = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme });
		await tab.goto("file://" + path.resolve(page));
		await tab.locator(part).first().evaluate((e) => e.scrollIntoView());
		await tab.waitForTimeout(700);
		return (await tab.screenshot()).toString("base64");
	}
	const front = await take("light", "body"), behind = await take("dark", "figure.er");
	const tab = await browser.newPage({ viewport: { width: 1400, height: 600 } });
	await tab.setContent(`<body style="margin:0;background:#fff">
		<img style="position:absolute;left:0;top:0;width:880px;border:1px solid #c9cfdd;border-radius:10px" src="data:image/png;base64,${front}">
		<img style="position:absolute;left:560px;top:75px;width:838px;border:1px solid #444c5c;border-radius:10px;box-shadow:0 8px 30px #0006" src="data:image/png;base64,${behind}">`);
	await tab.waitForTimeout(300);
	await tab.screenshot({ path: picture });
	await browser.close();
})();
