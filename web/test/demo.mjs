// The demonstration as a running program, and a browser that looks at it: used by e2e.test.mjs.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const PASSWORD = "yunjin-demo-2018";

const axe = await readFile(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
/** The rules that WCAG 2.2 asks for at levels A and AA. */
const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** The built program, where cargo puts it. */
function binary() {
  const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL("../../target", import.meta.url));
  const path = `${target}/debug/yunjin`;
  if (!existsSync(path)) throw new Error(`${path} is not there; build it first: cargo build -p yunjin`);
  return path;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/**
 * Starts `yunjin demo` on a folder and waits for its first page, at most `wait_ms`: a new folder is replayed first.
 * Resolves to the address, how long the first page took, and `stop()`, which resolves to the exit code.
 */
export async function demo(data, wait_ms) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const began = performance.now();
  const child = spawn(binary(), ["demo", "--data", data, "--port", String(port)], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk) => { said = (said + chunk).slice(-4000); });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = () => {
    child.kill("SIGTERM");
    return ended;
  };
  while (performance.now() - began < wait_ms) {
    if (child.exitCode !== null) throw new Error(`the demonstration ended with ${child.exitCode}:\n${said}`);
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return { url, first_page_ms: Math.round(performance.now() - began), stop };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await stop();
  throw new Error(`no page within ${wait_ms} ms:\n${said}`);
}

export const launch = () => chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });

/** A visitor: a browser context of its own, with all that the console and scripts complained about in `faults`. */
export class Visitor {
  static async at(browser, url, { lang = "zh", width = 1440, ...options } = {}) {
    const visitor = new Visitor();
    visitor.url = url;
    visitor.context = await browser.newContext({ viewport: { width, height: 900 }, reducedMotion: "reduce", ...options });
    visitor.page = await visitor.context.newPage();
    visitor.page.setDefaultTimeout(15_000);
    visitor.faults = [];
    visitor.page.on("console", (m) => m.type() === "error" && visitor.faults.push(`${visitor.page.url()}: ${m.text()}`));
    visitor.page.on("pageerror", (error) => visitor.faults.push(`${visitor.page.url()}: ${error.message}`));
    await visitor.speak(lang);
    return visitor;
  }
  speak(lang) {
    return this.page.goto(`${this.url}/preferences?lang=${lang}&back=%2F`);
  }
  /** Opens a path and gives the status of its answer. */
  async open(path) {
    return (await this.page.goto(new URL(path, this.url).href)).status();
  }
  async signIn(login, password = PASSWORD) {
    await this.open("/sign-in");
    await this.fill({ login, password });
    await this.press("main form button[type=submit]");
  }
  /** Fills fields by name: words into inputs, a value into selects, true into checkboxes, `=value` picks a radio. */
  async fill(fields) {
    for (const [name, value] of Object.entries(fields)) {
      const field = this.page.locator(`main [name="${name}"]`);
      const kind = await field.first().evaluate((e) => e.type);
      if (kind.startsWith("select")) await field.selectOption(value);
      else if (kind === "radio") await this.page.check(`main [name="${name}"][value="${value}"]`);
      else if (kind === "checkbox") for (const box of await field.all()) await box.check();
      else await field.fill(value);
    }
  }
  /** Presses a button and waits for the page that follows. */
  async press(selector) {
    const next = this.page.waitForEvent("framenavigated");
    await this.page.locator(selector).first().click();
    await next;
    await this.page.waitForLoadState("load");
  }
  words(selector = "main") {
    return this.page.locator(selector).first().innerText();
  }
  /** Addresses of the links under a selector, each once, as paths. */
  links(selector) {
    return this.page.locator(selector).evaluateAll((all) =>
      [...new Set(all.map((a) => new URL(a.href)).map((u) => u.pathname + u.search))]);
  }
  /** The path of the first link under a selector on a page, or undefined. */
  async first(path, selector) {
    await this.open(path);
    return (await this.links(selector))[0];
  }
  /** Whether the page is wider than the window. */
  overflow_px() {
    return this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  }
  /** What is cut off: elements wider inside than they are, that do not scroll and stand in nothing that does. */
  clipped() {
    return this.page.evaluate(() => {
      const scrolls = (e) => /auto|scroll/.test(getComputedStyle(e).overflowX);
      const found = [];
      for (const element of document.querySelectorAll("main *")) {
        if (element.clientWidth === 0 || element.scrollWidth <= element.clientWidth + 1) continue;
        if (element.closest("svg, .sr-only, .table-cards thead, input, select, textarea, progress")) continue;
        let around = element;
        while (around && !scrolls(around)) around = around.parentElement;
        if (!around) found.push(`${element.tagName}.${element.className}: ${element.textContent.trim().slice(0, 60)}`);
      }
      return found;
    });
  }
  /** What axe finds against WCAG A and AA, a line each. Gradients go first: axe judges flat colour only. */
  async axe() {
    await this.page.evaluate(() => {
      for (const element of document.querySelectorAll("body, .card, .site-head, .hero, .cockpit-head, .select")) {
        element.style.backgroundImage = "none";
      }
    });
    await this.page.evaluate(axe);
    const found = await this.page.evaluate(
      (values) => window.axe.run({ resultTypes: ["violations"], runOnly: { type: "tag", values } }), WCAG);
    return found.violations.flatMap((v) => v.nodes.map((n) =>
      `${this.page.url()}: ${v.id}: ${n.target} ${n.any[0]?.message ?? ""}`));
  }
  close() {
    return this.context.close();
  }
}
