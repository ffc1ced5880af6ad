import { DirectRunner, QuotaEngine, type QuotaEngineOptions } from '@sundial/engine';
import { ResilientRunner, type ResilientRunnerOptions } from '@sundial/resilience';

/** An engine that asks this store as the service does: one in the process directly, any other behind a guard. */
export function engineOn({
  rules,
  unknownResource,
  batchDeadlineMs,
  controls,
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
    ...(controls && { controls }),
    deadlineMs: options.deadlineMs,
  });
}
