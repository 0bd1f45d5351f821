// Behaviour of all pages: plain module, no build. Everything works by data attributes and by delegation, so that what htmx
// swaps in needs no second start. Without this script every page still works by links and forms.

const html = document.documentElement;
const RU = html.lang.startsWith("ru");
const WORDS = {
  copied: RU ? "Скопировано" : "Copied",
  undo: RU ? "Вернуть" : "Undo",
  close: RU ? "Закрыть" : "Close",
  failed: RU ? "Не получилось. Попробуйте ещё раз." : "That did not work. Please try again.",
  offline: RU ? "Нет связи. Попробуйте, когда она появится." : "You are offline. Please try again later.",
  days: RU ? "дн." : "days",
  late: RU ? "срок вышел" : "overdue",
};
export const sprite = document.querySelector("svg.icon use")?.getAttribute("href")?.split("#")[0] ?? "/static/icons/sprite.svg";

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon icon-s");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

// ---- theme: light, dark, or as the system has it; a cookie lets the server print it at once
function readCookie(name) {
  return document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

export function setTheme(theme) {
  const chosen = theme === "light" || theme === "dark" ? theme : "";
  document.cookie = `hansa_theme=${chosen}; path=/; max-age=${chosen ? 31536000 : 0}; samesite=lax`;
  if (chosen) html.dataset.theme = chosen;
  else delete html.dataset.theme;
  markTheme();
  document.dispatchEvent(new CustomEvent("hansa:theme"));
}

function markTheme() {
  const now = html.dataset.theme ?? "auto";
  for (const button of document.querySelectorAll("[data-theme-switch]")) {
    if (button.dataset.themeSwitch) button.setAttribute("aria-pressed", String(button.dataset.themeSwitch === now));
  }
}

function isDark() {
  return html.dataset.theme ? html.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

// ---- toasts
// `target` is what the answer to `undo` takes the place of.
export function showToast(text, { undo = null, target = null, tone = "", seconds = 8 } = {}) {
  const place = document.getElementById("toasts");
  if (!place) return;
  const toast = document.createElement("div");
  toast.className = `toast${tone ? ` toast-${tone}` : ""}`;
  toast.dataset.toast = String(seconds);
  const words = document.createElement("span");
  words.textContent = text;
  toast.append(words);
  if (undo) {
    const back = document.createElement("button");
    back.type = "button";
    back.className = "button button-quiet";
    back.textContent = WORDS.undo;
    back.dataset.closeToast = "";
    back.addEventListener("click", () => globalThis.htmx?.ajax("POST", undo, target ? { target, swap: "outerHTML" } : { swap: "none" }));
    toast.append(back);
  }
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button button-quiet button-icon";
  close.setAttribute("aria-label", WORDS.close);
  close.dataset.closeToast = "";
  close.append(icon("x"));
  toast.append(close);
  place.append(toast);
  startToasts();
}

function startToasts() {
  for (const toast of document.querySelectorAll("[data-toast]:not([data-started])")) {
    toast.dataset.started = "";
    let timer = 0;
    const start = () => { timer = setTimeout(() => toast.remove(), Number(toast.dataset.toast || 8) * 1000); };
    toast.addEventListener("pointerenter", () => clearTimeout(timer));
    toast.addEventListener("pointerleave", start);
    toast.addEventListener("focusin", () => clearTimeout(timer));
    start();
  }
}

// ---- dialogs
export function openDialog(id) {
  const dialog = document.getElementById(id);
  if (!dialog || dialog.open) return;
  dialog.showModal();
  html.classList.add("has-dialog");
}

// A dialog whose body names a source is filled from there each time somebody opens it.
function loadDialog(id) {
  const body = document.querySelector(`#${CSS.escape(id)} [data-load]`);
  if (body) globalThis.htmx?.ajax("GET", body.dataset.load, { target: body, swap: "innerHTML" });
}

document.addEventListener("close", (event) => {
  if (!document.querySelector("dialog:modal")) html.classList.remove("has-dialog");
  event.target.dispatchEvent(new CustomEvent("hansa:closed", { bubbles: true }));
}, true);

document.addEventListener("click", (event) => {
  if (event.target instanceof HTMLDialogElement && event.target.open) {
    const box = event.target.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) event.target.close();
  }
  const at = (selector) => event.target.closest?.(selector);
  const opener = at("[data-open]");
  if (opener) {
    // On a telephone a sheet that also has an address stays a page.
    const asPage = opener.matches("a[href]") && matchMedia("(max-width: 899px)").matches;
    if (!asPage && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      loadDialog(opener.dataset.open);
      openDialog(opener.dataset.open);
    }
  }
  at("[data-close]")?.closest("dialog")?.close();
  at("[data-close-toast]")?.closest("[data-toast]")?.remove();
  const theme = at("[data-theme-switch]");
  if (theme) setTheme(theme.dataset.themeSwitch || (isDark() ? "light" : "dark"));
  const copy = at("[data-copy]");
  if (copy) copyText(copy);
  const step = at("[data-step]");
  if (step) changeQuantity(step);
  const option = at("[role='option'][data-href]");
  if (option) location.assign(option.dataset.href);
});

async function copyText(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    showToast(button.dataset.done || WORDS.copied, { seconds: 3 });
  } catch {
    showToast(WORDS.failed, { tone: "bad" });
  }
}

