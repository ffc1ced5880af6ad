import type { QuotaSettingsError } from '@sundial/embedded';

/** The variables that say what is there, where they say it alone. */
const VARIABLES: Readonly<Record<string, string>> = {
  directory: 'SUNDIAL_DATA_DIR',
  rules: 'SUNDIAL_RULES_FILE',
  'redis.url': 'REDIS_URL',
};

/** What an engine cannot be opened with, in the words of the environment. What was found in Redis names no variable. */
export function errorsByVariable({ errors }: QuotaSettingsError): string[] {
  return errors.map(({ setting, value, message }) => {
    const variable = VARIABLES[setting];
    if (variable === undefined) return message;
    return value === undefined
      ? `${variable}: ${message}`
      : `${variable}=${JSON.stringify(value)} ${message}`;
  });
}
