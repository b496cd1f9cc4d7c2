// Lazy island: live charts of machines. `[data-live-chart]` carries data-device, data-property, data-unit and data-minutes; the
// history comes once as pairs of floats, what is new over one WebSocket for the whole page. The table of the same figures stays
// in the page. Drag to look closer, double-click to go back to now.
import uPlot from "uplot";
import { t } from "./lang.js";

const POINTS_MAX = 200_000;
const drawn = new Map();
let socket;

function look() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return { ink: read("--ink-2"), line: read("--line"), series: read("--series-1"), font: `12px ${read("--font")}` };
}

/** Pairs of little-endian floats as two arrays, time in seconds as uPlot wants it. */
function pairs(view, at, count, times, values) {
  for (let i = 0; i < count; i += 1, at += 16) {
    times.push(view.getFloat64(at, true) / 1000);
    const value = view.getFloat64(at + 8, true);
    values.push(Number.isNaN(value) ? null : value);
  }
  return at;
}

function options(chart) {
  const { ink, line, series, font } = look();
  const axis = { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  return {
    width: chart.canvas.clientWidth,
    height: height_px(chart),
    // Plants are in China, whatever the reader's browser is set to.
    tzDate: (at_s) => uPlot.tzDate(new Date(at_s * 1000), "Asia/Shanghai"),
    cursor: { drag: { x: true, y: false } },
    legend: { show: true, live: true },
    axes: [{ ...axis, space: 80, values: TIMES }, { ...axis, size: 64 }],
    series: [
      { label: t("时间", "Time"), value: "{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}" },
      { label: chart.label, stroke: series, width: 1.5, spanGaps: false, points: { show: false } },
    ],
    hooks: { setSelect: [() => { chart.following = false; }] },
  };
}

/** 24 hours, the day below where it changes: uPlot's rows of [least step in s, format, then formats at a new year, month, day…]. */
const TIMES = [
  [86400, "{MM}-{DD}", "\n{YYYY}", null, null, null, null, null, 1],
  [60, "{HH}:{mm}", "\n{YYYY}-{MM}-{DD}", null, "\n{MM}-{DD}", null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", "\n{YYYY}-{MM}-{DD}", null, "\n{MM}-{DD}", null, null, null, 1],
  [0.001, "{ss}.{fff}", "\n{HH}:{mm}", null, null, null, null, null, 1],
];

/** What the legend below leaves of the canvas. */
const LEGEND_PX = 34;
const height_px = (chart) => (chart.canvas.clientHeight || 260) - LEGEND_PX;

async function start(figure) {
  const { device, property, unit = "", minutes = "60" } = figure.dataset;
  const canvas = figure.querySelector(".chart-canvas");
  const chart = { device, property, canvas, times: [], values: [], following: true, window_s: Number(minutes) * 60 };
  chart.label = unit ? `${figure.dataset.label ?? property} (${unit})` : figure.dataset.label ?? property;
  drawn.set(figure, chart);
  // The server's own time: a demonstration lives in another year than the reader's clock.
  const now_ms = Number(figure.dataset.now);
  const query = new URLSearchParams({ property, from_ms: now_ms - chart.window_s * 1000, to_ms: now_ms + 60_000 });
  const answer = await fetch(`/devices/${encodeURIComponent(device)}/points?${query}`);
  if (answer.ok) {
    const bytes = await answer.arrayBuffer();
    pairs(new DataView(bytes), 0, bytes.byteLength / 16, chart.times, chart.values);
  }
  chart.plot = new uPlot(options(chart), [chart.times, chart.values], canvas);
  canvas.addEventListener("dblclick", () => { chart.following = true; redraw(chart); });
  figure.dataset.points = String(chart.times.length);
}

function redraw(chart) {
  if (!chart.plot) return;
  const last = chart.times.at(-1);
  chart.plot.setData([chart.times, chart.values], chart.following);
  if (chart.following && last !== undefined) chart.plot.setScale("x", { min: last - chart.window_s, max: last });
}

function take(buffer, order) {
  const view = new DataView(buffer);
  let at = 0;
  while (at < view.byteLength) {
    const chart = order[view.getUint16(at, true)];
    const count = view.getUint16(at + 2, true);
    const times = [], values = [];
    at = pairs(view, at + 4, count, times, values);
    const known = chart.times.at(-1) ?? -Infinity;
    const fresh = times.findIndex((time) => time > known);
    if (fresh < 0) continue;
    chart.times.push(...times.slice(fresh));
    chart.values.push(...values.slice(fresh));
    const surplus = chart.times.length - POINTS_MAX;
    if (surplus > 0) { chart.times.splice(0, surplus); chart.values.splice(0, surplus); }
    redraw(chart);
    chart.canvas.closest("[data-live-chart]").dataset.points = String(chart.times.length);
  }
}

/** One socket a page; it is opened again a while after it was lost, later each time. */
function connect(wait_ms = 1000) {
  const order = [...drawn.values()];
  socket = new WebSocket(new URL("/live", location.href.replace(/^http/, "ws")));
  socket.binaryType = "arraybuffer";
  const say = (state) => document.querySelectorAll("[data-live-state]").forEach((e) => { e.textContent = state; });
  socket.onopen = () => {
    wait_ms = 1000;
    say(t("实时", "live"));
    socket.send(JSON.stringify({ watch: order.map((c) => [c.device, c.property]) }));
  };
  socket.onmessage = (event) => {
    if (typeof event.data === "string") say(JSON.parse(event.data).refused ?? "");
    else take(event.data, order);
  };
  socket.onclose = () => {
    say(t("连接中断，正在重连", "connection lost, trying again"));
    setTimeout(() => connect(Math.min(wait_ms * 2, 30_000)), wait_ms);
  };
}

/** Draws every live chart below `root` that is not drawn yet. */
export async function drawLive(root) {
  const figures = [...root.querySelectorAll("[data-live-chart]")].filter((f) => !drawn.has(f));
  if (figures.length === 0) return;
  await Promise.all(figures.map(start));
  if (socket === undefined) connect();
}

addEventListener("resize", () => {
  for (const chart of drawn.values()) chart.plot?.setSize({ width: chart.canvas.clientWidth, height: height_px(chart) });
});
