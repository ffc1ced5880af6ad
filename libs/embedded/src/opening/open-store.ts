import { type LogDamage, type LogProgress, MemoryStore, type Store } from '@sundial/engine';
import type { RedisStoreOptions, RedisTarget } from '@sundial/redis';
import type { OverrideKeeper } from '@sundial/engine/ports';
import { QuotaSettingsError } from '../settings/quota-settings.error.js';
import { loadRedis } from './load-redis.js';
import type { Opening } from './opening.js';

/** How long a start waits to learn what Redis is like. */
const REDIS_PATIENCE_MS = 1_000;

/** A store that keeps overrides, as all of them do that a program counts on. */
export type OverridableStore = Store & { readonly overrides: OverrideKeeper };

export async function openStore({
  settings,
  log,
  files,
}: Pick<Opening, 'settings' | 'log' | 'files'>): Promise<OverridableStore> {
  const { redis, directory, clockOffsetMs, maxSubjects } = settings;
  if (redis) return openRedisStore(redis, { clockOffsetMs, directory });
  const onProgress = ({ bytes, totalBytes }: LogProgress) =>
    log.info({ bytes, totalBytes }, `reading the counters: ${Math.floor((100 * bytes) / totalBytes)} %`);
  const startedAt = performance.now();
  const onTrouble = files.writerOf('counters');
  const store = await MemoryStore.open({
    directory,
    ...(maxSubjects !== undefined && { maxCounters: maxSubjects }),
    clockOffsetMs,
    onTrouble,
    onProgress,
  });
  const tookMs = Math.round(performance.now() - startedAt);
  if (store.size.logBytes > 0) log.info({ ...store.size, tookMs }, 'the counters are read');
  for (const torn of store.damages.filter(({ isTornTail }) => isTornTail))
    log.warn(torn, 'the last write of the counters was cut off: a moment is not counted');
  const damages = store.damages.filter(({ isTornTail }) => !isTornTail);
  if (damages.length > 0) files.damaged('counters', damages.map(sentenceOf).join(' '));
  return store;
}

/** A Redis that answers and is not fit for this ends the start; one that does not answer may come later. */
async function openRedisStore(target: RedisTarget, options: RedisStoreOptions): Promise<OverridableStore> {
  const { RedisStore } = await loadRedis();
  const store = new RedisStore(target, options);
  const findings = await store.examined(REDIS_PATIENCE_MS);
  const refusals = findings.filter(({ severity }) => severity === 'refuse');
  if (refusals.length === 0) return store;
  await store.close();
  throw new QuotaSettingsError(
    refusals.map(({ server, sentence }) => ({
      setting: 'redis',
      message: server === null ? sentence : `${server}: ${sentence}`,
    })),
  );
}

function sentenceOf({ path, bytes, keptAs, from, to }: LogDamage): string {
  const what = bytes > 0 ? `${bytes} bytes cannot be read` : 'something before it is missing';
  const when = [from, to].map((at) => (Number.isFinite(at) ? new Date(at).toISOString() : 'the beginning'));
  const kept = keptAs === undefined ? '' : ` It is kept as ${keptAs}.`;
  return `${path}: ${what}.${kept} All else is in force; what was counted from ${when.join(' to ')} may be counted too low.`;
}
