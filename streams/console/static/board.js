// The live board: asks for everything once a refresh, redraws only what the answer says.
import { ask, asked, channelName, clock, domainLinks, final, fresh, journeyLink, nothing, scope, span, stale, who, windowName } from "/static/common.js";
import { element, redraw, svg } from "/static/drawing.js";
import "/static/lookup.js";

const $ = (id) => document.getElementById(id);
const VERDICTS = { green: "● on target", amber: "▲ close", red: "■ off target", none: "" };
const THEMES = { speed: "Speed", quality: "Quality", continuity: "Continuity" };
const chosen = () => new URLSearchParams(location.search).get("window") || "1h";
let current = chosen();
let longestSince = null;
let skew = 0;
let asOf = 0;

function drawWindows(windows) {
  redraw($("windows"), ...windows.map((name) => element("a", { href: asked("/", { window: name, domain: scope() }), "data-window": name,
    "aria-label": windowName(name), title: windowName(name), "aria-current": name === current ? "true" : null }, name)));
}

$("windows").onclick = (event) => {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  moved();
};
function moved() { current = chosen(); refresh(); }
addEventListener("popstate", moved);

function spark(values) {
  const known = (values || []).map((v, i) => [i, v]).filter(([, v]) => v !== null);
  const box = svg("svg", { viewBox: "0 0 100 30", preserveAspectRatio: "none", "aria-hidden": "true" });
  if (known.length < 3) return box;  // two points are no line to read anything from
  const ys = known.map(([, v]) => v);
  const low = Math.min(...ys), high = Math.max(...ys);
  const x = (i) => (100 * i) / (values.length - 1);
  const y = (v) => 27 - (high === low ? 12 : (24 * (v - low)) / (high - low));
  box.append(svg("polyline", { points: known.map(([i, v]) => `${x(i).toFixed(1)},${y(v).toFixed(1)}`).join(" ") }));
  return box;
}

function target(one) {
  if (one.target === null) return "";
  if (one.unit === "ratio") return `target ${+(100 * one.target).toFixed(1)} %`;
  return one.unit === "ms" ? `target ${span(one.target)}` : `target ${one.target}`;
}

// Opened, it is summed over the same span as here.
const opened = (one) => asked(`/kpis/${one.kpi}`, { window: current, to: asOf, domain: scope() });

// A KPI whose targets differ by channel takes the colour of its worst channel, and names it.
function judged(one, channels) {
  if (one.colour !== "none" || one.target !== null) return { colour: one.colour, worst: null };
  const coloured = channels.filter((c) => c.kpi === one.kpi && c.colour !== "none");
  const colour = ["red", "amber", "green"].find((c) => coloured.some((w) => w.colour === c)) || "none";
  return { colour, worst: colour === "green" ? null : coloured.find((w) => w.colour === colour) };
}

// What the value was made of.
function sample({ unit, n, hits }) {
  if (!n) return "";
  return unit === "ratio" ? `${hits} of ${n}` : unit === "ms" ? `mean of ${n}` : `of ${n}`;
}

function line(one, values, channels) {
  const { colour, worst } = judged(one, channels);
  const details = [sample(one), target(one)];
  if (one.median !== null) details.push(`median ${span(one.median)}`);
  if (one.pending) details.push(`${one.pending} pending`);
  if (worst) details.push(`${channelName(worst.dims.channel)} ${worst.text}`);
  return element("a", { class: `kpi ${colour}`, href: opened(one), "data-key": one.kpi, title: "The cycles that made it" },
    element("span", { class: "name" }, one.title),
    element("span", { class: "small" }, details.filter(Boolean).join(" · ")),
    spark(values),
    element("span", { class: one.value === null ? "value none" : "value" }, one.text),
    element("span", { class: "verdict" }, VERDICTS[colour]));
}

function drawScorecard(board) {
  const sampled = board.kpis.filter((one) => one.n || one.pending);
  const silent = board.kpis.filter((one) => !one.n && !one.pending);
  const of = (theme) => sampled.filter((one) => board.themes[one.kpi] === theme);
  redraw($("themes"), ...Object.entries(THEMES).filter(([theme]) => of(theme).length)
    .map(([theme, title]) => element("div", { class: "card theme", "data-key": theme }, element("h2", {}, title),
      ...of(theme).map((one) => line(one, board.sparks[one.kpi], board.channels)))));
  const volume = board.kpis.find((one) => board.themes[one.kpi] === "volume");
  redraw($("volume"), element("span", { class: "number" }, volume.text),
    element("a", { class: "what", href: opened(volume) }, volume.title),
    element("span", { class: "detail" }, `in the ${windowName(current)}`));
  const others = silent.filter((one) => one !== volume);
  $("silent").textContent = sampled.length && others.length
    ? `Nothing to count in the ${windowName(current)}: ${others.map((one) => one.title).join(" · ")}` : "";
}

