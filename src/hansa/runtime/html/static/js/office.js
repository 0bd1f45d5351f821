// The back office by keyboard: / search, j k rows, Enter open, x select, ? help. Rows come from tables with data-rows.

const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]") !== null;
const rows = () => [...document.querySelectorAll("[data-rows] tbody tr")].filter((row) => row.offsetParent !== null);
const current = () => document.querySelector("[data-rows] tr.is-active");

function moveTo(row) {
  current()?.classList.remove("is-active");
  row.classList.add("is-active");
  row.scrollIntoView({ block: "nearest" });
  row.querySelector("a")?.focus({ preventScroll: true });
}

function step(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(current());
  moveTo(all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + by))]);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog:modal")) return;
  if (event.key === "Escape" && event.target.matches?.("[data-search]")) event.target.blur();
  if (typing(event.target)) return;
  const actions = {
    "/": () => document.querySelector("[data-search]")?.focus(),
    "j": () => step(1),
    "k": () => step(-1),
    "x": () => current()?.querySelector("input[type='checkbox']")?.click(),
    "?": () => document.getElementById("key-help")?.showModal(),
  };
  // Russian layout: the same keys of the board, whatever they print.
  const byBoard = { KeyJ: "j", KeyK: "k", KeyX: "x" };
  const action = actions[event.key] ?? actions[byBoard[event.code]] ?? (event.code === "Slash" && event.key === "." ? actions["/"] : undefined);
  if (!action) {
    if (event.key === "Enter" && current() && event.target === document.body) openRow(current());
    return;
  }
  event.preventDefault();
  action();
});

function openRow(row) {
  const address = row.dataset.href ?? row.querySelector("a")?.href;
  if (address) location.assign(address);
}

document.addEventListener("click", (event) => {
  const menu = event.target.closest("[data-menu]");
  const side = document.querySelector(".office-side");
  if (menu) {
    const open = side.classList.toggle("is-open");
    for (const button of document.querySelectorAll("[data-menu]")) button.setAttribute("aria-expanded", String(open));
    if (open) side.querySelector("a")?.focus();
  } else if (side?.classList.contains("is-open") && !side.contains(event.target)) {
    side.classList.remove("is-open");
    for (const button of document.querySelectorAll("[data-menu]")) button.setAttribute("aria-expanded", "false");
  }
  const row = event.target.closest("[data-rows] tr[data-href]");
  if (row && !event.target.closest("a, button, input, label") && !String(getSelection())) openRow(row);
  const toggle = event.target.closest("[data-tree-toggle]");
  if (toggle) {
    const open = toggle.getAttribute("aria-expanded") !== "true";
    toggle.setAttribute("aria-expanded", String(open));
    toggle.closest("li").querySelector(".tree-children").hidden = !open;
  }
  const clear = event.target.closest("[data-bulk-clear]");
  if (clear) {
    const form = document.getElementById(clear.closest("[data-bulk]").dataset.bulk);
    for (const box of form.querySelectorAll("td.is-select input, [data-select-all]")) box.checked = false;
    showBulk();
  }
});

function showBulk() {
  for (const bar of document.querySelectorAll("[data-bulk]")) {
    const count = document.getElementById(bar.dataset.bulk)?.querySelectorAll("td.is-select input:checked").length ?? 0;
    bar.hidden = count === 0;
    bar.querySelector("[data-bulk-count]").textContent = String(count);
  }
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-select-all]")) {
    for (const box of event.target.closest("table").querySelectorAll("td.is-select input")) box.checked = event.target.checked;
  }
  if (event.target.closest(".is-select")) showBulk();
});
document.addEventListener("htmx:afterSettle", showBulk);
showBulk();
