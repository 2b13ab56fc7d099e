"use strict";
// Draws what the server says, and sends what somebody does. Nothing is decided here.
const stage = document.getElementById("stage");
const said = document.getElementById("said");
let drawn = "";

async function act(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-stage": "1" },
    body: JSON.stringify(body),
  });
  const told = await answer.json();
  said.textContent = told.text || "";
  await draw(true);
  return told;
}

async function draw(force) {
  const { html } = await (await fetch("/state")).json();
  const busy = document.activeElement && document.activeElement.closest("form.modal");
  if (html === drawn || (busy && !force)) return;
  drawn = html;
  const focused = busy && document.activeElement.dataset.write;
  stage.innerHTML = html;
  if (focused) stage.querySelector(`[data-write="${focused}"]`)?.focus();
  commands();
}

// One line for commands for each person, drawn once.
function commands() {
  const bar = document.getElementById("commands");
  if (bar.childElementCount) return;
  for (const section of stage.querySelectorAll("[data-who]")) {
    const who = section.dataset.who;
    const form = document.createElement("form");
    form.className = "actions";
    const input = document.createElement("input");
    input.value = "/p0 request";
    input.name = `command-${who}`;
    input.setAttribute("aria-label", `a command as ${who}`);
    const send = document.createElement("button");
    send.textContent = `Send as ${who}`;
    const home = document.createElement("button");
    home.type = "button";
    home.textContent = `Open ${who}'s Home`;
    home.onclick = () => act("/home", { who });
    form.append(input, send, home);
    form.onsubmit = (event) => {
      event.preventDefault();
      act("/command", { who, text: input.value });
    };
    bar.append(form);
  }
}

const of = (element) => element.closest("[data-who]").dataset.who;
const sure = (element) => !element.dataset.confirm || confirm(element.dataset.confirm);

stage.addEventListener("click", (event) => {
  const element = event.target.closest("button, li");
  if (!element) return;
  const { press, around } = element.dataset;
  if (around) return act("/around", { action: around });
  if (press && sure(element)) {
    const { channel, ts } = element.closest(".message").dataset;
    return act("/press", { who: of(element), channel, ts, action: press });
  }
  if (element.classList.contains("close")) return act("/close", { who: of(element) });
  if (element.tagName === "LI") {
    const { action, text, value } = element.dataset;
    return act("/pick", { who: of(element), action, text, value });
  }
});

stage.addEventListener("change", (event) => {
  const element = event.target;
  const { choose, pick, write } = element.dataset;
  if (write) return act("/write", { who: of(element), action: write, text: element.value });
  if (pick) return act("/pick", { who: of(element), action: pick, text: "", value: element.value });
  if (choose && element.value && sure(element)) {
    const { channel, ts } = element.closest(".message").dataset;
    return act("/press", { who: of(element), channel, ts, action: choose, value: element.value });
  }
});

async function suggest(element) {
  const query = new URLSearchParams({ who: of(element), action: element.dataset.suggest, text: element.value });
  const { options } = await (await fetch(`/suggest?${query}`)).json();
  const list = element.parentElement.querySelector(".options");
  list.replaceChildren(...(options || []).map((option) => {
    const item = document.createElement("li");
    item.textContent = option.text.text + (option.description ? `: ${option.description.text}` : "");
    Object.assign(item.dataset, { action: element.dataset.suggest, text: element.value, value: option.value });
    return item;
  }));
}

stage.addEventListener("input", (event) => event.target.dataset.suggest && suggest(event.target));
stage.addEventListener("focusin", (event) => {
  if (event.target.dataset.suggest) {
    event.target.select();
    suggest(event.target);
  }
});

stage.addEventListener("submit", async (event) => {
  event.preventDefault();
  const who = of(event.target);
  const { errors } = await act("/submit", { who });
  for (const [action, text] of Object.entries(errors || {})) {
    const place = stage.querySelector(`[data-who="${who}"] [data-error="${action}"]`);
    if (place) place.textContent = text;
  }
});

setInterval(() => draw(false).catch(() => {}), 700);
draw(true);
