/* Shows what page.js finds. Every text goes in as text, never as markup; only what is on the screen is made. */
const $ = (id) => document.getElementById(id);
const step = 60;
const state = { q: "", provider: "", reason: "", class: "", fault: "", locale: "", ui: en, open: null, shown: 0, found: [] };

function remember(key, value) {
  try { localStorage.setItem("payroute-" + key, value); } catch (e) { /* a file may not keep anything */ }
}
function remembered(key) {
  try { return localStorage.getItem("payroute-" + key); } catch (e) { return null; }
}
function w(key, values) {
  return words[key][state.ui].replace(/\{(\w)\}/g, (all, k) => values[k].toLocaleString(state.ui === zh ? "zh-CN" : "en"));
}
function say(list, key) { return (list[key] || [key, key])[state.ui]; }
function outcome(c) { return outcomes[c][state.ui + 1]; }

function el(tag, cls, ...children) {
  const node = document.createElement(tag);
  if (cls) node.className = cls;
  for (const c of children) if (c !== null && c !== undefined && c !== "") node.append(c);
  return node;
}

/* The searched words, marked. */
function marked(text) {
  const terms = state.q.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const out = document.createDocumentFragment();
  const low = text.toLowerCase();
  let at = 0;
  while (terms.length && low.length === text.length) {
    let best = -1, len = 0;
    for (const t of terms) {
      const p = low.indexOf(t, at);
      if (p >= 0 && (best < 0 || p < best || (p === best && t.length > len))) { best = p; len = t.length; }
    }
    if (best < 0) break;
    out.append(text.slice(at, best), el("mark", "", text.slice(best, best + len)));
    at = best + len;
  }
  out.append(text.slice(at));
  return out;
}

/* {reference} and the like stand out: the shop fills them in. */
function withPlaceholders(text) {
  const out = document.createDocumentFragment();
  text.split(/(\{\w+\})/).forEach((part, i) => out.append(i % 2 ? el("span", "ph", part) : part));
  return out;
}

function codeText(row) { return row.code === "*" ? w("anyCode") : row.code; }

/* ---- the list ---- */

function dot(c) {
  const d = el("span", "dot " + outcomes[c][0]);
  d.title = outcome(c);
  return d;
}

function item(row) {
  const r = data.reasons[row.reason];
  const a = el("a", "row");
  const where = [row.layer, row.operation].filter((x) => x !== "*").join(" · ");
  a.href = row.hash;
  a.append(el("span", "code", marked(codeText(row)), where ? el("small", "", where) : ""), el("span", "from", marked(row.provider)),
    el("span", "why", dot(r[R.class]), marked(r[R.name])), el("span", "next", say(advices, row.advice)));
  if (state.open === row) a.setAttribute("aria-current", "true");
  return el("li", "", a);
}

function showMore() {
  const part = state.found.slice(state.shown, state.shown + step);
  $("list").append(...part.map(item));
  state.shown += part.length;
  const left = state.found.length - state.shown;
  $("more").hidden = left <= 0;
  $("more").textContent = w("showMore", { n: Math.min(step, left) });
}

function refresh() {
  state.found = find(state);
  state.shown = 0;
  $("list").replaceChildren();
  const filtered = ["provider", "reason", "class", "fault"].filter((k) => state[k]);
  const all = !state.q.trim() && !filtered.length;
  $("count").textContent = all ? w("countAll", { n: rows.length, p: data.providers.length }) : w("count", { n: state.found.length });
  $("clear").hidden = all;
  $("none").hidden = state.found.length > 0;
  $("more-filters").textContent = w("filters") + (filtered.length ? " · " + filtered.length : "");
  $("more-filters").classList.toggle("set", filtered.length > 0);
  for (const k of ["provider", "reason", "class", "fault"]) $("f-" + k).classList.toggle("set", !!state[k]);
  showMore();
}

/* ---- one code ---- */

function span(seconds) {
  const units = [[86400, "天", "day"], [3600, "小时", "hour"], [60, "分钟", "minute"], [1, "秒", "second"]];
  const u = units.find((x) => seconds % x[0] === 0 && (x[0] < 86400 || seconds > 86400)) || units[3];
  const n = seconds / u[0];
  return state.ui === zh ? n + " " + u[1] : n + " " + u[2] + (n === 1 ? "" : "s");
}

