// The thread: channels as lanes, time across, the customer's acts as one red line through them.
import { channelName, day, hour, sameDay, span } from "/static/common.js";
import { svg } from "/static/drawing.js";
import { tone } from "/static/tones.js";

const SILENCE = 30 * 60_000;
const LANE = 70, CHIP = 24, DAYS = 22, CLOCKS = 24, EDGE = 34;
const ACTS = new Set(["act", "connected"]);

// Time to pixels: near things keep apart, long silences are shortened and marked.
function scale(times, width) {
  const moments = [...new Set(times)].sort((a, b) => a - b);
  const gaps = moments.slice(1).map((ms, i) => ms - moments[i]);
  const wide = gaps.map((gap) => (gap >= SILENCE ? 120 : 16 + 24 * Math.log10(1 + gap / 1000)));
  const natural = wide.reduce((a, b) => a + b, 0);
  const room = width - 2 * EDGE;
  const stretch = natural ? Math.max(0.72, room / natural) : 1;
  // A silence keeps room for its length between the clocks beside it.
  const drawn = wide.map((px, i) => px * (gaps[i] >= SILENCE ? Math.max(1, stretch) : stretch));
  const xs = new Map([[moments[0], natural ? EDGE : width / 2]]);
  gaps.forEach((_, i) => xs.set(moments[i + 1], xs.get(moments[i]) + drawn[i]));
  const silences = gaps.map((gap, i) => ({ gap, from: moments[i], to: moments[i + 1] }))
    .filter(({ gap }) => gap >= SILENCE);
  return { x: (ms) => xs.get(ms), moments, silences, width: Math.max(width, drawn.reduce((a, b) => a + b, 0) + 2 * EDGE) };
}

function calls(timeline) {
  const open = new Map(), found = [];
  for (const entry of timeline) {
    const key = `${entry.source}:${entry.conversation}`;
    if (entry.kind === "connected" && !open.has(key)) open.set(key, entry);
    if (entry.kind === "ended" && open.has(key)) {
      found.push({ channel: entry.channel, from: open.get(key).at_ms, to: entry.at_ms, over: true });
      open.delete(key);
    }
  }
  const last = timeline.at(-1)?.at_ms;
  for (const entry of open.values()) found.push({ channel: entry.channel, from: entry.at_ms, to: last, over: false });
  return found;
}

const waits = (facts) => facts.filter((f) => f.type === "queue.waited" || f.type === "queue.abandoned")
  .map((f) => ({ channel: f.channel, from: f.at_ms - f.wait_ms, to: f.at_ms, given_up: f.type === "queue.abandoned" }));

// What deserves a word above the lanes.
function remarks(facts, timeline) {
  const concluded = new Set(facts.filter((f) => f.type === "transfer.concluded")
    .map((f) => f.subject_id.replace(/\/concluded$/, "")));
  const found = facts.filter((fact) => fact.brief && !(fact.type === "transfer.started" && concluded.has(fact.subject_id)))
    .map((fact) => ({ at_ms: fact.at_ms, channel: fact.channel, tone: tone(fact), title: fact.sentence,
      text: fact.type === "channel.switched" ? `${channelName(fact.from)} → ${channelName(fact.to)}: ${fact.brief}` : fact.brief }));
  for (const entry of timeline.filter((e) => e.kind === "promised")) {
    found.push({ at_ms: entry.at_ms, channel: entry.channel, text: entry.label, tone: "warn", title: entry.label });
  }
  return found.sort((a, b) => a.at_ms - b.at_ms);
}

const chip = ({ text }) => 7.6 * text.length + 22;

// Rows for the remarks, so that none lies on another.
function rows(placed, width) {
  const ends = [];
  for (const one of placed) {
    one.wide = chip(one);
    one.left = Math.max(2, Math.min(one.at - 12, width - one.wide - 2));
    let row = ends.findIndex((end) => end + 8 < one.left);
    if (row < 0) row = ends.length;
    ends[row] = one.left + one.wide;
    one.row = row;
  }
  return ends.length;
}

