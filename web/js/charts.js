// Lazy island: draws `[data-chart="bar|line|pie"]` from the JSON of the `<script type="application/json">` beside it.
// Its shape: { labels: [text], series: [{ name, data: [number|null], unit?, type?: "bar"|"line", axis?: 0|1 }],
//              horizontal?, stacked?, target?: { name, value } }; a pie reads the first series only.
// Colours come from the style sheet's tokens; tooltips are drawn on the canvas, since a policy without inline styles
// forbids the HTML ones. The table of the same figures stays in the page.
import { BarChart, LineChart, PieChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([BarChart, LineChart, PieChart, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, CanvasRenderer]);

const drawn = new Map();

function tokens() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    ink: read("--ink"),
    ink2: read("--ink-2"),
    line: read("--line"),
    axis: read("--field-line"),
    surface: read("--surface"),
    rule: read("--rule-title"),
    series: [1, 2, 3, 4, 5, 6].map((n) => read(`--series-${n}`)),
    font: read("--font"),
    px: parseFloat(style.fontSize),
  };
}

const number = new Intl.NumberFormat("zh-CN");
const unitNote = (series, axis) => series.find((s) => (s.axis ?? 0) === axis && s.unit)?.unit;

function common(look) {
  return {
    color: look.series,
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    animationDuration: 400,
    textStyle: { fontFamily: look.font, color: look.ink2 },
    legend: {
      top: 0,
      itemWidth: 18,
      textStyle: { color: look.ink2, fontSize: look.px * 0.8125 },
    },
    tooltip: {
      renderMode: "richText",
      confine: true,
      backgroundColor: look.surface,
      borderColor: look.axis,
      textStyle: { color: look.ink, fontSize: look.px * 0.8125 },
    },
  };
}

function axisOption(kind, data, look) {
  const { labels, series, horizontal, stacked, target } = data;
  const text = { color: look.ink2, fontSize: look.px * 0.8125 };
  const names = {
    type: "category",
    data: labels,
    inverse: Boolean(horizontal),
    axisLabel: { ...text, hideOverlap: true },
    axisTick: { show: false },
    axisLine: { lineStyle: { color: look.axis } },
  };
  const amounts = [0, 1].filter((n) => series.some((s) => (s.axis ?? 0) === n)).map((n) => ({
    type: "value",
    name: horizontal ? undefined : unitNote(series, n),
    nameTextStyle: text,
    axisLabel: text,
    splitLine: { show: n === 0, lineStyle: { color: look.line } },
  }));
  return {
    ...common(look),
    tooltip: { ...common(look).tooltip, trigger: "axis", axisPointer: { type: "shadow" } },
    legend: { ...common(look).legend, show: series.length > 1 },
    grid: { left: 4, right: 12, top: series.length > 1 ? look.px * 3.8 : look.px * 2.2, bottom: 4, containLabel: true },
    xAxis: horizontal ? amounts : names,
    yAxis: horizontal ? names : amounts,
    series: series.map((one, index) => ({
      type: one.type ?? kind,
      name: one.name,
      data: one.data,
      stack: stacked ? "all" : undefined,
      barMaxWidth: 40,
      label: { show: Boolean(horizontal && !stacked), position: "right", color: look.ink, fontSize: look.px * 0.8125 },
      symbolSize: 8,
      symbol: ["circle", "rect", "triangle", "diamond"][index % 4],
      lineStyle: { width: 2.5, type: ["solid", "dashed", "dotted"][index % 3] },
      itemStyle: (one.type ?? kind) === "bar" ? { borderRadius: horizontal ? [0, 2, 2, 0] : [2, 2, 0, 0] } : undefined,
      [horizontal ? "xAxisIndex" : "yAxisIndex"]: one.axis ?? 0,
      tooltip: { valueFormatter: (value) => (value == null ? "—" : `${number.format(value)} ${one.unit ?? ""}`) },
      markLine: target && index === 0
        ? {
            symbol: "none",
            lineStyle: { color: look.rule, type: "dashed", width: 1.5 },
            label: { formatter: target.name, color: look.rule, position: horizontal ? "start" : "insideEndTop" },
            data: [horizontal ? { xAxis: target.value } : { yAxis: target.value }],
          }
        : undefined,
    })),
  };
}

function pieOption(data, look, width_px) {
  // A narrow ring leaves room for its labels; on a phone they would otherwise be dropped.
  const narrow = width_px < look.px * 22;
  const [only] = data.series;
  return {
    ...common(look),
    legend: { show: false },
    series: [{
      type: "pie",
      name: only.name,
      radius: narrow ? ["32%", "50%"] : ["45%", "70%"],
      itemStyle: { borderColor: look.surface, borderWidth: 2 },
      label: { color: look.ink, formatter: "{b}\n{c}", fontSize: look.px * 0.8125, lineHeight: look.px * 1.2 },
      labelLine: { length: 16, length2: narrow ? 4 : 14, lineStyle: { color: look.axis } },
      data: data.labels.map((name, index) => ({ name, value: only.data[index] })),
    }],
  };
}

function draw(element) {
  const source = element.parentElement.querySelector('script[type="application/json"]');
  const data = JSON.parse(source.textContent);
  const kind = element.dataset.chart;
  const look = tokens();
  if (!drawn.has(element)) {
    element.replaceChildren(document.createElement("div"));
    element.firstChild.className = "chart-fill";
    drawn.set(element, init(element.firstChild));
    new ResizeObserver(() => drawn.get(element)?.resize()).observe(element);
  }
  drawn.get(element).setOption(kind === "pie" ? pieOption(data, look, element.clientWidth) : axisOption(kind, data, look), true);
  element.dataset.drawn = kind;
}

/** Draws every chart under `root` that is not drawn yet; forgets those that have left the page. */
export function drawAll(root) {
  for (const [element, chart] of drawn) {
    if (element.isConnected) continue;
    chart.dispose();
    drawn.delete(element);
  }
  for (const element of root.querySelectorAll("[data-chart]:not([data-drawn])")) draw(element);
}

// Another theme has other tokens, and paper has another width.
document.addEventListener("yj:theme", () => drawn.forEach((_, element) => draw(element)));
window.addEventListener("beforeprint", () => drawn.forEach((chart) => chart.resize()));
