import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import type { TlsFiles } from "../config/redis-address.ts";
import { BellwetherError } from "../errors.ts";

/**
 * Options for TLS connections. The files are read now (BW_TLS_FILE when one cannot be) and again for each connection, so
 * a certificate that was renewed is used from the next one on.
 */
export function tlsOptions({ ca, cert, key, serverName }: TlsFiles): ConnectionOptions {
  const options = serverName === undefined ? {} : { servername: serverName };
  for (const [name, file] of Object.entries({ ca, cert, key })) {
    if (file !== undefined) Object.defineProperty(options, name, contentOf(file));
  }
  return options;
}

/** A file that cannot be read any more, in the middle of its renewal perhaps, counts as it was. */
function contentOf(file: string): PropertyDescriptor {
  let content = read(file);
  return {
    enumerable: true,
    get: () => {
      try {
        content = read(file);
      } catch {
        // The server says what is wrong with the old one, if anything is.
      }
      return content;
    },
  };
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new BellwetherError("BW_TLS_FILE", { file, why }, { cause: error });
  }
}
