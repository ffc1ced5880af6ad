import type { Log } from '../../logging/log.js';
import type { KeyRing, Keys } from './key-ring.js';

/** Reads the key files once more, so that a key is replaced without a restart. Where one is broken, the old keys stay. */
export function reloadKeys(ring: KeyRing, read: () => Keys, log: Log): void {
  try {
    const keys = read();
    ring.replace(keys);
    const counts = { checkKeys: keys.checkKeys.length, adminKeys: keys.adminKeys.length };
    log.info(counts, 'the keys were read once more and are in force');
  } catch (error) {
    log.error(
      { mistakes: (error as Error).message.split('\n') },
      'the keys could not be read once more: the old ones stay in force; mend the file and send SIGHUP again',
    );
  }
}
