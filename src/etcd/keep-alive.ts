import type { EtcdClient } from "./client.ts";

/**
 * Extends a lease by its whole time. False when it has expired. One request on a stream of its own: a stream that is
 * kept open would hide that it is silent.
 */
export function keepLeaseAlive(client: EtcdClient, leaseId: string): Promise<boolean> {
  return client.call(async (etcd, options) => {
    const stream = await etcd.leaseClient.leaseKeepAlive(options);
    try {
      return await new Promise<boolean>((resolve, reject) => {
        stream.on("error", reject);
        stream.on("data", reply => resolve(Number(reply.TTL) > 0));
        stream.on("end", () => reject(new Error("etcd ended the stream without an answer")));
        stream.write({ ID: leaseId });
      });
    } finally {
      stream.end();
    }
  });
}
