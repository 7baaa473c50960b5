import path from "node:path";
import { describe, expect } from "vitest";
import type { EtcdAddress } from "../../src/config/config.ts";
import { EtcdLease } from "../../src/election/etcd-lease.ts";
import { createCertificates } from "../support/certificates.ts";
import { startEtcd, type TestEtcd } from "../support/etcd-server.ts";
import { openEtcd } from "../support/etcd-store.ts";
import { test } from "../support/fixtures.ts";
import { Recorder } from "../support/recorder.ts";

const it = test
  /** Joins the election, and returns what was logged. */
  .extend("join", ({ defer }) => async (etcd: TestEtcd, address: Partial<EtcdAddress>) => {
    const { events, of } = recorder();
    const client = openEtcd(
      { hosts: [etcd.url], tls: null, credentials: null, ...address },
      { events, callLimitMs: 3_000 },
    );
    defer(() => client.close());
    const lease = new EtcdLease(client, "access");
    const joined = await lease.acquire({ replica: "me", ttlMs: 5_000 }, null).then(
      async ({ holder }) => (await lease.renew()) && holder.name === "me",
      () => false,
    );
    // The same trouble again is no news.
    await lease.holder().catch(() => undefined);
    return {
      joined,
      reasons: of("etcd.unreachable").map(event => event.error),
      connected: of("etcd.connected").length,
    };
  })
  /** An etcd with users. */
  .extend("setup", ({ defer }) => async () => {
    const etcd = await startEtcd();
    defer(() => etcd.stop());
    const commands = [
      "user add root:rootpw",
      "user add bell:s3cret",
      "user add poor:s3cret",
      "role add bell",
      "role grant-permission bell --prefix=true readwrite /access/",
      "user grant-role bell bell",
      "user grant-role root root",
      "auth enable",
    ];
    for (const command of commands) await etcd.ctl(...command.split(" "));
    return etcd;
  });

function recorder() {
  const one = new Recorder();
  return { events: one.events, of: one.of.bind(one) };
}

describe("with users", () => {
  it("tells nothing of a change of its users, which makes calls fail for milliseconds", async ({
    setup,
    defer,
  }) => {
    const etcd = await setup();
    const { events, of } = recorder();
    const client = openEtcd(
      { hosts: [etcd.url], tls: null, credentials: { username: "bell", password: "s3cret" } },
      { events, callLimitMs: 3_000 },
    );
    defer(() => client.close());
    let isChanging = true;
    const change = async () => {
      for (let index = 0; index < 12; index++)
        await etcd.ctl("--user", "root:rootpw", "role", "add", `role-${index}`);
      isChanging = false;
    };
    const call = async () => {
      while (isChanging)
        await client.call(async (etcd3, options) => await etcd3.put("/access/x").value("y").options(options));
    };
    await Promise.all([change(), call(), call(), call(), call()]);
    expect(of("etcd.unreachable")).toEqual([]);
  });

  it.for(["revision of auth store is old", "invalid auth token"])(
    "sends a call again that etcd refused with: %s",
    async (words, { defer, setup }) => {
      const etcd = await setup();
      const { events, of } = recorder();
      const client = openEtcd(
        { hosts: [etcd.url], tls: null, credentials: { username: "bell", password: "s3cret" } },
        { events, callLimitMs: 3_000 },
      );
      defer(() => client.close());
      let refusals = 0;
      const answer = await client.call(async (etcd3, options) => {
        refusals += 1;
        if (refusals < 3) throw new Error(`3 INVALID_ARGUMENT: etcdserver: ${words}`);
        return await etcd3.get("/access/x").options(options).string();
      });
      expect([answer, of("etcd.unreachable")]).toEqual([null, []]);
    },
  );

  it("works as a user, and tells every refusal once, in one line, without the password", async ({
    join,
    setup,
  }) => {
    const etcd = await setup();
    const as = (username: string, password: string) => join(etcd, { credentials: { username, password } });
    expect(await as("bell", "s3cret")).toEqual({ joined: true, reasons: [], connected: 1 });
    expect(await as("bell", "hunter2")).toEqual({
      joined: false,
      reasons: [
        "etcd refused the user name or the password of user bell; correct election.etcd.username and password",
      ],
      connected: 0,
    });
    expect(await as("poor", "s3cret")).toMatchObject({
      joined: false,
      reasons: ["etcd does not let user poor read and write the election's keys; grant a role that may"],
    });
    expect(await join(etcd, {})).toMatchObject({
      joined: false,
      reasons: ["etcd asks for a user name; set election.etcd.username and password"],
    });
  });

  it("says so when etcd knows no users", async ({ defer, join }) => {
    const etcd = await startEtcd();
    defer(() => etcd.stop());
    expect(await join(etcd, { credentials: { username: "bell", password: "s3cret" } })).toMatchObject({
      joined: false,
      reasons: [
        "etcd knows no users (authentication is not enabled); enable it, or remove election.etcd.username",
      ],
    });
  });

  it("gets a new token when etcd was restarted and has forgotten the old one", async ({ defer, setup }) => {
    const etcd = await setup();
    const { events } = recorder();
    const client = openEtcd(
      { hosts: [etcd.url], tls: null, credentials: { username: "bell", password: "s3cret" } },
      { events },
    );
    defer(() => client.close());
    const lease = new EtcdLease(client, "access");
    await lease.acquire({ replica: "me", ttlMs: 60_000 }, null);
    await etcd.restart();
    const again = async (): Promise<boolean> => lease.renew().catch(again);
    expect(await again()).toBe(true);
  });
});

