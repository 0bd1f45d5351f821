"""What can be seen to be wrong with a page in a browser."""

from playwright.async_api import Page

# One h1 and headings in order, every field and button with a name, ids once and only those that are
# there referred to, nothing pressed inside of something pressed, cells of a head with words, no
# traces of code, text that can be read, and nothing that sticks out: what an audit by axe finds.
FAULTS = r"""
() => {
  const faults = [];
  const seen = new Set();
  for (const one of document.querySelectorAll("[id]")) {
    if (seen.has(one.id)) faults.push(`id twice: ${one.id}`);
    seen.add(one.id);
  }
  if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
  const refers = ["aria-labelledby", "aria-describedby", "aria-controls", "for"];
  for (const one of document.querySelectorAll(refers.map((each) => `[${each}]`).join())) {
    for (const each of refers) {
      for (const id of (one.getAttribute(each) ?? "").split(/\s+/)) {
        if (id && !seen.has(id)) faults.push(`${each} of nothing: ${id}`);
      }
    }
  }
  let level = 0;
  for (const one of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    if (one.closest("dialog:not([open]), [hidden], template")) continue;
    const own = Number(one.tagName[1]);
    if (own > level + 1) faults.push(`h${own} under h${level}: ${one.textContent.trim()}`);
    level = own;
  }
  const nested = "a a, a button, button a, button button, label label";
  for (const one of document.querySelectorAll(nested)) {
    faults.push(`inside of another: ${one.outerHTML.slice(0, 90)}`);
  }
  for (const one of document.querySelectorAll("th")) {
    if (!one.textContent.trim() && !one.querySelector("input")) faults.push("a head without words");
  }
  for (const one of document.querySelectorAll("img:not([alt])")) faults.push(`no alt: ${one.src}`);
  const trace = /\b(None|undefined|NaN|True|False)\b|%\([a-z_]+\)s|\{\{|\[object |&[a-z]+;/;
  const traced = document.body.innerText.match(trace);
  if (traced) faults.push(`a trace of code: ${traced[0]}`);
  const shown = (one) => one.checkVisibility?.({ visibilityProperty: true }) ?? true;
  const name = (one) => one.getAttribute("aria-label") || one.innerText?.trim()
    || one.labels?.[0]?.innerText || one.title;
  const controls = "a[href], button, input:not([type=hidden]), select, textarea, summary";
  for (const one of document.querySelectorAll(controls)) {
    if (shown(one) && !name(one)) faults.push(`no name: ${one.outerHTML.slice(0, 90)}`);
  }
  const channel = (of255) => {
    const value = of255 / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const over = (under, text) => {
    canvas.fillStyle = `rgb(${under.join(" ")})`; canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const ground = (one) => {
    const layers = [];
    for (let at = one; at; at = at.parentElement) layers.push(getComputedStyle(at).backgroundColor);
    return layers.reverse().reduce(over, [255, 255, 255]);
  };
  for (const one of document.querySelectorAll("main *, header *, nav *")) {
    const own = [...one.childNodes].some((each) => each.nodeType === 3 && each.data.trim());
    const passed = ".visually-hidden, [disabled], [aria-hidden=true], .htmx-request";
    if (!own || !shown(one) || one.closest(passed)) continue;
    const style = getComputedStyle(one);
    const behind = ground(one);
    const pair = [light(over(behind, style.color)), light(behind)].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    const least = parseFloat(style.fontSize) >= 24 ? 3 : 4.5;
    const words = one.textContent.trim().slice(0, 40);
    if (ratio < least) faults.push(`contrast ${ratio.toFixed(2)}: ${words}`);
  }
  if (document.documentElement.scrollWidth > innerWidth) faults.push("wider than the screen");
  return faults;
}
"""


async def faults_of(page: Page) -> list[str]:
    """What is wrong with a page for people who see or hear it otherwise."""
    return list(await page.evaluate(FAULTS))
