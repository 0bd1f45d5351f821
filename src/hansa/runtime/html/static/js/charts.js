// Charts by ECharts, in the colours of the tokens; drawn again when the theme or the width changes.

const drawn = new Map();

function loadLibrary() {
  if (globalThis.echarts) return Promise.resolve();
  const address = document.querySelector("[data-echarts]")?.dataset.echarts ?? new URL("../vendor/echarts.min.js", import.meta.url).href;
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.addEventListener("load", resolve);
    script.addEventListener("error", reject);
    document.head.append(script);
  });
}

// The canvas knows no light-dark(): a probe element turns each token into a plain colour.
function tokens() {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const read = (name) => {
    probe.setAttribute("class", "");
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const found = {
    ink: read("ink"), quiet: read("ink-2"), line: read("line"), surface: read("surface"),
    colours: [1, 2, 3, 4, 5].map((number) => read(`chart-${number}`)),
  };
  probe.remove();
  return found;
}

function options(spec, colour) {
  const number = new Intl.NumberFormat(document.documentElement.lang || "ru");
  const short = new Intl.NumberFormat(document.documentElement.lang || "ru", { notation: "compact" });
  const unit = spec.unit ? `\u00a0${spec.unit}` : "";
  const line = spec.kind === "line";
  const named = !line && spec.series.length > 1;
  const isWhole = spec.series.every((each) => each.values.every((value) => Number.isInteger(value ?? 0)));
  const text = { color: colour.quiet, fontSize: 12, fontFamily: "Golos Text, sans-serif" };
  return {
    color: colour.colours,
    animationDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 400,
    textStyle: text,
    grid: { left: 4, right: line && spec.series.length > 1 ? 96 : 12, top: named ? 36 : 16, bottom: 4, containLabel: true },
    tooltip: {
      trigger: "axis", confine: true, backgroundColor: colour.surface, borderColor: colour.line, borderWidth: 1, padding: [8, 12],
      textStyle: { ...text, color: colour.ink }, extraCssText: "", axisPointer: { type: line ? "line" : "shadow", lineStyle: { color: colour.line }, shadowStyle: { color: colour.line, opacity: 0.35 } },
      valueFormatter: (value) => number.format(value) + unit, renderMode: "richText",
    },
    legend: named ? { show: true, right: 0, top: 0, icon: "circle", itemWidth: 8, textStyle: text } : { show: false },
    xAxis: { type: "category", data: spec.labels, boundaryGap: !line, axisTick: { show: false }, axisLine: { lineStyle: { color: colour.quiet } }, axisLabel: { ...text, hideOverlap: true } },
    yAxis: { type: "value", splitNumber: 3, minInterval: isWhole ? 1 : 0, axisLabel: { ...text, formatter: (value) => short.format(value) }, splitLine: { lineStyle: { color: colour.line } } },
    series: spec.series.map((each) => ({
      name: each.name, type: line ? "line" : "bar", data: each.values, stack: spec.kind === "stack" ? "all" : undefined,
      showSymbol: false, symbolSize: 7, lineStyle: { width: 2 }, barMaxWidth: 26, itemStyle: line ? undefined : { borderRadius: spec.kind === "stack" ? 0 : [3, 3, 0, 0] },
      endLabel: line && spec.series.length > 1 ? { show: true, formatter: "{a}", ...text, color: "inherit" } : undefined,
      emphasis: { focus: spec.series.length > 1 ? "series" : "none" },
    })),
  };
}

export async function drawCharts() {
  const places = document.querySelectorAll("[data-chart]:not([data-started])");
  for (const place of places) place.dataset.started = "";
  await loadLibrary();
  const colour = tokens();
  for (const place of places) {
    const chart = globalThis.echarts.init(place, null, { renderer: "svg" });
    drawn.set(place, chart);
    chart.setOption(options(JSON.parse(place.dataset.chart), colour));
    new ResizeObserver(() => chart.resize()).observe(place);
  }
}

function redraw() {
  const colour = tokens();
  for (const [place, chart] of drawn) {
    if (!place.isConnected) {
      chart.dispose();
      drawn.delete(place);
      continue;
    }
    chart.setOption(options(JSON.parse(place.dataset.chart), colour), true);
  }
}

document.addEventListener("hansa:theme", redraw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
