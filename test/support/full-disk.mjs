import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** Preloaded into a Node process (`--import`): while the file DISK_IS_FULL_WHILE exists, nothing is written to any other. */
const path = String(process.env.DISK_IS_FULL_WHILE);
const handle = await open(process.execPath);
const writing = Object.getPrototypeOf(handle);
await handle.close();

for (const name of ['write', 'appendFile', 'writeFile', 'datasync', 'sync']) {
  const write = writing[name];
  writing[name] = async function (/** @type {unknown[]} */ ...args) {
    if (existsSync(path))
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    return write.apply(this, args);
  };
}
