import {
  DirectRunner,
  QuotaEngine,
  ResilientRunner,
  type QuotaEngineOptions,
  type ResilientRunnerOptions,
} from '@sundial/engine';

/** An engine that asks this store as the service does: one in the process directly, any other behind a guard. */
export function engineOn({
  rules,
  unknownResource,
  batchDeadlineMs,
  ...options
}: Omit<QuotaEngineOptions, 'runner'> & ResilientRunnerOptions): QuotaEngine {
  const { store, observer } = options;
  const runner = store.kind === 'embedded' ? new DirectRunner(store, observer) : new ResilientRunner(options);
  return new QuotaEngine({
    runner,
    rules,
    ...(unknownResource && { unknownResource }),
    ...(batchDeadlineMs !== undefined && { batchDeadlineMs }),
    ...(observer && { observer }),
  });
}
