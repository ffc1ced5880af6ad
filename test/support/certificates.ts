import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryDirectory } from './temporary-directory.js';

const run = promisify(execFile);
const DAYS = '2';
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** An authority of its own, and what it certified: a server on loopback. */
export interface Certificates {
  /** The authority's certificate, PEM. */
  readonly ca: string;
  readonly files: { readonly ca: string; readonly certificate: string; readonly key: string };
  remove(): Promise<void>;
}

/** Makes them with the system's `openssl`. */
export async function createCertificates(): Promise<Certificates> {
  const directory = await temporaryDirectory();
  const file = (name: string) => join(directory.path, name);
  const openssl = (...args: readonly string[]) => run('openssl', args);
  const files = { ca: file('ca.crt'), certificate: file('server.crt'), key: file('server.key') };

  const authority = ['-x509', '-days', DAYS, '-subj', '/CN=Sundial test authority'];
  await openssl('req', ...authority, ...NEW_KEY, '-keyout', file('ca.key'), '-out', files.ca);
  await openssl('req', '-subj', '/CN=redis', ...NEW_KEY, '-keyout', files.key, '-out', file('server.csr'));
  await writeFile(file('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost');
  const by = ['-CA', files.ca, '-CAkey', file('ca.key'), '-set_serial', '1', '-days', DAYS];
  const signed = [...by, '-extfile', file('names'), '-out', files.certificate];
  await openssl('x509', '-req', '-in', file('server.csr'), ...signed);
  return { ca: await readFile(files.ca, 'utf8'), files, remove: directory.remove };
}
