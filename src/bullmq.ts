/**
 * What Bellwether calls of BullMQ and older releases do not have. It goes through the namespace: `import { … }` of a name
 * that is not there would end in a SyntaxError before anything could say which release fits.
 */
import * as bullmq from "bullmq";
import { mustFit } from "./supported-packages.ts";

mustFit("bullmq", {
  createIORedisClient: bullmq.createIORedisClient,
  createRedisBackend: bullmq.createRedisBackend,
  "RedisQueueBackend.addJobToTransaction": bullmq.RedisQueueBackend?.prototype.addJobToTransaction,
  "Queue.getBackend": bullmq.Queue?.prototype.getBackend,
  WaitingError: bullmq.WaitingError,
});

export const { createIORedisClient, createRedisBackend, RedisQueueBackend, WaitingError } = bullmq;
