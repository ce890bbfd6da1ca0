// A client of the Pusher protocol (version 7): one socket, its channels, and where it left off.

const SILENCE = 30_000;
const PONG = 10_000;
const LONGEST_WAIT = 30_000;

/**
 * Follows channels, and comes back by itself.
 *
 * Events: `state` (connecting, connected, waiting, refused), `told` with {channel, event, data} for
 * each event of a channel, and `lost` when the server no longer has all that was missed: whoever
 * shows a state reads it anew then.
 */
export class Live extends EventTarget {
  #url; #authorize; #socket = null; #socketId = ""; #channels = new Map();
  #tries = 0; #retry = 0; #silence = 0; #quiet = SILENCE; #ended = false;

  /**
   * @param url The address of the application: ws(s)://host/path/app/key.
   * @param authorize Asks our server to sign a subscription: (socketId, channel) => {auth, channel_data}.
   */
  constructor(url, authorize) {
    super();
    this.#url = url;
    this.#authorize = authorize;
    this.state = "connecting";
    addEventListener("online", () => this.#hurry());
    addEventListener("pagehide", () => this.#socket?.close());
    addEventListener("pageshow", (event) => event.persisted && this.#hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.#hurry());
  }

  /** Follow a channel; `after` is the place of the last event that is known already. */
  subscribe(channel, after = null) {
    this.#channels.set(channel, after);
    if (this.#socketId) this.#join(channel);
    else if (!this.#socket) this.#connect();
  }

  #connect() {
    clearTimeout(this.#retry);
    this.#become("connecting");
    const socket = new WebSocket(`${this.#url}?protocol=7&client=blazz&version=1.0`);
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket) return;
      this.#hear();
      this.#take(JSON.parse(data));
    };
    socket.onclose = ({ code }) => {
      if (socket === this.#socket) this.#broke(code);
    };
    this.#hear();
  }

  #take({ event, channel, data, cursor }) {
    const value = typeof data === "string" && data ? read(data) : data;
    if (event === "pusher:connection_established") {
      this.#socketId = value.socket_id;
      this.#quiet = Math.min(SILENCE, value.activity_timeout * 1000);
      for (const name of this.#channels.keys()) this.#join(name);
    } else if (event === "pusher:ping") {
      this.#send("pusher:pong", {});
    } else if (event === "pusher_internal:subscription_succeeded") {
      this.#tries = 0;
      this.#become("connected");
    } else if (event === "pusher:subscription_error") {
      this.#refuse();
    } else if (event === "blazz:backlog_lost") {
      this.#channels.set(channel, null);
      this.dispatchEvent(new CustomEvent("lost"));
    } else if (channel && !event.startsWith("pusher")) {
      if (cursor) this.#channels.set(channel, cursor);
      this.dispatchEvent(new CustomEvent("told", { detail: { channel, event, data: value } }));
    }
  }

  async #join(channel) {
    const socketId = this.#socketId;
    let signed;
    try {
      signed = await this.#authorize(socketId, channel);
    } catch (problem) {
      if (problem.status === 403 || problem.status === 404) this.#refuse();
      else this.#socket?.close();
      return;
    }
    if (socketId !== this.#socketId) return;
    const after = this.#channels.get(channel);
    this.#send("pusher:subscribe", { channel, ...signed, ...(after ? { after } : {}) });
  }

  /** The other side lives; if it then says nothing for long, ask, and give up on silence. */
  #hear() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      if (this.#socketId) this.#send("pusher:ping", {});
      this.#silence = setTimeout(() => this.#socket?.close(), PONG);
    }, this.#quiet);
  }

  #broke(code) {
    clearTimeout(this.#silence);
    this.#socket = null;
    this.#socketId = "";
    if (code >= 4000 && code < 4100) this.#refuse();
    if (this.#ended) return;
    this.#become("waiting");
    // 4200 to 4299: come back at once; anything else, ever later and never all browsers together.
    const most = Math.min(LONGEST_WAIT, 1000 * 2 ** this.#tries);
    const wait = code >= 4200 && code < 4300 && this.#tries === 0 ? 0 : most * (0.5 + Math.random() / 2);
    this.#tries += 1;
    this.#retry = setTimeout(() => this.#connect(), wait);
  }

  #refuse() {
    this.#ended = true;
    this.#become("refused");
    this.#socket?.close();
  }

  #hurry() {
    if (this.#socket || this.#ended || !this.#channels.size) return;
    this.#connect();
  }

  #send(event, data) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ event, data }));
  }

  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new CustomEvent("state"));
  }
}

function read(text) {
  try { return JSON.parse(text); } catch { return text; }
}
