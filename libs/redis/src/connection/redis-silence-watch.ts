import type { Redis } from 'ioredis';

/** So many turns in a row, `limitMs` together, must pass without a byte. */
const TURNS = 5;

/**
 * Ends a connection that has said nothing for `limitMs` although commands wait for their replies; TCP cannot see a frozen
 * server. It counts in turns of the event loop, each of which reads what has come: replies that wait in a socket while
 * this process is busy are no silence (ioredis' own `socketTimeout` is a timer, which a busy loop fires first).
 */
export function endingSilence(client: Redis, limitMs: number): Redis {
  let silentTurns = 0;
  const heard = () => (silentTurns = 0);
  const turn = () => {
    if (client.commandQueue.length === 0) silentTurns = 0;
    else if (++silentTurns >= TURNS) client.stream.destroy(new Error(`Redis said nothing in ${limitMs} ms.`));
  };
  let timer: NodeJS.Timeout | undefined;
  client.on('connect', () => {
    silentTurns = 0;
    client.stream.on('data', heard);
    timer ??= setInterval(turn, limitMs / TURNS).unref();
  });
  return client.on('close', () => {
    clearInterval(timer);
    timer = undefined;
  });
}
