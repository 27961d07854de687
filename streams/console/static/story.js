// The story: what happened and what is concluded from it, in one order, with what was taken back.
import { channelName, day, hour, sameDay, short, span } from "/static/common.js";
import { element } from "/static/drawing.js";
import { tone } from "/static/tones.js";

const SILENCE = 30 * 60_000;
// Told elsewhere on the page, or taken back only because what was awaited came.
const UNTOLD = new Set(["context.ready", "conversation.attached"]);
const PASSING = new Set(["reply.awaited", "sla.at_risk"]);
// Read out of what was said at the same moment, so told after it.
const ABOUT = new Set(["topic", "sentiment", "urgency"]);
const SIDES = { act: "customer", feedback: "customer", reply: "agent", connected: "agent", note: "agent",
  promised: "agent", consulted: "agent", bot: "bot", auto: "bot" };

const bare = (fact) => fact.sentence.replace(/^Taken back: /, "");

// Each retracted fact goes beside the one that holds in its place, if there is one.
function conclusions(facts) {
  const told = facts.filter((f) => !UNTOLD.has(f.type));
  const hold = told.filter((f) => f.state === "asserted");
  const was = new Map(hold.map((f) => [f, f.was ? [f.was] : []]));
  const alone = [];
  for (const gone of told.filter((f) => f.state === "retracted" && !PASSING.has(f.type))) {
    const instead = hold.filter((f) => f.type === gone.type && f.cycle === gone.cycle && bare(f) !== bare(gone))
      .sort((a, b) => Math.abs(a.at_ms - gone.at_ms) - Math.abs(b.at_ms - gone.at_ms))[0];
    if (instead && !facts.some((f) => f === instead && f.subject_id.startsWith(gone.subject_id))) was.get(instead).push(bare(gone));
    else alone.push(gone);
  }
  return [...hold.map((fact) => ({ fact, was: was.get(fact) })), ...alone.map((fact) => ({ fact, was: null }))];
}

function concludedLine({ fact, was }) {
  const revision = fact.revision > 1 ? element("small", { class: "revision", title: "Concluded anew as more became known" }, `revision ${fact.revision}`) : null;
  if (was === null) {
    return element("li", { class: "concluded taken-back" }, element("time", {}, hour(fact.at_ms)),
      element("span", {}, "Taken back ", element("span", { class: "was" }, "was: ", element("s", {}, bare(fact)))), revision);
  }
  return element("li", { class: `concluded ${tone(fact)}` }, element("time", {}, hour(fact.at_ms)),
    element("span", {}, fact.sentence,
      fact.certainty === "probable" ? element("span", { class: "tag plain" }, "probable") : null,
      ...was.map((before) => element("span", { class: "was" }, "was: ", element("s", {}, before)))), revision);
}

function happenedLine(entry) {
  return element("li", { class: "happened" }, element("time", {}, hour(entry.at_ms)),
    element("span", {}, element("span", { class: `dot ${SIDES[entry.kind] || "other"}` }), entry.label),
    entry.channel ? element("small", { class: "revision" }, channelName(entry.channel)) : null);
}

export function story(journey) {
  const lines = [
    ...journey.timeline.map((e) => ({ at: e.at_ms, until: ABOUT.has(e.kind) ? e.at_ms : e.until_ms || e.at_ms, order: ABOUT.has(e.kind) ? 1 : 0, line: happenedLine(e) })),
    ...conclusions(journey.facts).map((c) => ({ at: c.fact.at_ms, until: c.fact.at_ms, order: 2, line: concludedLine(c) })),
  ].sort((a, b) => a.at - b.at || a.order - b.order);
  const made = [];
  let before = null, last = null;  // until when the lines go, and when the last one began
  for (const { at, until, line } of lines) {
    if (last === null || !sameDay(last, at)) made.push(element("li", { class: "day" }, day(at)));
    if (before !== null && at - before >= SILENCE) made.push(element("li", { class: "quiet" }, `${span(at - before)} later`));
    made.push(line);
    before = Math.max(before ?? 0, until);
    last = at;
  }
  return made;
}

export function conversations(journey, confirm) {
  return journey.conversations.map((c) => {
    const line = element("li", {},
      element("strong", {}, channelName(c.channel)),
      element("span", { class: "soft", title: c.id }, ` ${c.source} ${short(c.id)}`),
      c.certainty === "probable" ? element("span", { class: "tag warn" }, "probable") : null,
      element("p", {}, `It belongs here because ${c.why}.`));
    if (c.certainty === "probable") line.append(element("p", { class: "soft" }, "Only a claimed address or number leads to this customer; agents see none of its words until somebody confirms."), confirm(c));
    return line;
  });
}
