import { Cluster } from 'ioredis';
import type { RedisClient } from '../stores/redis-connection.js';

/**
 * Calls `hear` when a change of the rules is announced, and whenever the subscription was made anew, since what was
 * announced in between is lost for ever. Pub/Sub promises nothing: whoever listens here polls as well.
 */
export function listenForRules(client: RedisClient, channel: string, hear: () => void): { close(): void } {
  // A Cluster keeps a connection of its own for subscriptions, and moves it when its node goes.
  const shared = client instanceof Cluster;
  // ioredis leaves the promise of its own re-subscription unhandled, so it is done here.
  const subscriber = shared ? client : client.duplicate({ autoResubscribe: false });
  const subscribe = () => {
    subscriber.subscribe(channel).then(hear, () => undefined);
  };
  const listen = (from: string) => {
    if (from === channel) hear();
  };
  subscriber.on('ready', subscribe).on('message', listen);
  if (shared) {
    if (client.status === 'ready') subscribe();
  } else {
    subscriber.on('error', () => undefined);
  }
  return {
    close: () => {
      subscriber.off('ready', subscribe).off('message', listen);
      if (!shared) subscriber.disconnect();
    },
  };
}