function sources(text) {
  const list = el("ul", "sources");
  for (const part of text.split(" ; ")) {
    const m = /^(https?:\/\/[^\s]+)(.*)$/.exec(part);
    if (m) {
      const a = el("a", "", m[1].replace(/^https?:\/\//, ""));
      a.href = m[1];
      a.rel = "noopener noreferrer";
      a.target = "_blank";
      list.append(el("li", "", a, m[2]));
    } else {
      list.append(el("li", "", part));
    }
  }
  return list;
}

function textCard(key, index, row, first) {
  const text = data.texts[state.locale][row.reason][index];
  if (!text) return "";
  const box = el("div", first ? "say first" : "say", withPlaceholders(text));
  box.lang = state.locale;
  if (first && navigator.clipboard) {
    const copy = el("button", "copy", w("copy"));
    copy.type = "button";
    copy.lang = state.ui === zh ? "zh-CN" : "en";
    copy.onclick = () => navigator.clipboard.writeText(text).then(() => { copy.textContent = w("copied"); }, () => {});
    box.append(copy);
  }
  const out = document.createDocumentFragment();
  out.append(el("h3", "", w(key)), box);
  return out;
}

function place(row) {
  if (!row.place) return "";
  const [inChinese, inEnglish, url] = row.place;
  const name = (state.ui === zh ? inChinese : inEnglish) || inEnglish || url;
  let shown = name;
  if (/^https?:\/\//.test(url)) {
    shown = el("a", "", name);
    shown.href = url;
    shown.rel = "noopener noreferrer";
    shown.target = "_blank";
  }
  const out = document.createDocumentFragment();
  out.append(el("h3", "", w("where")), el("p", "", shown));
  return out;
}

function retryTable(row) {
  const may = retry(row), table = el("dl", "retry");
  for (const k of ["same", "other", "instrument"]) {
    table.append(el("dt", "", w(k)), el("dd", may[k] ? "yes" : "off", (may[k] ? "✓ " : "✕ ") + w(may[k] ? "yes" : "no")));
  }
  if (row.field) table.append(el("dt", "", w("field")), el("dd", "", say(fields, row.field)));
  if (row.act) table.append(el("dt", "", w("act")), el("dd", "", say(acts, row.act)));
  if (row.wait) table.append(el("dt", "", w("after")), el("dd", "", span(row.wait)));
  return table;
}

function chip(name, text) { return el("span", "chip", name ? el("span", "", name) : "", text); }

function foot(row, r) {
  const same = el("button", "link", w("sameReason"));
  same.type = "button";
  same.onclick = () => { clearFilters(); choose("reason", r[R.name]); if (small()) close(); };
  return el("div", "foot", same, el("span", "dim", row.reviewed ? w("reviewed") + " " + row.reviewed : w("unreviewed")));
}

function detail(row) {
  const r = data.reasons[row.reason];
  const shut = el("button", "plain", "✕");
  shut.type = "button";
  shut.id = "close";
  shut.setAttribute("aria-label", w("close"));
  shut.onclick = close;
  const chips = el("div", "chips", chip("", row.provider), row.layer === "*" ? "" : chip(w("layer"), row.layer),
    row.operation === "*" ? "" : chip(w("operation"), row.operation),
    row.alias === "@message" ? chip("", w("byMessage")) : row.alias ? chip(w("alias"), row.alias) : "",
    chip(w("fault"), say(faults, r[R.fault])), r[R.flags] & 1 ? chip("", w("channelFault")) : "");
  return [shut, el("h2", "", codeText(row)), chips, el("span", "pill " + outcomes[r[R.class]][0], outcome(r[R.class])),
    el("p", "meaning", el("b", "", r[R.name]), " — " + r[R.meaning]), row.note ? el("p", "note", row.note) : "",
    r[R.flags] & 4 ? el("p", "alert", w("private")) : "",
    textCard("customer", 0, row, true), el("h3", "", w("again")), el("p", "", say(advices, row.advice)),
    row.forbids ? el("p", "alert", w("forbids")) : "", retryTable(row), textCard("merchant", 1, row), place(row),
    textCard("support", 2, row), el("h3", "", w("source")), sources(row.source), foot(row, r)].filter((x) => x !== "");
}

function welcome() {
  const examples = ["#alipay/ACQ.TRADE_HAS_SUCCESS", "#wechatpay/NOTENOUGH", "#stripe/insufficient_funds", "#iso8583/51", "#http/503"];
  const chips = el("div", "chips");
  for (const h of examples.filter((x) => hashes.has(x))) {
    const row = hashes.get(h), a = el("a", "chip", row.provider + " " + row.code);
    a.href = h;
    chips.append(a);
  }
  return el("div", "welcome", el("p", "", el("b", "", w("welcome"))), el("h3", "", w("try")), chips,
    el("p", "", el("kbd", "", "/"), " " + w("keys")));
}

function small() { return matchMedia("(max-width: 1020px)").matches; }
function close() {
  const row = state.open;
  history.replaceState(null, "", location.pathname + location.search);
  route();
  const a = row && document.querySelector('.row[href="' + CSS.escape(row.hash) + '"]');
  if (a) a.focus({ preventScroll: true });
}

/* Percent signs are spelled in more than one way; what cannot be read is not known. */
function canonical(hash) {
  try { return "#" + hash.slice(1).split("/").map((p) => encodeURIComponent(decodeURIComponent(p))).join("/"); } catch (e) { return ""; }
}
function route() {
  state.open = hashes.get(canonical(location.hash)) || null;
  document.documentElement.classList.toggle("opened", !!state.open);
  $("detail").replaceChildren(...(state.open ? detail(state.open) : [welcome()]));
  $("detail").scrollTop = 0;
  for (const a of document.querySelectorAll(".row[aria-current]")) a.removeAttribute("aria-current");
  if (state.open) {
    const a = document.querySelector('.row[href="' + CSS.escape(state.open.hash) + '"]');
    if (a) a.setAttribute("aria-current", "true");
    document.title = state.open.provider + " " + state.open.code + " · payroute";
    if (small()) $("detail").focus();
  } else {
    document.title = "payroute · " + w("title");
  }
}

/* ---- words, filters, keys ---- */

function options(select, list, value, all) {
  select.replaceChildren(...(all ? [new Option(all, "")] : []), ...list.map(([v, t]) => new Option(t, v)));
  select.value = value;
}
function counted(key) {
  const n = new Map();
  for (const row of rows) { const k = key(row); n.set(k, (n.get(k) || 0) + 1); }
  return n;
}
function dress() {
  document.documentElement.lang = state.ui === zh ? "zh-CN" : "en";
  for (const n of document.querySelectorAll("[data-w]")) n.textContent = w(n.dataset.w);
  $("q").placeholder = w("search");
  $("q").setAttribute("aria-label", w("search"));
  $("ui").textContent = state.ui === zh ? "English" : "中文";
  $("theme").setAttribute("aria-label", w("theme"));
  const reasons = counted((r) => data.reasons[r.reason][R.name]), providers = counted((r) => r.provider);
  options($("f-provider"), data.providers.map((p) => [p, p + " (" + providers.get(p) + ")"]), state.provider, w("all"));
  options($("f-reason"), data.reasons.map((r) => r[R.name]).filter((n) => reasons.has(n)).sort()
    .map((n) => [n, n + " (" + reasons.get(n) + ")"]), state.reason, w("all"));
  options($("f-class"), Object.keys(outcomes).map((c) => [c, outcome(c)]), state.class, w("all"));
  options($("f-fault"), Object.keys(faults).map((f) => [f, say(faults, f)]), state.fault, w("all"));
  options($("f-locale"), locales.map((l) => [l, localeNames[l] || l]), state.locale);
  refresh();
  route();
}
function choose(key, value) {
  state[key] = value;
  $("f-" + key).value = value;
  refresh();
}
function clearFilters() {
  for (const k of ["provider", "reason", "class", "fault"]) { state[k] = ""; $("f-" + k).value = ""; }
  state.q = $("q").value = "";
}
function theme(name) {
  document.documentElement.dataset.theme = name;
  $("theme").textContent = name === "dark" ? "☀" : "☾";
}
function move(by) {
  const all = [...document.querySelectorAll(".row")];
  const at = all.indexOf(document.activeElement);
  if (at + by >= all.length && !$("more").hidden) { showMore(); move(by); return; }
  if (at < 0 ? by < 0 : at + by < 0) { $("q").focus(); return; }
  const next = all[at < 0 ? 0 : Math.min(at + by, all.length - 1)];
  if (next) next.focus();
}

for (const k of ["provider", "reason", "class", "fault"]) $("f-" + k).onchange = (e) => choose(k, e.target.value);
$("f-locale").onchange = (e) => { state.locale = e.target.value; remember("locale", state.locale); route(); };
$("q").oninput = (e) => { state.q = e.target.value; refresh(); };
$("clear").onclick = () => { clearFilters(); refresh(); $("q").focus(); };
$("more").onclick = showMore;
$("more-filters").onclick = () => $("more-filters").setAttribute("aria-expanded", $("filters").classList.toggle("open"));
$("ui").onclick = () => { state.ui = 1 - state.ui; remember("ui", state.ui); dress(); };
$("theme").onclick = () => { const t = document.documentElement.dataset.theme === "dark" ? "light" : "dark"; theme(t); remember("theme", t); };
$("home").onclick = (e) => { e.preventDefault(); clearFilters(); refresh(); close(); scrollTo(0, 0); };
addEventListener("hashchange", route);
addEventListener("keydown", (e) => {
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName);
  if (e.ctrlKey || e.metaKey || e.altKey) return;
  if (e.key === "/" && !typing) { e.preventDefault(); $("q").focus(); $("q").select(); }
  else if (e.key === "Escape" && state.open) { e.preventDefault(); close(); }
  else if ((e.key === "ArrowDown" || e.key === "ArrowUp") && document.activeElement.tagName !== "SELECT" &&
           !$("detail").contains(document.activeElement)) { e.preventDefault(); move(e.key === "ArrowDown" ? 1 : -1); }
});
new ResizeObserver(() => document.documentElement.style.setProperty("--top", document.querySelector("header").offsetHeight + "px"))
  .observe(document.querySelector("header"));
if ("IntersectionObserver" in window) {
  new IntersectionObserver((seen) => { if (seen.some((s) => s.isIntersecting) && !$("more").hidden) showMore(); },
    { rootMargin: "600px" }).observe($("more"));
}

state.ui = remembered("ui") !== null ? Number(remembered("ui")) : /^zh/i.test(navigator.language) ? zh : en;
state.locale = [remembered("locale"), ...navigator.languages, "en"].find((l) => locales.includes(l)) ||
  locales.find((l) => l.startsWith(navigator.language.slice(0, 2))) || locales[0];
theme(remembered("theme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
dress();
