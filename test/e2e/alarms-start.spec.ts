import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readSettings } from '../../apps/quota-service/src/index.js';
import { ServiceProcess } from '../support/service-process.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.js';

let directory: TemporaryDirectory;
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

/** What is wrong with these settings; the service reads them before it opens anything. */
function errorsIn(env: Record<string, string>): string {
  try {
    readSettings(env);
    return '';
  } catch (error) {
    return String(error);
  }
}

describe('alarms that cannot work as they were set', () => {
  it('keep the service from starting, with every error of the file and its line', async () => {
    const file = join(directory.path, 'alarms.yaml');
    await writeFile(
      file,
      'patterns:\n  - { id: a, kind: consecutive, class: loud, failures: 12 }\n  - { id: a, kind: spreads, class: alarm }\n',
    );
    const service = await ServiceProcess.launch({ env: { SUNDIAL_ALARMS_FILE: file } });
    expect(await service.exit).toBe(1);
    // It greets when its port is open.
    expect(service.output).not.toContain('listens on');
    await service.stop();
    expect(service.stderr.trim().split('\n')).toEqual([
      'Sundial did not start:',
      `${file}:2 patterns.0.class must be one of: alarm, attention, not "loud"`,
      `${file}:2 patterns.0.withinMs is missing: it must be an integer from 1000 to 3600000`,
      expect.stringContaining(`${file}:3 patterns.1.kind must be one of: consecutive, sustained, spread`),
      `${file}:3 patterns.1.id must be unique; "a" is another pattern's`,
    ]);
  });

  it('keep it from starting with an unsafe webhook, and never show its address or secret', () => {
    const errors = errorsIn({
      SUNDIAL_ALARM_WEBHOOK_URL: 'http://hooks.example.org/t0ken',
      SUNDIAL_ALARM_WEBHOOK_SECRET: 's3cret',
    });
    expect(errors).toContain(
      'SUNDIAL_ALARM_WEBHOOK_URL must be an https:// URL, or http:// to a loopback host',
    );
    expect(errors).toContain('SUNDIAL_ALARM_WEBHOOK_SECRET must be 16 to 256 characters');
    expect(errors).not.toMatch(/t0ken|s3cret/);
  });

  it('keep it from starting with a webhook that no receiver could verify', () => {
    expect(errorsIn({ SUNDIAL_ALARM_WEBHOOK_URL: 'https://hooks.example.org' })).toContain(
      'SUNDIAL_ALARM_WEBHOOK_URL and SUNDIAL_ALARM_WEBHOOK_SECRET go together: set both or none',
    );
  });
});
