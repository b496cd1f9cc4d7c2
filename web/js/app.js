// Entry of app.js. Pages work without it; with it they warn, narrow, follow and draw.
import "htmx.org";
import { focusErrors, precheckFiles, submitOnce, warnWhenDirty } from "./forms.js";
import { copyAndPrint, filterTables, followProgress, togglePreferences, unfoldOnPaper } from "./page.js";

// CHARTS_URL and MACHINES_URL are put in by build.mjs and carry the hash of the island, so that a cached copy is never stale.
function drawCharts(root) {
  if (!root.querySelector?.("[data-chart]")) return;
  import(new URL(CHARTS_URL, import.meta.url).href).then((charts) => charts.drawAll(root));
}

function drawMachines(root) {
  if (!root.querySelector?.("[data-live-chart]")) return;
  import(new URL(MACHINES_URL, import.meta.url).href).then((machines) => machines.drawLive(root));
}

function enliven(root) {
  followProgress(root);
  drawCharts(root);
  drawMachines(root);
}

document.documentElement.classList.add("js");
togglePreferences();
warnWhenDirty();
submitOnce();
precheckFiles();
filterTables();
copyAndPrint();
unfoldOnPaper();
focusErrors(document);
enliven(document);

document.addEventListener("htmx:after:swap", (event) => {
  focusErrors(event.target);
  enliven(document);
});
