// Who is calling: the header's look-up, from an identifier to the customer's page.
import { customerLink } from "/static/common.js";
import { element } from "/static/drawing.js";
import { lookup } from "/static/people.js";

const form = document.querySelector(".lookup");
const field = element("input", { type: "search", required: "", autocomplete: "off", spellcheck: "false",
  "aria-label": "Look up a customer: number with +, e-mail address, id or kind:value", placeholder: "Customer: +33… or e-mail" });
// Only asked for where there are several.
const domain = element("input", { "aria-label": "Domain", placeholder: "domain", hidden: "" });
const answer = element("p", { role: "alert", class: "fault" });

domain.value = new URLSearchParams(location.search).get("domain") || "";
form.append(field, domain, element("button", {}, "Look up"), answer);
form.onsubmit = async (event) => {
  event.preventDefault();
  answer.textContent = "";
  try {
    const found = await lookup(domain.value.trim(), field.value);
    location.href = customerLink(found.customer, found.domain);
  } catch (error) {
    answer.textContent = error.message;
    if (error.status === 400) domain.hidden = false;
    field.focus();
  }
};
