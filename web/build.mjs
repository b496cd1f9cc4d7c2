// Builds dist/: app.css, app.js, its lazy islands charts.js and machines.js, and the pictures. Run: node build.mjs
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

/** The address of a lazy island with the hash of what is in it, so that a cached copy is never a stale one. */
async function island(name) {
  await script(`${name}.js`);
  const hash = createHash("sha256").update(await readFile(`${dist}${name}.js`)).digest("hex").slice(0, 12);
  return JSON.stringify(`./${name}.js?v=${hash}`);
}

const [CHARTS_URL, MACHINES_URL] = await Promise.all([island("charts"), island("machines")]);
await Promise.all([
  script("app.js", { CHARTS_URL, MACHINES_URL }),
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
