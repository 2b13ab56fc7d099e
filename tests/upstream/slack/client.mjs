// Slack's own SDK against another Slack: what it takes for Slack's answers is what the answers have to be.
// Usage: node client.mjs API BOT_TOKEN APP_TOKEN CHANNEL. It prints one line of JSON for each thing that it saw.
import { WebClient } from "@slack/web-api";
import { SocketModeClient } from "@slack/socket-mode";

const [api, bot, app, channel] = process.argv.slice(2);
const say = (what) => console.log(JSON.stringify(what));
const options = { slackApiUrl: `${api}/`, retryConfig: { retries: 0 }, allowAbsoluteUrls: true };
const web = new WebClient(bot, options);

const who = await web.auth.test();
say({ saw: "auth", team: who.team_id });
const posted = await web.chat.postMessage({ channel, text: "hello", blocks: [{ type: "divider" }] });
await web.chat.update({ channel, ts: posted.ts, text: "hello again" });
say({ saw: "post", ts: posted.ts });
const many = Array.from({ length: 51 }, () => ({ type: "divider" }));
for (const [name, call] of [
  ["blocks", () => web.chat.postMessage({ channel, text: "x", blocks: many })],
  ["channel", () => web.chat.postMessage({ channel: "C0NOWHERE", text: "x" })],
  ["token", () => new WebClient("xoxb-other", options).auth.test()],
  ["trigger", () => web.views.open({ trigger_id: "1.2", view: { type: "modal", title: { type: "plain_text", text: "t" }, blocks: [{ type: "divider" }] } })],
]) {
  try {
    await call();
    say({ saw: "no refusal", name });
  } catch (error) {
    say({ saw: "refusal", name, code: error.data?.error });
  }
}

const socket = new SocketModeClient({ appToken: app, clientOptions: options });
socket.on("slash_commands", async ({ body, ack }) => {
  await ack({ text: `you said ${body.text}` });
  say({ saw: "command", text: body.text });
});
socket.on("connected", () => say({ saw: "connected" }));
await socket.start();
// Until standard input ends.
process.stdin.resume();
process.stdin.on("end", async () => {
  await socket.disconnect();
  process.exit(0);
});
