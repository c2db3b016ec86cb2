// A private certificate authority for a Prosody of our own, made with the openssl program because Node's crypto can
// check certificates but not issue them. Never for production: the keys lie unencrypted beside the data.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram, OPENSSL } from "./programs.ts";

const VALID_DAYS = "3650";
const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

export interface Authority {
  /** PEM file with the CA's certificate: what a client must trust (NODE_EXTRA_CA_CERTS). */
  readonly certificatePath: string;
  readonly keyPath: string;
}

export interface Certificate {
  readonly certificatePath: string;
  readonly keyPath: string;
}

function openssl(args: readonly string[]): void {
  const program = findProgram(OPENSSL);
  if (program === undefined) {
    throw new Error("openssl is not installed");
  }
  execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"] });
}

/** The certificate authority kept in `directory`; made on first use. */
export function ensureAuthority(directory: string, name = "xmpproxy development CA"): Authority {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const authority = { certificatePath: join(directory, "ca.pem"), keyPath: join(directory, "ca.key") };
  if (!existsSync(authority.certificatePath)) {
    // A configuration of our own, so that the system's openssl.cnf does not decide the extensions.
    const config = join(directory, "ca.cnf");
    const sections = [
      "[req]\ndistinguished_name = name\nx509_extensions = ca\nprompt = no",
      `[name]\nCN = ${name}`,
      "[ca]\nbasicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign, cRLSign",
      "subjectKeyIdentifier = hash",
    ];
    writeFileSync(config, `${sections.join("\n")}\n`);
    const files = ["-keyout", authority.keyPath, "-out", authority.certificatePath];
    openssl(["req", "-x509", "-config", config, ...NEW_KEY, "-days", VALID_DAYS, ...files]);
  }
  return authority;
}

/** Issues a server certificate for these DNS names into `directory`, anew at each call. */
export function issueCertificate(
  authority: Authority,
  directory: string,
  dnsNames: readonly string[],
): Certificate {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = (name: string): string => join(directory, name);
  const certificate = { certificatePath: file("server.pem"), keyPath: file("server.key") };
  const names = dnsNames.map((name) => `DNS:${name}`).join(", ");
  writeFileSync(
    file("server.cnf"),
    `[req]\ndistinguished_name = name\nprompt = no\n[name]\nCN = ${dnsNames[0] ?? "localhost"}\n` +
      `[server]\nbasicConstraints = CA:FALSE\nsubjectAltName = ${names}\nextendedKeyUsage = serverAuth\n` +
      "authorityKeyIdentifier = keyid\n",
  );
  const request = ["-keyout", certificate.keyPath, "-out", file("server.csr")];
  openssl(["req", "-new", "-config", file("server.cnf"), ...NEW_KEY, ...request]);
  const issuer = ["-CA", authority.certificatePath, "-CAkey", authority.keyPath, "-CAcreateserial"];
  const extensions = ["-extfile", file("server.cnf"), "-extensions", "server"];
  const output = ["-in", file("server.csr"), "-out", certificate.certificatePath, "-days", VALID_DAYS];
  openssl(["x509", "-req", ...output, ...issuer, ...extensions]);
  return certificate;
}
