// A figure, opened: the cycles of journeys that made it, the ones to look at first on top.
import { ask, asked, channelName, clock, day, final, fresh, hour, journeyLink, journeyName, nothing, scope, span, stale, windowName } from "/static/common.js";
import { element } from "/static/drawing.js";
import "/static/lookup.js";

const $ = (id) => document.getElementById(id);
const kpi = decodeURIComponent(location.pathname.split("/").pop());
const query = new URLSearchParams(location.search);
const window_ = query.get("window") || "1h";
const HOUR = 3_600_000;
const PAGE = 100;

// Entries of one cycle, added up.
function cycles(entries) {
  const found = new Map();
  for (const entry of entries) {
    const key = `${entry.journey}/${entry.cycle}`;
    const one = found.get(key) || { journey: entry.journey, cycle: entry.cycle, at_ms: null, hour_ms: entry.hour_ms, channels: new Set(), details: new Set(), parts: {} };
    if (entry.dims[0]) one.channels.add(entry.dims[0]);
    if (entry.dims.at(-1)) one.details.add(entry.dims.at(-1));
    one.hour_ms = Math.max(one.hour_ms, entry.hour_ms);
    if (entry.at_ms !== null) one.at_ms = Math.max(one.at_ms, entry.at_ms);
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
function reckoned(sum, { unit, value, median }) {
  if (!sum.n) return "";
  const pending = sum.pending ? `, ${sum.pending} pending` : "";
  if (unit === "ratio") return ` · ${sum.hit || 0} of ${sum.n} = ${value}${pending}`;
  if (unit === "ms") return ` · ${span(sum.sum)} in all ÷ ${sum.n} = mean ${value}, median ${span(median)}${pending}`;
  if (unit === "score") return ` · ${(sum.sum / 1000).toFixed(1)} in all ÷ ${sum.n} = ${value}${pending}`;
  return ` · ${sum.n} in all${pending}`;
}

// A switch as "Chat → Phone"; other details as they are.
const route = (text) => text.includes("→");
const detail = (text) => (route(text) ? text.split("→").map(channelName).join(" → ") : text);

// When it was counted; of what an older version wrote only the hour is known.
const counted = ({ at_ms, hour_ms }) => (at_ms !== null ? clock(at_ms) : `${day(hour_ms)} ${hour(hour_ms, false)}–${hour(hour_ms + HOUR, false)}`);

// What the supervisor wants to see first: the longest, the misses, or the hits of a rate that should be low.
function weight({ parts }, about) {
  const value = about.unit === "ratio" ? parts.hit || 0 : (parts.sum || 0) / (parts.n || 1);
  return about.better === "higher" ? -value : value;
}

function line(one, about) {
  return element("li", {}, element("time", {}, counted(one)),
    element("span", {}, element("a", { href: journeyLink(one.journey), title: one.journey }, `Customer ${journeyName(one.journey)}`),
      element("small", { class: "soft" }, [one.cycle > 1 ? `cycle ${one.cycle}` : "", [...one.details].some(route) ? "" : [...one.channels].map(channelName).join(", "), [...one.details].map(detail).join(", ")]
        .filter(Boolean).map((text) => ` · ${text}`).join(""))),
    element("strong", { class: "amount" }, amount(one.parts, about)));
}

async function open() {
  try {
    const { about, sum, entries, ...span_ } = await ask(asked(`/v1/kpis/${encodeURIComponent(kpi)}/cycles`,
      { window: window_, to: query.get("to"), domain: scope() }));
    document.title = `${about.title} · Filrouge`;
    $("title").textContent = about.title;
    $("value").textContent = about.value;
    $("back").href = asked("/", { window: window_, domain: scope() });
    const clockwork = [about.counts, about.clock, about.excludes && `Leaves out: ${about.excludes}`].filter(Boolean).join(" ");
    const rough = entries.filter((entry) => entry.at_ms === null).length;
    $("summary").textContent = `${clockwork} Counted from ${clock(span_.from_ms)} to ${clock(span_.to_ms)}, the span that the scorecard sums for the ${windowName(window_)}${scope() ? `, in domain ${scope()}` : ""}.${
      rough ? ` Of ${rough} of what is listed only the hour is known: an older version counted it. It is here with its whole hour, so there may be more than on the scorecard.` : ""}`;
    const all = cycles(entries).sort((a, b) => weight(b, about) - weight(a, about) || (b.at_ms ?? b.hour_ms) - (a.at_ms ?? a.hour_ms) || (a.journey < b.journey ? -1 : 1));
    $("count").textContent = all.length ? `The ${all.length === 1 ? "cycle" : `${all.length} cycles`} that made it${reckoned(sum, about)}` : "Nothing made this figure in that time. Choose a longer window on the scorecard.";
    let shown = 0;
    const more = () => {
      $("cycles").append(...all.slice(shown, shown + PAGE).map((one) => line(one, about)));
      shown += PAGE;
      $("more").hidden = shown >= all.length;
    };
    $("more").onclick = more;
    more();
    fresh(span_.now_ms, "read");
  } catch (error) {
    if (final(error)) return nothing(error);
    stale(error);
    setTimeout(open, 5_000);
  }
}
open();
