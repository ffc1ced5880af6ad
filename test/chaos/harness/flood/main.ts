import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { closedLoop } from '../../../support/closed-loop.js';
import { openConnections, postRequest, type HttpConnection } from '../../../support/http-connection.js';
import { Load } from '../load.js';
import { machineClockMs, type FloodCommand, type FloodOptions, type FloodReply } from './flood-options.js';

/**
 * A process that overloads one node, on the commands of `Flood`: every connection asks again as soon as it is answered. It
 * keeps answers as the bytes that came; reading them is for later.
 */
const { seed, name, file } = JSON.parse(process.argv[2]!) as FloodOptions;

/** No number of the load's own calls; repetitions are of a flood's own operations. */
const FIRST_CALL = 1_000_000;
/** Answers that come later than this after the end are of no use. */
const LAST_ANSWERS_MS = 3_000;

const load = new Load(seed, name, false);
const lines = createWriteStream(file);
let [next, isOver] = [FIRST_CALL, false];

say('started');
const { port, connections } = await commanded('begin');
const pool = await openConnections(port, connections);
// A connection that fails has said why in its line, and asks no more; the others go on.
const callers = pool.map((caller) =>
  closedLoop({ callers: [caller], isOver: () => isOver, call: ask }).catch(() => undefined),
);
say('begin');
await commanded('end');
isOver = true;
setTimeout(() => pool.forEach((connection) => connection.close()), LAST_ANSWERS_MS).unref();
await Promise.all(callers);
lines.end();
await once(lines, 'close');
say('end');
process.disconnect();
process.exit(0);

async function ask(connection: HttpConnection): Promise<void> {
  const call = next++;
  const request = postRequest('/check', load.call(call).operation);
  const sentAtMs = machineClockMs();
  try {
    const { status, bytes, bodyAt } = await connection.request(request);
    const body = status === 200 ? `,"body":${bytes.toString('utf8', bodyAt)}` : '';
    const endedAtMs = machineClockMs();
    lines.write(
      `{"call":${call},"sentAtMs":${sentAtMs},"endedAtMs":${endedAtMs},"status":${status}${body}}\n`,
    );
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    lines.write(`${JSON.stringify({ call, sentAtMs, endedAtMs: machineClockMs(), why })}\n`);
    throw error;
  }
}

function say(reply: FloodReply): void {
  process.send?.(reply);
}

async function commanded<Kind extends FloodCommand['kind']>(
  kind: Kind,
): Promise<Extract<FloodCommand, { kind: Kind }>> {
  const [command] = (await once(process, 'message')) as [FloodCommand];
  if (command.kind !== kind) throw new Error(`Expected "${kind}", got "${command.kind}".`);
  return command as Extract<FloodCommand, { kind: Kind }>;
}
