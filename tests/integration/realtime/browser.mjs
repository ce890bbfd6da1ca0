// Stock pusher-js and Laravel Echo, driven by lines of JSON: what they see goes out in the same way.
import { createRequire } from "node:module";
import readline from "node:readline";
import { pathToFileURL } from "node:url";

const [folder, port, given] = process.argv.slice(2);
const { key: appKey, auth, userAuth, headers: always, ...more } = {
  key: "app-key", auth: "/pusher/auth", userAuth: "/pusher/user-auth", headers: {}, ...JSON.parse(given ?? "{}"),
};
const require = createRequire(pathToFileURL(`${folder}/package.json`));
const Pusher = require("pusher-js");
const Echo = (await import(pathToFileURL(require.resolve("laravel-echo").replace(/echo\.common\.js$/, "echo.js")))).default;

const tell = (what, details = {}) => console.log(JSON.stringify({ what, ...details }));
const clients = {};
const common = {
  wsHost: "127.0.0.1",
  wsPort: Number(port),
  forceTLS: false,
  disableStats: true,
  enabledTransports: ["ws"],
  cluster: "",
  channelAuthorization: { endpoint: `http://127.0.0.1:${port}${auth}`, transport: "ajax", headers: always },
  userAuthentication: { endpoint: `http://127.0.0.1:${port}${userAuth}`, transport: "ajax", headers: always },
  ...more,
};

const commands = {
  connect({ name, key = appKey, headers = {} }) {
    const authorization = { ...common.channelAuthorization, headers: { ...always, ...headers } };
    const pusher = new Pusher(key, { ...common, channelAuthorization: authorization });
    pusher.connection.bind("state_change", ({ current }) =>
      tell("state", { name, state: current, socket: pusher.connection.socket_id ?? null }));
    pusher.connection.bind("error", ({ error, data }) =>
      tell("error", { name, code: (data ?? error?.data)?.code ?? null }));
    pusher.bind_global((event, data) => event.startsWith("pusher:") || tell("global", { name, event, data }));
    clients[name] = pusher;
  },
  subscribe({ name, channel }) {
    const subscribed = clients[name].subscribe(channel);
    subscribed.bind_global((event, data) => tell("event", { name, channel, event, data }));
    subscribed.bind("client-typing", (data, metadata) =>
      tell("typing", { name, data, user: metadata?.user_id ?? null }));
  },
  whisper({ name, channel, event, data }) {
    tell("whispered", { name, sent: clients[name].channel(channel).trigger(event, data) });
  },
  signin({ name }) {
    clients[name].signin();
    clients[name].user.bind("greeting", (data) => tell("user", { name, data }));
  },
  drop({ name }) {
    // As when the network is gone: the client finds out and connects again by itself.
    clients[name].connection.connection.close();
  },
  disconnect({ name }) {
    clients[name].disconnect();
  },
  echo({ name, channel }) {
    const echo = new Echo({
      broadcaster: "reverb",
      key: appKey,
      client: new Pusher(appKey, { ...common }),
    });
    echo.join(channel)
      .here((members) => tell("here", { name, members }))
      .joining((member) => tell("joining", { name, member }))
      .leaving((member) => tell("leaving", { name, member }))
      .listen(".session.ready", (data) => tell("heard", { name, data }))
      .listenForWhisper("typing", (data) => tell("typing", { name, data }));
    echo.private("forbidden").error((error) => tell("refused", { name, status: error.status }));
    clients[name] = echo.connector.pusher;
    clients[`${name}.echo`] = echo;
  },
  echo_whisper({ name, channel, data }) {
    clients[`${name}.echo`].join(channel).whisper("typing", data);
  },
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { command, ...options } = JSON.parse(line);
  commands[command](options);
}
process.exit(0);
