// What all pages share: asking the API, times, durations, elements.
async function answered(answer) {
  if (answer.redirected || answer.status === 401) location.href = "/login";
  const value = await answer.json();
  if (!answer.ok) throw new Error(value.error || answer.statusText);
  return value;
}

const fetched = (path, options) => fetch(path, options).catch(() => {
  throw new Error("The console does not answer; trying again.");
});

export async function ask(path) {
  return answered(await fetched(path, { headers: { Accept: "application/json" } }));
}

export async function tell(path, body) {
  const headers = { "Content-Type": "application/json" };
  return answered(await fetched(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "class") made.className = value;
    else if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

export function svg(name, attributes = {}, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

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
  rcs: "RCS" };
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