// ---- quantity: minus, number, plus
function changeQuantity(button) {
  const box = button.closest("[data-quantity]");
  const input = box.querySelector("input");
  const low = Number(input.min || 0);
  const high = Number(input.max || Infinity);
  const next = Math.min(high, Math.max(low, Number(input.value || low) + Number(button.dataset.step)));
  if (String(next) === input.value) return;
  input.value = String(next);
  for (const each of box.querySelectorAll("[data-step]")) {
    each.disabled = Number(each.dataset.step) < 0 ? next <= low : next >= high;
  }
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

// ---- filters: send the form when something changed; text waits for a pause
let pause = 0;
function sendForm(form) {
  clearTimeout(pause);
  // Empty fields stay out of the address.
  const empty = [...form.elements].filter((field) => field.name && field.value === "" && !field.disabled);
  for (const field of empty) field.disabled = true;
  form.requestSubmit();
  for (const field of empty) field.disabled = false;
}
document.addEventListener("change", (event) => {
  const form = event.target.closest?.("form[data-auto-submit]");
  if (form) sendForm(form);
  const order = event.target.closest?.("[data-autosubmit-now]");
  order?.form?.requestSubmit();
});
document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-auto-submit]");
  if (form && event.target.matches("input[type='search'], input[type='text']")) {
    clearTimeout(pause);
    pause = setTimeout(() => sendForm(form), 350);
  }
});

// ---- a second press while the first is on its way does nothing. Forms that send themselves are left alone: what was changed last
// has to arrive. A page that is still there after some seconds (a file came, the network broke) may be sent again.
const SENT_MILLISECONDS = 8000;
const sending = new WeakMap();
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" && !form.hasAttribute("hx-post")) return;
  if (sending.get(form) > Date.now() && event.submitter) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  sending.set(form, Date.now() + SENT_MILLISECONDS);
  event.submitter?.setAttribute("aria-busy", "true");
}, true);
function maySendAgain(form) {
  sending.delete(form);
  for (const button of form.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
}
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.forms) maySendAgain(form);
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest?.("form");
  if (form) maySendAgain(form);
});
const asked = new WeakSet();
document.addEventListener("htmx:confirm", (event) => {
  const { verb, triggeringEvent, elt } = event.detail;
  if (verb !== "get" && triggeringEvent?.type === "click" && asked.has(elt)) event.preventDefault();
});
document.addEventListener("htmx:beforeRequest", (event) => asked.add(event.detail.elt));
document.addEventListener("htmx:afterRequest", (event) => asked.delete(event.detail.elt));

