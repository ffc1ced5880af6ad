import type { OperatorControls } from '@sundial/contract';
import { FileControlKeeper, LastKnownControls, LiveControls, LiveOperatorControls } from '@sundial/engine';
import type { RedisControlKeeper } from '@sundial/redis';
import { loadRedis } from './load-redis.js';
import type { Opening } from './opening.js';
import type { SharedRules } from './open-rules.js';

/** How soon it is noticed that something has ended; it ends on time. */
const TICK_MS = 1_000;

export interface OpenedControls {
  readonly live: LiveControls;
  readonly controls: OperatorControls;
  /** Before the rules' connection is closed. */
  close(): Promise<void>;
}

export interface ControlsOf {
  /** The store's clock. */
  readonly now: () => number;
  readonly shared: SharedRules | undefined;
}

/** Gates, brakes and drills: those that this node knew last are in force first, then what the nodes of a Redis know together. */
export async function openControls(opening: Opening, { now, shared }: ControlsOf): Promise<OpenedControls> {
  const { settings, files, observer, controlsNotUpdated } = opening;
  const { directory } = settings;
  const live = new LiveControls({
    now,
    changed: (change) => observer.controlChanged?.(change),
    merged: () => void file.save(),
  });
  const file = new LastKnownControls({
    directory,
    records: () => live.records,
    onTrouble: files.writerOf('controls'),
    onDamage: (sentence) => files.damaged('controls', sentence),
  });
  live.merge(await file.recall());
  const keeper = shared && (await redisKeeper(shared, live, controlsNotUpdated));
  shared?.alsoWake(() => void keeper?.sync());
  await keeper?.start();
  const timer = setInterval(() => live.tick(), TICK_MS).unref();
  return {
    live,
    controls: new LiveOperatorControls(live, keeper ?? new FileControlKeeper(file)),
    close: async () => {
      clearInterval(timer);
      await keeper?.close();
      await file.close();
    },
  };
}

async function redisKeeper(
  { client, node }: SharedRules,
  live: LiveControls,
  onError: Opening['controlsNotUpdated'],
): Promise<RedisControlKeeper> {
  const { RedisControlKeeper } = await loadRedis();
  return new RedisControlKeeper(client, { node, live, onError });
}
