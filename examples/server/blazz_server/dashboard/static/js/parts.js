// Parts of a page that change by themselves: live events say when, the server draws what.
//
// <div data-part="list" data-live="session.status" data-session="support" data-every="15">
// is drawn anew on that event of that session, and every 15 seconds while there is no connection; every 90 otherwise.

import { part } from "./api.js";
import { morphChildren, parse } from "./morph.js";

const TOGETHER = 80;
const BUSY = 2;
const CALM = 6;

/** One part of the page. */
class Part {
  #element; #busy = false; #again = false; #timer = 0;

  constructor(element) {
    this.#element = element;
  }

  /** Whether an event is about what it shows. */
  concerns({ event, data }) {
    const { live = "", session, campaign } = this.#element.dataset;
    if (!live.split(" ").includes(event)) return false;
    return (!session || data.session === session) && (!campaign || data.campaign === campaign);
  }

  /** After how many seconds it is asked for again: soon, if it shows something on its way. */
  seconds(connected) {
    if (this.#element.querySelector(".chip.busy")) return BUSY;
    const { every, live } = this.#element.dataset;
    return (Number(every) || 0) * (connected && live ? CALM : 1);
  }

  /** Draw it anew soon; many wishes at once are one. */
  refresh() {
    if (this.#busy) { this.#again = true; return; }
    this.#busy = true;
    this.#timer = setTimeout(() => this.#fetch(), TOGETHER);
  }

  async #fetch() {
    try {
      morphChildren(this.#element, parse(await part(this.#element.dataset.part)));
      this.#element.dispatchEvent(new CustomEvent("redrawn", { bubbles: true }));
    } catch { /* the server is away: the next time will do */ }
    this.#busy = false;
    if (this.#again) { this.#again = false; this.refresh(); }
  }
}

/** Keep all parts of this page up to date. */
export function followParts(live) {
  const parts = [...document.querySelectorAll("[data-part]")].map((element) => new Part(element));
  live?.addEventListener("told", ({ detail }) => {
    for (const each of parts) if (each.concerns(detail)) each.refresh();
  });
  const all = () => parts.forEach((each) => each.refresh());
  live?.addEventListener("lost", all);
  document.addEventListener("changed", all);
  document.addEventListener("visibilitychange", () => document.hidden || all());
  let second = 0;
  setInterval(() => {
    second += 1;
    if (document.hidden) return;
    for (const each of parts) {
      const seconds = each.seconds(live?.state === "connected");
      if (seconds && second % seconds === 0) each.refresh();
    }
  }, 1000);
}
