/** What a command ends with, the same for every command. */
export const EXIT = {
  ok: 0,
  /** What the command looked at is not as it should be. */
  failed: 1,
  /** It could not look: a mistake in the call, a refused key, a service that does not answer. */
  misuse: 2,
  /** By SIGINT or SIGTERM, after it put everything back. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
