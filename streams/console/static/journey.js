// One journey as a thread: channels as lanes, time across, every turn marked.
import { ask, channelName, clock, element, short, span, svg } from "/static/common.js";

const $ = (id) => document.getElementById(id);
const id = decodeURIComponent(location.pathname.split("/").pop());
const STEP = 92, LANE = 74, LEFT = 110, TOP = 46;
const SIDES = { act: "customer", connected: "agent", reply: "agent", bot: "bot" };

function positions(timeline) {
  // Every entry has its own column; a long silence is a wider gap, so that time is felt.
  let x = LEFT + 20;
  return timeline.map((entry, i) => {
    if (i) x += STEP * (0.55 + Math.min(1.4, Math.log10(1 + (entry.at_ms - timeline[i - 1].at_ms) / 1000) / 3));
    return x;
  });
}

function draw(journey) {
  const timeline = journey.timeline.filter((e) => e.channel);
  const lanes = [...new Set(timeline.map((e) => e.channel))];
  const xs = positions(timeline);
  const width = (xs.at(-1) || LEFT) + 90, height = TOP + LANE * lanes.length + 16;
  const y = (channel) => TOP + LANE * (lanes.indexOf(channel) + 0.5);
  const box = svg("svg", { width, height, role: "img", "aria-label": "The journey across channels" });
  for (const lane of lanes) {
    box.append(svg("line", { class: "lane", x1: LEFT - 10, x2: width, y1: y(lane), y2: y(lane) }));
    box.append(svg("text", { class: "lane-name", x: 4, y: y(lane) + 5 }, channelName(lane)));
  }
  const turns = timeline.map((e, i) => [e, i]).filter(([e]) => e.kind === "act" || e.kind === "connected");
  const path = turns.map(([e, i], n) => {
    if (!n) return `M${xs[i]},${y(e.channel)}`;
    const [before, j] = turns[n - 1];
    const middle = (xs[i] + xs[j]) / 2;
    return `C${middle},${y(before.channel)} ${middle},${y(e.channel)} ${xs[i]},${y(e.channel)}`;
  });
  box.append(svg("path", { class: "red-thread", d: path.join(" ") }));
  timeline.forEach((entry, i) => {
    const side = SIDES[entry.kind] || "other";
    const mark = svg("circle", { class: side, cx: xs[i], cy: y(entry.channel), r: side === "other" ? 4 : 8 });
    mark.append(svg("title", {}, `${clock(entry.at_ms)} ${entry.label}`));
    box.append(mark);
    box.append(svg("text", { x: xs[i], y: 18 + (i % 2) * 14, "text-anchor": "middle" }, clock(entry.at_ms)));
  });
  const at = (ms) => xs[Math.max(0, timeline.findLastIndex((e) => e.at_ms <= ms))];
  for (const fact of journey.facts.filter((f) => f.state === "asserted")) {
    if (fact.type === "channel.switched") {
      const label = svg("text", { class: fact.forced ? "cause forced" : "cause", x: at(fact.at_ms) - 12,
        y: (y(fact.from) + y(fact.to)) / 2 + 4, "text-anchor": "end" }, fact.cause.replaceAll("_", " "));
      box.append(label);
    } else if (fact.type === "transfer.concluded") {
      const x = at(fact.at_ms) + 14;
      box.append(svg("line", { class: "passed", x1: x, x2: x, y1: y(fact.channel) - 22, y2: y(fact.channel) + 22 }));
      box.append(svg("text", { class: "cause", x: x + 5, y: y(fact.channel) - 14 },
        `${fact.kind === "handoff" ? "hand-off" : "transfer"}: ${fact.outcome.replace("_", " ")}`));
    }
  }
  const legend = element("p", { class: "legend" },
    ...[["customer", "customer"], ["agent", "agent"], ["bot", "bot"]].map(([kind, name]) =>
      element("span", {}, element("span", { class: `dot ${kind}` }), name)));
  $("thread").replaceChildren(box, legend);
}

function lists(journey) {
  $("timeline").replaceChildren(...journey.timeline.map((e) => element("li", {},
    element("time", {}, clock(e.at_ms)), element("span", {}, e.label),
    element("span", { class: "revision" }, channelName(e.channel || "—")))));
  const told = journey.facts.filter((f) => f.type !== "context.ready");
  $("facts").replaceChildren(...told.map((f) => element("li", {},
    element("time", {}, clock(f.at_ms)),
    element("span", { class: f.state === "retracted" ? "retracted" : "" }, f.sentence),
    f.revision > 1 ? element("span", { class: "revision" }, `revision ${f.revision}`) : null)));
  $("conversations").replaceChildren(...journey.conversations.map((c) => element("li", {},
    element("strong", {}, channelName(c.channel)), element("span", {}, `${c.source} ${short(c.id)}: ${c.why}`),
    c.certainty === "probable" ? element("span", { class: "tag plain" }, "probable") : null)));
}

async function refresh() {
  try {
    const journey = await ask(`/v1/journeys/${encodeURIComponent(id)}`);
    $("title").textContent = `Customer ${short(journey.customer)}${journey.topic ? ` · ${journey.topic}` : ""}`;
    const parts = [journey.state, journey.channels.map(channelName).join(" → "), `opened ${clock(journey.opened_ms)}`];
    if (journey.resolved_ms) parts.push(`resolved after ${span(journey.resolved_ms - journey.opened_ms)}`);
    if (journey.waiting_since_ms) parts.push(`waiting for ${span(journey.now_ms - journey.waiting_since_ms)}`);
    if (journey.cycles > 1) parts.push(`${journey.cycles} cycles`);
    $("summary").textContent = parts.join(" · ");
    draw(journey);
    lists(journey);
    $("status").textContent = `live · ${clock(journey.now_ms)}`;
    $("status").className = "";
  } catch (error) {
    $("status").textContent = error.message;
    $("status").className = "fault";
  }
}
refresh();
setInterval(refresh, 2000);
