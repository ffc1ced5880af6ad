import { StoreError } from '@sundial/engine/ports';
import { scripts } from '@sundial/lua';
import type { RedisClient } from '../connection/redis-connection.js';
import { RedisScript } from '../connection/redis-script.js';

/** A command that a server did not carry out, and what it said instead. */
export interface FailedCommand {
  readonly command: string;
  readonly error: string;
}

/** The outcome of running every command that Sundial uses. */
export interface ProbeOutcome {
  /** The server's clock, epoch milliseconds. Undefined where no script could be run. */
  readonly now: number | undefined;
  readonly failed: readonly FailedCommand[];
}

const PROBE = new RedisScript(scripts.probe);
const CHANNEL = 'sd1:probe';
/** A reply begins with a word in capitals, what the client says of its connection does not; these are of a slot that moves. */
const REPLY = /^(?!MOVED|ASK|TRYAGAIN)[A-Z]+ /;

/**
 * Runs once every command that checks and rules use, in one script on keys with this hash tag.
 * @throws StoreError when the server could not be asked.
 */
export async function probeCapabilities(client: RedisClient, tag: string): Promise<ProbeOutcome> {
  try {
    const keys = ['text', 'hash', 'sorted'].map((type) => `sd1:{${tag}}:probe:${type}`);
    const [now, ...words] = (await PROBE.run(client, { keys, args: [CHANNEL] })) as [
      number | null,
      ...string[],
    ];
    const failed: FailedCommand[] = [];
    for (let at = 0; at < words.length; at += 2) {
      failed.push({ command: words[at]!, error: words[at + 1]! });
    }
    return { now: now ?? undefined, failed };
  } catch (error) {
    if (!(error instanceof StoreError) || !REPLY.test(error.message)) throw error;
    return { now: undefined, failed: [{ command: 'EVALSHA', error: error.message }] };
  }
}
