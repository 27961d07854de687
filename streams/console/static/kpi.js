// A figure, opened: the cycles of journeys that made it, the ones to look at first on top.
import { ask, channelName, clock, day, fresh, hour, journeyLink, journeyName, nothing, span, stale, windowName } from "/static/common.js";
import { element } from "/static/drawing.js";
import "/static/lookup.js";

const $ = (id) => document.getElementById(id);
const kpi = decodeURIComponent(location.pathname.split("/").pop());
const window_ = new URLSearchParams(location.search).get("window") || "1h";
const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const PAGE = 100;

// Entries of one cycle, added up.
function cycles(entries) {
  const found = new Map();
  for (const entry of entries) {
    const key = `${entry.journey}/${entry.cycle}`;
    const one = found.get(key) || { journey: entry.journey, cycle: entry.cycle, hour_ms: entry.hour_ms, channels: new Set(), details: new Set(), parts: {} };
    if (entry.dims[0]) one.channels.add(entry.dims[0]);
    if (entry.dims.at(-1)) one.details.add(entry.dims.at(-1));
    one.hour_ms = Math.max(one.hour_ms, entry.hour_ms);
    for (const [part, amount] of entry.parts) one.parts[part] = (one.parts[part] || 0) + amount;
    found.set(key, one);
  }
  return [...found.values()];
}

function amount(parts, about) {
  if (!parts.n && !parts.hit) return parts.pending ? "pending" : parts.short ? "short, apart" : "–";
  if (about.unit === "ms") return span(parts.sum / parts.n);
  if (about.unit === "score") return (parts.sum / parts.n / 1000).toFixed(1);
  if (about.unit === "ratio") return parts.hit ? (parts.hit > 1 ? `yes, ${parts.hit} times` : "yes") : "no";
  return String(parts.n);
}

// How the sum of what is listed makes the value.
function reckoned(sum, { unit, value }) {
  if (!sum.n) return "";
  const pending = sum.pending ? `, ${sum.pending} pending` : "";
  if (unit === "ratio") return ` · ${sum.hit || 0} of ${sum.n} = ${value}${pending}`;
  if (unit === "ms") return ` · ${span(sum.sum)} in all ÷ ${sum.n} = mean ${value}${pending}`;
  if (unit === "score") return ` · ${(sum.sum / 1000).toFixed(1)} in all ÷ ${sum.n} = ${value}${pending}`;
  return ` · ${sum.n} in all${pending}`;
}

// A switch as "Chat → Phone"; other details as they are.
const route = (text) => text.includes("→");
const detail = (text) => (route(text) ? text.split("→").map(channelName).join(" → ") : text);

// The hour in which it was counted.
const counted = (ms) => `${day(ms)} ${hour(ms, false)}–${hour(ms + UNITS.h, false)}`;

// What the supervisor wants to see first: the longest, the misses, or the hits of a rate that should be low.
function weight({ parts }, about) {
  const value = about.unit === "ratio" ? parts.hit || 0 : (parts.sum || 0) / (parts.n || 1);
  return about.better === "higher" ? -value : value;
}

function line(one, about) {
  return element("li", {}, element("time", {}, counted(one.hour_ms)),
    element("span", {}, element("a", { href: journeyLink(one.journey), title: one.journey }, `Customer ${journeyName(one.journey)}`),
      element("small", { class: "soft" }, [one.cycle > 1 ? `cycle ${one.cycle}` : "", [...one.details].some(route) ? "" : [...one.channels].map(channelName).join(", "), [...one.details].map(detail).join(", ")]
        .filter(Boolean).map((text) => ` · ${text}`).join(""))),
    element("strong", { class: "amount" }, amount(one.parts, about)));
}

async function open() {
  try {
    const length = (parseInt(window_) || 1) * (UNITS[window_.at(-1)] || UNITS.h);
    const to = Date.now(), from = to - length;
    const { about, sum, entries } = await ask(`/v1/kpis/${encodeURIComponent(kpi)}/cycles?from=${from}&to=${to}`);
    document.title = `${about.title} · Filrouge`;
    $("title").textContent = about.title;
    $("value").textContent = about.value;
    $("back").href = `/?window=${window_}`;
    const clockwork = [about.counts, about.clock, about.excludes && `Leaves out: ${about.excludes}`].filter(Boolean).join(" ");
    $("summary").textContent = `${clockwork} The ${windowName(window_)} in whole hours, so since ${clock(from - (from % UNITS.h))}: it may count more than the scorecard, which counts to the minute.`;
    const all = cycles(entries).sort((a, b) => weight(b, about) - weight(a, about) || b.hour_ms - a.hour_ms || (a.journey < b.journey ? -1 : 1));
    $("count").textContent = all.length ? `The ${all.length === 1 ? "cycle" : `${all.length} cycles`} that made it${reckoned(sum, about)}` : "Nothing has made this figure in these hours. Choose a longer window on the scorecard.";
    let shown = 0;
    const more = () => {
      $("cycles").append(...all.slice(shown, shown + PAGE).map((one) => line(one, about)));
      shown += PAGE;
      $("more").hidden = shown >= all.length;
    };
    $("more").onclick = more;
    more();
    fresh(to, "read");
  } catch (error) {
    if (error.status === 404) return nothing(error);
    stale(error);
    setTimeout(open, 5_000);
  }
}
open();
