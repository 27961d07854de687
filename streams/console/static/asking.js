// Asking for something that goes through the log: a button, a sentence to confirm, and the outcome.
import { tell } from "/static/common.js";
import { element } from "/static/drawing.js";

const WITHIN_MS = 20_000, EVERY_MS = 500;
const pause = () => new Promise((go) => setTimeout(go, EVERY_MS));
let under_way = 0;

// While somebody decides or waits, the panels must not be drawn anew under his hands.
export const busy = () => under_way > 0;

export function whoAsks(input) {
  input.value = localStorage.getItem("filrouge.agent") || "";
  input.onchange = () => localStorage.setItem("filrouge.agent", input.value.trim());
}

const agent = () => document.getElementById("agent");

// `question` is a sentence, `command` [name, body], `done` asks whether the log has come to it.
export function action(label, { question, command, done, told, after }) {
  const box = element("div", { class: "action" });
  const button = element("button", { type: "button" }, label);
  const start = () => box.replaceChildren(button);
  button.onclick = () => {
    under_way += 1;
    const yes = element("button", { type: "button", class: "yes" }, label);
    const no = element("button", { type: "button" }, "Leave it");
    const outcome = element("p", { role: "status" });
    no.onclick = () => { under_way -= 1; start(); button.focus(); };
    yes.onclick = async () => {
      if (!agent().value.trim()) {
        outcome.textContent = "Say first who asks, under “Your name”: it goes into the log.";
        agent().focus();
        return;
      }
      yes.disabled = no.disabled = true;
      outcome.textContent = "Written into the log; waiting until it is done…";
      try {
        outcome.textContent = await carriedOut(command, done) ? told
          : "It is in the log but not done yet. If it is refused, a dead letter says why.";
      } catch (error) {
        outcome.textContent = error.message;
      }
      yes.remove();
      no.textContent = "Close";
      no.disabled = false;
      no.onclick = () => { under_way -= 1; start(); after(); };
      no.focus();
    };
    box.replaceChildren(element("p", {}, question), yes, no, outcome);
    yes.focus();
  };
  start();
  return box;
}

async function carriedOut([name, body], done) {
  await tell(`/v1/identity/${name}`, { ...body, agent: agent().value.trim() });
  for (const end = Date.now() + WITHIN_MS; Date.now() < end; await pause()) {
    if (await done()) return true;
  }
  return false;
}
