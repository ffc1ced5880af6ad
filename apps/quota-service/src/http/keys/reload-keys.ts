import type { Log } from '../../logging/log.js';
import type { KeyRing, Keys } from './key-ring.js';

/** Reads the key files once more, so that a key is replaced without a restart. Where one is invalid, the old keys stay. */
export function reloadKeys(ring: KeyRing, read: () => Keys, log: Log): void {
  try {
    const keys = read();
    ring.replace(keys);
    const counts = { checkKeys: keys.checkKeys.length, adminKeys: keys.adminKeys.length };
    log.info(counts, 'the key files were reloaded, and their keys are in force');
  } catch (error) {
    log.error(
      { errors: (error as Error).message.split('\n') },
      'the key files could not be reloaded: the old keys stay in force; correct the files and send SIGHUP again',
    );
  }
}
