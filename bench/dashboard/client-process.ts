/** Clients until the parent says "close". */
import { once } from "node:events";
import { connect } from "node:net";
import { constants, setPriority } from "node:os";
import { launchBrowser } from "../../test/browser/support/browser.ts";
import type { ClientOrder } from "./clients.ts";

const TRICKLE_MS = 1_000;

/** Each browser is a context, which shares no stream with the others. Resolves with what closes them. */
async function openBrowsers({ count, admin, views }: ClientOrder): Promise<() => Promise<unknown>> {
  const browser = await launchBrowser();
  for (let i = 0; i < count; i++) {
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${admin}/${views[i % views.length]}`);
    await page.getByRole("status").getByText("live", { exact: true }).waitFor();
  }
  return () => browser.close();
}

/** Connections that send a header byte by byte. When the server closes one, another one comes. */
async function openSlow({ count, admin, http }: ClientOrder): Promise<() => Promise<unknown>> {
  const ending = new AbortController();
  const open = (origin: string): Promise<unknown> => {
    const { hostname, port } = new URL(origin);
    const socket = connect(Number(port), hostname);
    socket.write("GET / HTTP/1.1\r\nHost: bench\r\nX-Slow: ");
    const trickle = setInterval(() => socket.write("x"), TRICKLE_MS);
    const end = () => socket.destroy();
    ending.signal.addEventListener("abort", end);
    socket.on("error", () => undefined).resume();
    socket.on("close", () => {
      clearInterval(trickle);
      ending.signal.removeEventListener("abort", end);
      if (!ending.signal.aborted) void open(origin);
    });
    return once(socket, "connect");
  };
  await Promise.all(Array.from({ length: count }, (_, i) => open(i % 2 === 0 ? admin : http)));
  return async () => ending.abort();
}

setPriority(constants.priority.PRIORITY_LOW);
process.once("disconnect", () => process.exit());
const [order] = (await once(process, "message")) as [ClientOrder];
const close = order.kind === "slow" ? await openSlow(order) : await openBrowsers(order);
process.send?.("ready");
await once(process, "message");
await close();
process.disconnect();
