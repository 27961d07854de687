// What is open now, or who waits: the figures of the scorecard's first row, opened.
import { ask, asked, channelName, clock, domainLinks, final, fresh, journeyLink, journeyName, nothing, scope, span, stale } from "/static/common.js";
import { element, redraw } from "/static/drawing.js";
import "/static/lookup.js";

const $ = (id) => document.getElementById(id);
const only = new URLSearchParams(location.search).get("only") || "";
const EVERY_MS = 5_000;
const LISTS = {
  "": { name: "Open journeys", none: "No journey is open.", first: "Oldest first", part: "oldest",
    about: "Needs of customers that are not resolved. One that came back is open since it came back." },
  waiting: { name: "Waiting now", none: "Nobody waits.", first: "Longest wait first", part: "who wait longest",
    about: "Customers who wait for an answer of a human, since their first message that nobody has answered." },
};
const list = LISTS[only] || LISTS[""];

function line(one, now_ms) {
  const waits = one.waiting_since_ms !== null && only !== "waiting";
  return element("li", { "data-key": one.id }, element("time", {}, clock(one.since_ms)),
    element("span", {}, element("a", { href: journeyLink(one.id), title: one.id }, `Customer ${journeyName(one.id)}`),
      element("small", { class: "soft" }, [one.topic, one.channels.map(channelName).join(" → ")]
        .filter(Boolean).map((text) => ` · ${text}`).join(""))),
    waits ? element("span", { class: "tag warn" }, `waiting for ${span(now_ms - one.waiting_since_ms)}`) : null,
    element("strong", { class: "amount" }, span(now_ms - one.since_ms)));
}

function draw({ count, unlisted, journeys, domains, now_ms }) {
  const link = (which, domain) => asked("/open", { only: which, domain });
  document.title = `${list.name} · Filrouge`;
  $("title").textContent = list.name;
  $("value").textContent = count;
  $("back").href = asked("/", { domain: scope() });
  redraw($("which"), ...Object.entries(LISTS).map(([which, { name }]) =>
    element("a", { href: link(which, scope()), "aria-current": which === only ? "true" : null }, name)));
  domainLinks($("domains"), domains, (name) => link(only, name));
  $("summary").textContent = list.about + (unlisted
    ? ` ${unlisted} of them were opened before Filrouge kept this list; each comes in with its next event.` : "");
  const listed = count - unlisted;
  $("count").textContent = journeys.length && journeys.length < listed
    ? `The ${journeys.length} ${list.part}, of ${listed}` : list.first;
  redraw($("journeys"), ...(journeys.length ? journeys.map((one) => line(one, now_ms)) : [element("li", { class: "soft" }, list.none)]));
  fresh(now_ms);
}

async function loop() {
  try {
    draw(await ask(asked("/v1/open", { only, domain: scope() })));
  } catch (error) {
    if (final(error)) return nothing(error);
    stale(error);
  }
  setTimeout(loop, EVERY_MS);
}
loop();
