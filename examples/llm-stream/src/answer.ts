import type { Decision, Quota } from '@sundial/client';

/** A piece of what a model says, and what it cost. */
export interface Chunk {
  readonly text: string;
  readonly tokens: number;
}

export type Model = (prompt: string) => AsyncIterable<Chunk>;

export interface AnswerOptions {
  readonly user: string;
  readonly prompt: string;
  /** Tokens that are held at first, and then each time before they run out. */
  readonly step?: number;
}

/** The answer was not begun, or ended early, since the user has no tokens left. */
export class OutOfTokens extends Error {
  override readonly name = 'OutOfTokens';

  constructor(readonly decision: Decision) {
    super(`No tokens left: ${decision.reason}`);
  }
}

const STEP = 200;
const HELD_MS = 60_000;

/**
 * Streams a model's answer and pays for exactly the tokens that were used: some are reserved before the model is asked, the
 * reservation is extended before they run out, and what was used is committed however the stream ends: by its end, by an error of
 * the model, or by a reader who leaves. A process that dies pays for what it held (`onExpiry: 'commit'`), so that crashing is no way
 * to a free answer.
 *
 * @throws OutOfTokens where the user has no room: before the first chunk, or when an extension is refused.
 */
export async function* answer(
  quota: Quota,
  model: Model,
  { user, prompt, step = STEP }: AnswerOptions,
): AsyncGenerator<string, void> {
  const decision = await quota.reserve({
    resource: 'chat',
    subject: { user },
    amounts: { tokens: step },
    ttlMs: HELD_MS,
    onExpiry: 'commit',
  });
  if (decision.reservation === null) throw new OutOfTokens(decision);
  const { id } = decision.reservation;
  let held = step;
  let used = 0;
  try {
    for await (const { text, tokens } of model(prompt)) {
      used += tokens;
      yield text;
      if (used + step / 2 < held) continue;
      const extended = await quota.extend(id, { amounts: { tokens: held + step }, ttlMs: HELD_MS });
      if (extended.allowed) held += step;
      else if (used >= held) throw new OutOfTokens(extended);
    }
  } finally {
    if (used > 0) await quota.commit(id, { amounts: { tokens: used } });
    else await quota.release(id, { reason: 'the model said nothing' });
  }
}
