import type { Environment } from './environment.js';
import { isLoopback } from './loopback.js';

const KEY_SETTINGS = [
  'SUNDIAL_CHECK_KEYS',
  'SUNDIAL_CHECK_KEYS_FILE',
  'SUNDIAL_ADMIN_KEYS',
  'SUNDIAL_ADMIN_KEYS_FILE',
] as const;

const MAIL_SETTINGS = ['SUNDIAL_SMTP_URL', 'SUNDIAL_ALARM_MAIL_TO', 'SUNDIAL_ALARM_MAIL_FROM'] as const;

type Contradiction = readonly [isMade: boolean, sentence: string];

/** What can't be set together, a sentence each. */
export function contradictions(environment: Environment): string[] {
  const { HOST, SUNDIAL_ALLOWED_HOSTS } = environment;
  const hasKeys = KEY_SETTINGS.some((name) => environment[name]);
  const { SUNDIAL_ALARM_WEBHOOK_URL, SUNDIAL_ALARM_WEBHOOK_SECRET } = environment;
  const errors: Contradiction[] = [
    [
      Boolean(SUNDIAL_ALARM_WEBHOOK_URL) !== Boolean(SUNDIAL_ALARM_WEBHOOK_SECRET),
      'SUNDIAL_ALARM_WEBHOOK_URL and SUNDIAL_ALARM_WEBHOOK_SECRET go together: set both or none',
    ],
    [
      !hasKeys && !isLoopback(HOST),
      `HOST=${JSON.stringify(HOST)} is reachable by others and no keys are set: ` +
        'set SUNDIAL_CHECK_KEYS and SUNDIAL_ADMIN_KEYS, or HOST=127.0.0.1',
    ],
    [
      Boolean(environment.SUNDIAL_LEDGER_URL) && environment.SUNDIAL_LEDGER === 'off',
      'SUNDIAL_LEDGER_URL goes with SUNDIAL_LEDGER=on: nothing is recorded while it is off',
    ],
    [
      MAIL_SETTINGS.some((name) => environment[name]) && !MAIL_SETTINGS.every((name) => environment[name]),
      `${MAIL_SETTINGS.join(', ')} go together: set all or none`,
    ],
    [
      Boolean(SUNDIAL_ALLOWED_HOSTS) && !hasKeys,
      'SUNDIAL_ALLOWED_HOSTS goes with keys: without them only loopback names are let in',
    ],
  ];
  return [...contradictionsAboutRedis(environment), ...sentences(errors)];
}

export function contradictionsAboutRedis(environment: Environment): string[] {
  const { REDIS_URL, REDIS_CLUSTER_NODES, REDIS_SENTINELS, REDIS_SENTINEL_NAME } = environment;
  const { REDIS_SENTINEL_USERNAME, REDIS_SENTINEL_PASSWORD } = environment;
  const { REDIS_USERNAME, REDIS_PASSWORD, REDIS_TLS, SUNDIAL_REDIS_CA } = environment;
  const { SUNDIAL_MAX_SUBJECTS } = environment;
  const targets = Object.entries({ REDIS_URL, REDIS_CLUSTER_NODES, REDIS_SENTINELS }).filter(
    ([, value]) => value,
  );
  const manyHosts = REDIS_CLUSTER_NODES || REDIS_SENTINELS;
  const credentials = REDIS_USERNAME || REDIS_PASSWORD || REDIS_TLS === 'true';
  return sentences([
    [
      SUNDIAL_MAX_SUBJECTS !== undefined && targets.length > 0,
      'SUNDIAL_MAX_SUBJECTS is for counters in this process: bound Redis by its maxmemory instead',
    ],
    [
      targets.length > 1,
      `${targets.map(([name]) => name).join(' and ')} are set: set one of them, for one Redis only`,
    ],
    [
      Boolean(REDIS_SENTINELS) !== Boolean(REDIS_SENTINEL_NAME),
      'REDIS_SENTINELS and REDIS_SENTINEL_NAME go together: set both or none',
    ],
    [
      Boolean(REDIS_SENTINEL_USERNAME || REDIS_SENTINEL_PASSWORD) && !REDIS_SENTINELS,
      'REDIS_SENTINEL_USERNAME and REDIS_SENTINEL_PASSWORD go with REDIS_SENTINELS',
    ],
    [
      Boolean(REDIS_SENTINEL_USERNAME) && !REDIS_SENTINEL_PASSWORD,
      'REDIS_SENTINEL_USERNAME needs REDIS_SENTINEL_PASSWORD',
    ],
    [
      Boolean(credentials) && !manyHosts,
      'REDIS_USERNAME, REDIS_PASSWORD and REDIS_TLS go with a Cluster or Sentinels: put them into REDIS_URL instead',
    ],
    [
      Boolean(SUNDIAL_REDIS_CA) && REDIS_TLS !== 'true' && !/^rediss:/i.test(REDIS_URL ?? ''),
      'SUNDIAL_REDIS_CA is for TLS: use rediss:// in REDIS_URL, or REDIS_TLS=true',
    ],
  ]);
}

function sentences(errors: readonly Contradiction[]): string[] {
  return errors.filter(([isMade]) => isMade).map(([, sentence]) => sentence);
}
