"use strict";
/* What the page knows: the words of its surface, the rows, and which of them fit. view.js shows them. */
const data = JSON.parse(document.getElementById("data").textContent);
const zh = 0, en = 1;

const words = {
  title: ["支付错误码大全", "payment codes"],
  search: ["代码、原因或任何文字", "Code, reason or any word"],
  provider: ["渠道或卡组织", "Provider or network"], reason: ["原因", "Reason"], outcome: ["结果", "Outcome"],
  fault: ["责任方", "Whose side"], language: ["话术语言", "Language of the texts"], all: ["全部", "All"],
  clear: ["清除条件", "Clear"], filters: ["筛选", "Filters"], code: ["代码", "Code"], next: ["下一步", "What next"],
  none: ["没有找到。没收录的代码一律按“结果未知”处理：先查单，切勿当作失败。",
    "Nothing found. A code that is not listed is never a failure: its outcome is unknown, ask about the payment."],
  count: ["{n} 条代码", "{n} codes"], countAll: ["共 {n} 条代码，{p} 个渠道与卡组织", "{n} codes of {p} providers and networks"],
  showMore: ["再显示 {n} 条", "Show {n} more"],
  customer: ["对客户说", "Tell the customer"], merchant: ["商户怎么做", "For the shop"], support: ["客服核对", "Support asks"],
  where: ["在哪里处理", "Where"], again: ["能否重试", "May it be tried again?"], copy: ["复制", "Copy"], copied: ["已复制", "Copied"],
  same: ["同一渠道", "Same channel"], other: ["其他渠道", "Other channel"], instrument: ["换卡或换账户", "Other card or account"],
  yes: ["可以", "yes"], no: ["不可以", "no"], after: ["至少等待", "Not before"],
  forbids: ["卡组织禁止用这张卡再试。", "The card network forbids another try with this card."],
  private: ["不要把原因告诉客户，只用下面的话。", "Do not tell the customer the cause: use these words."],
  channelFault: ["计入渠道故障", "counts against the channel"], source: ["出处", "Documented at"],
  reviewed: ["核对于", "reviewed"], unreviewed: ["尚未逐条复核", "not reviewed row by row yet"],
  sameReason: ["同一原因的全部代码", "All codes with this reason"], layer: ["所在字段", "in"], operation: ["操作", "of"],
  alias: ["同", "same as"], byMessage: ["以报文内容为准", "the message decides first"], field: ["需更正", "To correct"],
  act: ["客户要做", "Customer does"], close: ["关闭", "Close"], theme: ["深浅色", "Theme"],
  welcome: ["选一条代码，看它的含义、该对客户说什么、能否重试、出处。", "Choose a code: what it means, what to tell the customer, whether to try again, and where it is documented."],
  keys: ["搜索；上下键移动，Esc 关闭", "searches; arrows move, Esc closes"],
  try: ["例如", "For example"], anyCode: ["其他未列代码", "any code not listed"],
};

const outcomes = {
  UNKNOWN: ["wait", "结果未知：先查单，不是失败", "Unknown: ask first, not a failure"],
  ACCEPTED: ["yes", "已受理：是否付款另行判断", "Accepted: whether paid is said elsewhere"],
  PENDING: ["do", "处理中", "Not decided yet"],
  ACTION: ["do", "等客户操作", "The customer must act"],
  DECLINED_SOFT: ["no", "拒绝：未扣款，可换渠道", "Declined, nothing taken: elsewhere it may work"],
  DECLINED_HARD: ["no", "拒绝：未扣款，勿再试", "Declined for good, nothing taken"],
  DECLINED_CUSTOMER: ["no", "拒绝：未扣款，客户可换卡或改正", "Refused, nothing taken: the customer can change that"],
  INVALID: ["off", "请求有误：未扣款", "Wrong request: nothing taken"],
  REFUSED_BEFORE: ["off", "未处理就被拒：未扣款", "Refused before anything ran: nothing taken"],
  NOT_FOUND: ["wait", "查无此单：不足以证明未付", "Not known there: that alone proves nothing"],
  CLOSED: ["off", "已关闭，不再收款", "Closed: takes no money any more"],
  PAID_ALREADY: ["yes", "已经付过：核对后按已付", "Paid before: look it up, treat as paid"],
};

const faults = {
  nobody: ["无人", "nobody"], customer: ["客户", "customer"], issuer: ["发卡行或账户方", "issuer"], network: ["卡组织", "network"],
  provider: ["渠道", "provider"], merchant: ["商户", "shop"], transport: ["网络连接", "connection"], unknown: ["不明", "not known"],
};

const advices = {
  never: ["这张卡不要再试", "never again with this card"], other_instrument: ["换一张卡或付款方式", "another card or means"],
  fix_input: ["客户更正后再试", "the customer corrects it"], customer_acts: ["客户先去操作", "the customer acts first"],
  authenticate: ["重新验证后再试", "again, with confirmation"], later: ["稍后原渠道再试", "the same channel, later"],
  other_channel: ["可换渠道", "another channel now"], query: ["先查单", "ask what became of it"], wait: ["等结果", "wait for the result"],
  merchant_acts: ["商户先处理", "the shop mends it first"], already_paid: ["核对后按已付", "treat as paid"], none: ["无需操作", "nothing to do"],
};

