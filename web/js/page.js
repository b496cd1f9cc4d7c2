// Helpers for whole pages: preferences, table filter, progress of long work, copy and print.
import { t } from "./lang.js";

const YEAR_S = 31536000;

/**
 * Turns a preference of the reader on or off without a round trip: `<a href="/…" data-pref="elder">`.
 * The cookie `yj_<pref>` lets the server write the same attribute into the next page, so nothing flashes;
 * without JavaScript the link's own address does the same.
 */
export function togglePreferences() {
  const root = document.documentElement;
  const show = (control) => {
    const value = control.dataset.value ?? "1";
    control.setAttribute("aria-pressed", String(root.getAttribute(`data-${control.dataset.pref}`) === value));
  };
  const controls = () => document.querySelectorAll("[data-pref]");
  for (const control of controls()) {
    control.setAttribute("role", "button");
    show(control);
  }
  document.addEventListener("click", (event) => {
    const control = event.target.closest?.("[data-pref]");
    if (!control) return;
    event.preventDefault();
    const { pref, value = "1" } = control.dataset;
    const on = root.getAttribute(`data-${pref}`) !== value;
    if (on) root.setAttribute(`data-${pref}`, value);
    else root.removeAttribute(`data-${pref}`);
    document.cookie = `yj_${pref}=${on ? value : ""}; path=/; max-age=${on ? YEAR_S : 0}; samesite=lax`;
    controls().forEach(show);
    document.dispatchEvent(new CustomEvent("yj:theme"));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === " " && event.target.matches?.("a[data-pref]")) {
      event.preventDefault();
      event.target.click();
    }
  });
}

/** Narrows the rows already on the page: `<input data-filter="table-id">`, count into `[data-filter-count="table-id"]`. */
export function filterTables() {
  document.addEventListener("input", (event) => {
    const id = event.target.dataset?.filter;
    if (!id) return;
    const words = event.target.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of document.querySelectorAll(`#${CSS.escape(id)} tbody tr`)) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) shown += 1;
    }
    const count = document.querySelector(`[data-filter-count="${CSS.escape(id)}"]`);
    if (count) count.textContent = t(`显示 ${shown} 行`, `${shown} rows shown`);
  });
}

function showProgress(block, state) {
  const bar = block.querySelector("progress");
  if (Number.isFinite(state.total) && state.total > 0) {
    bar.max = state.total;
    bar.value = Math.min(state.done, state.total);
  } else {
    bar.removeAttribute("value");
  }
  const text = block.querySelector("[data-poll-text]");
  if (text && state.text) text.textContent = state.text;
  block.classList.toggle("is-failed", state.state === "failed");
}

async function poll(block) {
  const interval = Number(block.dataset.pollMs ?? 1000);
  let wait = interval;
  while (block.isConnected) {
    await new Promise((done) => setTimeout(done, wait));
    if (document.hidden) continue;
    try {
      const answer = await fetch(block.dataset.poll, { headers: { accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const state = await answer.json();
      showProgress(block, state);
      wait = interval;
      if (state.state === "running") continue;
      if (state.next) window.location.assign(state.next);
      return;
    } catch {
      // The work goes on without the page: ask less often until the server answers again.
      wait = Math.min(wait * 2, 30000);
    }
  }
}

/**
 * Follows long work: `<div class="progress-block" data-poll="/…" data-poll-ms="1000">` asks for
 * `{"state":"running|done|failed","done":n,"total":m,"text":"…","next":"/…"}`, `text` in the reader's language.
 */
export function followProgress(root) {
  const blocks = [...(root.querySelectorAll?.("[data-poll]") ?? [])];
  if (root.matches?.("[data-poll]")) blocks.push(root);
  for (const block of blocks) {
    if (block.dataset.pollOn) continue;
    block.dataset.pollOn = "1";
    poll(block);
  }
}

/**
 * Opens what is folded while a page is printed, and folds it again: for browsers that cannot print it folded open by the
 * style sheet alone.
 */
export function unfoldOnPaper() {
  let unfolded = [];
  window.addEventListener("beforeprint", () => {
    unfolded = [...document.querySelectorAll("details:not([open], .clause)")];
    for (const details of unfolded) details.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const details of unfolded) details.open = false;
    unfolded = [];
  });
}

/** `[data-print]` prints the page; `[data-copy="text"]` copies its text and says so. */
export function copyAndPrint() {
  document.addEventListener("click", async (event) => {
    if (event.target.closest?.("[data-print]")) return window.print();
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = t("已复制", "Copied");
    } catch {
      button.textContent = t("无法复制", "Cannot copy");
    }
  });
}
