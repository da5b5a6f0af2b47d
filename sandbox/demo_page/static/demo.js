// The demo page: shows the scenes that the sandbox streams, and sends what its buttons do.
const byId = (id) => document.getElementById(id);
const texts = JSON.parse(document.body.dataset.texts);
const language = document.documentElement.lang;
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const KEY = "demo-visitor";
let visitor = null;
let stream = null;
let shown = {};
let opened = null;
let sendingSince = 0;

// Every text is set as text: what a visitor writes is never markup.
function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function notify(text) {
  byId("notice").textContent = text;
  byId("notice").hidden = !text;
}

async function call(path, body) {
  const options = { method: "POST" };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { "Content-Type": "application/json" };
  }
  try {
    const answer = await fetch(path, options);
    notify(answer.ok ? "" : texts.failed);
    return answer;
  } catch {
    notify(texts.lost);
    return null;
  }
}

// The visitor and their stream

async function newVisitor() {
  const answer = await call("/demo/visitors");
  if (!answer?.ok) return;
  // The next form's row appears in the inbox.
  if (opened) document.querySelector("iframe").src = "/demo/console?next=/";
  become(await answer.json());
}

async function returnVisitor() {
  const known = sessionStorage.getItem(KEY);
  const answer = known ? await fetch(`/demo/visitors/${known}`).catch(() => null) : null;
  if (answer?.ok) become(await answer.json());
  else await newVisitor();
}

function become(person) {
  visitor = person;
  sessionStorage.setItem(KEY, person.id);
  shown = {};
  opened = null;
  fillForm();
  listen();
}

// Browsers allow six connections to a host: a page in the background has no stream.
function listen() {
  stream?.close();
  stream = null;
  if (!visitor || document.hidden) return;
  const mine = stream = new EventSource(`/demo/visitors/${visitor.id}/events`);
  stream.onmessage = (event) => {
    if (byId("notice").textContent === texts.lost) notify("");
    show(JSON.parse(event.data));
  };
  stream.onerror = async () => {
    notify(texts.lost);
    const answer = await fetch(`/demo/visitors/${visitor.id}`).catch(() => null);
    // The demo was started again: its people are new.
    if (mine === stream && answer?.status === 404) await newVisitor();
    else if (mine === stream && mine.readyState === EventSource.CLOSED) setTimeout(() => mine === stream && listen(), 1500);
  };
}

// The website

function fillForm() {
  const kind = document.querySelector("[name=kind]:checked").value;
  byId("fields").replaceChildren(...visitor.forms[kind].map((field) => {
    const isShort = field.name === "name" || field.name === "phone" || field.name === "email";
    const label = element("label", isShort ? "" : "wide", field.label);
    const input = element(field.name === "wish" ? "textarea" : "input");
    input.name = field.name;
    input.value = field.value;
    if (field.name === "wish") input.rows = 2;
    label.append(input);
    return label;
  }));
}

async function sendForm(event) {
  event.preventDefault();
  const form = byId("form");
  const kind = document.querySelector("[name=kind]:checked").value;
  const fields = Object.fromEntries([...form.querySelectorAll("#fields [name]")].map((input) => [input.name, input.value]));
  byId("send").textContent = texts["form.sending"];
  sendingSince = Date.now();
  await call(`/demo/visitors/${visitor.id}/forms`, { kind, fields, twice: event.submitter?.name === "twice" });
  byId("send").textContent = texts["form.send"];
}

function showForm(form) {
  byId("answer").hidden = byId("request").hidden = !form;
  if (!form) return;
  byId("answer").classList.toggle("bad", !form.ok);
  byId("answer").textContent = form.detail ? `${form.words}: ${form.detail}` : form.words;
  byId("request").querySelector("pre").textContent = form.request;
}

// The phone

function showPhone(phone) {
  byId("company").textContent = phone.company;
  byId("owner").textContent = `${phone.name} · ${phone.contact}`;
  const presence = byId("presence");
  const unread = phone.unread ? texts["phone.unread"].replace("{count}", phone.unread) : "";
  presence.textContent = phone.blocked ? texts["phone.blocked"] : phone.typing ? texts["phone.typing"] : unread;
  presence.classList.toggle("typing", phone.typing && !phone.blocked);
  for (const control of document.querySelectorAll("#words, #write button, [data-ready]")) control.disabled = !phone.can_write;
  byId("read").disabled = !phone.unread;
  byId("read").textContent = phone.unread ? texts["phone.read"].replace("{count}", phone.unread) : texts["phone.not_read"];
  byId("block").textContent = texts[phone.blocked ? "phone.unblock" : "phone.block"];
  byId("block").dataset.action = phone.blocked ? "unblock" : "block";
  showList(byId("chat"), phone.messages, bubble, texts["phone.empty"]);
}

function bubble(message) {
  const item = element("div", message.mine ? "mine" : "");
  if (message.voice) item.append(element("span", "voice played", texts["phone.voice_label"]));
  if (message.other) item.append(element("span", "voice", message.other));
  item.append(...withLinks(message.text));
  const ticks = message.mine ? (message.read ? " ✓✓" : " ✓") : "";
  item.append(element("span", "when", clock.format(message.at * 1000) + ticks));
  return item;
}

