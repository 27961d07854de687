// Who the customer is: what holds him together, and how to join or to undo a join.
import { action } from "/static/asking.js";
import { ask, day, journeyLink, journeyName, who } from "/static/common.js";
import { element } from "/static/drawing.js";

const KINDS = ["phone", "email", "whatsapp", "bsuid", "messenger", "instagram", "telegram", "slack", "social",
  "cookie", "device", "user", "crm", "vendor"];

// How sure it is that an identifier is this person's.
const TRUST = { asserted: "that a platform vouches for", curated: "from a contact card", network: "shown by the network", claimed: "only claimed" };

const NUMBER = /^[\d ().\/-]{6,}$/;

const identity = (domain, kind, value) =>
  ask(`/v1/identity?${domain ? `domain=${encodeURIComponent(domain)}&` : ""}${kind}=${encodeURIComponent(value)}`);

export const customer = (domain, id) => identity(domain, "customer", id);

// A customer's id, or KIND:VALUE; an address, and a number with a plus, say their kind themselves.
function named(who) {
  if (NUMBER.test(who)) throw new Error("Write the number with + and its country, as +33 6 12 34 56 78.");
  const [kind, value] = [who.slice(0, who.indexOf(":")), who.slice(who.indexOf(":") + 1)];
  if (KINDS.includes(kind)) return [kind, value];
  if (who.includes("@")) return ["email", who];
  return who.startsWith("+") ? ["phone", who] : ["customer", who];
}

export const lookup = async (domain, who) => identity(domain, ...named(who.trim()));

const listed = (words) => (words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : words[0]);

export function person(found, current, after) {
  const parts = [];
  const counts = Object.entries(found.identifiers).map(([trust, count]) => `${count} ${TRUST[trust] || trust}`);
  const count = Object.values(found.identifiers).reduce((a, b) => a + b, 0);
  parts.push(element("p", {}, found.provisional
    ? "Nothing is proven of this customer yet: there are only conversations and claims."
    : `Known since ${day(found.first_ms)} by ${count === 1 ? "one identifier" : `${count || "no"} identifiers`}${count ? `: ${listed(counts)}` : ""}.`));
  const others = found.journeys.filter((id) => id !== current);
  if (others.length) {
    parts.push(element("p", {}, "Other journeys: ", ...others.flatMap((id, i) =>
      [i ? ", " : "", element("a", { href: journeyLink(id) }, journeyName(id))])));
  }
  if (found.members.length) {
    parts.push(element("p", {}, `Made of ${found.members.length + 1} customers: `,
      element("span", { class: "ids" }, [found.customer, ...found.members].map(who).join(", "))));
  }
  parts.push(element("ul", { id: "joins" }, ...found.joins.map((join) => element("li", {},
    element("span", {}, `Joined with ${who(join.joined)} on ${day(join.at_ms)} by ${
      join.by === "operator" ? "a colleague" : "an identifier that both have"}.`),
    undo(found, join, after)))));
  for (const other of found.apart) parts.push(element("p", { class: "soft" }, `Not to be joined with ${who(other)}: somebody undid it.`));
  return parts;
}

const undo = (found, join, after) => action("Undo this join", {
  question: `Customers ${who(found.customer)} and ${who(join.joined)} become two persons again, each with his own journeys and figures, and are not joined again by what they share. The join can be undone until ${day(join.undo_until_ms)}.`,
  command: ["split", { join: join.join, domain: found.domain }],
  done: async () => !(await customer(found.domain, found.customer)).joins.some((one) => one.join === join.join),
  told: "Done: they are two persons again.",
  after,
});

export function joinForm(form, mine, after) {
  const field = form.querySelector("input"), answer = form.querySelector(".answer");
  form.onsubmit = async (event) => {
    event.preventDefault();
    const me = mine();
    try {
      const other = await lookup(me.domain, field.value);
      if (other.customer === me.customer) throw new Error("That is this customer already.");
      const confirm = action("Join them", {
        question: `Customers ${who(me.customer)} and ${who(other.customer)} become one person: their journeys and figures are counted as one customer's. It can be undone for 90 days.`,
        command: ["join", { winner: me.customer, loser: other.customer, domain: me.domain }],
        done: async () => (await customer(me.domain, other.customer)).customer === me.customer,
        told: "Done: they are one person now.",
        after: () => { answer.replaceChildren(); field.value = ""; after(); },
      });
      answer.replaceChildren(confirm);
      confirm.querySelector("button").click();
    } catch (error) {
      answer.replaceChildren(element("p", { class: "fault", role: "alert" }, error.message));
    }
  };
}
