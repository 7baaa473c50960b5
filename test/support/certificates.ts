import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";

/** A CA of its own in `dir`, and a certificate for 127.0.0.1 that it signed. Paths of PEM files. */
export function createCertificates(dir: string, name: string) {
  const file = (suffix: string) => path.join(dir, `${name}-${suffix}`);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "pipe" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const [ca, caKey, cert, certKey] = ["ca.pem", "ca.key", "cert.pem", "cert.key"].map(file) as [
    string,
    string,
    string,
    string,
  ];
  openssl("req", "-x509", ...key, "-days", "2", "-subj", `/CN=${name} CA`, "-keyout", caKey, "-out", ca);
  openssl("req", ...key, "-subj", "/CN=etcd", "-keyout", certKey, "-out", file("csr.pem"));
  writeFileSync(file("ext"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
  openssl(
    ...["x509", "-req", "-in", file("csr.pem"), "-CA", ca, "-CAkey", caKey, "-CAcreateserial"],
    ...["-days", "2", "-extfile", file("ext"), "-out", cert],
  );
  return { ca, cert, key: certKey };
}