const MARKS = {
  reply: (x, y) => svg("circle", { class: "agent", cx: x, cy: y, r: 6.5 }),
  bot: (x, y) => svg("rect", { class: "bot", x: x - 6, y: y - 6, width: 12, height: 12, rx: 3 }),
  auto: (x, y) => svg("rect", { class: "hollow", x: x - 4, y: y - 4, width: 8, height: 8, rx: 2 }),
  note: (x, y) => svg("path", { class: "note", d: `M${x - 6} ${y - 6}h8l4 4v8h-12z` }),
  promised: (x, y) => svg("path", { class: "promise", d: `M${x - 5} ${y + 8}v-15l11 4l-11 5` }),
  transfer: (x, y) => svg("path", { class: "passed", d: `M${x} ${y - 7}l7 7l-7 7l-7 -7z` }),
  assigned: (x, y) => svg("path", { class: "passed small", d: `M${x} ${y - 5}l5 5l-5 5l-5 -5z` }),
  feedback: (x, y) => svg("text", { class: "star", x, y: y + 6, "text-anchor": "middle" }, "★"),
};
// What a bar, the thread's colour or the heading shows already.
const SHOWN = new Set(["opened", "left", "ended", "topic", "viewed", "told"]);
// What may stand on a call's bar.
const INSIDE = new Set(["note", "promised", "transfer", "assigned", "status", "consulted"]);
const plain = (x, y) => svg("circle", { class: "hollow", cx: x, cy: y, r: 3.5 });

// What is drawn of the timeline, and where: of what one side does on a channel, nothing on top of another.
function placed(timeline, x) {
  const taken = new Map();
  return timeline.filter((e) => !SHOWN.has(e.kind)).map((entry) => {
    const act = ACTS.has(entry.kind), lane = `${act} ${entry.channel}`;
    const at = act ? x(entry.at_ms) : Math.max(x(entry.at_ms), (taken.get(lane) ?? -Infinity) + 14);
    taken.set(lane, at);
    return { entry, act, at };
  });
}

