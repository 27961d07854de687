// Whether a conclusion is good news: "good", "bad", "warn" while it may still become either, else "plain".
const TONES = { "channel.switched": (f) => (f.forced ? "bad" : "plain"), "sla.breached": () => "bad",
  "queue.abandoned": () => "bad", "journey.resolved": () => "good", "journey.reopened": () => "warn",
  "transfer.started": () => "warn",
  "transfer.concluded": (f) => (f.outcome === "successful" && !f.ping_pong ? "good" : "bad") };

export const tone = (fact) => (TONES[fact.type] || (() => "plain"))(fact);
