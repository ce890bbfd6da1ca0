// What every page does: actions, live events, parts that follow them, times in the reader's zone.

import { listen } from "./actions.js";
import { call } from "./api.js";
import { Live } from "./live.js";
import { followParts } from "./parts.js";
import { showTimes } from "./times.js";

const WORDS = { connected: "Live", connecting: "Connecting", waiting: "Asking now and then", refused: "Asking now and then" };

listen();
showTimes();
document.addEventListener("redrawn", showTimes);

/** The connection of this page; null where there is nothing to follow. */
export const live = connect();
followParts(live);

/** Connect to the live events of the workspace that the page is about. */
function connect() {
  const { workspace, liveKey, liveAfter } = document.body.dataset;
  if (!workspace || !liveKey) return null;
  const url = new URL(`/realtime/app/${liveKey}`, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  const live = new Live(url.href, (socketId, channel) =>
    call("POST", "/realtime/auth", new URLSearchParams({ socket_id: socketId, channel_name: channel })));
  const shown = document.getElementById("live-state");
  const show = () => {
    shown.dataset.state = live.state === "waiting" || live.state === "refused" ? "polling" : live.state;
    shown.querySelector("span").textContent = WORDS[live.state];
  };
  live.addEventListener("state", show);
  live.subscribe(`private-workspace.${workspace}`, liveAfter || null);
  return live;
}
