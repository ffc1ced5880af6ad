/** One setting that Sundial cannot be opened with. */
export interface SettingError {
  /** Its name, or the path of a part of it: `redis.url`. */
  readonly setting: string;
  /** Absent where it is a secret, or says nothing. */
  readonly value?: unknown;
  /** What it must be, or what was found there and what to change. */
  readonly message: string;
}

/** Settings that Sundial cannot be opened with, every error listed. Nothing stays open. */
export class QuotaSettingsError extends Error {
  override readonly name = 'QuotaSettingsError';

  constructor(readonly errors: readonly SettingError[]) {
    super(`Sundial cannot be opened:\n${errors.map(sentenceOf).join('\n')}`);
  }
}

function sentenceOf({ setting, value, message }: SettingError): string {
  return value === undefined ? `${setting}: ${message}` : `${setting}=${JSON.stringify(value)} ${message}`;
}
