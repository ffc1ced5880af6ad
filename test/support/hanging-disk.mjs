import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Preloaded into a Node process (`--import`): while the file DISK_HANGS_WHILE exists, what it writes waits, and reaches no file. */
const path = String(process.env.DISK_HANGS_WHILE);
const handle = await open(process.execPath);
const writing = Object.getPrototypeOf(handle);
await handle.close();

for (const name of ['appendFile', 'writeFile', 'datasync', 'sync', 'truncate']) {
  const write = writing[name];
  writing[name] = async function (/** @type {unknown[]} */ ...args) {
    while (existsSync(path)) await sleep(10);
    return write.apply(this, args);
  };
}
