const SHOWN = 60;
const FRESH_SECONDS = 6;
const PERIOD_MS = 1500;
const time = new Intl.DateTimeFormat("pt-BR", { timeStyle: "medium" });
const day = new Intl.DateTimeFormat("pt-BR", { dateStyle: "full" });
const number = new Intl.NumberFormat("pt-BR");
const byId = (id) => document.getElementById(id);

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function button(text, act, className) {
  const made = element("button", className, text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

async function call(method, path, body) {
  const answer = await fetch(`/_fake/${path}`, {
    method, cache: "no-store", headers: { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.error);
  return content;
}

function written(phone) {
  const brazil = phone.match(/^55(\d{2})(\d{4,5})(\d{4})$/);
  return brazil ? `+55 (${brazil[1]}) ${brazil[2]}-${brazil[3]}` : `+${phone}`;
}

/* Phones: a card stays while its chat changes, for somebody may be typing into it. */

const RECEIPTS = [
  ["ERROR", "error", "✗ erro"],
  ["PLAYED", "read", "✓✓ lida"],
  ["READ", "read", "✓✓ lida"],
  ["DELIVERY_ACK", "", "✓✓ entregue"],
  ["SERVER_ACK", "", "✓ enviada"],
];

function receipt(statuses) {
  const [, className, text] = RECEIPTS.find(([status]) => statuses.includes(status))
    ?? ["", "", "sem recibo"];
  return element("span", className, text);
}

function moment(seconds) {
  const made = element("span", "", time.format(seconds * 1000));
  made.title = day.format(seconds * 1000);
  return made;
}

function bubble(className, text, ...foot) {
  const made = element("div", `bubble ${className}`);
  const footer = element("footer");
  footer.append(...foot);
  made.append(text, footer);
  return made;
}

function chatOf(phone) {
  const seen = new Set();
  const received = phone.messages.map((message) => {
    const again = seen.has(message.text);
    seen.add(message.text);
    const media = message.kind === "conversation" ? "" : `[${message.kind}] `;
    return [message.received_at, bubble(
      again ? "again" : "", media + message.text,
      element("span", "", again ? "texto repetido" : `de ${message.instance}`),
      moment(message.received_at),
      receipt(message.statuses),
    )];
  });
  const answered = phone.replies.map((reply) => [reply.written_at, bubble(
    reply.from_me ? "" : "own", reply.text,
    element("span", "", reply.from_me ? `de ${reply.instance}, à mão` : `para ${reply.instance}`),
    moment(reply.written_at),
  )]);
  return [...received, ...answered].sort((one, other) => one[0] - other[0]);
}

function answerBox(phone) {
  const form = element("form", "answer");
  const input = element("input");
  input.placeholder = "Responder";
  input.setAttribute("aria-label", `Responder de ${written(phone)}`);
  const answer = async (text) => {
    if (!text) return;
    try {
      await call("POST", `phones/${phone}/replies`, { text });
      input.value = "";
      await look();
    } catch (fault) {
      input.setCustomValidity(fault.message);
      input.reportValidity();
    }
  };
  input.addEventListener("input", () => input.setCustomValidity(""));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer(input.value.trim());
  });
  form.append(input, element("button", "", "Enviar"), button("SAIR", () => answer("SAIR")));
  return form;
}

const cards = new Map();

function card(phone) {
  const made = element("section", "phone");
  const who = element("div", "who");
  const count = element("small");
  const chat = element("div", "chat");
  who.append(element("i", "", phone.slice(-2)), written(phone), count);
  made.append(who, chat, answerBox(phone));
  return { made, count, chat, shown: "" };
}

function showPhone(phone) {
  if (!cards.has(phone.phone)) cards.set(phone.phone, card(phone.phone));
  const shown = cards.get(phone.phone);
  const count = phone.messages.length;
  shown.count.textContent = number.format(count);
  shown.count.title = count === 1 ? "1 mensagem" : `${number.format(count)} mensagens`;
  const content = JSON.stringify(phone);
  if (content !== shown.shown) {
    shown.shown = content;
    const chat = chatOf(phone);
    shown.latest = chat.at(-1)[0];
    shown.chat.replaceChildren(...chat.map(([, made]) => made));
    shown.chat.scrollTop = shown.chat.scrollHeight;
  }
  const fresh = Date.now() / 1000 - shown.latest < FRESH_SECONDS;
  shown.made.classList.toggle("fresh", fresh);
  return shown.made;
}

const empty = byId("empty");

function showPhones(state) {
  byId("messages").textContent = number.format(state.total_messages);
  byId("phones").textContent = number.format(state.total_phones);
  const list = byId("list");
  const wanted = state.phones.length ? state.phones.map(showPhone) : [empty];
  const typing = list.contains(document.activeElement);
  const inOrder = wanted.every((made, place) => list.children[place] === made);
  if (typing) list.append(...wanted.filter((made) => !list.contains(made)));
  else if (!inOrder || list.children.length !== wanted.length) list.replaceChildren(...wanted);
  const rest = state.total_phones - state.phones.length;
  byId("rest").hidden = rest <= 0;
  byId("rest").textContent = `e mais ${number.format(rest)} telefones com mensagens anteriores`;
  showReceipts(state.phones.flatMap((phone) => phone.messages));
}

function showReceipts(messages) {
  const has = (...wanted) => messages.filter(
    ({ statuses }) => wanted.some((status) => statuses.includes(status))).length;
  const read = has("READ", "PLAYED");
  const delivered = has("DELIVERY_ACK", "READ", "PLAYED");
  byId("receipts").textContent = messages.length
    ? `✓✓ ${number.format(delivered)} entregues, ${number.format(read)} lidas` : "";
}

/* Instances: a card for each, with its codes where it waits for a phone. */

const STATES = { open: "conectado", connecting: "conectando", close: "desconectado" };
const STORM = { events: 200, seconds: 10 };
const instances = new Map();

function freeNumber(known) {
  const taken = new Set(known.map((each) => each.number));
  let subscriber = 990009001;
  while (taken.has(`5511${subscriber}`)) subscriber += 1;
  return `5511${subscriber}`;
}

function instanceCard(instance, suggested) {
  const made = element("form", "instance");
  const text = element("div");
  const parts = {
    picture: element("img"), hint: element("p"), input: element("input"), fault: element("p"),
    scan: element("button", "main", "Escanear com este celular"),
  };
  parts.picture.alt = "QR code";
  parts.input.value = written(instance.pairing?.phone ?? instance.number ?? suggested);
  parts.input.setAttribute("aria-label", "Número do celular");
  parts.input.inputMode = "tel";
  parts.fault.setAttribute("role", "alert");
  const path = `instances/${encodeURIComponent(instance.name)}`;
  const tell = (method, end, body) => async () => {
    try {
      await call(method, path + end, body);
      parts.fault.textContent = "";
      await look();
    } catch (fault) {
      parts.fault.textContent = fault.message;
    }
  };
  parts.disconnect = button("Desconectar", tell("PUT", "", { state: "close" }));
  parts.reconnect = button("Reconectar", tell("PUT", "", { state: "open" }));
  parts.storm = button("Tempestade", tell("POST", "/storm", STORM));
  parts.storm.title = "A conexão vai e volta: duzentos avisos em dez segundos";
  const buttons = element("div", "buttons");
  buttons.append(parts.scan, parts.disconnect, parts.reconnect, parts.storm);
  text.append(element("h2", "", instance.name), parts.hint, parts.input, buttons, parts.fault);
  made.append(parts.picture, text);
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    tell("POST", "/scan", { phone: parts.input.value })();
  });
  return { made, parts };
}

