import type { Redis } from 'ioredis';

const CHANNEL = '+switch-master';

/**
 * Makes a client leave its master as soon as a sentinel says that another server has its place. All sentinels say so,
 * one after the other; ioredis' own detector disconnects at each of them, also from the new master.
 *
 * The connections to the sentinels are its own from here on.
 */
export function followingMaster(client: Redis, name: string, sentinels: readonly Redis[]): Redis {
  const hear = (_channel: string, message: string) => {
    const [group, , , host, port] = message.split(' ');
    const { remoteAddress, remotePort } = client.stream ?? {};
    if (group === name && `${host}:${port}` !== `${remoteAddress}:${remotePort}`) client.disconnect(true);
  };
  for (const sentinel of sentinels) {
    sentinel.on('error', () => undefined);
    sentinel.on('ready', () => void sentinel.subscribe(CHANNEL).catch(() => undefined));
    sentinel.on('message', hear);
  }
  const disconnect = client.disconnect.bind(client);
  client.disconnect = (reconnect = false) => {
    if (!reconnect) sentinels.forEach((sentinel) => sentinel.disconnect());
    disconnect(reconnect);
  };
  return client;
}