export function thread(journey, available) {
  const timeline = journey.timeline.filter((e) => e.channel);
  const facts = journey.facts.filter((f) => f.state === "asserted");
  const lanes = [...new Set(timeline.map((e) => e.channel))];
  const bars = waits(facts), spans = calls(timeline), words = remarks(facts, timeline);
  const shown = (channel) => (lanes.includes(channel) ? channel : lanes.at(-1));
  const times = [...timeline.flatMap((e) => (e.until_ms ? [e.at_ms, e.until_ms] : [e.at_ms])),
    ...bars.flatMap((b) => [b.from, b.to]), ...words.map((w) => w.at_ms),
    ...(journey.waiting_since_ms ? [journey.waiting_since_ms, journey.now_ms] : [])];
  const { x, moments, silences, width: scaled } = scale(times, Math.max(available, ...words.map((word) => chip(word) + 4)));
  const marks = placed(timeline, x);
  const width = Math.max(scaled, ...marks.map(({ at }) => at + 12));
  for (const word of words) word.at = x(word.at_ms);
  const top = DAYS + CHIP * rows(words, width) + 8;
  const height = top + LANE * lanes.length + CLOCKS;
  const y = (channel) => top + LANE * (lanes.indexOf(shown(channel)) + 0.5);
  const his = (channel) => y(channel) - 9, ours = (channel) => y(channel) + 15;

  const box = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `The journey across ${lanes.map(channelName).join(", ")}; the story below tells the same in words` });
  const names = svg("svg", { width: 92, height, "aria-hidden": "true" });
  lanes.forEach((lane, i) => {
    box.append(svg("rect", { class: "lane", x: 0, y: top + LANE * i + 3, width, height: LANE - 6, rx: 8 }));
    names.append(svg("text", { class: "lane-name", x: 2, y: y(lane) + 5 }, channelName(lane)));
  });
  const texture = svg("pattern", { id: "hatch", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" });
  texture.append(svg("line", { class: "hatch", x1: 0, y1: 0, x2: 0, y2: 7 }));
  box.append(texture);

  for (const { gap, from, to } of silences) {
    const left = x(from) + 16, wide = x(to) - x(from) - 32;
    box.append(svg("rect", { class: "silence", x: left, y: top, width: wide, height: LANE * lanes.length, rx: 8 }));
    box.append(svg("text", { class: "silence-name", x: left + wide / 2, y: height - 7, "text-anchor": "middle" }, span(gap)));
  }
  moments.forEach((ms, i) => {
    if (i && sameDay(ms, moments[i - 1])) return;
    const at = i ? (x(ms) + x(moments[i - 1])) / 2 : 2;
    if (i) box.append(svg("line", { class: "midnight", x1: at, x2: at, y1: 4, y2: top + LANE * lanes.length }));
    box.append(svg("text", { class: "day", x: at + (i ? 6 : 0), y: 15 }, day(ms)));
  });
  const seconds = moments.at(-1) - moments[0] < 20 * 60_000;
  let free = -Infinity;
  for (const ms of new Set(timeline.map((e) => e.at_ms))) {
    const half = seconds ? 28 : 18;
    const at = Math.min(Math.max(half, x(ms)), width - half);
    if (at < free) continue;
    box.append(svg("text", { class: "clock", x: at, y: height - 7, "text-anchor": "middle" }, hour(ms, seconds)));
    free = at + 2 * half + 12;
    const hushed = silences.find((s) => s.from === ms);
    if (hushed) free = x(hushed.to) - 1;
  }

  for (const bar of bars) {
    const mark = svg("rect", { class: bar.given_up ? "wait given-up" : "wait", x: x(bar.from), y: his(bar.channel) - 8,
      width: Math.max(4, x(bar.to) - x(bar.from)), height: 16, rx: 4 });
    mark.append(svg("title", {}, `${bar.given_up ? "Gave up in" : "Waited in"} the queue: ${span(bar.to - bar.from)}`));
    box.append(mark);
  }
  for (const call of spans) {
    const wide = Math.max(8, x(call.to) - x(call.from));
    const mark = svg("rect", { class: "call", x: x(call.from), y: ours(call.channel) - 9, width: wide, height: 18, rx: 9 });
    mark.append(svg("title", {}, call.over ? `A call of ${span(call.to - call.from)}` : "A call, still on"));
    box.append(mark);
    const said = call.over ? `call ${span(call.to - call.from)}` : "on the line";
    const first = timeline.find((e) => INSIDE.has(e.kind) && e.channel === call.channel && e.at_ms > call.from && e.at_ms < call.to);
    const free = first ? x(first.at_ms) - 10 - x(call.from) : wide;
    if (free > 7 * said.length + 16) box.append(svg("text", { class: "call-name", x: x(call.from) + 10, y: ours(call.channel) + 4 }, said));
  }
  if (journey.waiting_since_ms) {
    const lane = shown(timeline.filter((e) => e.kind === "act").at(-1)?.channel);
    box.append(svg("line", { class: "waiting", x1: x(journey.waiting_since_ms), x2: x(journey.now_ms), y1: his(lane), y2: his(lane) }));
  }

  const turns = timeline.filter((e) => ACTS.has(e.kind));
  box.append(svg("path", { class: "red-thread", d: turns.map((e, n) => {
    const to = `${x(e.at_ms)},${his(e.channel)}`;
    if (!n) return `M${to}`;
    // It stays in its lane until shortly before the turn.
    const before = turns[n - 1], left = x(before.until_ms || before.at_ms);
    const turn = Math.max(left, x(e.at_ms) - 150), middle = (turn + x(e.at_ms)) / 2;
    return `L${turn},${his(before.channel)}C${middle},${his(before.channel)} ${middle},${his(e.channel)} ${to}`;
  }).join("") }));
  for (const word of words) {
    const middle = DAYS + CHIP * word.row;
    box.append(svg("line", { class: `leader ${word.tone}`, x1: word.at, x2: word.at, y1: middle + 20, y2: his(word.channel) - 10 }));
  }
  for (const { entry, act, at } of marks) {
    let mark;
    if (!act) mark = (MARKS[entry.kind] || plain)(at, ours(entry.channel));
    else if (entry.until_ms) mark = svg("rect", { class: "customer", x: at - 8, y: his(entry.channel) - 8, width: x(entry.until_ms) - at + 16, height: 16, rx: 8 });
    else mark = svg("circle", { class: "customer", cx: at, cy: his(entry.channel), r: 8 });
    mark.append(svg("title", {}, `${hour(entry.at_ms)} ${entry.label}`));
    box.append(mark);
  }
  for (const word of words) {
    const mark = svg("g", { class: `remark ${word.tone}` });
    mark.append(svg("title", {}, word.title));
    mark.append(svg("rect", { x: word.left, y: DAYS + CHIP * word.row, width: word.wide, height: 20, rx: 10 }));
    mark.append(svg("text", { x: word.left + word.wide / 2, y: DAYS + CHIP * word.row + 14, "text-anchor": "middle" }, word.text));
    box.append(mark);
  }
  return { names, box };
}
