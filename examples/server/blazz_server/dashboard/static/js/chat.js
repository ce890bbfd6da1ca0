// The messenger: the list of chats, the open chat, what is written, and who is writing.

import { call, part } from "./api.js";
import { live } from "./app.js";
import { morph, parse } from "./morph.js";
import { draftBubble, newKey, refuse, send } from "./sending.js";

const AT_END = 80;
const TYPING = 12_000;
const SAY_TYPING = 8_000;
const POLL = 4_000;
const CHANGES = new Set(["message.received", "message.sent", "message.status", "message.edited", "message.revoked"]);

/** The open chat. */
class Talk {
  #talk; #wall; #list; #base; #chat; #session;
  #fetching = null; #next = null; #typing = 0; #said = 0; #read = ""; #replyTo = null;

  constructor(talk) {
    this.#talk = talk;
    this.#wall = document.getElementById("wall");
    this.#list = document.getElementById("messages");
    ({ call: this.#base, chat: this.#chat, session: this.#session } = talk.dataset);
    this.#toEnd();
    this.#listen();
    this.#markRead();
    this.#compose();
  }

  #listen() {
    live?.addEventListener("told", ({ detail }) => this.#hear(detail));
    live?.addEventListener("lost", () => this.#refresh());
    document.addEventListener("said", () => this.#refresh());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) { this.#refresh(); this.#markRead(); }
    });
    setInterval(() => {
      if (!document.hidden && live?.state !== "connected") this.#refresh();
    }, POLL);
    this.#wall.addEventListener("scroll", () => {
      document.getElementById("to-end").hidden = this.#isAtEnd();
      if (this.#isAtEnd()) this.#markRead();
    }, { passive: true });
    document.getElementById("to-end").onclick = () => this.#toEnd("smooth");
    this.#talk.addEventListener("click", ({ target }) => {
      const older = target.closest("button[data-older]");
      const answer = target.closest("button[data-answer]");
      if (older) this.#older(older);
      if (answer) this.#answer(answer.dataset.answer, answer.dataset.text);
    });
    // Pictures grow when they have come: whoever is at the end stays there.
    this.#list.addEventListener("load", () => this.#wasAtEnd && this.#toEnd(), true);
  }

  get #wasAtEnd() {
    return this.#wall.dataset.atEnd !== "no";
  }

  #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#wall;
    const is = scrollHeight - scrollTop - clientHeight < AT_END;
    this.#wall.dataset.atEnd = is ? "yes" : "no";
    return is;
  }

  #toEnd(behavior = "instant") {
    this.#wall.scrollTo({ top: this.#wall.scrollHeight, behavior });
    this.#wall.dataset.atEnd = "yes";
  }

  #hear({ event, data }) {
    if (data.session !== this.#session) return;
    if (event === "chat.typing" || event === "contact.presence") this.#present(data);
    if (CHANGES.has(event)) {
      if (event === "message.received" && this.#isOurs(data)) this.#stopTyping();
      this.#refresh();
    }
  }

  #isOurs(data) {
    const whom = data.chat ?? data.sender?.address ?? data.person?.address;
    return whom === this.#chat;
  }

  #present(data) {
    if (!this.#isOurs(data)) return;
    const line = document.getElementById("presence");
    const box = document.getElementById("typing");
    const busy = data.activity === "typing" || data.activity === "recording";
    line.textContent = { typing: "writing …", recording: "recording …", online: "online" }[data.activity] ?? line.dataset.plain;
    line.classList.toggle("on", busy || data.activity === "online");
    const stay = this.#isAtEnd();
    box.hidden = !busy;
    if (busy && stay) this.#toEnd();
    clearTimeout(this.#typing);
    if (busy) this.#typing = setTimeout(() => this.#stopTyping(), TYPING);
  }

  #stopTyping() {
    const line = document.getElementById("presence");
    clearTimeout(this.#typing);
    document.getElementById("typing").hidden = true;
    line.textContent = line.dataset.plain;
    line.classList.remove("on");
  }

  /** Show the newest messages; many wishes at once are one, met by what is fetched after them. */
  #refresh() {
    if (this.#fetching) return this.#next ??= this.#fetching.then(() => { this.#next = null; return this.#refresh(); });
    return this.#fetching = this.#fetch().finally(() => { this.#fetching = null; });
  }

  async #fetch() {
    try {
      const stay = this.#isAtEnd();
      this.#merge(parse(await part("messages")));
      if (stay) this.#toEnd();
      document.dispatchEvent(new Event("redrawn"));
      this.#markRead();
    } catch { /* the server is away: the next time will do */ }
  }

  /** Put what was fetched in its place; what came before it stays, what is no more among it goes. */
  #merge(fetched) {
    const items = [...fetched.children].filter(({ id }) => id && id !== "older");
    if (items.length && !items.some(({ id }) => this.#find(id))) {
      const drafts = this.#list.querySelectorAll(".draft");
      this.#list.replaceChildren(...[...fetched.children].map((item) => document.importNode(item, true)), ...drafts);
      return;
    }
    let before = null;
    for (const item of items) {
      const known = this.#find(item.id);
      if (known) {
        morph(known, item);
        before = known;
      } else {
        const added = document.importNode(item, true);
        if (before) before.after(added);
        else this.#list.append(added);
        before = added;
      }
    }
    // A message that was seen on its way has another id once it is sent.
    const ids = new Set(items.map(({ id }) => id));
    let reached = false;
    for (const item of [...this.#list.children]) {
      reached ||= ids.has(item.id);
      if (reached && !ids.has(item.id) && item.matches(".message:not(.draft)")) item.remove();
    }
    // Drafts stand behind everything that the server knows.
    for (const draft of this.#list.querySelectorAll(".draft")) this.#list.append(draft);
  }

  #find(id) {
    return this.#list.querySelector(`:scope > #${CSS.escape(id)}`);
  }

  async #older(button) {
    button.setAttribute("aria-busy", "true");
    const height = this.#wall.scrollHeight;
    try {
      const fetched = parse(await part("messages", { before: button.dataset.older }));
      button.closest(".older").remove();
      const news = [...fetched.children].map((item) => document.importNode(item, true));
      for (const item of news) if (item.id) this.#find(item.id)?.remove();
      this.#list.prepend(...news);
      this.#wall.scrollTop += this.#wall.scrollHeight - height;
      this.#wall.focus({ preventScroll: true });
      document.dispatchEvent(new Event("redrawn"));
    } finally {
      button.removeAttribute("aria-busy");
    }
  }

  /** Tell the other side that its last message was seen, if somebody looks at it. */
  #markRead() {
    if (document.hidden || !this.#isAtEnd()) return;
    const last = [...this.#list.querySelectorAll(".message.in")].at(-1)?.dataset.id;
    if (!last || last === this.#read) return;
    this.#read = last;
    call("POST", `${this.#base}/chats/${encodeURIComponent(this.#chat)}/read`)
      .then(() => document.dispatchEvent(new Event("changed")))
      .catch(() => { /* what cannot be marked stays unread */ });
  }

  #answer(id, text) {
    this.#replyTo = id;
    document.getElementById("answering-text").textContent = text || "Answer";
    document.getElementById("answering").hidden = false;
    document.getElementById("text").focus();
  }

  #compose() {
    const form = document.getElementById("composer");
    const text = document.getElementById("text");
    const file = document.getElementById("file");
    const attached = () => {
      document.getElementById("attached").hidden = !file.files.length;
      document.getElementById("attached-name").textContent = file.files[0]?.name ?? "";
    };
    file.addEventListener("change", () => { attached(); text.focus(); });
    document.getElementById("attached-end").onclick = () => { file.value = ""; attached(); text.focus(); };
    document.getElementById("answering-end").onclick = () => { this.#endAnswer(); text.focus(); };
    text.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        form.requestSubmit();
      }
      if (event.key === "Escape") this.#endAnswer();
    });
    text.addEventListener("input", () => this.#sayTyping());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const draft = { to: this.#chat, text: text.value.trim(), file: file.files[0], replyTo: this.#replyTo, key: newKey() };
      if (!draft.text && !draft.file) return;
      text.value = "";
      file.value = "";
      attached();
      this.#endAnswer();
      this.#send(draft);
      text.focus();
    });
  }

  #endAnswer() {
    this.#replyTo = null;
    document.getElementById("answering").hidden = true;
  }

  async #send(draft) {
    const item = document.getElementById(`draft-${draft.key}`) ?? draftBubble(draft);
    if (!item.isConnected) this.#list.append(item);
    this.#toEnd();
    try {
      await send(this.#base, draft);
      await this.#refresh();
      item.remove();
      document.dispatchEvent(new Event("changed"));
    } catch (problem) {
      refuse(item, problem, () => this.#send(draft));
    }
    this.#toEnd();
  }

  #sayTyping() {
    const now = Date.now();
    // Who has not written cannot be told of it on every provider.
    if (now - this.#said < SAY_TYPING || !this.#list.querySelector(".message.in")) return;
    this.#said = now;
    call("POST", `${this.#base}/chats/${encodeURIComponent(this.#chat)}/typing`).catch(() => { /* not every provider can */ });
  }
}

function searchChats() {
  const search = document.getElementById("search");
  const show = () => {
    const wanted = search.value.trim().toLowerCase();
    for (const item of document.querySelectorAll(".people li[data-name]")) {
      item.hidden = !item.dataset.name.includes(wanted);
    }
  };
  search?.addEventListener("input", show);
  document.addEventListener("redrawn", show);
}

function newChat() {
  document.getElementById("new-chat-form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    const { base } = event.target.dataset;
    const digits = event.target.elements.phone.value.replace(/\D/g, "");
    location.assign(`${base}/${encodeURIComponent(`+${digits}`)}`);
  });
}

searchChats();
newChat();
const talk = document.getElementById("talk");
if (talk?.dataset.chat) new Talk(talk);