// ---- parts of a form that belong to one choice: data-when="field:value value"
function showParts() {
  for (const part of document.querySelectorAll("[data-when]")) {
    const [name, values] = part.dataset.when.split(":");
    const form = part.closest("form");
    const chosen = form?.querySelector(`[name="${CSS.escape(name)}"]:checked, select[name="${CSS.escape(name)}"]`)?.value;
    const shown = chosen === undefined || values.split(" ").includes(chosen);
    part.hidden = !shown;
    for (const field of part.querySelectorAll("input, select, textarea")) {
      if (!shown && !field.disabled) field.dataset.hiddenPart = "";
      if (!shown) field.disabled = true;
      else if ("hiddenPart" in field.dataset) { field.disabled = false; delete field.dataset.hiddenPart; }
    }
  }
}
document.addEventListener("change", showParts);

// ---- suggestions: an ARIA combobox; htmx fills the list
function combobox(input) {
  const list = document.getElementById(input.getAttribute("aria-controls"));
  return { list, options: [...(list?.querySelectorAll("[role='option']") ?? [])] };
}
function closeList(input) {
  const { list } = combobox(input);
  list?.replaceChildren();
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}
document.addEventListener("keydown", (event) => {
  const input = event.target.closest?.("[role='combobox']");
  if (!input) return;
  const { options } = combobox(input);
  if (event.key === "Escape" && options.length) {
    event.preventDefault();
    closeList(input);
    return;
  }
  const now = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "Enter" && now >= 0) {
    event.preventDefault();
    location.assign(options[now].dataset.href);
    return;
  }
  if (!options.length || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
  event.preventDefault();
  const next = event.key === "ArrowDown" ? (now + 1) % options.length : (now <= 0 ? options.length : now) - 1;
  options.forEach((option, index) => option.setAttribute("aria-selected", String(index === next)));
  input.setAttribute("aria-activedescendant", options[next].id);
  options[next].scrollIntoView({ block: "nearest" });
});
document.addEventListener("focusout", (event) => {
  const box = event.target.closest?.("[data-combobox]");
  if (!box) return;
  setTimeout(() => {
    if (!box.contains(document.activeElement)) closeList(box.querySelector("[role='combobox']"));
  }, 160);
});

