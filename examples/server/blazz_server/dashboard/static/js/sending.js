// Sends messages and files, and shows them at once, before the server has answered.

import { call } from "./api.js";

const KINDS = [
  [/^image\/(jpeg|png)$/, "image"],
  [/^video\/(mp4|3gpp)$/, "video"],
  [/^audio\/(aac|amr|mpeg|mp4|ogg)$/, "audio"],
];

/** The kind of message that a file is sent as. */
export function kindOf(type) {
  return KINDS.find(([pattern]) => pattern.test(type))?.[1] ?? "document";
}

/** What makes that a message is sent once, however often it is asked for. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Send one message; resolves with what the server says of it.
 *
 * @param base The path of the session.
 * @param draft {to, text, file, replyTo, key}; the key makes that it is sent once, however often
 *   this is called for it.
 */
export async function send(base, draft) {
  const { to, text, file, replyTo, key } = draft;
  let message = { type: "text", body: text };
  if (file) {
    draft.mediaId ??= await upload(base, file);
    message = { type: kindOf(file.type), media_id: draft.mediaId };
    if (message.type === "document") message.filename = file.name;
    if (text && message.type !== "audio") message.caption = text;
  }
  const body = { to, message, ...(replyTo ? { reply_to: replyTo } : {}) };
  const sent = await call("POST", `${base}/messages`, body, { "Idempotency-Key": key });
  if (!text || message.type !== "audio") return sent;
  // Sounds have no caption: what was written follows them.
  return call("POST", `${base}/messages`, { to, message: { type: "text", body: text } }, { "Idempotency-Key": `${key}-text` });
}

/** A bubble for what is being sent; its text is never read as HTML. */
export function draftBubble(draft) {
  const item = document.createElement("div");
  item.className = "message out first draft";
  item.id = `draft-${draft.key}`;
  const bubble = document.createElement("div");
  bubble.className = "bubble";
  if (draft.file) {
    const name = document.createElement("p");
    name.className = "file";
    name.textContent = draft.file.name;
    bubble.append(name);
  }
  if (draft.text) {
    const text = document.createElement("p");
    text.className = "text";
    text.textContent = draft.text;
    bubble.append(text);
  }
  const stamp = document.createElement("div");
  stamp.className = "stamp";
  stamp.textContent = "sending";
  bubble.append(stamp);
  item.append(bubble);
  return item;
}

/** Say at a bubble that it was not sent, and offer to try again. */
export function refuse(item, problem, again) {
  item.querySelector(".stamp").textContent = "not sent";
  const box = document.createElement("p");
  box.className = "failure";
  box.setAttribute("role", "alert");
  box.append(`${problem.message} `);
  const button = document.createElement("button");
  button.className = "button small";
  button.type = "button";
  button.textContent = "Try again";
  button.onclick = () => {
    box.remove();
    item.querySelector(".stamp").textContent = "sending";
    again();
  };
  box.append(button);
  item.append(box);
}

async function upload(base, file) {
  const form = new FormData();
  form.append("file", file, file.name);
  return (await call("POST", `${base}/media`, form)).media_id;
}
