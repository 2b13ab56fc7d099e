// GitHub's own client against another GitHub: what it takes for GitHub's answers is what the answers have to be.
// Usage: node client.mjs URL APP_ID KEY_FILE NAME. It prints one line of JSON for each thing that it saw.
import fs from "node:fs";
import { App, Octokit } from "octokit";

const [url, appId, keyFile, repo] = process.argv.slice(2);
const owner = "ops";
const say = (what) => console.log(JSON.stringify(what));
const Client = Octokit.defaults({ baseUrl: `${url}/api/v3`, retry: { enabled: false }, throttle: { enabled: false } });
const refused = async (what, call) => {
  try {
    await call();
    say({ saw: "no refusal", what });
  } catch (error) {
    if (error.errors?.[0]?.type) say({ saw: "refusal", what, type: error.errors[0].type });
    else say({ saw: "refusal", what, status: error.status });
  }
};

const app = new App({ appId, privateKey: fs.readFileSync(keyFile, "utf8"), Octokit: Client });
say({ saw: "app", slug: (await app.octokit.request("GET /app")).data.slug });
const installation = (await app.octokit.request("GET /repos/{owner}/{repo}/installation", { owner, repo })).data;
const octokit = await app.getInstallationOctokit(installation.id);
const { rest } = octokit;

const base = (await rest.repos.getBranch({ owner, repo, branch: "main" })).data.commit.sha;
const branch = "p0/smoke";
const ref = `refs/heads/${branch}`;
await rest.git.createRef({ owner, repo, ref, sha: base });
await refused("branch", () => rest.git.createRef({ owner, repo, ref, sha: base }));
const commit = (expectedHeadOid) =>
  octokit.graphql("mutation ($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }", {
    input: {
      branch: { repositoryNameWithOwner: `${owner}/${repo}`, branchName: branch },
      expectedHeadOid,
      message: { headline: "Smoke", body: "" },
      fileChanges: { additions: [{ path: "smoke.txt", contents: Buffer.from("smoke\n").toString("base64") }], deletions: [] },
    },
  });
const { createCommitOnBranch: made } = await commit(base);
await refused("stale", () => commit(base));
const pull = (await rest.pulls.create({ owner, repo, base: "main", head: branch, title: "Smoke", body: "x" })).data;
say({ saw: "pull", number: pull.number, by: pull.user.login });
await refused("pull", () => rest.pulls.create({ owner, repo, base: "main", head: branch, title: "Smoke", body: "x" }));
await rest.issues.addLabels({ owner, repo, issue_number: pull.number, labels: ["p0"] });
await rest.issues.createComment({ owner, repo, issue_number: pull.number, body: "hello" });
const pull_number = pull.number;
await rest.pulls.get({ owner, repo, pull_number });
await refused("head", () => rest.pulls.merge({ owner, repo, pull_number, sha: base }));
await refused("unchecked", () => rest.pulls.merge({ owner, repo, pull_number, sha: made.commit.oid }));
await refused("permission", () => rest.checks.create({ owner, repo, name: "p0/verify", head_sha: base, output: { title: "x", summary: "x" } }));
await refused("token", () => new Client({ auth: "ghs_wrong" }).rest.pulls.list({ owner, repo }));
const first = await rest.pulls.list({ owner, repo, state: "all" });
try {
  await rest.pulls.list({ owner, repo, state: "all", headers: { "if-none-match": first.headers.etag } });
} catch (error) {
  say({ saw: "unchanged", status: error.status });
}
await rest.pulls.update({ owner, repo, pull_number, state: "closed" });
await rest.git.deleteRef({ owner, repo, ref: `heads/${branch}` });
