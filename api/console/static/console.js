// Makes the pages live. They work without it, as plain links and forms.
const body = document.body;
const main = document.getElementById("main");
const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// --- What only works with a script is shown now -------------------------------------------------------
for (const element of all(".needs-script:not(progress)")) element.hidden = false;

const zoned = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" });
function localTimes(root) {
  for (const time of all("time[datetime]", root)) {
    const moment = new Date(time.dateTime);
    if (!Number.isNaN(moment.valueOf())) time.textContent = zoned.format(moment);
  }
  for (const zone of all("[data-utc]", root)) zone.hidden = true;
}
localTimes(document);

// --- Refresh: fetch the page again, and replace what has changed --------------------------------------
const messages = document.getElementById("messages");
const composer = one("[data-composer]");
const connection = document.getElementById("connection");
let running = false;
let again = false;

async function refresh() {
  if (running) { again = true; return; }
  running = true;
  try {
    const answer = await fetch(main.dataset.page || location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (answer.redirected && answer.url.includes("/login")) { location.reload(); return; }
    if (answer.status === 404 && main.dataset.lead) { location.reload(); return; }
    if (!answer.ok) { offline(); return; }
    swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    offline();
  } finally {
    running = false;
    if (again) { again = false; refresh(); }
  }
}

function swap(fresh) {
  // The inbox's own title has the count.
  setTitle(fresh.title, one("[data-list]") ? fresh.title.match(/^\((\d+\+?)\)/)?.[1] ?? "0" : waiting);
  for (const part of all("[data-live]")) {
    const next = fresh.getElementById(part.id);
    if (!next) continue;
    localTimes(next);
    if (part.innerHTML === next.innerHTML) continue;
    if (part.hasAttribute("data-presence")) {
      if (Boolean(one("form", part)) !== Boolean(one("form", next)) && !one("textarea", part)?.value.trim()) location.reload();
      continue;
    }
    if (part.hasAttribute("data-list") && part.matches(":hover")) { updateInPlace(part, next); continue; }
    if (part.hasAttribute("data-keep") && isTyping(part, next)) continue;
    replace(part, next);
  }
}

// Rows keep their places while the pointer is over the list; a button shows the new order.
function updateInPlace(part, next) {
  for (const row of all("[data-row]", part)) {
    const newer = next.ownerDocument.getElementById(row.id);
    if (newer && row.innerHTML !== newer.innerHTML && !row.contains(document.activeElement)) {
      row.className = newer.className;
      row.replaceChildren(...[...newer.childNodes].map((node) => document.importNode(node, true)));
    }
  }
  const ids = (root) => all("[data-row]", root).map((row) => row.id).join();
  document.getElementById("pending").hidden = ids(part) === ids(next);
}

// A form that is being filled in stays; one that is gone or replaced makes its button useless, not harmful.
function isTyping(part, next) {
  const changed = all("textarea, input:not([type=hidden])", part).filter((field) => field.value !== field.defaultValue);
  return changed.some((field) => all("form", next).some((form) => form.action === field.form.action));
}

function replace(part, next) {
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const focusKey = focused && (focused.id ? `#${CSS.escape(focused.id)}` : focused.getAttribute("href") && `[href="${CSS.escape(focused.getAttribute("href"))}"]`);
  const atEnd = part.scrollHeight - part.scrollTop - part.clientHeight < 40;
  const top = part.scrollTop;
  const before = part.dataset.last;
  const open = all("details", part).map((details) => details.open);
  part.replaceChildren(...[...next.childNodes].map((node) => document.importNode(node, true)));
  for (const name of next.getAttributeNames()) if (name.startsWith("data-")) part.setAttribute(name, next.getAttribute(name));
  all("details", part).forEach((details, number) => { details.open ||= Boolean(open[number]); });
  part.scrollTop = part === messages && atEnd ? part.scrollHeight : top;
  if (focusKey) one(focusKey, part)?.focus({ preventScroll: true });
  if (part.hasAttribute("data-list")) document.getElementById("pending").hidden = true;
  if (part === messages && part.dataset.last !== before) seenLater(part.dataset.last);
}

// A form sends the last message that was seen. With a text half typed, new words count as seen only after
// a moment and a notice: a button that is pressed right now must not send past them.
let seenTimer = 0;
function seenLater(last) {
  const set = () => { for (const field of all("input[name=seen]", main)) field.value = last; };
  const typed = composer && one("textarea", composer).value.trim();
  clearTimeout(seenTimer);
  if (!typed) { set(); return; }
  document.getElementById("news").hidden = false;
  seenTimer = setTimeout(set, 1500);
}

one("#pending button")?.addEventListener("click", () => {
  document.getElementById("pending").hidden = true;
  main.focus();
  location.reload();
});
one("[data-list]")?.addEventListener("pointerleave", () => {
  if (!document.getElementById("pending").hidden) refresh();
});
if (messages) messages.scrollTop = messages.scrollHeight;
one("[data-refusal]")?.focus();
one(".message.new")?.scrollIntoView({ block: "nearest" });

// --- Live: the stream says what has changed; after a reconnect everything is fetched ------------------
let stream = null;
let wasLost = false;
let timer = 0;
// After a refusal the address is the form's: a reload must show the page, not send the form again.
if (main.dataset.page) history.replaceState(null, "", main.dataset.page);

function soon() { clearTimeout(timer); timer = setTimeout(refresh, 80); }
function offline() { wasLost = true; connection.textContent = connection.dataset.lost; connection.hidden = false; }
function online() {
  if (!wasLost) return;
  wasLost = false;
  connection.textContent = connection.dataset.back;
  setTimeout(() => { if (!wasLost) connection.hidden = true; }, 3000);
}

function connect() {
  if (stream || !one("[data-live]")) return;
  stream = new EventSource(body.dataset.events);
  stream.addEventListener("all", () => { online(); soon(); countSoon(); });
  stream.addEventListener("changed", (event) => {
    const changed = JSON.parse(event.data);
    const lead = Number(main.dataset.lead);
    if (!lead || changed.includes(lead)) soon();
    countSoon();
  });
  stream.addEventListener("error", () => {
    offline();
    // A refused stream (signed out, an error page) is not opened again by the browser.
    if (stream?.readyState === EventSource.CLOSED) { stop(); setTimeout(connect, 5000); }
  });
}
function stop() { stream?.close(); stream = null; }

// Browsers allow six connections to a host: a page in the background keeps none.
document.addEventListener("visibilitychange", () => (document.hidden ? stop() : connect()));
addEventListener("pagehide", stop);
addEventListener("pageshow", () => { if (!document.hidden) connect(); });
addEventListener("offline", offline);
if (!document.hidden) connect();

// --- Who needs somebody: counted in the title, and told by the browser if the user wants it ------------
const known = new Set();
let waiting = null;
let later = 0;
const canNotify = "Notification" in window && isSecureContext;
const bell = one("[data-notify]");
bell.hidden = !canNotify || Notification.permission !== "default";
bell.addEventListener("click", async () => { bell.hidden = (await Notification.requestPermission()) !== "default"; });

function setTitle(title, count = waiting) {
  document.title = (count && count !== "0" ? `(${count}) ` : "") + (count ? title.replace(/^\(\d+\+?\) /, "") : title);
}
async function countWaiting() {
  const answer = await fetch(body.dataset.waiting, { cache: "no-store" }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const { count, leads } = await answer.json();
  if (waiting !== null && document.hidden && canNotify && Notification.permission === "granted") {
    for (const { id, name } of leads.filter((lead) => !known.has(lead.id))) {
      const note = new Notification(name, { body: body.dataset.textNeeds, tag: `lead-${id}` });
      note.onclick = () => { focus(); location.href = body.dataset.leads + id; };
    }
  }
  known.clear();
  for (const { id } of leads) known.add(id);
  waiting = count;
  setTitle(document.title);
}
function countSoon() { clearTimeout(later); later = setTimeout(countWaiting, 1000); }
// A page in the background has no stream: it asks once a minute.
setInterval(() => { if (document.hidden) countWaiting(); }, 60000);

document.addEventListener("submit", ({ target }) => {
  const offset = one("[data-offset]", target);
  if (offset) offset.value = new Date(one("[name=at]", target).value).getTimezoneOffset();
});

// --- Replying: colleagues see who is answering; canned texts ------------------------------------------
if (composer) {
  const field = one("textarea", composer);
  let told = 0;
  field.addEventListener("input", () => {
    document.getElementById("news").hidden = true;
    if (Date.now() - told < 10000 || !field.value.trim()) return;
    told = Date.now();
    fetch(composer.dataset.answering, { method: "POST" }).catch(() => {});
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) composer.requestSubmit(one("button.primary", composer));
  });
  composer.addEventListener("submit", () => setTimeout(() => { one("button.primary", composer).disabled = true; }));
  document.getElementById("canned")?.addEventListener("change", (event) => {
    field.setRangeText(event.target.value, field.selectionStart, field.selectionEnd, "end");
    event.target.value = "";
    field.focus();
  });
}

// --- Import: drop a file, see the progress ------------------------------------------------------------
const drop = one("[data-drop]");
if (drop) {
  const file = one("input[type=file]", drop);
  const bar = one("progress", drop);
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    file.files = event.dataTransfer.files;
    if (file.files.length) drop.requestSubmit();
  });
  drop.addEventListener("submit", (event) => {
    event.preventDefault();
    const upload = new XMLHttpRequest();
    bar.hidden = false;
    upload.upload.addEventListener("progress", (progress) => { bar.value = (100 * progress.loaded) / progress.total; });
    upload.addEventListener("load", () => {
      const fresh = new DOMParser().parseFromString(upload.responseText, "text/html");
      bar.hidden = true;
      main.replaceChildren(...[...fresh.getElementById("main").childNodes].map((node) => document.importNode(node, true)));
      main.focus();
    });
    upload.addEventListener("error", offline);
    upload.open("POST", drop.action);
    upload.send(new FormData(drop));
  });
}

// --- Keyboard -----------------------------------------------------------------------------------------
const help = document.getElementById("help");
const off = document.getElementById("keys-off");
off.checked = localStorage.getItem("keys") === "off";
off.addEventListener("change", () => localStorage.setItem("keys", off.checked ? "off" : "on"));
one("[data-help]").addEventListener("click", () => help.showModal());

function step(by) {
  const links = all("[data-row] a");
  const now = links.indexOf(document.activeElement);
  links[Math.min(links.length - 1, Math.max(0, now + by))]?.focus();
}
const keys = {
  j: () => step(1),
  k: () => step(-1),
  "/": () => document.getElementById("q")?.focus(),
  "?": () => help.showModal(),
};
for (const key of "rnat") keys[key] = () => one(`[data-key=${key}]`)?.focus();

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || help.open || off.checked) return;
  if (event.target.closest("input, textarea, select")) { if (event.key === "Escape") event.target.blur(); return; }
  if (!(event.key in keys)) return;
  event.preventDefault();
  keys[event.key]();
});