// ---- live clocks
const relative = new Intl.RelativeTimeFormat(html.lang || "ru", { numeric: "auto" });
function tick() {
  for (const time of document.querySelectorAll("time[data-relative-time]")) {
    const seconds = Math.round((Date.parse(time.dateTime) - Date.now()) / 1000);
    if (Number.isNaN(seconds)) continue;
    if (time.dataset.relativeTime === "left") {
      time.classList.toggle("is-late", seconds < 0);
      time.textContent = seconds < 0 ? WORDS.late : leftText(seconds);
    } else {
      time.textContent = agoText(seconds);
    }
  }
}
function leftText(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  if (seconds > 172800) return `${Math.floor(seconds / 86400)}\u00a0${WORDS.days}`;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
function agoText(seconds) {
  const size = Math.abs(seconds);
  if (size < 60) return relative.format(seconds, "second");
  if (size < 3600) return relative.format(Math.round(seconds / 60), "minute");
  if (size < 86400) return relative.format(Math.round(seconds / 3600), "hour");
  return relative.format(Math.round(seconds / 86400), "day");
}

// ---- gallery: dots follow the picture
function startGalleries() {
  for (const gallery of document.querySelectorAll("[data-gallery]:not([data-started])")) {
    gallery.dataset.started = "";
    const list = gallery.querySelector("ul");
    const dots = [...gallery.querySelectorAll(".gallery-dots i")];
    if (!dots.length) continue;
    list.addEventListener("scroll", () => {
      const at = Math.round(list.scrollLeft / list.clientWidth);
      dots.forEach((dot, index) => dot.classList.toggle("is-on", index === at));
    }, { passive: true });
  }
}

// ---- the second picture of a card, fetched only under a pointer that can hover
if (matchMedia("(hover: hover)").matches) {
  document.addEventListener("pointerover", (event) => {
    const image = event.target.closest?.(".product")?.querySelector("img[data-second]");
    if (!image || image.dataset.first) return;
    image.dataset.first = image.srcset || image.src;
    const other = new Image();
    other.addEventListener("load", () => { if (image.dataset.first) { image.removeAttribute("srcset"); image.src = other.src; } });
    other.src = image.dataset.second;
  });
  document.addEventListener("pointerout", (event) => {
    const card = event.target.closest?.(".product");
    if (!card || card.contains(event.relatedTarget)) return;
    const image = card.querySelector("img[data-first]");
    if (!image) return;
    if (image.dataset.first.includes(" ")) image.srcset = image.dataset.first;
    else image.src = image.dataset.first;
    delete image.dataset.first;
  });
}

// ---- charts, fetched only where there is one
async function startCharts() {
  if (!document.querySelector("[data-chart]:not([data-started])")) return;
  const { drawCharts } = await import("./charts.js");
  await drawCharts();
}

// ---- header: a line under it once the page has moved
function startHeader() {
  const header = document.querySelector(".shop-header");
  if (!header) return;
  const mark = document.createElement("div");
  header.before(mark);
  new IntersectionObserver(([entry]) => header.classList.toggle("is-stuck", !entry.isIntersecting)).observe(mark);
}

// On a wide screen the filters are a column, therefore not a dialog that can be opened.
function startFacets() {
  const dialog = document.querySelector(".facets-dialog");
  if (!dialog) return;
  const wide = matchMedia("(min-width: 900px)");
  const fit = () => { if (wide.matches && dialog.matches(":modal")) dialog.close(); };
  wide.addEventListener("change", fit);
}

// ---- the list of what is wrong in a form: each line says of which field it speaks, and leads there
function fieldOf(link) {
  const id = decodeURIComponent(link.hash.slice(1));
  return document.getElementById(id) ?? document.querySelector(`[name="${CSS.escape(id.replace(/^field-/, ""))}"]:not([type=hidden])`);
}
function nameErrors() {
  for (const link of document.querySelectorAll("[role=alert] li > a[href^='#field-']:not([data-started])")) {
    link.dataset.started = "";
    const field = fieldOf(link);
    if (field && !field.id) field.id = link.hash.slice(1);
    if (field) link.setAttribute("href", `#${field.id}`);
    const label = document.querySelector(`.field-label[for="${CSS.escape(field?.id ?? "")}"]`) ?? field?.closest("fieldset")?.querySelector("legend");
    const words = [...(label?.childNodes ?? [])].find((node) => node.nodeType === Node.TEXT_NODE)?.data.trim();
    const said = link.textContent;
    // An abbreviation keeps its capitals.
    const isWord = said.charAt(1) === said.charAt(1).toLowerCase();
    if (words) link.textContent = `${words}: ${isWord ? said.charAt(0).toLowerCase() : said.charAt(0)}${said.slice(1)}`;
  }
}
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[role=alert] li > a[href^='#field-']");
  const field = link && fieldOf(link);
  if (!field) return;
  event.preventDefault();
  field.focus();
});

function start() {
  nameErrors();
  startToasts();
  startGalleries();
  startCharts();
  showParts();
  markTheme();
  tick();
}

// ---- htmx: answers of the server open dialogs and show toasts; failures are said, never swallowed
document.addEventListener("toast", (event) => showToast(event.detail.text ?? event.detail.value, event.detail));
document.addEventListener("basket-count", (event) => {
  for (const place of document.querySelectorAll("[data-basket-count]")) place.textContent = event.detail.count || "";
});
document.addEventListener("open", (event) => openDialog(event.detail.value ?? event.detail.id));
document.addEventListener("htmx:afterSettle", (event) => {
  start();
  const input = document.querySelector(`[role='combobox'][aria-controls='${CSS.escape(event.target.id || "-")}']`);
  if (input) input.setAttribute("aria-expanded", String(combobox(input).options.length > 0));
  event.target.querySelector?.("[data-focus]")?.focus();
});
document.addEventListener("htmx:responseError", () => showToast(WORDS.failed, { tone: "bad" }));
document.addEventListener("htmx:sendError", () => showToast(WORDS.offline, { tone: "bad" }));

const cookie = readCookie("hansa_theme");
if (cookie && !html.dataset.theme) html.dataset.theme = cookie;
start();
startHeader();
startFacets();
setInterval(tick, 1000);
document.querySelector("[data-focus]")?.focus();