function showInstances({ instances: known }) {
  const names = new Set(known.map((each) => each.name));
  for (const [name, { made }] of instances) {
    if (names.has(name)) continue;
    made.remove();
    instances.delete(name);
  }
  for (const instance of known) {
    if (!instances.has(instance.name)) {
      const shown = instanceCard(instance, freeNumber(known));
      instances.set(instance.name, shown);
      byId("instances").append(shown.made);
    }
    const { made, parts } = instances.get(instance.name);
    const { pairing } = instance;
    const open = instance.state === "open";
    made.classList.toggle("waiting", !open);
    parts.picture.hidden = !pairing;
    parts.scan.hidden = parts.input.hidden = open;
    parts.disconnect.hidden = !open;
    parts.reconnect.hidden = open || Boolean(pairing);
    parts.storm.hidden = Boolean(pairing);
    if (pairing && parts.picture.src !== pairing.image) parts.picture.src = pairing.image;
    const about = [
      STATES[instance.state] ?? "estado desconhecido",
      ...(instance.number && open ? [written(instance.number)] : []),
      ...(instance.has_webhook ? [] : ["sem webhook"]),
    ].join(" · ");
    const code = pairing?.pairing_code;
    parts.hint.textContent = pairing ? `espera um celular.${code ? " Código: " : ""}` : about;
    if (code) parts.hint.append(element("output", "", code));
  }
}

/* Troubles: rules that are ready to be switched on, and all that are. */

