import { MIN_SECRET_LENGTH, type Key } from './key.js';
import { keysIn, keysInFile, type KeyList } from './key-list.js';
import type { Environment } from './environment.js';
import { isLoopback } from './loopback.js';

const ENTRIES_ARE = 'hold keys separated by commas, each as [name=]secret or [name=]sha256:<digest>';
const LINES_ARE = 'name a file of keys, one a line, each as [name=]secret or [name=]sha256:<digest>';

/** The keys that variables and files give, with everything that is wrong with them. */
export function keySettings(environment: Environment): {
  readonly checkKeys: readonly Key[];
  readonly adminKeys: readonly Key[];
  readonly mistakes: readonly string[];
} {
  const { HOST } = environment;
  const lists = (['check', 'admin'] as const).map((access) => {
    const [name, fileName] = NAMES[access];
    const [listed, path] = [environment[name], environment[fileName]];
    return {
      listed: judged(
        listed === undefined ? NOTHING : keysIn(listed, access),
        `${name} must ${ENTRIES_ARE}`,
        HOST,
      ),
      filed: judged(
        path === undefined ? NOTHING : keysInFile(path, access),
        `${fileName}=${JSON.stringify(path)} must ${LINES_ARE}`,
        HOST,
      ),
    };
  });
  const [checkKeys = [], adminKeys = []] = lists.map(({ listed, filed }) => [...listed.keys, ...filed.keys]);
  const mistakes = lists.flatMap(({ listed, filed }) => [...listed.mistakes, ...filed.mistakes]);
  return { checkKeys, adminKeys, mistakes };
}

const NAMES = {
  check: ['SUNDIAL_CHECK_KEYS', 'SUNDIAL_CHECK_KEYS_FILE'],
  admin: ['SUNDIAL_ADMIN_KEYS', 'SUNDIAL_ADMIN_KEYS_FILE'],
} as const;
const NOTHING: KeyList = { keys: [], mistakes: [] };

function judged({ keys, mistakes }: KeyList, requirement: string, host: string): KeyList {
  const short = keys.filter(({ isShort }) => isShort).length;
  const all =
    short > 0 && !isLoopback(host)
      ? [
          ...mistakes,
          `${short} of them shorter than ${MIN_SECRET_LENGTH} characters, which others could guess`,
        ]
      : mistakes;
  return { keys, mistakes: all.length > 0 ? [`${requirement}: ${all.join('; ')}`] : [] };
}
