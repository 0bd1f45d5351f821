// The members' app: the card that renews itself, what is read without a network, messages, and the bridge to a native shell.
// Every page works without this script; it makes them quick, and some things only a script can do.

// By an event and not by an import: under its own address `hansa.js` would be another module, and run twice.
function showToast(text, options = {}) {
  document.dispatchEvent(new CustomEvent("toast", { detail: { text, ...options } }));
}

const body = document.body;
const root = body.dataset.root;

// ---- the bridge: what the shell is told, and what it may ask for; docs/how-to/native-shell.md lists all of it
function tellShell(type, detail = {}) {
  const message = { type, ...detail };
  globalThis.HansaShell?.postMessage?.(JSON.stringify(message));
  globalThis.dispatchEvent(new CustomEvent("hansa-app", { detail: message }));
}

globalThis.addEventListener("hansa-shell", (event) => {
  const { type, link, text } = event.detail ?? {};
  if (type === "open" && typeof link === "string" && (link === root || link.startsWith(`${root}/`))) location.assign(link);
  else if (type === "refresh") location.reload();
  else if (type === "push-token") keepToken(event.detail);
  else if (type === "toast" && typeof text === "string") showToast(text);
});

if ("hosted" in body.dataset) {
  tellShell("page", {
    title: document.querySelector("h1")?.textContent?.trim() || document.title,
    tab: body.dataset.tab,
    path: location.pathname,
    can_go_back: Boolean(document.querySelector(".back")),
  });
  const balance = document.querySelector("[data-balance]");
  if (balance) tellShell("balance", { points: Number(balance.textContent.replace(/\D/g, "")) });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || link.origin === location.origin) return;
    event.preventDefault();
    tellShell("open-outside", { link: link.href });
  });
}

// ---- the worker: a browser of its own keeps the shell and the last pages; inside a native shell it does too
async function startWorker() {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register(`${root}/worker.js`, { scope: root });
    (await navigator.serviceWorker.ready).active?.postMessage("keep");
  } catch {
    // A browser that forbids workers shows the pages all the same.
  }
}

async function forgetPages() {
  if (!globalThis.caches) return;
  for (const name of await caches.keys()) if (name.startsWith("hansa-pages-")) await caches.delete(name);
}

if (document.querySelector("[data-signed-out]")) {
  forgetPages();
  tellShell("signed-out");
} else if ("member" in body.dataset) {
  startWorker();
}

// ---- as of: pages read without a network say how old they are
const note = document.querySelector("[data-offline-note]");
const asOf = new Date(body.dataset.asOf);
function markAge() {
  const isKept = "member" in body.dataset && (!navigator.onLine || Date.now() - asOf > 5 * 60_000 && performance.getEntriesByType("navigation")[0]?.transferSize === 0);
  note.hidden = !isKept;
  if (!isKept) return;
  const day = asOf.toDateString() === new Date().toDateString() ? {} : { day: "numeric", month: "long" };
  const time = asOf.toLocaleString(document.documentElement.lang, { ...day, hour: "2-digit", minute: "2-digit" });
  const words = note.querySelector("[data-words]");
  words.textContent = words.dataset.words.replace("{time}", time);
}
if (note) {
  markAge();
  addEventListener("offline", markAge);
  addEventListener("online", () => { markAge(); renewCard(); });
}

// ---- the card: renewed before it ends while somebody looks at it; without a network the number takes its place
const card = document.querySelector("[data-card]");
const MARGIN_MILLISECONDS = 45_000;
let renewing = false;
async function renewCard() {
  if (!card || renewing || document.hidden) return;
  if (Date.parse(card.dataset.expires) - Date.now() > MARGIN_MILLISECONDS && navigator.onLine) return showCard();
  renewing = true;
  try {
    const answer = await fetch(card.dataset.renew, { headers: { accept: "application/json" }, redirect: "error" });
    if (!answer.ok) throw new Error(String(answer.status));
    const { code, expires } = await answer.json();
    const drawn = new DOMParser().parseFromString(code, "image/svg+xml").documentElement;
    card.querySelector("[data-code]").replaceChildren(document.importNode(drawn, true));
    card.dataset.expires = expires;
  } catch {
    // Shown below: the code lasts some minutes yet, or the number takes its place.
  }
  renewing = false;
  showCard();
}
function showCard() {
  const isOver = Date.parse(card.dataset.expires) <= Date.now();
  const code = card.querySelector("[data-code]");
  const number = card.querySelector("[data-number-code]");
  const words = card.querySelector("[data-note]");
  code.hidden = isOver && Boolean(number);
  code.classList.toggle("is-old", isOver);
  if (number) number.hidden = !isOver;
  const say = !isOver ? words.dataset.fresh : number ? words.dataset.late : words.dataset.over;
  if (words.textContent !== say) words.textContent = say;
}
if (card) {
  renewCard();
  setInterval(renewCard, 10_000);
  document.addEventListener("visibilitychange", renewCard);
  // The screen stays bright and on while the till looks at it, where the browser can do that.
  navigator.wakeLock?.request("screen").catch(() => {});
  tellShell("brightness", { level: "high" });
}

