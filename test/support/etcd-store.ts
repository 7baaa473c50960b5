import type { EtcdAddress } from "../../src/config/config.ts";
import { EtcdLease } from "../../src/election/etcd-lease.ts";
import { LeasedElection } from "../../src/election/leased-election.ts";
import { TermRegister, type TermRegisterOptions } from "../../src/election/term-register.ts";
import { EtcdClient } from "../../src/etcd/client.ts";
import { Events } from "../../src/events.ts";
import { type OpenElection, openElection } from "./open-election.ts";

export interface EtcdStoreOptions {
  readonly redisUrl: string;
  readonly etcd: string | EtcdAddress;
  readonly namespace: string;
  readonly replica: string;
  readonly events?: Events;
  readonly callLimitMs?: number;
}

/** A replica's view of an election on etcd, over connections of its own. */
export async function openEtcdStore(options: EtcdStoreOptions): Promise<OpenElection> {
  const client = openEtcd(options.etcd, options);
  const lease = new EtcdLease(client, options.namespace);
  const create = (parts: TermRegisterOptions) => new LeasedElection(lease, new TermRegister(parts));
  const opened = await openElection({ ...options, create });
  await opened.appear();
  return {
    ...opened,
    close() {
      client.close();
      opened.close();
    },
  };
}

export function openEtcd(
  etcd: string | EtcdAddress,
  { events = new Events(), callLimitMs = 2_000 }: { events?: Events; callLimitMs?: number } = {},
): EtcdClient {
  const address = typeof etcd === "string" ? { hosts: [etcd], tls: null, credentials: null } : etcd;
  return new EtcdClient({ address, callLimitMs, events });
}
