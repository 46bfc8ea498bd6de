import { element, events, freshnessItem, sourceItem, withCitations } from "/page/answer.js";

const at = (id) => document.getElementById(id);
let running = null;

at("key").value = sessionStorage.getItem("headrace-key") ?? "";
if (localStorage.getItem("headrace-theme")) document.documentElement.dataset.theme = localStorage.getItem("headrace-theme");

at("theme").addEventListener("click", () => {
  const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("headrace-theme", document.documentElement.dataset.theme);
});

at("question").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    at("ask").requestSubmit();
  }
});

at("ask").addEventListener("submit", async (event) => {
  event.preventDefault();
  running?.abort();
  running = new AbortController();
  const mine = running;
  sessionStorage.setItem("headrace-key", at("key").value);
  begin();
  try {
    await ask(at("question").value, at("key").value, mine.signal);
  } catch (error) {
    if (!mine.signal.aborted) fail(error.message || "The connection was lost. Try again.");
  } finally {
    if (running === mine) end();
  }
});

function begin() {
  at("send").disabled = true;
  at("status").className = "";
  at("status").textContent = "Looking…";
  at("result").hidden = true;
  at("answer").setAttribute("aria-busy", "true");
  for (const id of ["answer", "meta", "sources", "as-of"]) at(id).replaceChildren();
}

function end() {
  at("send").disabled = false;
  at("answer").setAttribute("aria-busy", "false");
}

function fail(message) {
  at("status").className = "bad";
  at("status").textContent = message;
}

async function ask(question, key, signal) {
  const response = await fetch("/v1/query", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-API-Key": key },
    body: JSON.stringify({ question, stream: true }),
    signal,
  });
  if (!response.ok) throw new Error((await response.json()).detail);
  let text = "";
  for await (const [name, data] of events(response.body)) {
    if (name === "token") {
      text += data.text;
      at("result").hidden = false;
      at("answer").textContent = text;
    } else if (name === "answer") {
      show(data);
    } else if (name === "error") {
      throw new Error(data.detail);
    }
  }
}

function show(answer) {
  at("result").hidden = false;
  at("status").textContent = "";
  at("answer").className = answer.answered ? "card" : "card unknown";
  at("answer").replaceChildren(...withCitations(answer.answer, new Set(answer.sources.map((source) => source.number))));
  const meter = element("meter", { min: 0, max: 1, value: answer.confidence, ariaLabel: "confidence" });
  at("meta").replaceChildren(
    element("span", {}, "Confidence ", meter, ` ${Math.round(answer.confidence * 100)} %`),
    element("span", { textContent: !answer.answered ? "nothing quoted" : answer.model.mode === "extractive" ? "quoted from the documents" : `written by ${answer.model.name || "the model"}, citations checked` }),
    element("span", { textContent: `${Math.round(answer.timings_ms.total)} ms` }));
  at("sources").replaceChildren(...answer.sources.map(sourceItem));
  at("sources-title").hidden = !answer.sources.length;
  at("as-of").replaceChildren(...answer.as_of.map(freshnessItem));
  at("as-of-title").hidden = !answer.as_of.length;
}