const rows = (found) => (found.length ? found : [element("li", { class: "soft" }, scope() ? "None among the latest of all domains." : "None yet.")]);
const by = (counts) => Object.entries(counts).filter(([, n]) => n > 0).sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
  .map(([name, n]) => `${channelName(name)} ${n}`).join(" · ");
const sum = (counts) => Object.values(counts).reduce((a, b) => a + b, 0);

function row(fact, tag, kind) {
  return element("li", { "data-key": fact.subject_id }, element("time", {}, clock(fact.at_ms)),
    element("a", { href: journeyLink(fact.journey), title: fact.journey },
      `${fact.sentence} `, element("small", {}, who(fact.customer))),
    tag ? element("span", { class: `tag ${kind}` }, tag) : null);
}

// Who waits, the longest first: whom to help next.
function waiter({ since_ms, channel, journey }, now_ms) {
  return element("li", { "data-key": journey }, element("time", {}, clock(since_ms)),
    element("a", { href: journeyLink(journey), title: journey },
      `${channelName(channel)} `, element("small", {}, who(journey.slice(0, journey.lastIndexOf("."))))),
    element("strong", { class: "amount" }, span(now_ms - since_ms)));
}

// It stands still when the page is stale.
function tickLongest() {
  if (longestSince !== null && !document.body.classList.contains("stale")) $("longest").textContent = span(Date.now() + skew - longestSince);
}

function draw(board) {
  skew = board.now_ms - Date.now();
  asOf = board.now_ms;
  domainLinks($("domains"), board.domains, (name) => asked("/", { window: current, domain: name }));
  $("waiting-link").href = asked("/open", { only: "waiting", domain: scope() });
  $("open-link").href = asked("/open", { domain: scope() });
  drawWindows(board.windows);
  const { live } = board;
  $("waiting").textContent = Math.max(0, sum(live.waiting));
  $("waiting-by").textContent = by(live.waiting) || "nobody";
  $("open").textContent = Math.max(0, sum(live.open));
  $("open-by").textContent = board.open_since_ms === null ? "none" : `the oldest for ${span(board.now_ms - board.open_since_ms)}`;
  longestSince = live.longest_since_ms;
  if (longestSince === null) $("longest").textContent = "–";
  redraw($("longest-who"), longestSince === null ? "longest wait" : element("a", { href: journeyLink(live.longest_journey) }, "longest wait"));
  redraw($("waiters"), ...(live.longest.length ? live.longest.map((one) => waiter(one, board.now_ms)) : [element("li", { class: "soft" }, "Nobody waits.")]));
  const more = Math.max(0, sum(live.waiting) - live.longest.length);
  redraw($("waiters-more"), more ? element("a", { href: asked("/open", { only: "waiting", domain: scope() }) }, `and ${more} more`) : "");
  $("longest-by").textContent = longestSince === null ? "nobody waits" : `on ${channelName(live.longest_channel)}`;
  fresh(board.now_ms, "live", board.fault || "");
  tickLongest();
  drawScorecard(board);
  $("empty-window").textContent = windowName(current);
  $("empty").hidden = board.kpis.some((one) => one.n > 0) || sum(live.open) > 0;
  redraw($("switches"), ...rows(board.switches.map((f) =>
    row(f, f.forced ? "forced" : "chosen", f.forced ? "bad" : "plain"))));
  redraw($("transfers"), ...rows(board.transfers.map((f) => f.type === "transfer.concluded"
    ? row(f, f.outcome.replace("_", " "), f.outcome === "successful" ? "good" : "bad")
    : row(f, "under way", "plain"))));
}

async function refresh() {
  let pause = 1000;
  try {
    const wanted = current;
    const board = await ask(asked("/v1/board", { window: wanted, domain: scope() }));
    pause = board.refresh_ms;
    if (wanted === current) draw(board);
  } catch (error) {
    if (final(error)) {
      clearInterval(ticking);
      nothing(error);
      return null;
    }
    stale(error);
  }
  return pause;
}

async function loop() {
  const pause = await refresh();
  if (pause !== null) setTimeout(loop, pause);
}
const ticking = setInterval(tickLongest, 1000);
loop();
