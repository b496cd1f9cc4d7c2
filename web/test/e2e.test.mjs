// The built program in a real browser: every printed role at its desk in both languages, the chain from registering to a
// public notice and from an order to its confirmation, without scripts, in print, after a second start.
// Needs a Chromium (CHROMIUM=/path/to/it, otherwise /usr/bin/chromium) and `cargo build -p yunjin`.
// Without a Chromium it is skipped, unless YUNJIN_REQUIRE_BROWSER is set.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { CHROMIUM, Visitor, demo, launch } from "./demo.mjs";

const skip = !existsSync(CHROMIUM) && !process.env.YUNJIN_REQUIRE_BROWSER
  && `no browser at ${CHROMIUM}: set CHROMIUM, or YUNJIN_REQUIRE_BROWSER=1 to fail instead`;

// One login of each role; city2 has the role of city1 and is the second to approve below.
const ROLES = ["city1", "district120116", "firm1", "firm1-member", "plant1", "haihe", "auditor", "expert", "admin"];
const PUBLIC = ["/", "/programmes", "/estimate", "/catalogue", "/notices", "/board", "/register", "/sign-in", "/help"];

describe("the demonstration in a browser", { skip }, () => {
  let data;
  let site;
  let browser;
  const visit = (options) => Visitor.at(browser, site.url, options);
  const signedIn = async (login, options) => {
    const visitor = await visit(options);
    await visitor.signIn(login);
    return visitor;
  };

  before(async () => {
    data = await mkdtemp(join(tmpdir(), "yunjin-e2e-"));
    // The folder is new: a year is replayed before the first page.
    [site, browser] = await Promise.all([demo(data, 400_000), launch()]);
  });
  after(async () => {
    await browser?.close();
    await site?.stop();
    await rm(data, { recursive: true, force: true });
  });

  /**
   * Opens pages one by one: each answers, fits a desk's, a phone's and a small phone's window with nothing cut off, and no
   * policy or script complains.
   */
  async function looks(visitor, paths) {
    for (const path of paths) {
      assert.equal(await visitor.open(path), 200, path);
      assert.ok((await visitor.words("h1")).length > 0, `${path} has a heading`);
      for (const width of [320, 390, 1440]) {
        await visitor.page.setViewportSize({ width, height: 900 });
        assert.ok((await visitor.overflow_px()) <= 0, `${path} is wider than ${width} px`);
        assert.deepEqual(await visitor.clipped(), [], `${path} at ${width} px`);
      }
    }
    assert.deepEqual(visitor.faults, []);
  }

  for (const [lang, tag] of [["zh", "zh-CN"], ["en", "en"]]) {
    test(`public pages in ${lang}, at 1440 and 390 px`, async () => {
      const visitor = await visit({ lang });
      await looks(visitor, PUBLIC);
      assert.equal(await visitor.page.locator("html").getAttribute("lang"), tag);
      await visitor.close();
    });
    for (const login of ROLES) {
      test(`${login}: the desk and all that its menu leads to, in ${lang}, at 1440 and 390 px`, async () => {
        const visitor = await signedIn(login, { lang });
        assert.equal(new URL(visitor.page.url()).pathname, "/dashboard");
        const menu = await visitor.links(".role-nav a");
        assert.ok(menu.length > 0, "the role has a menu");
        const desk = await visitor.links("main a");
        await visitor.open("/");
        const front = await visitor.links("main a");
        await looks(visitor, [...new Set(["/account", ...menu, ...desk, ...front])]);
        await visitor.close();
      });
    }
  }

  test("in large text on a phone nothing is cut off and no word is broken", async () => {
    const visitor = await visit({ lang: "en", width: 390 });
    await visitor.open("/preferences?elder=1&back=%2F");
    await looks(visitor, PUBLIC);
    await visitor.page.setViewportSize({ width: 390, height: 900 });
    // A word is broken when its first and last letter stand on different lines.
    const broken = (selector) => visitor.page.locator(selector).evaluateAll((all) => all.flatMap((element) => {
      const range = document.createRange();
      const words = [];
      for (const node of [...element.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE)) {
        for (const word of node.textContent.matchAll(/[A-Za-z]+/g)) {
          range.setStart(node, word.index);
          range.setEnd(node, word.index + word[0].length);
          if (new Set([...range.getClientRects()].map((r) => r.top)).size > 1) words.push(word[0]);
        }
      }
      return words;
    }));
    await visitor.open("/board");
    assert.deepEqual(await broken(".tile > a"), []);
    await visitor.open("/");
    assert.ok((await visitor.page.locator(".task-list .tag.is-info").count()) > 0, "a batch is open");
    assert.deepEqual(await broken(".task-list span, .task-list a"), []);
    await visitor.close();
  });

  test("every page that the gallery links opens for its reader", async () => {
    for (const [login, least] of [["auditor", 30], ["admin", 15]]) {
      const visitor = await signedIn(login, { lang: "en" });
      await visitor.open("/gallery");
      const links = await visitor.links("#pages td a");
      assert.ok(links.length >= least, `${login}: ${links.length} pages`);
      for (const path of links) {
        const answer = await visitor.page.request.get(new URL(path, site.url).href);
        assert.equal(answer.status(), 200, `${login}: ${path}`);
      }
      await visitor.close();
    }
  });

  // Login (or nobody), page, and for a page of one thing the link on a list that leads there.
  const JUDGED = [
    ["", "/"], ["", "/programmes/tianjin-2018"], ["", "/estimate"], ["", "/catalogue?q=MES"], ["", "/notices"], ["", "/board"],
    ["", "/register"], ["", "/catalogue", "main a[href^='/catalogue/services/']"],
    ["firm1", "/dashboard"], ["firm1", "/cases/new"], ["firm1", "/vouchers", "main a[href^='/vouchers/']"],
    ["firm1", "/orders", "main td a[href^='/orders/']"], ["firm1", "/usage"],
    ["haihe", "/listing"], ["haihe", "/usage/imports"], ["haihe", "/usage/imports", "main td a[href^='/usage/imports/']"],
    ["haihe", "/settlements"], ["haihe", "/settlements", "main td a[href^='/settlements/']"],
    ["city1", "/work?state=all"], ["city1", "/funds"], ["city1", "/batches", "main td a[href^='/batches/']"], ["city1", "/board/officers"],
    ["auditor", "/journal"], ["admin", "/accounts"],
  ];
  for (const [lang, width] of [["zh", 390], ["en", 1440]]) {
    test(`axe finds nothing against WCAG A and AA, in ${lang} at ${width} px`, async () => {
      const visitors = {};
      const found = [];
      for (const [login, path, link] of JUDGED) {
        const visitor = (visitors[login] ??= await (login ? signedIn(login, { lang, width }) : visit({ lang, width })));
        const target = link ? await visitor.first(path, link) : path;
        assert.ok(target, `${path} leads to ${link}`);
        assert.equal(await visitor.open(target), 200, target);
        found.push(...(await visitor.axe()));
      }
      assert.deepEqual(found, []);
      for (const visitor of Object.values(visitors)) await visitor.close();
    });
  }

  test("without scripts: the estimate answers and signing in works", async () => {
    const visitor = await visit({ javaScriptEnabled: false });
    await visitor.open("/estimate");
    await visitor.fill({ district: "120116", industry: "35", registered_in_city: "true", dishonest: "false", is_provider: "false" });
    await visitor.press("main form button[type=submit]");
    assert.match(await visitor.words(), /云惠券[\s\S]*可以享受[\s\S]*最多可得/);
    await visitor.signIn("firm1", "not the password");
    assert.equal(await visitor.page.locator(".error-summary").isVisible(), true);
    await visitor.signIn("firm1");
    assert.equal(new URL(visitor.page.url()).pathname, "/dashboard");
    for (const [query, attribute, value] of [["elder=1", "data-elder", "1"], ["contrast=1", "data-contrast", "high"]]) {
      await visitor.open(`/preferences?${query}&back=%2F`);
      assert.equal(await visitor.page.locator("html").getAttribute(attribute), value);
    }
    await visitor.close();
  });

  test("Back and the other language keep what was typed, in the estimate and before an order", async () => {
    const firm = await signedIn("firm1");
    const back = async () => {
      const answer = await firm.page.goBack({ waitUntil: "load" });
      assert.equal(answer?.status() ?? 200, 200);
    };
    await firm.open("/estimate");
    await firm.fill({ dishonest: "false", is_provider: "false", as_of: "2019-01-15" });
    await firm.press("main form button[type=submit]");
    assert.match(await firm.words("#answers"), /2019-01-15/);
    await firm.press(".utilities a[lang=en]");
    assert.match(await firm.words("#answers"), /The answers · 2019-01-15/);
    assert.equal(await firm.page.inputValue("[name=as_of]"), "2019-01-15");
    await firm.open("/catalogue");
    await back();
    assert.match(await firm.words("#answers"), /The answers · 2019-01-15/);

    const service = await firm.first("/catalogue", "main a[href^='/catalogue/services/']");
    await firm.open(await firm.first(service, "main a[href^='/orders/new']"));
    await firm.page.check("main input[name=voucher_id][value=none]");
    await firm.fill({ quantity: "3", months: "7" });
    await firm.press("main form button[type=submit]");
    assert.match(await firm.words("h1"), /Check your order/);
    await firm.open("/orders");
    await back();
    assert.match(await firm.words("h1"), /Check your order/);
    await firm.press("main a[href^='/orders/new']");
    assert.equal(await firm.page.inputValue("[name=months]"), "7");
    assert.deepEqual(firm.faults, []);
    await firm.close();
  });

  test("language, large text and contrast are switched on the page and stay on the next", async () => {
    const visitor = await visit();
    const root = visitor.page.locator("html");
    const font = () => visitor.page.evaluate(() => getComputedStyle(document.documentElement).fontSize);
    await visitor.open("/catalogue?q=MES");
    await visitor.press(".utilities a[lang=en]");
    assert.equal(new URL(visitor.page.url()).search, "?q=MES");
    assert.equal(await root.getAttribute("lang"), "en");
    await visitor.page.click("[data-pref=elder]");
    await visitor.page.click("[data-pref=contrast]");
    await visitor.open("/notices");
    assert.equal(await font(), "20px");
    assert.equal(await root.getAttribute("data-contrast"), "high");
    assert.equal(await root.getAttribute("lang"), "en");
    assert.equal(await visitor.overflow_px(), 0);
    assert.deepEqual(await visitor.axe(), []);
    await visitor.page.click("[data-pref=elder]");
    assert.equal(await font(), "16px");
    await visitor.close();
  });

  test("what is not there and what is not allowed say so, in the reader's language", async () => {
    const visitor = await signedIn("city1", { lang: "en", width: 390 });
    for (const [path, status, words] of [["/nowhere", 404, /no such page/], ["/accounts", 403, /does not allow/]]) {
      assert.equal(await visitor.open(path), status);
      assert.match(await visitor.words(), words);
      assert.deepEqual(await visitor.axe(), []);
      assert.equal(await visitor.overflow_px(), 0);
      await visitor.press("main a[href='/']");
    }
    await visitor.close();
  });

  test("a voucher on paper has its head with number and QR code, and no menus", async () => {
    const visitor = await signedIn("firm1");
    const path = await visitor.first("/vouchers", "main a[href^='/vouchers/']");
    await visitor.open(path);
    await visitor.page.emulateMedia({ media: "print" });
    assert.match(await visitor.words(".print-head"), /YHQ-\d{4}-\d{6}/);
    const box = await visitor.page.locator(".print-head svg.qr").boundingBox();
    assert.ok(box.width > 40 && box.height > 40, "the code is large enough to scan");
    for (const hidden of [".site-head", ".site-nav", ".role-nav", ".site-foot"]) {
      assert.equal(await visitor.page.locator(hidden).first().isVisible(), false, hidden);
    }
    await visitor.close();
  });

  test("what is folded stands open on paper", async () => {
    for (const javaScriptEnabled of [true, false]) {
      const visitor = await visit({ javaScriptEnabled });
      await visitor.open("/programmes/tianjin-2018");
      const folded = visitor.page.locator("details:not([open], .clause) > :not(summary)").first();
      assert.equal(await folded.isVisible(), false);
      await visitor.page.emulateMedia({ media: "print" });
      assert.equal(await folded.evaluate((e) => e.checkVisibility({ contentVisibilityAuto: true }) && e.getBoundingClientRect().height > 0), true);
      await visitor.close();
    }
  });

  test("an enterprise registers, asks, applies; district and city review; the notice is public", async () => {
    const firm = await visit();
    const password = "yunjin-e2e-2019";
    await firm.open("/register");
    const record = {
      name: "天津浏览器测试（模拟）有限公司", district: "120116", industry: "35", staff: "85", revenue: "32000000",
      established_on: "2010-05-01", registered_in_city: "yes", person_name: "赵某", login: "e2efirm",
      password, password_again: password, truthful: true,
    };
    await firm.fill({ uscc: "91350100M000100Y44", ...record });
    await firm.press("main form button[type=submit]");
    assert.match(await firm.words(".error-summary"), /校验码应为“3”/);
    assert.equal(await firm.page.inputValue("[name=staff]"), "85", "nothing is typed twice");
    await firm.fill({ uscc: "91350100M000100Y43", ...record });
    await firm.press("main form button[type=submit]");
    await firm.signIn("e2efirm", password);
    assert.equal(new URL(firm.page.url()).pathname, "/dashboard");

    await firm.open("/org");
    await firm.fill({ staff: "92" });
    await firm.press("main form button[type=submit]");
    assert.match(await firm.words(), /92/);

    await firm.open("/estimate");
    await firm.fill({ dishonest: "false", is_provider: "false" });
    await firm.press("main form button[type=submit]");
    assert.match(await firm.words(), /可以享受[\s\S]*最多可得/);

    const batch = await firm.first("/", "main a[href^='/cases/new?batch=']");
    assert.ok(batch, "a batch is open on the demonstration's last day");
    await firm.open(batch);
    await firm.press("main form button[type=submit]");
    await firm.fill({ contact_person: "赵某" });
    await firm.press("button[name=then][value=save]");
    assert.match(await firm.words(), /草稿已保存/);
    await firm.press("button[name=then][value=check]");
    assert.match(await firm.words(".error-summary"), /请填写联系电话/);
    await firm.page.locator("main [name=sub_items]").nth(2).check();
    await firm.fill({ contract: "120000", contact_phone: "13800000000", undertakings: true });
    await firm.press("button[name=then][value=check]");
    await firm.press("main form button[type=submit]");
    const id = /\/cases\/([^/]+)\/receipt/.exec(firm.page.url())?.[1];
    assert.ok(id, `a receipt follows: ${firm.page.url()}`);
    const number = /SQ-\d{4}-\d{6}/.exec(await firm.words())[0];
    await firm.speak("en");
    await firm.open(`/cases/${id}`);
    assert.match(await firm.words(), /Held by: the district bureau/);

    await reviewed(id, number);
    await firm.open(`/cases/${id}`);
    assert.match(await firm.words(), /notice/i);
    assert.deepEqual(firm.faults.filter((f) => !f.includes("Failed to load resource")), []);
    await firm.close();

    const anyone = await visit({ lang: "en" });
    const notice = await anyone.first("/notices", "main a[href^='/notices/']");
    await anyone.open(notice);
    assert.match(await anyone.words(), new RegExp(number));
    await anyone.close();
  });

  /** The district checks and recommends, two officers of the city approve, the second publishes the notice. */
  async function reviewed(id, number) {
    const at = (action) => `form[action$='/${action}'] button[type=submit]`;
    const district = await signedIn("district120116");
    await district.open("/work");
    assert.match(await district.words(), new RegExp(number), "it is on the list of its own district");
    await district.open(`/cases/${id}/review`);
    for (const holds of await district.page.locator("main input[name^=pass_][value='1']").all()) await holds.check();
    await district.press(at("formal-check"));
    await district.fill({ recommend_opinion: "材料齐全，建议支持。" });
    await district.press(at("recommend"));
    assert.deepEqual(district.faults, []);
    await district.close();
    for (const login of ["city1", "city2"]) {
      const city = await signedIn(login, { lang: "en" });
      await city.open(`/cases/${id}/review`);
      assert.equal(await city.page.locator(at("publish-notice")).count(), 0, "not before two have approved");
      await city.press(at("approve"));
      if (login === "city1") assert.equal(await city.page.locator(at("approve")).count(), 0, "nobody approves twice");
      else await city.press(at("publish-notice"));
      assert.deepEqual(city.faults, []);
      await city.close();
    }
  }

  test("a voucher is spent on an order, shares shown before; the provider confirms", async () => {
    const firm = await signedIn("firm1");
    const service = await firm.first("/catalogue?q=" + encodeURIComponent("云主机"), "main a[href^='/catalogue/services/']");
    await firm.open(await firm.first(service, "main a[href^='/orders/new']"));
    assert.ok((await firm.page.locator("main input[name=voucher_id]").count()) >= 2, "firm1 has something left on its voucher");
    await firm.page.locator("main input[name=voucher_id]").first().check();
    await firm.fill({ quantity: "1", months: "6" });
    await firm.press("main form button[type=submit]");
    assert.match(await firm.words(), /平台降[\s\S]*政府补[\s\S]*企业出/);
    await firm.press("main form[action='/orders'] button[type=submit]");
    const order = new URL(firm.page.url()).pathname;
    assert.match(order, /^\/orders\/ord_/);
    assert.match(await firm.words(), /等待服务商确认/);
    const provider = await signedIn("haihe", { lang: "en" });
    assert.equal(await provider.open(order), 200);
    await provider.press("form[action$='/confirm'] button[type=submit]");
    assert.equal((await provider.links("main a[href$='/papers/contract']")).length, 1, "the contract comes next");
    assert.deepEqual([...firm.faults, ...provider.faults], []);
    await Promise.all([firm.close(), provider.close()]);
  });

  // Last: it ends the program that the others talked to.
  test("it stops when asked, and a second start shows its first page at once", async (t) => {
    const firm = await signedIn("firm1");
    const vouchers = (await firm.open("/vouchers"), await firm.words("main table"));
    await firm.close();
    assert.equal(await site.stop(), 0);
    site = await demo(data, 30_000);
    t.diagnostic(`first page ${site.first_page_ms} ms after the second start (at most 2000)`);
    assert.ok(site.first_page_ms < 2_000, `${site.first_page_ms} ms`);
    const again = await signedIn("firm1");
    await again.open("/vouchers");
    assert.equal(await again.words("main table"), vouchers, "the same data");
    await again.close();
  });
});