const HALF = { probability: 0.5 };
const TENTH = { probability: 0.1 };
const RECEIPT = { event: "messages.update" };
const PRESETS = [
  ["Metade dos recibos se perde", "webhook-rules", { trait: "dropped", ...RECEIPT, ...HALF }],
  ["Recibos chegam duas vezes", "webhook-rules", { trait: "doubled", ...RECEIPT }],
  ["Recibos fora de ordem", "webhook-rules", { trait: "reordered", ...RECEIPT, ...HALF }],
  ["Recibos um minuto atrasados", "webhook-rules", { trait: "late", ...RECEIPT, seconds: 60 }],
  ["Avisos respondidos tarde demais", "webhook-rules", { trait: "answered_late", ...HALF }],
  ["Um em dez: recusado pelo WhatsApp", "ack-rules",
   { steps: [{ status: "ERROR", after: 1 }], ...TENTH }],
  ["Ninguém recebe nada", "ack-rules", { steps: [{ status: "SERVER_ACK", after: 1 }] }],
  ["Um em dez: enviado, resposta perdida", "rules", { behaviour: "sent_answer_lost", ...TENTH }],
  ["Um em dez: enviado, depois 400", "rules", { behaviour: "sent_then_400", ...TENTH }],
  ["Um em dez: 400 sem enviar", "rules", { behaviour: "not_sent_400", ...TENTH }],
  ["Um em dez: limite de envios", "rules", { behaviour: "rate_overlimit", ...TENTH }],
  ["Um em dez: fora do WhatsApp", "rules", { behaviour: "not_on_whatsapp", ...TENTH }],
  ["Respostas lentas (30 s)", "rules", { behaviour: "slow", ...TENTH }],
  ["Chave recusada", "rules", { behaviour: "unauthorized" }],
];
const KINDS = ["rules", "webhook-rules", "ack-rules"];
const DEFAULTS = { phone: null, instance: null, count: null, after: 0, probability: 1 };

/* A rule is a preset's if all that the preset says is so, and nothing narrows it. */
function isFrom([, kind, preset], rule) {
  const wanted = { ...DEFAULTS, ...preset };
  return rule.kind === kind && Object.entries(wanted).every(([name, value]) => (
    name === "steps"
      ? value.length === rule.steps.length
        && value.every((step, place) => step.status === rule.steps[place].status)
      : rule[name] === value
  ));
}

const isUsedUp = (rule) => rule.count !== null && rule.used >= rule.count;

/* What a rule of another behaviour has as well, and does not use. */
function isIdle(rule, name, value) {
  return {
    operation: value === "send",
    row: value === true,
    message: !/_400$/.test(rule.behaviour),
    status: "behaviour" in rule && !/_other_status$/.test(rule.behaviour),
  }[name] ?? false;
}

function told(rule) {
  const silent = new Set(["kind", "rule_id", "fitted", "used"]);
  return Object.entries(rule)
    .filter(([name, value]) => (name in DEFAULTS ? value !== DEFAULTS[name]
      : !silent.has(name) && value !== null && !isIdle(rule, name, value)))
    .map(([name, value]) => `${name}: ${name === "steps"
      ? value.map((step) => step.status).join(", ") || "nenhum" : value}`)
    .join(", ");
}

const switches = PRESETS.map((preset) => {
  const label = element("label");
  const box = element("input");
  box.type = "checkbox";
  box.addEventListener("change", async () => {
    const [, kind, rule] = preset;
    if (box.checked) await call("POST", kind, rule);
    else await Promise.all(box.rules.map((id) => call("DELETE", `rules/${id}`)));
    await look();
  });
  label.append(box, preset[0]);
  byId("presets").append(label);
  return [preset, box];
});

function showRules(rules) {
  for (const [preset, box] of switches) {
    box.rules = rules.filter((rule) => isFrom(preset, rule)).map((rule) => rule.rule_id);
    box.checked = box.rules.length > 0;
  }
  const active = rules.filter((rule) => !isUsedUp(rule)).length;
  byId("active").textContent = active ? `${active} em vigor` : "";
  byId("rules").replaceChildren(...rules.map((rule) => {
    const item = element("li");
    const remove = button("remover", async () => {
      await call("DELETE", `rules/${rule.rule_id}`);
      await look();
    });
    item.append(element("code", "", told(rule)),
                element("span", "", `${rule.used} de ${rule.fitted}${isUsedUp(rule) ? ", esgotada" : ""}`),
                remove);
    return item;
  }));
}

async function look() {
  showInstances(await call("GET", "instances"));
  showPhones(await call("GET", `phones?latest=${SHOWN}`));
  const found = await Promise.all(KINDS.map(async (kind) => (
    (await call("GET", kind)).rules.map((rule) => ({ kind, ...rule })))));
  showRules(found.flat());
}

async function refresh() {
  try {
    await look();
    byId("live").className = "";
    byId("live").textContent = "ao vivo";
  } catch {
    byId("live").className = "lost";
    byId("live").textContent = "servidor fora do ar, tentando de novo";
  }
  setTimeout(refresh, PERIOD_MS);
}
refresh();
