// What all pages share: asking the API, saying how fresh the page is, times, durations, names.
import { element, redraw } from "/static/drawing.js";

const PATIENCE_MS = 10_000;

async function answered(answer) {
  if (answer.status === 401) {
    location.href = `/login?next=${encodeURIComponent(location.pathname + location.search)}`;
    throw new Error("Your session has ended; log in again.");
  }
  const value = await answer.json().catch(() => ({ error: `The console failed (${answer.status}); its log says why.` }));
  if (!answer.ok) throw Object.assign(new Error(value.error || answer.statusText), { status: answer.status });
  return value;
}

const fetched = (path, options) => fetch(path, { ...options, signal: AbortSignal.timeout(PATIENCE_MS) }).catch(() => {
  throw new Error("The console does not answer.");
});

export async function ask(path) {
  return answered(await fetched(path, { headers: { Accept: "application/json" } }));
}

export async function tell(path, body) {
  const headers = { "Content-Type": "application/json" };
  return answered(await fetched(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
let asOf = null;

function says(text, moment, late) {
  const box = document.getElementById("status");
  if (!box.firstElementChild) box.replaceChildren(element("span", { role: "status" }), element("span"));
  const [said, when] = box.children;
  // A screen reader hears of a change, not of every second.
  if (said.textContent !== text) said.textContent = text;
  when.textContent = moment;
  box.className = late ? "fault" : "";
  document.body.classList.toggle("stale", late && asOf !== null);
}

// What the page shows is of this moment; `how` it is kept ("live"), or what is the matter with it.
export function fresh(ms, how = "live", fault = "") {
  asOf = ms;
  says(fault || how, ` · ${clock(ms)} ${ZONE}`, Boolean(fault));
}

// The page could not be read again; it says of when it is.
export function stale(error) {
  says(error.message, asOf === null ? "" : ` What you see is of ${clock(asOf)} ${ZONE}.`, true);
}

// What somebody asked for is not there, or not for him: the page says only that, and the way on.
export const final = (error) => error.status === 404 || error.status === 403;

export function nothing(error) {
  const title = error.status === 403 ? "Not allowed" : "Not found";
  document.getElementById("status").replaceChildren();
  document.title = `${title} · Filrouge`;
  document.querySelector("main").replaceChildren(element("h1", {}, title),
    element("p", { role: "alert" }, error.message), element("p", {}, element("a", { href: "/" }, "To the scorecard")));
}

// Of which domain the figures are; empty for all of them.
export const scope = () => new URLSearchParams(location.search).get("domain") || "";
// A path with what is asked for; what is empty is left out.
export function asked(path, parameters) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value)).toString();
  return query ? `${path}?${query}` : path;
}
// Where there are several domains: all of them, or one.
export function domainLinks(box, domains, link) {
  box.hidden = domains.length < 2;
  redraw(box, ...["", ...domains].map((name) => element("a", { href: link(name), "data-domain": name,
    "aria-current": name === scope() ? "true" : null }, name || "All domains")));
}

export const customerLink = (id, domain) => `/customers/${encodeURIComponent(id)}?domain=${encodeURIComponent(domain)}`;
export const journeyLink = (id) => `/journeys/${encodeURIComponent(id)}`;

export function hour(ms, seconds = true) {
  const parts = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(seconds ? { second: "2-digit" } : {}) };
  return new Date(ms).toLocaleTimeString([], parts);
}

export function day(ms) {
  const at = new Date(ms);
  const year = at.getFullYear() === new Date().getFullYear() ? {} : { year: "numeric" };
  return at.toLocaleDateString([], { weekday: "short", day: "numeric", month: "short", ...year });
}

export const sameDay = (a, b) => new Date(a).toDateString() === new Date(b).toDateString();
export const clock = (ms) => (sameDay(ms, Date.now()) ? hour(ms) : `${day(ms)} ${hour(ms)}`);

export function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  const two = (whole, unit, rest, smaller) => `${whole} ${unit}${rest ? ` ${rest} ${smaller}` : ""}`;
  if (s < 60) return `${s} s`;
  if (s < 3600) return two(Math.floor(s / 60), "min", s % 60, "s");
  if (s < 86400) return two(Math.floor(s / 3600), "h", Math.floor((s % 3600) / 60), "min");
  return two(Math.floor(s / 86400), "d", Math.floor((s % 86400) / 3600), "h");
}

const NAMES = { whatsapp: "WhatsApp", sms: "SMS", voice: "Phone", email: "E-mail", in_person: "In person",
  rcs: "RCS", line: "LINE" };
export const channelName = (name) => NAMES[name] || name.charAt(0).toUpperCase() + name.slice(1) || "?";
// A customer as the terminal names him too; the number after the dash tells apart whom a split parted.
export function who(customer) {
  const number = customer.match(/-(\d+)$/);
  return customer.slice(0, 6) + (number && number[1] !== "0" ? `-${number[1]}` : "");
}
// Of a journey: whose it is, and the how-manieth it is when not the first.
export function journeyName(id) {
  const dot = id.lastIndexOf("."), number = id.slice(dot + 1);
  return who(id.slice(0, dot)) + (number === "1" ? "" : ` no. ${number}`);
}
export const short = (id) => (id.length > 12 ? `${id.slice(0, 4)}…${id.slice(-4)}` : id);

const WINDOW_UNITS = { m: "minute", h: "hour", d: "day" };
// "1h" as people say it.
export function windowName(name) {
  const count = parseInt(name), unit = WINDOW_UNITS[name.at(-1)];
  return `last ${count === 1 ? unit : `${count} ${unit}s`}`;
}
