// The kit in a real browser: nothing overflows, axe finds nothing, the strict policy is kept, the helpers help.
// Needs a Chromium: CHROMIUM=/path/to/it, otherwise /usr/bin/chromium. Build first: node build.mjs
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { components } from "../components.mjs";
import { serve } from "./serve.mjs";

const file = (path) => readFile(new URL(path, import.meta.url), "utf8");
const axe = await file("../node_modules/axe-core/axe.min.js");
let browser;
let site;

before(async () => {
  site = await serve();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
});
after(async () => {
  await browser.close();
  site.close();
});

/** Opens a page at `width` with preferences set on the root; collects policy violations and script errors. */
async function open(width, { path = "gallery.html", prefs = {}, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(error.message));
  await page.goto(site.url + path);
  for (const [name, value] of Object.entries(prefs)) {
    await page.evaluate(([n, v]) => document.documentElement.setAttribute(`data-${n}`, v), [name, value]);
  }
  return { context, page, faults };
}

const looks = [
  ["portal", "gallery.html", {}],
  ["large text", "gallery.html", { elder: "1" }],
  ["high contrast", "gallery.html", { contrast: "high" }],
  ["dark", "gallery.html", { theme: "cockpit" }],
  ["cockpit", "gallery-cockpit.html", {}],
];

for (const [name, path, prefs] of looks) {
  for (const width of [390, 1440]) {
    test(`${name} at ${width}: no overflow, no axe finding, policy kept`, async () => {
      const { context, page, faults } = await open(width, { path, prefs });
      await page.waitForSelector("[data-drawn]");
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width);
      // axe cannot judge text over a picture: take gradients away, so that it judges the flat colour beneath, which the
      // style sheet keeps at the gradient's worst end. The SVG text over bars is judged by eye.
      await page.evaluate(() => {
        for (const element of document.querySelectorAll("body, .card, .site-head, .hero, .cockpit-head, .select")) {
          element.style.backgroundImage = "none";
        }
      });
      // The DevTools protocol runs this outside the page's policy.
      await page.evaluate(axe);
      const found = await page.evaluate(() => window.axe.run({ resultTypes: ["violations"] }));
      const lines = found.violations.flatMap((v) =>
        v.nodes.map((n) => `${v.id}: ${n.target} ${n.any[0]?.message ?? ""}`));
      assert.deepEqual(lines, []);
      assert.deepEqual(faults, []);
      await context.close();
    });
  }
}

test("English at 390 px: long words in the navigation do not push the page wide", async () => {
  const { context, page } = await open(390);
  await page.evaluate(() => {
    const names = ["Home", "Policy library", "Eligibility check", "Subsidy application", "Provider directory", "Announcements", "Statistics"];
    document.querySelectorAll(".site-nav a").forEach((link, index) => { link.textContent = names[index]; });
    document.querySelector(".brand-name").textContent = "Yunjin Enterprise Cloud Adoption Service Platform";
  });
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390);
  await context.close();
});

test("without scripts: the page is whole and helpers that need scripts are not shown", async () => {
  const { context, page } = await open(1440, { javaScriptEnabled: false });
  assert.equal(await page.locator("#narrow").isVisible(), false);
  assert.equal(await page.locator(".chart-canvas").first().isVisible(), false);
  await page.locator(".chart-data > summary").first().click();
  assert.equal(await page.getByRole("cell", { name: "690" }).isVisible(), true);
  await context.close();
});

test("charts draw on a canvas and draw again in another theme", async () => {
  const { context, page } = await open(1440);
  await page.waitForSelector('[data-drawn="pie"] canvas');
  const colour = () => page.evaluate(() => {
    const canvas = document.querySelector('[data-drawn="bar"] canvas');
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    const count = new Map();
    for (let i = 0; i < pixels.length; i += 4) {
      if (pixels[i + 3] !== 255) continue;
      const key = `${pixels[i]},${pixels[i + 1]},${pixels[i + 2]}`;
      count.set(key, (count.get(key) ?? 0) + 1);
    }
    return [...count].sort((a, b) => b[1] - a[1])[0]?.[0];
  });
  await page.waitForTimeout(300);
  assert.equal(await colour(), "20,86,166");
  await page.evaluate(() => {
    document.documentElement.setAttribute("data-theme", "cockpit");
    document.dispatchEvent(new CustomEvent("yj:theme"));
  });
  await page.waitForTimeout(300);
  assert.equal(await colour(), "74,163,245");
  await context.close();
});

test("large text toggles, is remembered in a cookie, and toggles back", async () => {
  const { context, page } = await open(1440);
  const rootSize = () => page.evaluate(() => getComputedStyle(document.documentElement).fontSize);
  await page.getByRole("button", { name: "长者版" }).click();
  assert.equal(await rootSize(), "20px");
  assert.equal((await context.cookies()).find((c) => c.name === "yj_elder")?.value, "1");
  await page.getByRole("button", { name: "长者版" }).click();
  assert.equal(await rootSize(), "16px");
  assert.equal((await context.cookies()).length, 0);
  await context.close();
});

test("the error summary takes the focus; a too large or foreign file is refused at once", async () => {
  const { context, page } = await open(1440);
  assert.equal(await page.evaluate(() => document.activeElement.className), "error-summary");
  await page.evaluate(() => { document.getElementById("contract").dataset.maxBytes = "10"; });
  await page.setInputFiles("#contract", { name: "合同.pdf", mimeType: "application/pdf", buffer: Buffer.alloc(11) });
  assert.match(await page.locator("#contract-file-error").textContent(), /超过上限/);
  await page.setInputFiles("#contract", { name: "合同.exe", mimeType: "application/pdf", buffer: Buffer.alloc(5) });
  assert.match(await page.locator("#contract-file-error").textContent(), /类型不在允许之列/);
  await page.setInputFiles("#contract", { name: "合同.PDF", mimeType: "application/pdf", buffer: Buffer.alloc(5) });
  assert.equal(await page.locator("#contract-file-error").isVisible(), false);
  await context.close();
});

test("leaving a changed form asks first; an unchanged one does not", async () => {
  const { context, page } = await open(1440);
  let asked = 0;
  page.on("dialog", (dialog) => { asked += 1; dialog.accept(); });
  await page.reload();
  assert.equal(asked, 0);
  await page.fill("#plan", "三台云主机");
  await page.reload();
  assert.equal(asked, 1);
  await context.close();
});

test("the table filter narrows rows, and progress follows the server to its end", async () => {
  const { context, page } = await open(1440);
  await page.fill("#narrow", "静海 245");
  assert.equal(await page.locator("#cases tbody tr:visible").count(), 1);
  assert.equal(await page.locator("[data-filter-count]").textContent(), "显示 1 行");
  await page.waitForFunction(() => document.querySelector("[data-poll] progress").value === 1000000, null, { timeout: 15000 });
  await context.close();
});

test("paper hides the frame and shows the case number", async () => {
  const { context, page } = await open(800);
  await page.emulateMedia({ media: "print" });
  for (const hidden of [".site-head", ".site-nav", ".site-foot", ".filter-bar", ".form-actions"]) {
    assert.equal(await page.locator(hidden).first().isVisible(), false, hidden);
  }
  assert.equal(await page.locator(".print-head .ref").isVisible(), true);
  await context.close();
});

test("no style attribute in the galleries, and COMPONENTS.md is theirs", async () => {
  for (const name of ["../gallery.html", "../gallery-cockpit.html"]) assert.doesNotMatch(await file(name), /\sstyle=/);
  assert.equal(await file("../COMPONENTS.md"), await components());
});
