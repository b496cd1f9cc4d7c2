// Helpers for forms. Every check here is a courtesy: the server decides again.
import { t } from "./lang.js";

const mebibytes = (bytes) => `${(bytes / 1048576).toFixed(1)} MiB`;

/** Warns before leaving a `form[data-dirty]` with unsaved changes; submitting clears the warning. */
export function warnWhenDirty() {
  const dirty = new WeakSet();
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form?.hasAttribute("data-dirty")) dirty.add(form);
  });
  document.addEventListener("submit", (event) => dirty.delete(event.target));
  window.addEventListener("beforeunload", (event) => {
    for (const form of document.querySelectorAll("form[data-dirty]")) if (dirty.has(form)) event.preventDefault();
  });
}

/** Lets a `form[data-once]` be sent once: a second click within the same page does nothing. */
export function submitOnce() {
  const sent = new WeakSet();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.hasAttribute("data-once") || event.defaultPrevented) return;
    if (sent.has(form)) return event.preventDefault();
    sent.add(form);
    for (const button of form.querySelectorAll("[type=submit]")) button.setAttribute("aria-disabled", "true");
  });
  // A page restored from the back-forward cache must be sendable again.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });
}

function fileFault(input) {
  const sizeMax = Number(input.dataset.maxBytes);
  const kinds = input.accept.split(",").map((kind) => kind.trim().toLowerCase()).filter((kind) => kind.startsWith("."));
  for (const file of input.files) {
    if (sizeMax && file.size > sizeMax) {
      return t(
        `“${file.name}”有 ${mebibytes(file.size)}，超过上限 ${mebibytes(sizeMax)}`,
        `“${file.name}” is ${mebibytes(file.size)}, over the limit of ${mebibytes(sizeMax)}`,
      );
    }
    if (file.size === 0) return t(`“${file.name}”是空文件`, `“${file.name}” is empty`);
    if (kinds.length && !kinds.some((kind) => file.name.toLowerCase().endsWith(kind))) {
      return t(`“${file.name}”的类型不在允许之列：${kinds.join(" ")}`, `“${file.name}” is not one of ${kinds.join(" ")}`);
    }
  }
  return "";
}

/** Says at once when a chosen file is too large, empty or of another kind: `input[type=file][data-max-bytes]`. */
export function precheckFiles() {
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (input.type !== "file" || !input.dataset.maxBytes) return;
    const fault = fileFault(input);
    const id = `${input.id}-file-error`;
    let note = document.getElementById(id);
    if (!note && fault) {
      note = document.createElement("span");
      note.id = id;
      note.className = "field-error";
      note.setAttribute("role", "alert");
      input.before(note);
    }
    if (note) {
      note.textContent = fault;
      note.hidden = !fault;
    }
    input.setCustomValidity(fault);
    input.toggleAttribute("aria-invalid", false);
    if (fault) input.setAttribute("aria-invalid", "true");
  });
}

/** Moves the focus to the error summary of a page that came back with errors. */
export function focusErrors(root) {
  root.querySelector?.(".error-summary")?.focus();
}
