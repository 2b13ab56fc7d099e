// An app on Slack's own framework against another Slack: every kind of thing that people do reaches it as Slack delivers it.
// Usage: node app.mjs API BOT_TOKEN APP_TOKEN CHANNEL. It prints `ready` once it is connected, and ends with its standard input.
import * as bolt from "@slack/bolt";

const App = bolt.App ?? bolt.default.App;
const LogLevel = bolt.LogLevel ?? bolt.default.LogLevel;
const [api, token, appToken, channel] = process.argv.slice(2);
const app = new App({
  token,
  appToken,
  socketMode: true,
  logLevel: LogLevel.ERROR,
  clientOptions: { slackApiUrl: `${api}/`, retryConfig: { retries: 0 }, allowAbsoluteUrls: true },
});
const plain = (text) => ({ type: "plain_text", text });

app.command("/p0", async ({ ack, body, client }) => {
  await ack();
  await client.views.open({
    trigger_id: body.trigger_id,
    view: {
      type: "modal",
      callback_id: "form",
      title: plain("Form"),
      submit: plain("Send"),
      blocks: [
        { type: "input", block_id: "pick", label: plain("Pick"), element: { type: "external_select", action_id: "pick", min_query_length: 0 } },
        { type: "input", block_id: "text", label: plain("Text"), element: { type: "plain_text_input", action_id: "text" } },
      ],
    },
  });
});
app.options("pick", async ({ ack, options }) => {
  await ack({ options: [{ text: plain(`for ${options.value}`), value: options.value || "all" }] });
});
app.view("form", async ({ ack, view, client }) => {
  const { text, pick } = view.state.values;
  if (text.text.value === "bad") return ack({ response_action: "errors", errors: { text: "not so" } });
  await ack();
  const said = `${pick.pick.selected_option.value}: ${text.text.value}`;
  const button = { type: "button", action_id: "press", text: plain("Press"), value: "v" };
  await client.chat.postMessage({
    channel,
    text: said,
    blocks: [{ type: "section", text: plain(said) }, { type: "actions", elements: [button] }],
  });
});
app.action("press", async ({ ack, action, body, respond, client }) => {
  await ack();
  await client.chat.update({ channel, ts: body.message.ts, text: "pressed", blocks: [{ type: "section", text: plain("pressed") }] });
  await respond({ text: `only you: ${action.value}`, response_type: "ephemeral", replace_original: false });
});
app.shortcut("shortcut", async ({ ack, shortcut, client }) => {
  await ack();
  await client.chat.postMessage({ channel, text: `shortcut by ${shortcut.user.id}` });
});
app.event("app_home_opened", async ({ event, client }) => {
  const view = { type: "home", blocks: [{ type: "section", text: plain(`home of ${event.user}`) }] };
  await client.views.publish({ user_id: event.user, view });
});

await app.start();
console.log("ready");
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
