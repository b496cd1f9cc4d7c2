// Machines in the built program and a real browser: they report, a chart goes on by itself, a worn bearing raises an alarm that an
// operator acknowledges, the first machine is connected by the guided page, and what they did is evidence of use.
// Needs a Chromium and the built program, as e2e.test.mjs does.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { CHROMIUM, Visitor, demo, launch } from "./demo.mjs";

const skip = !existsSync(CHROMIUM) && !process.env.YUNJIN_REQUIRE_BROWSER
  && `no browser at ${CHROMIUM}: set CHROMIUM, or YUNJIN_REQUIRE_BROWSER=1 to fail instead`;
const WORN = "3号加工中心";
const PAGES = ["/devices", "/devices/new", "/devices/connect", "/devices/import", "/products", "/alarms", "/alarms/rules",
  "/alarms/report", "/alarms/contacts", "/usage"];

describe("machines in a browser", { skip }, () => {
  let data;
  let site;
  let browser;
  const engineer = async (options) => {
    const visitor = await Visitor.at(browser, site.url, options);
    await visitor.signIn("plant1");
    return visitor;
  };

  before(async () => {
    data = await mkdtemp(join(tmpdir(), "yunjin-machines-"));
    [site, browser] = await Promise.all([demo(data, 400_000), launch()]);
  });
  after(async () => {
    await browser?.close();
    await site?.stop();
    await rm(data, { recursive: true, force: true });
  });

  for (const lang of ["zh", "en"]) {
    test(`pages of machines in ${lang}: each answers, fits a phone, and axe finds nothing`, async () => {
      const visitor = await engineer({ lang });
      const device = await visitor.first("/devices", "main a[href^='/devices/dev_']");
      const found = [];
      for (const path of [...PAGES, device]) {
        assert.equal(await visitor.open(path), 200, path);
        for (const width of [390, 1440]) {
          await visitor.page.setViewportSize({ width, height: 900 });
          assert.ok((await visitor.overflow_px()) <= 0, `${path} is wider than ${width} px`);
        }
        found.push(...await visitor.axe());
      }
      assert.deepEqual(found, []);
      assert.deepEqual(visitor.faults, []);
      await visitor.close();
    });
  }

  test("a machine's chart goes on by itself, and the last values with it", async () => {
    const visitor = await engineer();
    await visitor.open("/devices");
    await visitor.open(new URL(await visitor.page.locator(`main a:has-text("${WORN}")`).first().getAttribute("href"), site.url).pathname);
    const chart = visitor.page.locator("[data-live-chart]").first();
    await visitor.page.waitForFunction(() => Number(document.querySelector("[data-live-chart]").dataset.points) > 1);
    const before = Number(await chart.getAttribute("data-points"));
    await visitor.page.waitForFunction((n) => Number(document.querySelector("[data-live-chart]").dataset.points) >= n + 2, before);
    assert.equal(await visitor.words("[data-live-state]"), "实时");
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
  });

  test("the worn bearing raises an alarm; an operator acknowledges it", async () => {
    const visitor = await engineer();
    await visitor.open("/alarms");
    for (let tries = 0; tries < 20 && !(await visitor.words()).includes(WORN); tries += 1) {
      await visitor.page.waitForTimeout(1000);
      await visitor.open("/alarms");
    }
    assert.match(await visitor.words(), new RegExp(`3\\.5 mm/s[\\s\\S]*${WORN}`));
    await visitor.page.locator("main tbody input[type=checkbox]").first().check();
    await visitor.press("button:has-text('确认')");
    const alarm = await visitor.first("/alarms", "main tbody a[href^='/alarms/']");
    await visitor.open(alarm);
    assert.match(await visitor.words(), /已确认/);
    assert.deepEqual(visitor.faults, []);
    await visitor.close();
  });

  test("the guided page waits for the first message of a new machine and shows it", async () => {
    const visitor = await engineer({ lang: "en" });
    await visitor.open("/devices/connect");
    await visitor.fill({ name: "Lathe 9", place: "Plant 1/Line 3" });
    await visitor.press("main form button[type=submit]");
    const token = /\/api\/v1\/([A-Za-z0-9_-]{43})\/telemetry|-u ["']?([A-Za-z0-9_-]{43})/.exec(await visitor.page.content());
    assert.ok(token, "the page shows how to send the first message, with the token");
    const sent = await fetch(`${site.url}/api/v1/${token[1] ?? token[2]}/telemetry`, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ temperature: 41.5 }),
    });
    assert.equal(sent.status, 200, await sent.text());
    await visitor.page.waitForFunction(() => document.querySelector("main").innerText.includes("41.5"), undefined, { timeout: 15_000 });
    const refused = await fetch(`${site.url}/api/v1/${"x".repeat(43)}/telemetry`, {
      method: "POST", headers: { "content-type": "application/json" }, body: "{}",
    });
    assert.equal(refused.status, 404);
    await visitor.close();
  });

  test("what the machines did is evidence: the order stands at L4, and officers see counts only", async () => {
    const visitor = await engineer();
    await visitor.open("/usage");
    assert.match(await visitor.words(), /业务数据或设备已上报/);
    await visitor.close();
    const officer = await Visitor.at(browser, site.url, {});
    await officer.signIn("city1");
    await officer.open("/usage");
    assert.match(await officer.words(), /设备上报[\s\S]*144/);
    assert.equal(await officer.open("/devices"), 403, "a plant's machines are not the officers' affair");
    await officer.close();
  });
});