// ---- codes: sent as soon as all digits are there; another one after a minute
for (const field of document.querySelectorAll("[data-code-field]")) {
  field.addEventListener("input", () => {
    const digits = field.value.replace(/\D/g, "");
    if (field.value !== digits) field.value = digits;
    if (digits.length === Number(field.dataset.codeField)) field.form.requestSubmit();
  });
}
for (const again of document.querySelectorAll("[data-again]")) {
  let left = Number(again.dataset.again);
  const count = () => {
    again.disabled = left > 0;
    again.textContent = left > 0 ? again.dataset.words.replace("{seconds}", String(left)) : again.dataset.now;
    if (left-- > 0) setTimeout(count, 1000);
  };
  count();
}

// ---- forms that are sent once: a second tap does nothing
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-sign-out]")) forgetPages();
  if (!form.matches("[data-once]")) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
  form.querySelector(".button")?.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("[data-sent]")) delete form.dataset.sent;
});

// ---- a switch that was replaced keeps the focus
let focused = null;
document.addEventListener("htmx:beforeRequest", (event) => { focused = event.target.dataset?.keepFocus ?? null; });
document.addEventListener("htmx:afterSettle", () => {
  if (focused) document.querySelector(focused)?.focus({ preventScroll: true });
  focused = null;
});

const saved = document.querySelector("[data-saved]");
if (saved) showToast(saved.dataset.saved, { seconds: 3 });

// ---- installing
const install = document.querySelector("[data-install]");
const LATER = "hansa-install-later";
function isInstalled() {
  return matchMedia("(display-mode: standalone)").matches || navigator.standalone === true || "hosted" in body.dataset;
}
function isLater() {
  try { return Date.now() - Number(localStorage.getItem(LATER) ?? 0) < 30 * 86_400_000; } catch { return true; }
}
if (install && !isInstalled() && !isLater()) {
  const button = install.querySelector("[data-install-button]");
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    install.hidden = false;
    button.addEventListener("click", () => { event.prompt(); install.hidden = true; }, { once: true });
  });
  if (/iphone|ipad/i.test(navigator.userAgent)) {
    const words = install.querySelector("[data-install-words]");
    words.textContent = words.dataset.installWords;
    button.hidden = true;
    install.hidden = false;
  }
  install.querySelector("[data-install-later]").addEventListener("click", () => {
    install.hidden = true;
    try { localStorage.setItem(LATER, String(Date.now())); } catch { /* a private window keeps nothing */ }
  });
}

// ---- messages: asked for only by a tap; inside a native shell the shell is asked
const push = document.querySelector("[data-push]");
const token = () => JSON.parse(body.getAttribute("hx-headers"))["X-CSRF-Token"];
async function keepToken({ channel, token: address, app_version }) {
  if (!("member" in body.dataset)) return;
  const sent = { channel, address, app_version: app_version ?? "", time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone ?? "" };
  await send(`${root}/push/token`, sent);
  tellShell("push-registered");
}
async function send(address, content) {
  const answer = await fetch(address, { method: "POST", headers: { "content-type": "application/json", "x-csrf-token": token() }, body: JSON.stringify(content) });
  if (!answer.ok) throw new Error(String(answer.status));
}
function written(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
function read(text) {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (one) => one.charCodeAt(0));
}
async function showPush() {
  const worker = await navigator.serviceWorker.ready;
  const subscription = await worker.pushManager.getSubscription();
  const state = Notification.permission === "denied" ? "denied" : subscription ? "on" : "off";
  push.querySelector("[data-push-state]").textContent = push.querySelector("[data-push-state]").dataset[state];
  const button = push.querySelector("[data-push-button]");
  button.hidden = state === "denied";
  button.textContent = button.dataset[state] ?? "";
  button.setAttribute("aria-pressed", String(state === "on"));
  push.hidden = false;
}
async function switchPush() {
  const worker = await navigator.serviceWorker.ready;
  const subscription = await worker.pushManager.getSubscription();
  if (subscription) {
    await send(push.dataset.end, { endpoint: subscription.endpoint });
    await subscription.unsubscribe();
  } else if (await Notification.requestPermission() === "granted") {
    const { key } = await (await fetch(push.dataset.key)).json();
    const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: read(key) });
    await send(push.dataset.keep, {
      endpoint: made.endpoint,
      key_public: written(made.getKey("p256dh")),
      key_auth: written(made.getKey("auth")),
      time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone ?? "",
    });
  }
  await showPush();
}
if (push && "hosted" in body.dataset) {
  const button = push.querySelector("[data-push-button]");
  push.querySelector("[data-push-state]").textContent = push.querySelector("[data-push-state]").dataset.off;
  button.textContent = button.dataset.off;
  button.addEventListener("click", () => tellShell("push-permission"));
  push.hidden = false;
} else if (push && "serviceWorker" in navigator && "PushManager" in globalThis) {
  showPush();
  push.querySelector("[data-push-button]").addEventListener("click", () => switchPush().catch(() => showToast(document.documentElement.lang === "ru" ? "Не получилось. Попробуйте ещё раз." : "That did not work. Please try again.", { tone: "bad" })));
}
