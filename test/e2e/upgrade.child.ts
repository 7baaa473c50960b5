/** A replica of a release that understands another format of the data: `upgrade.child CONFIG_DIR FORMAT`. */
import { loadConfig } from "../../src/config/load.ts";
import { Replica } from "../../src/replica/replica.ts";
import { newReplicaId } from "../../src/replica/replica-id.ts";

const [configDir = "", format = ""] = process.argv.slice(2);
const loaded = await loadConfig({ configDir, env: process.env });
if (!loaded.ok) throw new Error("the configuration is not valid");
const replica = new Replica({
  config: loaded.config,
  format: Number(format),
  id: newReplicaId(`format-${format}`),
});
process.once("SIGTERM", () => void replica.stop("SIGTERM").then(() => process.exit(0)));
try {
  await replica.start();
  await replica.failure;
} catch (error) {
  await replica.stop("it cannot go on");
  console.log(JSON.stringify({ event: "test.failed", error: String(error) }));
  process.exit(1);
}
