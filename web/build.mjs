// Builds dist/: app.css, app.js, charts.js and the pictures. Run: node build.mjs
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const dist = here("./dist/");

/** `.w-0` … `.w-100`: widths in per cent for lengths that come from data where no style attribute may stand. */
const widths = Array.from({ length: 101 }, (_, n) => `.w-${n}{inline-size:${n}%}`).join("");

const script = (entry, define = {}) =>
  build({
    entryPoints: [here(`./js/${entry}`)],
    outdir: dist,
    bundle: true,
    minify: true,
    format: "esm",
    target: ["es2022", "chrome111", "firefox115", "safari16.4"],
    define: { "process.env.NODE_ENV": '"production"', ...define },
    legalComments: "linked",
  });

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });

await script("charts.js");
const hash = createHash("sha256").update(await readFile(`${dist}charts.js`)).digest("hex").slice(0, 12);
await Promise.all([
  script("app.js", { CHARTS_URL: JSON.stringify(`./charts.js?v=${hash}`) }),
  build({
    entryPoints: [here("./css/app.css")],
    outdir: dist,
    bundle: true,
    minify: true,
    external: ["*.svg"],
    legalComments: "none",
    target: ["chrome111", "firefox115", "safari16.4"],
  }),
  ...["logo.svg", "favicon.svg", "banner.svg", "icons.svg"].map((name) => cp(here(`./img/${name}`), dist + name)),
]);
await writeFile(`${dist}app.css`, `${(await readFile(`${dist}app.css`, "utf8")).trimEnd()}\n${widths}\n`);
