import { type Quota, retryAt } from '@sundial/client';
import { DelayedError, type RecognitionJob, UnrecoverableError } from './job.js';

export type Recognise = (imageUrl: string) => Promise<string>;

/**
 * A processor for `new Worker('recognition', recognitions(quota, recognise), { connection })`.
 *
 * It pays for what succeeds: the unit is held while the costly call runs, committed when it has returned, given back when it throws.
 * The job's id is the operation's: however often the queue tries a job, or delivers it twice, it counts once. A refusal is no
 * failure: the job comes back when its account has room again, each at an instant of its own.
 */
export function recognitions(quota: Quota, recognise: Recognise) {
  return async (job: RecognitionJob, token?: string): Promise<string> => {
    const { account, imageUrl } = job.data;
    const decision = await quota.reserve({
      resource: 'recognition',
      subject: { account },
      ...(job.id !== undefined && { operationId: `recognition:${job.id}` }),
    });
    if (decision.reservation === null) {
      const at = retryAt(decision);
      if (!at) throw new UnrecoverableError(`Account ${account} can't have this: ${decision.reason}`);
      await job.moveToDelayed(at.getTime(), token);
      throw new DelayedError(`Account ${account} has room again at ${at.toISOString()}`);
    }
    const { id, state } = decision.reservation;
    const text = await recognise(imageUrl).catch(async (error: unknown) => {
      await quota.release(id, { reason: 'the recognition failed' });
      throw error;
    });
    // An earlier delivery of the same job was paid for already.
    if (state === 'held') await quota.commit(id);
    return text;
  };
}
