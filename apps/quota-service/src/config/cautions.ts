import { MIN_SECRET_LENGTH } from './key.js';
import type { Settings } from './settings.js';
import { stopLimitMs } from './stop-limit.js';

/** `docker stop` waits 10 s; a busy machine needs some of it. */
const STOP_PATIENCE_S = 9;

/** What the service runs with all the same, and the operator may not have meant. Each is a warning in the log at start. */
export function cautions(settings: Settings): string[] {
  const { checkKeys, adminKeys, clockOffsetMs, unknownResource, ledger, redis } = settings;
  const stopLimitS = stopLimitMs(settings) / 1_000;
  const keys = [...checkKeys, ...adminKeys];
  const remarks: [boolean, string][] = [
    [keys.length > 0 && adminKeys.length === 0, 'no SUNDIAL_ADMIN_KEYS: rules cannot be changed over HTTP'],
    [keys.length > 0 && checkKeys.length === 0, 'no SUNDIAL_CHECK_KEYS: checks need an admin key'],
    [
      checkKeys.some((key) => adminKeys.some(({ digest }) => digest.equals(key.digest))),
      'a key is in SUNDIAL_CHECK_KEYS and SUNDIAL_ADMIN_KEYS: it opens everything',
    ],
    [
      keys.some(({ isShort }) => isShort),
      `a key is shorter than ${MIN_SECRET_LENGTH} characters: it may be guessed`,
    ],
    [
      unknownResource === 'allow',
      'SUNDIAL_UNKNOWN_RESOURCE is allow: a check of a resource that no rule names is allowed and counts nothing, also when ' +
        'its name is misspelt (such checks: sundial_no_rule_checks_total)',
    ],
    [
      stopLimitS >= STOP_PATIENCE_S,
      `a stop may take ${stopLimitS} s (SUNDIAL_LAME_DUCK_MS, SUNDIAL_SHUTDOWN_GRACE_MS): docker stop kills after 10 s, ` +
        'Kubernetes after 30 s, unless stop_grace_period or terminationGracePeriodSeconds says more',
    ],
    [
      ledger !== undefined && ledger.url === undefined && redis !== undefined,
      'the ledger is in files of this node: where other nodes share its Redis, each keeps its own, and answers about the past name the ' +
        'nodes that they cover; set SUNDIAL_LEDGER_URL for one ledger of all nodes',
    ],
    [clockOffsetMs !== 0, 'SUNDIAL_CLOCK_OFFSET_MS is set: windows are not those of the calendar'],
  ];
  return remarks.filter(([applies]) => applies).map(([, remark]) => remark);
}