// Only addresses of the web become links, such as the booking page.
function withLinks(text) {
  return text.split(/(https?:\/\/[^\s<>"]*[^\s<>"',.:;!?)])/).map((part, index) => {
    if (index % 2 === 0) return document.createTextNode(part);
    const link = element("a", "", part);
    link.href = part;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    return link;
  });
}

async function sendWords(action, text) {
  if (!text.trim()) return;
  const answer = await call(`/demo/visitors/${visitor.id}/phone`, { action, text });
  if (answer?.ok && byId("words").value === text) byId("words").value = "";
}

// What happens, the parts and the figures

function showWay(way) {
  const begin = way.find((step) => step.where === "site")?.at;
  showList(byId("way"), way.map((step) => ({ ...step, begin })), wayStep, texts["way.empty"]);
}

function wayStep(step) {
  const item = element("div", step.tone);
  const since = step.at >= step.begin ? `+${(step.at - step.begin).toFixed(1)}` : clock.format(step.at * 1000);
  item.append(element("span", "where", `${since} · ${texts[`place.${step.where}`]}`), step.text);
  if (step.detail) item.append(element("span", "where", step.detail));
  return item;
}

// What is shown already stays: a screen reader announces only what is new.
function showList(list, sources, draw, whenEmpty) {
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  const keys = sources.map((source) => JSON.stringify(source));
  let same = 0;
  while (same < keys.length && list.children[same]?.key === keys[same]) same += 1;
  while (list.children.length > same) list.lastElementChild.remove();
  for (const [index, source] of sources.slice(same).entries()) {
    const item = draw(source);
    item.key = keys[same + index];
    list.append(item);
  }
  if (!sources.length) list.append(element("div", "none", whenEmpty));
  if (isAtEnd) list.scrollTop = list.scrollHeight;
}

function showParts(scene) {
  for (const item of document.querySelectorAll("[data-part]")) {
    const state = scene.parts[item.dataset.part];
    item.classList.toggle("down", state !== "up");
    item.querySelector(".part-state").textContent = texts[`part.${state}`];
  }
  for (const button of document.querySelectorAll("[data-trouble]")) {
    const trouble = button.dataset.trouble;
    const isOn = scene.troubles.includes(trouble);
    button.setAttribute("aria-pressed", String(isOn));
    button.textContent = (isOn && texts[`trouble.${trouble}.end`]) || texts[`trouble.${trouble}`];
  }
}

function showCounts(scene) {
  for (const [name, value] of Object.entries(scene.counts)) {
    const place = document.querySelector(`[data-count=${name}]`);
    if (!place) continue;
    place.textContent = value;
    if (name === "twice" || name === "lost") place.parentElement.classList.toggle("wrong", value > 0);
  }
  const first = byId("first-message");
  first.textContent = scene.first_message === null ? "–" : first.dataset.template.replace("#", scene.first_message);
}

// The console shows the conversation as soon as it begins, once for each request.
function followLead(scene) {
  const link = byId("this-lead");
  link.hidden = !scene.lead;
  if (!scene.lead) return;
  link.href = `/demo/console?next=/leads/${scene.lead.id}`;
  if (opened !== scene.lead.id && scene.phone.messages.length) {
    opened = scene.lead.id;
    if (sendingSince) document.querySelector("iframe").src = link.href;
  }
}

function show(scene) {
  const parts = {
    form: () => showForm(scene.form),
    phone: () => showPhone(scene.phone),
    way: () => showWay(scene.way),
  };
  // What has not changed is left alone: a selection or a focus in it stays.
  for (const [name, draw] of Object.entries(parts)) {
    const now = JSON.stringify(scene[name]);
    if (shown[name] !== now) {
      shown[name] = now;
      draw();
    }
  }
  byId("remind").hidden = !scene.reminder;
  showParts(scene);
  showCounts(scene);
  followLead(scene);
}

document.addEventListener("visibilitychange", listen);
byId("form").addEventListener("submit", sendForm);
for (const choice of document.querySelectorAll("[name=kind]")) choice.addEventListener("change", fillForm);
byId("write").addEventListener("submit", (event) => {
  event.preventDefault();
  sendWords(event.submitter?.value ?? "write", byId("words").value);
});
for (const ready of document.querySelectorAll("[data-ready]")) ready.addEventListener("click", () => sendWords("write", ready.textContent));
byId("read").addEventListener("click", () => call(`/demo/visitors/${visitor.id}/phone`, { action: "read" }));
byId("remind").addEventListener("click", () => call(`/demo/visitors/${visitor.id}/reminder`));
byId("block").addEventListener("click", (event) => call(`/demo/visitors/${visitor.id}/phone`, { action: event.target.dataset.action ?? "block" }));
byId("new-visitor").addEventListener("click", newVisitor);
byId("crowd").addEventListener("click", () => call("/demo/crowd"));
for (const button of document.querySelectorAll("[data-trouble]")) {
  button.addEventListener("click", () => call(`/demo/troubles/${button.dataset.trouble}`));
}
returnVisitor();
