// Writes COMPONENTS.md from the marked snippets of the two galleries. Run: node components.mjs
// A snippet stands between `<!-- name: what it is for -->` and `<!-- / -->`.
import { readFile, writeFile } from "node:fs/promises";

const read = (name) => readFile(new URL(name, import.meta.url), "utf8");

const HEAD = `# Components

Written by \`node components.mjs\` from \`gallery.html\` and \`gallery-cockpit.html\`, where they can be seen; edit those.
Addresses (\`dist/…\`, \`#…\`) stand for the product's own. No style attribute anywhere: lengths are SVG attributes,
\`<progress>\`, or \`.w-0\` … \`.w-100\`.

- Page: \`<html lang="zh-CN|en" [data-elder="1"] [data-contrast="high"] [data-theme="cockpit"]>\`, written by the server
  from the cookies \`yj_elder\`, \`yj_contrast\`, \`yj_theme\`; \`<link rel="stylesheet" href="…/app.css">\` and
  \`<script type="module" src="…/app.js"></script>\`. \`banner.svg\` and \`charts.js\` must lie beside them.
- Layout: \`.wrap\` (page width), \`main.page.wrap\`, \`.grid.cols-2|3|4\`, \`.with-aside\` (main and 20 rem), \`.stack\` (column of
  cards), \`.cluster\` (row that wraps), \`section.card\` with \`h2.card-title\`, \`.card-foot\`, \`.is-even\` (equal heights).
- Helpers: \`.sr-only .no-print .print-only .js-only .nowrap .muted .strong .num .code .hash .list-plain .sign-in .lede\`.
- Icons: \`<svg class="icon" aria-hidden="true"><use href="…/icons.svg#NAME"/></svg>\`, NAMES.
- Chart JSON: \`{labels, series: [{name, data, unit?, type?, axis?}], horizontal?, stacked?, target?: {name, value}}\`.
- Scripts add only courtesy: \`form[data-dirty]\`, \`form[data-once]\`, \`input[type=file][data-max-bytes]\`, \`[data-filter]\`,
  \`[data-poll]\`, \`[data-pref]\`, \`[data-print]\`, \`[data-copy]\`; htmx attributes work as in its manual (version 4).
`;

/** The whole text of COMPONENTS.md. */
export async function components() {
  const icons = [...(await read("./img/icons.svg")).matchAll(/symbol id="([a-z]+)"/g)].map((m) => m[1]).join(" ");
  const parts = [];
  for (const page of ["./gallery.html", "./gallery-cockpit.html"]) {
    for (const [, name, use, html] of (await read(page)).matchAll(/<!-- ([a-z0-9 -]+): ([^\n]*?) -->\n([\s\S]*?)\n *<!-- \/ -->/g)) {
      parts.push(`## ${name}\n\n${use[0].toUpperCase()}${use.slice(1)}.\n\n\`\`\`html\n${html}\n\`\`\`\n`);
    }
  }
  return `${HEAD.replace("NAMES", icons)}\n${parts.join("\n")}`;
}

if (process.argv[1] && import.meta.url === new URL(process.argv[1], "file://").href) {
  await writeFile(new URL("./COMPONENTS.md", import.meta.url), await components());
}
