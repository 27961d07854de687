// What an agent must see of the customer who appears before him. It is read once: a look-up is logged.
import { whoAsks } from "/static/asking.js";
import { ask, channelName, clock, final, fresh, journeyLink, nothing, span, stale, who } from "/static/common.js";
import { element } from "/static/drawing.js";
import "/static/lookup.js";

const $ = (id) => document.getElementById(id);
const id = decodeURIComponent(location.pathname.split("/").pop());
const domain = new URLSearchParams(location.search).get("domain");
const PROMISES = { call_back: "to call back", answer: "an answer", refund: "a refund", delivery: "a delivery", visit: "a visit" };
const SPEAKERS = { customer: "Customer", agent: "Agent", bot: "Bot" };

const counted = (count, one, many) => (count ? `${count} ${count === 1 ? one : many}` : "");
const told = (parts) => parts.filter(Boolean).join(" · ");

function heading(seen) {
  $("title").textContent = seen.name || `Customer ${who(seen.customer)}`;
  document.title = `Customer ${who(seen.customer)} · Filrouge`;
  const waits = seen.waiting_since_ms ?? null;
  $("state").hidden = waits === null;
  if (waits !== null) $("state").textContent = `waiting for ${span(seen.now_ms - waits)}`;
  $("state").className = "tag warn";
  const stopped = seen.stopped_at;
  $("summary").textContent = told([
    seen.about ? `About ${seen.about}` : "", (seen.channels || []).map(channelName).join(" → "),
    seen.urgency === "high" ? "urgent" : "", seen.priority ? `priority ${seen.priority}` : "",
    seen.sentiment < 0 ? "tone: bad" : "", stopped ? `got as far as ${stopped.step} in ${stopped.task}` : "",
    (seen.agents || []).length ? `answered by ${seen.agents.join(", ")}` : "",
  ]) || "No need of this customer is open.";
  if (seen.certainty === "probable") {
    $("summary").append(element("strong", { class: "doubt" },
      " Whoever wrote last only claims to be this customer: ask who it is before you tell anything."));
  }
}

const promise = (one) => element("li", {},
  element("a", { href: journeyLink(one.journey) }, `${one.by ? `Agent ${one.by}` : "Somebody"} promised ${PROMISES[one.what] || one.what}`),
  element("span", { class: "soft" }, ` ${clock(one.at_ms)}${one.due_ms ? `, due ${clock(one.due_ms)}` : ""}`),
  one.state === "late" ? element("span", { class: "tag bad" }, "late") : null);

const said = (one) => element("li", {}, element("span", { class: "soft" },
  told([clock(one.at_ms), channelName(one.channel), SPEAKERS[one.by] || one.by])), element("p", {}, one.text));

const journey = (one) => element("li", {},
  element("a", { href: journeyLink(one.id) }, told([one.topic, one.channels.map(channelName).join(" → ")])),
  element("span", { class: "soft" }, ` · ${told([`opened ${clock(one.opened_ms)}`,
    counted(one.switches, "channel switch", "channel switches"), counted(one.transfers, "transfer", "transfers"),
    one.resolved_ms ? `${one.state} ${clock(one.resolved_ms)}` : ""])}`));

const view = (one) => element("li", {}, told([clock(one.at_ms), one.agent ? `Agent ${one.agent}` : "Somebody", one.purpose]));

// A part that the policy hides says so; none is not the same.
function list(box, parts, line, none) {
  const lines = (parts || []).map(line);
  $(box).replaceChildren(...(lines.length ? lines : [element("li", { class: "soft" }, parts ? none : "The policy does not show this.")]));
}

async function open() {
  const query = new URLSearchParams({ customer: id, agent: localStorage.getItem("filrouge.agent") || "" });
  if (domain) query.set("domain", domain);
  try {
    const seen = await ask(`/v1/context?${query}`);
    heading(seen);
    list("commitments", seen.commitments, promise, "Nothing is promised.");
    list("said", seen.last_messages && [...seen.last_messages].reverse(), said, "No words are kept, or none may be shown.");
    list("notes", seen.notes && [...seen.notes].reverse(), said, "None.");
    list("open", seen.journeys, journey, "None.");
    list("recent", seen.recent, journey, "None.");
    list("viewed", seen.viewed, view, "Nobody before you.");
    $("body").hidden = false;
    fresh(seen.now_ms, "read");
  } catch (error) {
    if (final(error)) return nothing(error);
    stale(error);
  }
}

whoAsks($("agent"));
$("again").onclick = open;
open();
