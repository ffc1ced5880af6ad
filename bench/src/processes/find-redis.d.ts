declare module '*/find-redis.mjs' {
  /** The path of a Redis server, or undefined when there is none. */
  export function findRedisServer(): string | undefined;
}