describe("with TLS", () => {
  it("works with the right CA, and tells a wrong or a missing one in one line", async ({
    makeFolder,
    defer,
    join,
  }) => {
    const dir = await makeFolder();
    const right = createCertificates(dir, "right");
    const wrong = createCertificates(dir, "wrong");
    const etcd = await startEtcd({ tls: right });
    defer(() => etcd.stop());
    expect(await join(etcd, { tls: { ca: right.ca } })).toMatchObject({ joined: true, reasons: [] });
    expect(await join(etcd, { tls: { ca: wrong.ca } })).toMatchObject({
      joined: false,
      reasons: [
        `the certificate of etcd is not trusted (unable to verify the first certificate); election.etcd.tls.ca is ${wrong.ca}`,
      ],
    });
    expect((await join(etcd, { tls: {} })).reasons).toEqual([
      "the certificate of etcd is not trusted (unable to verify the first certificate); election.etcd.tls.ca is not set",
    ]);
    const nowhere = path.join(dir, "nowhere.pem");
    expect((await join(etcd, { tls: { ca: nowhere } })).reasons).toEqual([
      `cannot read ${nowhere} (ENOENT); correct election.etcd.tls`,
    ]);
    expect((await join(etcd, { hosts: [etcd.url.replace("https", "http")] })).reasons).toHaveLength(1);
  });

  it("shows etcd a certificate of its own where etcd asks for one", async ({ makeFolder, defer, join }) => {
    const dir = await makeFolder();
    const files = createCertificates(dir, "mutual");
    const etcd = await startEtcd({ tls: { ...files, askClients: true } });
    defer(() => etcd.stop());
    expect(await join(etcd, { tls: files })).toMatchObject({ joined: true, reasons: [] });
    const without = await join(etcd, { tls: { ca: files.ca } });
    expect(without).toMatchObject({ joined: false, reasons: [expect.stringMatching(/^[^\n]+$/)] });
  });
});

describe("with several hosts", () => {
  it("goes on with the next host when one is away or hangs", async ({ defer }) => {
    const [hung, alive] = await Promise.all([startEtcd(), startEtcd()]);
    defer(() => Promise.all([hung.stop(), alive.stop()]));
    await hung.kill("SIGSTOP");
    const { events, of } = recorder();
    const client = openEtcd(
      { hosts: [hung.url, "http://127.0.0.1:1", alive.url], tls: null, credentials: null },
      { events, callLimitMs: 4_000 },
    );
    defer(() => client.close());
    const lease = new EtcdLease(client, "hosts");
    const { holder } = await lease.acquire({ replica: "me", ttlMs: 5_000 }, null);
    expect(holder.name).toBe("me");
    expect(of("etcd.unreachable")).toEqual([]);
  });
});
