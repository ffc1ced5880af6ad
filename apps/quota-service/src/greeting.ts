import type { AddressInfo } from 'node:net';
import type { LedgerTarget } from './config/ledger-target.js';
import { isConsoleBuilt } from './console/console-files.js';
import type { Settings } from './config/settings.js';

/** What a person who starts the service wants to know, and a command to try it with. */
export function greeting(settings: Settings, { address, port, family }: AddressInfo): string {
  const { redis, checkKeys, adminKeys, dataDirectory, ledger } = settings;
  const host = family === 'IPv6' ? `[${address}]` : address;
  const reachable = ['0.0.0.0', '[::]', '127.0.0.1', '[::1]'].includes(host) ? 'localhost' : host;
  const key = checkKeys.length + adminKeys.length > 0 ? ` -H 'authorization: Bearer <key>'` : '';
  const body = `'{"resource":"ocr","subject":{"user":"u1"}}'`;
  return [
    `Sundial listens on http://${host}:${port} and counts ${redis ? 'in Redis' : `in this process (kept in ${dataDirectory})`}.`,
    recordedIn(ledger),
    '',
    `  curl -s ${reachable}:${port}/check -H 'content-type: application/json'${key} -d ${body}`,
    '',
    `  Documentation: http://${reachable}:${port}/docs`,
    ...(isConsoleBuilt() ? [`  Console: http://${reachable}:${port}/console`] : []),
    '',
  ].join('\n');
}

function recordedIn(ledger: LedgerTarget | undefined): string {
  if (ledger === undefined) return 'It records nothing (SUNDIAL_LEDGER=off).';
  return `What it decides is recorded in ${ledger.url === undefined ? ledger.directory : 'the PostgreSQL of SUNDIAL_LEDGER_URL'}.`;
}
