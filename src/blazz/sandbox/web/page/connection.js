/** The line to the simulated WhatsApp: requests, answers, pushes, and coming back after a break. */

import { Emitter } from './emitter.js';

export const boot = JSON.parse(document.getElementById('boot').textContent);

const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5000;

/** A request that was not carried out; `code` says why. */
export class RequestFailed extends Error {
  constructor(code, text) {
    super(text ?? code);
    this.code = code;
  }
}

/**
 * Events: `open`, `login`, `close` (how it ended), `push` (kind, data).
 */
class Connection extends Emitter {
  wanted = false;
  isOpen = false;
  isLoggedIn = false;
  login = Promise.withResolvers();
  waiting = new Map();
  number = 0;
  pause = FIRST_PAUSE;

  /** Connect, and again after every break, until `stop`. */
  start() {
    if (this.wanted) return;
    this.wanted = true;
    this.connect();
  }

  /** Hang up and stay away. */
  stop() {
    this.wanted = false;
    clearTimeout(this.timer);
    this.socket?.close();
  }

  connect() {
    clearTimeout(this.timer);
    const socket = (this.socket = new WebSocket(boot.socket));
    let reason = 'lost';
    socket.onopen = () => {
      this.pause = FIRST_PAUSE;
      this.isOpen = true;
      this.heard = performance.now();
      this.pulse = setInterval(() => {
        if (performance.now() - this.heard > 2 * boot.keepalive) {
          reason = 'timeout';
          socket.close();
          socket.onclose();
        } else {
          this.request('ping').catch(() => {});
        }
      }, boot.keepalive);
      this.trigger('open');
    };
    socket.onmessage = (event) => this.receive(JSON.parse(event.data));
    socket.onclose = () => {
      if (socket.left) return;
      socket.left = true;
      clearInterval(this.pulse);
      this.isOpen = false;
      for (const { reject } of this.waiting.values()) reject(new RequestFailed('connection_lost'));
      this.waiting.clear();
      this.trigger('close', reason);
      if (this.wanted) {
        this.timer = setTimeout(() => this.connect(), this.pause * (0.75 + Math.random() / 2));
        this.pause = Math.min(2 * this.pause, LONGEST_PAUSE);
      }
    };
  }

  receive(frame) {
    this.heard = performance.now();
    if (frame.re === undefined) {
      this.trigger('push', frame.push, frame.data);
      return;
    }
    const { resolve, reject } = this.waiting.get(frame.re) ?? {};
    this.waiting.delete(frame.re);
    if (frame.error) reject?.(new RequestFailed(frame.error, frame.text));
    else resolve?.(frame.ok);
  }

  /** Ask for something; resolves with the answer. */
  request(operation, parameters = {}) {
    if (!this.isOpen) return Promise.reject(new RequestFailed('connection_lost'));
    const number = ++this.number;
    this.socket.send(JSON.stringify({ n: number, op: operation, ...parameters }));
    return new Promise((resolve, reject) => this.waiting.set(number, { resolve, reject }));
  }

  /** Ask until there is an answer; breaks of the line are waited out. */
  async insist(operation, parameters) {
    for (;;) {
      await this.ready;
      try {
        return await this.request(operation, parameters);
      } catch (failure) {
        if (failure.code !== 'connection_lost') throw failure;
      }
    }
  }

  /** Ask now; without a line as soon as there is one, and do not wait for that. */
  async eventually(operation, parameters) {
    if (this.isLoggedIn) {
      try {
        await this.request(operation, parameters);
        return;
      } catch (failure) {
        if (failure.code !== 'connection_lost') throw failure;
      }
    }
    this.insist(operation, parameters).catch(() => {});
  }

  /** Say something that has no answer. */
  tell(operation, parameters = {}) {
    if (this.isOpen) this.socket.send(JSON.stringify({ op: operation, ...parameters }));
  }

  /** Give the line up at once, as when the network has gone. */
  drop() {
    const { socket } = this;
    socket?.close();
    socket?.onclose();
  }

  /** Look again now, as when the network has come back. */
  hurry() {
    if (this.wanted && !this.isOpen && this.socket?.left) this.connect();
  }

  /** Resolves as soon as the device is logged in. */
  get ready() {
    return this.login.promise;
  }

  loggedIn() {
    this.isLoggedIn = true;
    this.login.resolve();
    this.trigger('login');
  }

  loggedOut() {
    if (!this.isLoggedIn) return; // whoever waits for the login goes on waiting for the same one
    this.isLoggedIn = false;
    this.login = Promise.withResolvers();
  }
}

export const connection = new Connection();
