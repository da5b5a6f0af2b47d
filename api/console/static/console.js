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

// On a narrow screen the links of the sections scroll sideways.
one("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

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
    if (!answer.ok) { tryLater(); return; }
    swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
    setLost("page", false);
  } catch {
    tryLater();
  } finally {
    running = false;
    if (again) { again = false; refresh(); }
  }
}

function tryLater() { setLost("page", true); soon(5000); }

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

const isAtEnd = (part) => part.scrollHeight - part.scrollTop - part.clientHeight < 40;

function replace(part, next) {
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const focusKey = focused && (focused.id ? `#${CSS.escape(focused.id)}` : focused.getAttribute("href") && `[href="${CSS.escape(focused.getAttribute("href"))}"]`);
  const atEnd = isAtEnd(part);
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
  const atEnd = isAtEnd(messages);
  document.getElementById("news").hidden = false;
  // The notice takes room from the conversation.
  if (atEnd) messages.scrollTop = messages.scrollHeight;
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

// --- Live: a stream says what has changed; after a reconnect everything is fetched ---------------------
// Browsers allow six connections to a host. So one page of the browser has the stream and tells the others;
// a page in the background does neither. Without HTTPS there are no locks: each page has a stream then.
const address = body.dataset.events;
const channel = isSecureContext && navigator.locks ? new BroadcastChannel(address) : null;
let stream = null;
let turn = null;
let timer = 0;
// After a refusal the address is the form's: a reload must show the page, not send the form again.
if (main.dataset.page) history.replaceState(null, "", main.dataset.page);

function soon(milliseconds = 80) { clearTimeout(timer); timer = setTimeout(refresh, milliseconds); }

// What does not work now: the stream, the fetching of the page, or both.
const lost = new Set();
function setLost(what, isLost) {
  if (lost.has(what) === isLost) return;
  if (isLost) lost.add(what); else lost.delete(what);
  connection.textContent = lost.size ? connection.dataset.lost : connection.dataset.back;
  connection.hidden = false;
  if (!lost.size) setTimeout(() => { connection.hidden = !lost.size; }, 3000);
}

function take({ kind, changed }) {
  setLost("stream", kind === "lost");
  if (kind === "lost") return;
  const lead = Number(main.dataset.lead);
  if (kind === "all" || !lead || changed.includes(lead)) soon();
  countSoon();
}
function tell(news) { channel?.postMessage(news); take(news); }

function openStream() {
  stream = new EventSource(address);
  stream.addEventListener("all", () => tell({ kind: "all" }));
  stream.addEventListener("changed", (event) => tell({ kind: "changed", changed: JSON.parse(event.data) }));
  stream.addEventListener("error", ({ target }) => {
    // A stream ends with an error, too, when its page is left: another page takes over then.
    setTimeout(() => { if (stream === target && target.readyState !== EventSource.OPEN) tell({ kind: "lost" }); }, 1000);
    // A refused stream (signed out, an error page) is not opened again by the browser.
    if (target.readyState === EventSource.CLOSED) { soon(); setTimeout(() => { if (stream === target) openStream(); }, 5000); }
  });
}

function connect() {
  if (turn || document.hidden || !one("[data-live]")) return;
  const mine = turn = { waiting: new AbortController(), end: null };
  if (!channel) { openStream(); return; }
  channel.onmessage = ({ data }) => take(data);
  // For what has changed while nobody told this page; the event "all" of a new stream comes earlier.
  soon(500);
  countSoon();
  const hold = () => new Promise((resolve) => { mine.end = resolve; openStream(); });
  navigator.locks.request(address, { signal: mine.waiting.signal }, hold).catch(() => {});
}
function disconnect() {
  stream?.close();
  stream = null;
  if (channel) channel.onmessage = null;
  turn?.waiting.abort();
  turn?.end?.();
  turn = null;
  setLost("stream", false);
}

document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
addEventListener("pagehide", disconnect);
addEventListener("pageshow", connect);
addEventListener("offline", () => { disconnect(); setLost("stream", true); });
addEventListener("online", connect);
connect();

// --- Times are entered in the zone of the browser -----------------------------------------------------
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
  const button = one("button", drop);
  for (const name of ["dragenter", "dragover"]) drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer.files.length || button.disabled) return;
    file.files = event.dataTransfer.files;
    drop.requestSubmit();
  });
  drop.addEventListener("submit", (event) => {
    event.preventDefault();
    const upload = new XMLHttpRequest();
    const report = document.getElementById("report");
    report.replaceChildren();
    bar.hidden = false;
    button.disabled = true;
    upload.upload.addEventListener("progress", (progress) => { bar.value = (100 * progress.loaded) / progress.total; });
    // The rows are being stored now: how long it takes is not known.
    upload.upload.addEventListener("load", () => bar.removeAttribute("value"));
    upload.addEventListener("load", () => {
      const fresh = new DOMParser().parseFromString(upload.responseText, "text/html");
      // A refusal, such as that of a session that has ended, is a page of its own.
      const source = fresh.getElementById("report") ?? fresh.getElementById("main");
      report.replaceChildren(...[...source.childNodes].map((node) => document.importNode(node, true)));
      report.focus();
      setLost("upload", false);
    });
    upload.addEventListener("error", () => setLost("upload", true));
    upload.addEventListener("loadend", () => { bar.hidden = true; button.disabled = false; });
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
