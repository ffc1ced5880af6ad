import { isVersion } from '@sundial/engine/ports';
import type { RedisClient } from './redis-connection.js';
import { RedisScript, type ScriptCall } from './redis-script.js';

/** Of arguments and replies. */
const FORMAT = '1';

/** A script whose first argument and first reply name the format of the others. */
export class VersionedScript {
  readonly #script: RedisScript;

  constructor(lua: string) {
    this.#script = new RedisScript(lua);
  }

  /**
   * The reply without its format.
   * @throws StoreError saying whether the script may have run; Error where the reply is in another format.
   */
  async run(client: RedisClient, { keys, args }: ScriptCall): Promise<unknown[]> {
    const reply = (await this.#script.run(client, { keys, args: [FORMAT, ...args] })) as unknown[];
    const [format, ...values] = reply;
    if (format !== FORMAT) throw unexpectedReply(format);
    return values;
  }
}

/** A version, or how many of something, in a reply. */
export function wholeNumber(value: unknown): number {
  const number = Number(value);
  if (value === '' || !isVersion(number)) throw unexpectedReply(value);
  return number;
}

export function unexpectedReply(value: unknown): Error {
  return new Error(`Redis answered with ${JSON.stringify(value)}, which no script of this version says.`);
}