const fields = {
  card_number: ["卡号", "card number"], expiry: ["有效期", "expiry date"], cvc: ["安全码", "security code"], pin: ["密码", "PIN"],
  holder_name: ["持卡人姓名", "holder's name"], address: ["地址", "address"], email: ["邮箱", "e-mail"], phone: ["手机号", "phone"],
  amount: ["金额", "amount"], currency: ["币种", "currency"], payment_code: ["付款码", "payment code"],
  account_number: ["账号", "account number"], other: ["其他", "something else"],
};

const acts = {
  raise_limit: ["提高限额", "raise the limit"], enable_online: ["开通网上支付", "enable online payment"],
  confirm_in_app: ["在银行或钱包 App 里确认", "confirm in the bank's or wallet's app"], verify_identity: ["完成身份验证", "verify identity"],
  contact_issuer: ["联系发卡行", "contact the issuer"], activate_card: ["激活卡片", "activate the card"], add_funds: ["充值", "add funds"],
  update_app: ["更新 App", "update the app"], show_new_code: ["刷新付款码", "show a new code"],
  renew_agreement: ["重新签约", "renew the agreement"], start_again: ["重新下单", "start again"],
  unlock_account: ["解锁账户", "unlock the account"], complete_payment: ["完成付款", "complete the payment"],
};

const localeNames = {
  "zh-CN": "简体中文", "zh-TW": "繁體中文", en: "English", ja: "日本語", ko: "한국어", vi: "Tiếng Việt", th: "ไทย", id: "Bahasa Indonesia",
  es: "Español", pt: "Português", fr: "Français", de: "Deutsch", ru: "Русский",
};

const R = { number: 0, name: 1, class: 2, fault: 3, advice: 4, flags: 5, meaning: 6 };
const rows = data.rows.map((r, i) => ({
  i, provider: data.providers[r[0]], code: r[1], operation: r[2], layer: r[3], reason: r[4], advice: r[5], source: data.sources[r[6]],
  note: data.notes[r[7]], forbids: r[8], alias: r[9], field: r[10], act: r[11], wait: r[12], reviewed: r[13], place: data.places[r[14]],
  hay: (r[1] + "\n" + data.providers[r[0]] + "\n" + data.reasons[r[4]][R.name] + "\n" + data.notes[r[7]] + "\n" + r[9]).toLowerCase(),
}));
/* What most people look for first; the rest follows by name. */
const lead = ["alipay", "wechatpay", "unionpay_gateway", "stripe", "paypal", "adyen", "epay"];
const rank = (row) => (lead.includes(row.provider) ? lead.indexOf(row.provider) : lead.length);
const locales = Object.keys(data.texts);
/* Everything that is said of a reason, in every language: a word of it finds the reason. */
const reasonHay = data.reasons.map((r, i) =>
  (r[R.meaning] + "\n" + locales.map((l) => data.texts[l][i].join("\n")).join("\n")).toLowerCase());

const hashes = new Map();
rows.sort((a, b) => rank(a) - rank(b) || a.i - b.i).forEach((row, i) => { row.i = i; });
for (const row of rows) {
  const short = "#" + encodeURIComponent(row.provider) + "/" + encodeURIComponent(row.code);
  row.hash = hashes.has(short) ? short + "/" + encodeURIComponent(row.layer) + "/" + encodeURIComponent(row.operation) : short;
  hashes.set(row.hash, row);
}

/* How well a row fits: 0 not at all; the code itself counts most, words of its reason least. */
function score(row, terms, whole) {
  const code = row.code.toLowerCase();
  let least = 4;
  for (const t of terms) {
    const at = row.hay.includes(t) ? (code.includes(t) ? 4 : 3) : reasonHay[row.reason].includes(t) ? 1 : 0;
    if (at === 0) return 0;
    least = Math.min(least, at);
  }
  if (terms.length === 0) return 1;
  return code === whole ? 9 : code.startsWith(whole) ? 8 : least;
}

function find(state) {
  const whole = state.q.trim().toLowerCase();
  const terms = whole.split(/\s+/).filter(Boolean);
  const found = [];
  for (const row of rows) {
    const r = data.reasons[row.reason];
    if ((state.provider && row.provider !== state.provider) || (state.reason && r[R.name] !== state.reason) ||
        (state.class && r[R.class] !== state.class) || (state.fault && r[R.fault] !== state.fault)) continue;
    const s = score(row, terms, whole);
    if (s > 0) found.push([s, row]);
  }
  if (terms.length > 0) found.sort((a, b) => b[0] - a[0] || a[1].i - b[1].i);
  return found.map((f) => f[1]);
}

const refusals = new Set(["DECLINED_SOFT", "DECLINED_HARD", "DECLINED_CUSTOMER", "INVALID", "REFUSED_BEFORE"]);
/* What may be tried: as the library says it. */
function retry(row) {
  const c = data.reasons[row.reason][R.class], a = row.advice;
  const refused = refusals.has(c), free = refused && c !== "DECLINED_HARD" && !row.forbids;
  return {
    same: free && ["other_channel", "later", "authenticate", "customer_acts", "fix_input"].includes(a),
    other: free && c !== "DECLINED_CUSTOMER" &&
      (a === "other_channel" || a === "merchant_acts" || (a === "later" && c === "REFUSED_BEFORE")),
    instrument: refused,
  };
}
