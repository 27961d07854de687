// One journey: its thread, its story, why each conversation belongs to it, and whose it is.
import { action, busy, whoAsks } from "/static/asking.js";
import { ask, channelName, clock, customerLink, final, fresh, journeyLink, journeyName, nothing, span, stale, who } from "/static/common.js";
import { element, redraw } from "/static/drawing.js";
import "/static/lookup.js";
import { customer, joinForm, person } from "/static/people.js";
import { conversations, story } from "/static/story.js";
import { thread } from "/static/thread.js";

const $ = (id) => document.getElementById(id);
const id = decodeURIComponent(location.pathname.split("/").pop());
const path = `/v1/journeys/${encodeURIComponent(id)}`;
let drawn = "", journey = null, found = null;

function heading() {
  redraw($("title"), element("a", { href: customerLink(journey.customer, journey.domain), title: journey.customer }, `Customer ${who(journey.customer)}`),
    journey.topic ? ` · ${journey.topic}` : "");
  document.title = `Journey of ${journeyName(journey.id)} · Filrouge`;
  const waits = journey.waiting_since_ms !== null;
  $("state").hidden = false;
  $("state").textContent = waits ? `waiting for ${span(journey.now_ms - journey.waiting_since_ms)}` : journey.state;
  $("state").className = `tag ${waits ? "warn" : journey.state === "open" ? "plain" : "good"}`;
  const parts = [journey.channels.map(channelName).join(" → "), `opened ${clock(journey.opened_ms)}`];
  if (journey.resolved_ms) parts.push(`resolved after ${span(journey.resolved_ms - journey.opened_ms)}`);
  if (journey.cycles > 1) parts.push(`${journey.cycles} cycles`);
  if (journey.agents.length) parts.push(`answered by ${journey.agents.join(", ")}`);
  redraw($("summary"), parts.join(" · "), ...(journey.follows
    ? [" · follows ", element("a", { href: journeyLink(journey.follows) }, journeyName(journey.follows))] : []));
}

function drawThread() {
  const wide = $("thread").clientWidth - 92;
  if (!journey.timeline.some((e) => e.channel)) {
    redraw($("thread"), element("p", { class: "soft" }, "Nothing of it has a channel yet."));
    return;
  }
  const { names, box } = thread(journey, Math.max(240, wide));
  const across = element("div", { class: "across", tabindex: "0", role: "group", "aria-label": "The thread; scroll sideways" }, box);
  redraw($("thread"), names, across);
}

const confirm = (conversation) => action("Confirm", {
  question: `The conversation on ${channelName(conversation.channel)} is this customer's beyond doubt; agents will see its words.`,
  command: ["attach", { source: conversation.source, conversation: conversation.id, domain: journey.domain }],
  done: async () => !(await ask(path)).conversations.some((c) =>
    c.source === conversation.source && c.id === conversation.id && c.certainty === "probable"),
  told: "Done: it is certain now.",
  after: again,
});

function again() { drawn = ""; refresh(); }

async function refresh() {
  try {
    journey = await ask(path);
    found = await customer(journey.domain, journey.customer).catch(() => null);
    heading();
    $("body").hidden = false;  // before the thread, which takes its width
    const state = JSON.stringify([{ ...journey, now_ms: 0 }, found]);
    if (state !== drawn || journey.waiting_since_ms !== null) drawThread();
    if (state !== drawn && !busy()) {
      $("story").replaceChildren(...story(journey));
      $("conversations").replaceChildren(...conversations(journey, confirm));
      $("person").replaceChildren(...(found ? person(found, journey.id, again)
        : [element("p", { class: "soft" }, "Nothing is kept of who this customer is.")]));
      $("join").hidden = found === null;
      drawn = state;
    }
    fresh(journey.now_ms);
  } catch (error) {
    if (!final(error)) return stale(error);
    clearInterval(timer);
    nothing(error);
  }
}

whoAsks($("agent"));
joinForm($("join-form"), () => found, again);
addEventListener("resize", () => journey && drawThread());
const timer = setInterval(refresh, 2000);
refresh();
