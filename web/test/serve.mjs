// Serves this folder under the strict policy that the product sends, so that a violation shows here first.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const types = { ".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml" };
export const POLICY = "default-src 'self'; style-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'";

/** Starts on a free port (or `port`); resolves to `{ url, close }`. `/gallery-progress.json` counts up per request. */
export async function serve(port = 0) {
  let done = 612000;
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    if (pathname === "/gallery-progress.json") {
      done = Math.min(done + 97000, 1000000);
      const state = done < 1000000 ? "running" : "done";
      const text = `${done.toLocaleString("en")} / 1,000,000 行`;
      response.writeHead(200, { "content-type": "application/json" });
      return response.end(JSON.stringify({ state, done, total: 1000000, text }));
    }
    const path = normalize(pathname).replace(/^\/+/, "") || "gallery.html";
    try {
      if (path.startsWith("..")) throw new Error("outside");
      const body = await readFile(root + path);
      response.writeHead(200, {
        "content-type": types[extname(path)] ?? "application/octet-stream",
        "content-security-policy": POLICY,
      });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((ready) => server.listen(port, "127.0.0.1", ready));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}
